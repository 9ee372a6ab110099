"""What a model is trained on is what the service knows: one history, read as a dataset and folded online."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.events import Attempt, event_key
from recommender.skills import records
from recommender.skills.difficulty import fit_difficulty
from recommender.skills.replay import replay
from recommender.skills.state import LearnerState, update
from training.columns import attempt_columns, catalog_of
from training.datasets import load_dataset, write_dataset

START = datetime(2025, 1, 1, tzinfo=UTC)
SKILLS, MODULES, ITEMS, LEARNERS = ("s", "t", "u"), ("a", "b"), ("i", "j", "k"), ("x", "y")
SOME_SKILLS = st.just([]) | st.lists(st.sampled_from(SKILLS), max_size=2, unique=True)


@st.composite
def histories(draw):
    """Tables of a small dataset: with or without items, modules, times and ids of events."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(LEARNERS),
                st.sampled_from(ITEMS),
                st.booleans(),
                SOME_SKILLS,
                st.none() | st.sampled_from(MODULES),
                st.integers(0, 3),
                st.booleans(),
            ),
            min_size=1,
            max_size=14,
        )
    )
    columns = ["learner_id", "item_id", "passed", "skill_ids", "module_id", "day", "timed"]
    attempts = pd.DataFrame(rows, columns=columns)
    clock = draw(st.sampled_from(("all", "some", "none")))
    timed = attempts["timed"] if clock == "some" else pd.Series(clock == "all", index=attempts.index)
    times = pd.Series([START + timedelta(days=day) for day in attempts.pop("day")])
    attempts["occurred_at"] = times.where(timed)
    attempts = attempts.drop(columns="timed").assign(score=attempts["passed"].astype(float))
    if draw(st.booleans()):
        attempts["event_id"] = [f"e{row}" for row in range(10, 10 + len(attempts))]
    tables = {"attempts": attempts}
    if draw(st.booleans()):
        own = [draw(SOME_SKILLS) for _ in ITEMS]
        modules = [draw(st.none() | st.sampled_from(MODULES)) for _ in ITEMS]
        tables["items"] = pd.DataFrame({"item_id": ITEMS, "skill_ids": own, "module_id": modules})
    if draw(st.booleans()):
        taught = [draw(SOME_SKILLS) for _ in MODULES]
        tables["modules"] = pd.DataFrame({"module_id": MODULES, "title": MODULES, "skill_ids": taught})
    return tables


def loaded(tables):
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(tables, Path(folder) / "data")
        return load_dataset(Path(folder) / "data")


def as_sent(attempts):
    """Rows as a sender gives them: nothing is looked up."""
    for row, cells in enumerate(attempts.to_dict("records"), 1):
        at = cells["occurred_at"]
        yield Attempt(
            event_id=cells.get("event_id") or f"attempts-{row:09d}",
            learner_id=cells["learner_id"],
            item_id=cells["item_id"],
            score=cells["score"],
            passed=cells["passed"],
            skill_ids=tuple(cells["skill_ids"]),
            module_id=cells["module_id"] if isinstance(cells["module_id"], str) else None,
            occurred_at=None if pd.isna(at) else at.to_pydatetime(),
        )


def known_before(state, event, table):
    """Skills the event counts for, and what the state holds of the learner, the item and them."""
    skills = table.skills_of(event.item_id, event.skill_ids, event.module_id)
    learner = state.learner[0]
    slot, tag = records.item_key(event.item_id)
    item = state.items[slot]
    passed, tried = (item["n_passed"], item["n_attempts"]) if item["tag"] == tag else (0, 0)
    features = [learner["ability"], *np.log1p([learner["n_passed"], learner["n_attempts"], passed, tried])]
    entries = []
    for skill in skills:
        row = state.skill_rows.get(skill)
        own = records.fresh(records.SKILL, 1)[0] if row is None else state.skills[row]
        failed = own["n_attempts"] - own["n_passed"]
        logs = np.log1p([own["n_passed"], own["n_attempts"], failed])
        entries.append([own["ability"], *logs, own["pass_fast"]])
    return skills, features, entries


@settings(max_examples=40, deadline=None)
@given(histories())
def test_features_of_training_are_the_states_before_each_event_online(tables):
    dataset = loaded(tables)
    catalog = catalog_of(dataset)
    attempts = attempt_columns(dataset, catalog, pass_mark=0.5)
    table = fit_difficulty(attempts, catalog)
    evidence = replay(attempts, catalog, table.item_difficulty[attempts.item])
    row_of = {event_id: row for row, event_id in enumerate(dataset.tables["attempts"]["event_id"])}
    states = {learner: LearnerState(table.id) for learner in LEARNERS}
    for event in sorted(as_sent(tables["attempts"]), key=event_key):
        row = row_of[event.event_id]
        skills, features, entries = known_before(states[event.learner_id], event, table)
        assert [catalog.skill_ids[s] for s in attempts.skills[row]] == list(skills)
        np.testing.assert_allclose(evidence.features[row], features, rtol=1e-6)
        first, last = attempts.skills.start[row : row + 2]
        np.testing.assert_allclose(
            evidence.entries[first:last], np.reshape(entries, (-1, evidence.entries.shape[1])), rtol=1e-6
        )
        update(states[event.learner_id], event, table)
