"""What is seen of a learner, as steps that can be lived through again: study, answers, modules finished.

The items of a module divide its minutes evenly, in their order, and a module takes its stated minutes of
study at anybody's own tempo. So an answer, or the end of the module, tells how far somebody has come since
the answer before. Study that was never seen to end (a module left without a word after its last answer) is
lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.model.mastery_laws import Laws
from training.datasets.dataset import Dataset
from training.datasets.sample.simulate import START, TRUTH

DAY: Final = 86400.0
STUDY: Final = 0
ANSWER: Final = 1
FINISH: Final = 2
STEP: Final = np.dtype(
    [
        ("kind", "i4"),
        ("module", "i4"),
        ("item", "i4"),
        ("passed", "?"),
        ("day", "f8"),
        ("known", "f8"),
        ("hours", "f8"),
        ("boost", "f8"),
    ]
)
"""One step: its kind; the module on the desk, -1 in skill checks; the item answered and whether passed; days
from the start of the simulation, and the day by which it is known; hours of study; logits that the feedback
to a first try adds."""
Steps = NDArray[np.void]

_RANK: Final = {"started": 0, "answer": 1, "completed": 2, "abandoned": 3}


@dataclass(slots=True)
class _Desk:
    """The module somebody is at (-1 for none), how many of its segments are done, and when last seen."""

    module: int = -1
    done: int = 0
    day: float = 0.0


def histories(dataset: Dataset, laws: Laws, learners: NDArray[np.bool_]) -> dict[int, Steps]:
    """Return the steps of learners, in order, by position in the table of learners."""
    events = _events(dataset, laws, learners)
    return {int(who): _steps(rows, laws) for who, rows in events.groupby("learner", sort=True)}


def _events(dataset: Dataset, laws: Laws, learners: NDArray[np.bool_]) -> pd.DataFrame:
    """Attempts and completions of learners in the order of time; a retry is known from the times alone."""
    tables = dataset.tables
    attempts, completions = (_coded(tables[name], dataset, learners) for name in ("attempts", "completions"))
    hidden = pd.read_parquet(dataset.path / TRUTH / "attempts.parquet", columns=["event_id", "is_retry"])
    item = pd.Index(tables["items"]["item_id"]).get_indexer(attempts["item_id"])
    attempts = attempts.assign(
        item=item,
        module=laws.item_module[item],
        status="answer",
        retry=hidden.set_index("event_id")["is_retry"].reindex(attempts["event_id"]).to_numpy(),
    )
    completions["module"] = pd.Index(tables["modules"]["module_id"]).get_indexer(completions["module_id"])
    events = pd.concat([attempts, completions], ignore_index=True)
    events["rank"] = events["status"].map(_RANK)
    return events.sort_values(["learner", "day", "rank"], kind="stable")


def _coded(frame: pd.DataFrame, dataset: Dataset, learners: NDArray[np.bool_]) -> pd.DataFrame:
    learner = pd.Index(dataset.tables["learners"]["learner_id"]).get_indexer(frame["learner_id"])
    day = (frame["occurred_at"] - START).dt.total_seconds() / DAY
    return frame.assign(learner=learner, day=day)[learners[learner]]


def _steps(rows: pd.DataFrame, laws: Laws) -> Steps:
    desk, steps = _Desk(), []
    for row in rows.itertuples():
        module = int(row.module)
        if row.status == "answer":
            if module >= 0 and module == desk.module:
                done = int(laws.item_place[int(row.item)]) + 1
                steps += _study(desk, done, row.day, row.day, laws)
            begun = row.day - row.duration_seconds / DAY
            boost = laws.parameters.response.retry_boost if row.retry else 0.0
            steps.append((ANSWER, module, int(row.item), bool(row.passed), begun, row.day, 0.0, boost))
        elif row.status == "started":
            desk = _Desk(module, 0, row.day)
        elif module == desk.module:
            n_segments = max(int(laws.world.modules["n_items"][module]), 1)
            if row.status == "completed":
                steps += _study(desk, n_segments, row.day, row.day, laws)
                steps.append((FINISH, module, -1, False, row.day, row.day, 0.0, 0.0))
            elif row.progress > 0:
                # it is told when coming back, and was studied before
                steps += _study(desk, round(row.progress * n_segments), desk.day, row.day, laws)
            desk = _Desk()
        if module == desk.module:
            desk.day = row.day
    return np.array(steps, STEP)


def _study(
    desk: _Desk, done: int, day: float, known: float, laws: Laws
) -> list[tuple[int, int, int, bool, float, float, float, float]]:
    """Steps of study up to so many segments of the module on the desk, one each."""
    module, n = laws.world.modules[desk.module], max(done - desk.done, 0)
    hours = module["minutes"] / max(module["n_items"], 1) / 60.0
    desk.done = max(done, desk.done)
    return [(STUDY, desk.module, -1, False, day, known, hours, 0.0)] * n
