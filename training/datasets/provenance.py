"""Whether a dataset is simulated, and the findings that say so."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from recommender.domain.dataset_format import CATALOGUE_TABLES, SIMULATED_ID_PREFIX
from recommender.domain.simulation import all_simulated, nobody_real
from training.datasets.dataset import Finding


def simulation_of(
    notices: Mapping[str, str | None], learners: pd.DataFrame | None
) -> tuple[bool, list[Finding]]:
    """Return whether a dataset is simulated, and what is to be said of it.

    Parameters
    ----------
    notices : mapping of str to str
        By table, for every file: what its metadata says of the simulation, None where it says nothing.
    learners : DataFrame, optional
        All learners, given or derived; None when there are none.

    Returns
    -------
    tuple
        The flag, and one warning where there is something to say.
    """
    ids = [] if learners is None else learners["learner_id"].tolist()
    marked = {name: notice for name, notice in notices.items() if notice is not None}
    if not marked and not all_simulated(ids):
        return False, _beside_real(ids)
    of_people = [name for name in notices if name not in CATALOGUE_TABLES]
    if of_people and not marked.keys() & set(of_people) and not all_simulated(ids):
        return False, [_only_the_catalogue(marked), *_beside_real(ids)]
    notice = next(iter(marked.values()), f"every learner_id begins with {SIMULATED_ID_PREFIX!r}")
    if len(marked) == len(notices) or all_simulated(ids):
        text = nobody_real(notice)
    else:
        text = (
            f"Simulated data: the metadata of {', '.join(marked)} says so ({notice}), "
            "and the other tables count as simulated with it"
        )
    return True, [Finding("warning", "", text, len(marked) or len(notices))]


def _only_the_catalogue(marked: Mapping[str, str]) -> Finding:
    text = (
        f"{', '.join(marked)} come from a simulated organisation; the people and what they did do not, "
        "so they count as real"
    )
    return Finding("info", "", text, len(marked))


def _beside_real(ids: list[str]) -> list[Finding]:
    count = sum(learner_id.startswith(SIMULATED_ID_PREFIX) for learner_id in ids)
    text = (
        f"learners whose id begins with {SIMULATED_ID_PREFIX!r}, as simulated ones do, stand beside others, "
        "so all count as real; take them out if they are simulated"
    )
    return [Finding("warning", "learners", text, count)] if count else []
