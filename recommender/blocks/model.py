"""What compiled code reads of a bundle, laid out once."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.dataset_format import SEGMENTS
from recommender.domain.recommendation import ReasonCode
from recommender.ranking.choose import Chooser
from recommender.ranking.eligibility import Rules
from recommender.ranking.gain import Need
from recommender.ranking.kernel_arrays import Asking, Codes, LeadUp, Taught, Weights
from recommender.ranking.preferences import Preferences
from recommender.ranking.value import ADDED
from recommender.skills.records import item_key


def codes_of(preferences: Preferences) -> tuple[ReasonCode, ...]:
    """Codes of reasons, in the order of the compiled code."""
    return tuple(dict.fromkeys((*preferences.codes, *ADDED)))


def bound_model(bundle: ModelBundle, rules: Rules, preferences: Preferences, chooser: Chooser) -> Any:
    """Bind a bundle, with what was made of it, as `recommender.blocks.kernel.Model`."""
    from recommender.blocks.kernel import Model
    from recommender.bound import bind

    catalog, value, codes = bundle.catalog, bundle.ranking.value, codes_of(preferences)
    return bind(
        Model(
            rules=rules.compiled,
            readout=_readout(bundle),
            trust=_trust(bundle),
            knows_skills=bundle.skills is not None,
            ranking=preferences.compiled(),
            weights=Weights(
                value.preference,
                value.difficulty,
                value.out_of_band,
                value.declined,
                value.declined_half,
                value.gap,
                value.readiness,
                value.unlocking,
                value.review,
                bundle.ranking.difficulty.falloff,
            ),
            asking=_asking(catalog),
            taught=_taught(bundle),
            order=chooser.compiled(catalog),
            codes=Codes(
                np.array([codes.index(code) for code in preferences.codes], np.int64),
                np.array([codes.index(code) for code in ADDED], np.int64),
                len(codes),
                codes.index("popular_in_role") if "popular_in_role" in codes else -1,
            ),
            lead_up=lead_up_of(catalog),
            tags=np.array([item_key(module_id)[1] for module_id in catalog.module_ids], np.uint32),
        )
    )


def _readout(bundle: ModelBundle) -> Any:
    catalog = bundle.catalog
    if bundle.skills is not None:
        return bundle.skills.mastery_.compiled(catalog)
    from recommender.skills.evidence import N_FADING
    from recommender.skills.mastery_kernel import Readout

    # Nobody's mastery is known, and everybody's is assumed to be the same.
    n, assumed = catalog.n_skills, bundle.ranking.value.assumed_mastery
    of_roles, of_segments = (np.zeros((rows, n + 1)) for rows in (len(catalog.roles.ids), len(SEGMENTS)))
    return Readout(
        np.full(n + 1, np.log(assumed / (1.0 - assumed))),
        of_roles,
        of_segments,
        np.zeros(n),
        np.zeros(3 + N_FADING),
        np.zeros(n),
        0.0,
    )


def _trust(bundle: ModelBundle) -> Any:
    if bundle.skills is not None:
        return bundle.skills.mastery_.trust
    from recommender.skills.mastery_kernel import Trust

    return Trust(stretch=1.0, first=0.0, last=0.0, half=1.0, z=0.0)


def _asking(catalog: Catalog) -> Asking:
    needs = [Need.of_role(catalog, role) for role in (*range(len(catalog.roles.ids)), -1)]
    required = np.array([need.required for need in needs])
    importance = np.array([need.importance for need in needs])
    total = (np.nan_to_num(required) * importance).sum(axis=1)
    return Asking(required, importance, np.divide(1.0, total, out=np.zeros_like(total), where=total > 0.0))


def _taught(bundle: ModelBundle) -> Taught:
    catalog, n = bundle.catalog, bundle.catalog.n_modules
    nothing = np.zeros(0, np.int32)
    items = (np.zeros(n + 1, np.int32), nothing, nothing.astype(np.float64), np.full(n, np.nan))
    if bundle.skills is not None:
        typical = bundle.skills.typical_
        items = (typical.skills.indptr, typical.skills.indices, typical.skills.data, typical.harder)
    taught = catalog.module_skills
    minutes = np.nan_to_num(catalog.duration_minutes, nan=bundle.ranking.pathway.default_minutes)
    return Taught(
        taught.start,
        taught.values,
        bundle.gain_model.rate,
        *items,
        1.0 - catalog.difficulty,
        np.maximum(minutes, 1.0) / 60.0,
    )


def lead_up_of(catalog: Catalog) -> LeadUp:
    """Look up what leads up to each module of a catalogue."""
    rules = catalog.prerequisites
    modules: list[dict[int, None]] = [{} for _ in range(catalog.n_modules)]
    skills = [dict.fromkeys(catalog.module_skills[m].tolist()) for m in range(catalog.n_modules)]
    needs = zip(rules.module.tolist(), rules.needed_module.tolist(), rules.needed_skill.tolist(), strict=True)
    for module, needed_module, needed_skill in needs:
        if needed_module >= 0:
            modules[module][needed_module] = None
        if needed_skill >= 0:
            skills[module][needed_skill] = None
    on_modules, on_skills = Ragged.of([list(of) for of in modules]), Ragged.of([list(of) for of in skills])
    return LeadUp(on_modules.start, on_modules.values, on_skills.start, on_skills.values)
