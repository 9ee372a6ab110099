"""The features that the ranker sees of a candidate, by name, in the order of the compiled code."""

from __future__ import annotations

from collections.abc import Sequence

from recommender.ranking.module_facts import DECLARED, LABELS, LEARNED


def feature_names(view_names: Sequence[str]) -> tuple[str, ...]:
    """Name every feature, in the order in which `ranker_kernel.describe` fills them.

    ====================  =============================================================================
    of                    features
    ====================  =============================================================================
    each view             log of the module's share among those allowed; that share / the best one's; the
                          best share, which tells how sure the view is of this learner
    the learner           modules started, at most 50; how many people started the last of them; days
                          from it to the end of the data; days from the first to the last; whether the
                          question is asked ahead of the data
    the module            how often, how lately and by whom it is started; what the catalogue declares,
                          and how far that is from the mean of what this learner started
    both                  share of the history in the module's format and in its language; share of its
                          skills that the history taught; what the learner's role asks of its skills;
                          share of its prerequisites started; how much the mix prefers modules of like
                          content, and how often those are started
    ====================  =============================================================================

    >>> feature_names(["als"])[:3]
    ('als.log_share', 'als.to_best', 'als.best_share')
    """
    views = [f"{name}.{what}" for name in view_names for what in ("log_share", "to_best", "best_share")]
    learner = ("n_started", "n_starts_of_last", "days_since_last", "days_active", "ahead")
    declared = [name for what in DECLARED for name in (what, f"{what}_from_mean")]
    both = (
        *(f"same_{label}" for label in LABELS),
        "skills_met",
        "role_need",
        "prerequisites_started",
        "alike_log_preference",
        "alike_n_starts",
    )
    return (*views, *learner, *LEARNED, *declared, *both)
