"""When modules were begun and finished, from a dataset's tables."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from tests.unit.training.gain.world import catalog_of
from training.columns import catalog_of as catalog_in
from training.datasets import load_dataset, write_dataset
from training.gain.studies import studies_of

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
CATALOG = catalog_of(["once"])


def seconds(day):
    return (FIRST + timedelta(days=day)).timestamp()


def studies_in(folder, completions, attempts):
    """Of rows (learner, module, status, day) and (learner, module, day)."""
    finished = [
        {"event_id": f"c{i}", "learner_id": who, "module_id": m, "status": s, "occurred_at": _at(day)}
        for i, (who, m, s, day) in enumerate(completions)
    ]
    answers = [
        {"event_id": f"a{i}", "learner_id": who, "item_id": "s0-0", "module_id": m, "score": 1.0}
        | {"occurred_at": _at(day)}
        for i, (who, m, day) in enumerate(attempts)
    ]
    tables = {name: CATALOG.tables[name].to_pandas() for name in ("modules", "skills", "items")}
    for frame in (tables["modules"], tables["items"]):
        frame["skill_ids"] = frame["skill_ids"].map(list)
    tables |= {"learners": pd.DataFrame({"learner_id": ["ada", "bob"]})}
    tables |= {"completions": pd.DataFrame(finished), "attempts": pd.DataFrame(answers)}
    write_dataset(tables, folder)
    dataset = load_dataset(folder)
    return studies_of(dataset, catalog_in(dataset))


def _at(day):
    return None if day is None else FIRST + timedelta(days=day)


def test_a_module_begins_with_its_first_event_and_ends_when_first_completed(tmp_path):
    completions = [
        ("ada", "once-0", "started", 2),
        ("ada", "once-0", "completed", 5),
        ("ada", "once-0", "completed", 9),
        ("ada", "once-1", "started", 3),
        ("bob", "once-1", "completed", 4),
    ]
    found = studies_in(tmp_path, completions, [("bob", "once-1", 1), ("ada", "once-0", 4)])
    rows = zip(found.learner, found.module, found.begun_at, found.finished_at, strict=True)
    assert sorted(rows) == [
        (0, 0, seconds(2), seconds(5)),
        (0, 1, seconds(3), np.inf),
        (1, 1, seconds(1), seconds(4)),
    ]


def test_without_times_nothing_is_known_of_before_and_after(tmp_path):
    assert len(studies_in(tmp_path, [("ada", "once-0", "completed", None)], [("ada", "once-0", None)])) == 0
