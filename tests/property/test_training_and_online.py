"""What a model is trained on is what the service knows: one history, read as a dataset and folded online."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.events import Attempt, Completion, SelfAssessment, event_key, to_seconds
from recommender.skills import kernel
from recommender.skills.difficulty import fit_difficulty
from recommender.skills.records import FEATURE, N_ITEM_SLOTS, item_key
from recommender.skills.replay import replay
from recommender.skills.state import LateEventError, LearnerState, describe_items, fold, update
from tests.unit.skills.streams import ITEMS as STREAM_ITEMS
from tests.unit.skills.streams import a_memory, known_before
from training.columns import attempt_columns, catalog_of
from training.datasets import load_dataset, write_dataset
from training.lessons import lessons_of

START = datetime(2025, 1, 1, tzinfo=UTC)
# The last two items take each other's slot.
ITEMS = ("i", *tuple(STREAM_ITEMS)[-2:])
SKILLS, MODULES, LEARNERS = ("s", "t", "u"), ("a", "b"), ("x", "y")
SOME_SKILLS = st.just([]) | st.lists(st.sampled_from(SKILLS), max_size=2, unique=True)
DAY, TIMED = st.integers(0, 3), st.booleans()
TIMES = [FEATURE[name] for name in FEATURE if "log_seconds" in name]


def rows_of(draw, *cells, least=0):
    """Rows of a table of events; `day` and `timed` become `occurred_at` later."""
    return draw(
        st.lists(st.tuples(st.sampled_from(LEARNERS), *cells, DAY, TIMED), min_size=least, max_size=12)
    )


@st.composite
def histories(draw):
    """Tables of a small dataset: with or without items, modules, lessons, times and ids of events."""
    tables = {
        "attempts": (
            ["item_id", "passed", "score", "skill_ids", "module_id"],
            rows_of(
                draw,
                st.sampled_from(ITEMS),
                st.booleans(),
                st.sampled_from([0.0, 0.25, 1.0]),
                SOME_SKILLS,
                st.none() | st.sampled_from(MODULES),
                least=1,
            ),
        ),
        "completions": (
            ["module_id", "status"],
            rows_of(draw, st.sampled_from(MODULES), st.sampled_from(["started", "completed", "abandoned"])),
        ),
        "self_assessments": (
            ["skill_id", "level"],
            rows_of(draw, st.sampled_from(SKILLS), st.sampled_from([0.0, 0.5, 1.0])),
        ),
    }
    clock, own_ids = draw(st.sampled_from(("all", "some", "none"))), draw(st.booleans())
    made = {}
    for name, (columns, rows) in tables.items():
        if rows:
            frame = pd.DataFrame(rows, columns=["learner_id", *columns, "day", "timed"])
            timed = frame.pop("timed") if clock == "some" else pd.Series(clock == "all", index=frame.index)
            times = pd.Series([START + timedelta(days=day) for day in frame.pop("day")])
            frame = frame.drop(columns="timed", errors="ignore").assign(occurred_at=times.where(timed))
            if own_ids:
                # Tables share the times, so that lessons come before and after attempts of the same moment.
                frame["event_id"] = [f"{row:02d}-{name}" for row in range(len(frame))]
            made[name] = frame
    if draw(st.booleans()):
        own = [draw(SOME_SKILLS) for _ in ITEMS]
        modules = [draw(st.none() | st.sampled_from(MODULES)) for _ in ITEMS]
        made["items"] = pd.DataFrame({"item_id": ITEMS, "skill_ids": own, "module_id": modules})
    if draw(st.booleans()):
        taught = [draw(SOME_SKILLS) for _ in MODULES]
        made["modules"] = pd.DataFrame(
            {"module_id": MODULES, "title": MODULES, "skill_ids": taught, "duration_minutes": [90.0, None]}
        )
    return made


def loaded(tables):
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(tables, Path(folder) / "data")
        return load_dataset(Path(folder) / "data")


def as_sent(tables):
    """Rows as a sender gives them, one after the other: nothing is looked up."""
    for name in ("attempts", "completions", "self_assessments"):
        if name not in tables:
            continue
        for row, cells in enumerate(tables[name].to_dict("records"), 1):
            at = cells["occurred_at"]
            fields = {
                "event_id": cells.get("event_id") or f"{name}-{row:09d}",
                "learner_id": cells["learner_id"],
                "occurred_at": None if pd.isna(at) else at.to_pydatetime(),
            }
            if name == "attempts":
                module = cells["module_id"] if isinstance(cells["module_id"], str) else None
                yield Attempt(
                    item_id=cells["item_id"],
                    score=cells["score"],
                    passed=cells["passed"],
                    skill_ids=tuple(cells["skill_ids"]),
                    module_id=module,
                    **fields,
                )
            elif name == "completions":
                yield Completion(module_id=cells["module_id"], status=cells["status"], **fields)
            else:
                yield SelfAssessment(skill_id=cells["skill_id"], level=cells["level"], **fields)


def trained_on(tables):
    """The dataset, its attempts and catalogue, and a table and memory that are not trivial."""
    dataset = loaded(tables)
    catalog = catalog_of(dataset)
    attempts = attempt_columns(dataset, catalog, pass_mark=0.5)
    memory, output = a_memory(np.random.default_rng(1), len(catalog.item_ids), catalog.n_skills)
    table = replace(fit_difficulty(attempts, catalog), memory=memory)
    return dataset, catalog, attempts, table, output


def recorded(attempts, catalog, table):
    """The records that a replay leaves, as it made them."""
    found, real = [], kernel.fold_rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            kernel, "fold_rows", lambda records, *rest: (found.append(records), real(records, *rest))
        )
        replay(attempts, catalog, table)
    return found[0]


@settings(max_examples=30, deadline=None)
@given(histories())
def test_features_of_training_are_the_states_before_each_event_online(tables):
    dataset, catalog, attempts, table, output = trained_on(tables)
    features = replay(attempts, catalog, table, output)
    row_of = {event_id: row for row, event_id in enumerate(dataset.tables["attempts"]["event_id"])}
    states = {learner: LearnerState(table.id) for learner in LEARNERS}
    # Where only some events have a time, training knows none of them.
    compared = np.setdiff1d(np.arange(features.shape[1]), [] if dataset.has_clock else TIMES)
    n_compared = 0
    for event in sorted(as_sent(tables), key=event_key):
        state = states[event.learner_id]
        if isinstance(event, Attempt):
            row = row_of[event.event_id]
            skills = table.skills_of(event.item_id, event.skill_ids, event.module_id)
            assert [catalog.skill_ids[s] for s in attempts.skills[row]] == list(dict.fromkeys(skills))
            told = known_before(state, event, table, output)
            np.testing.assert_array_equal(features[row][compared], told[compared])
            item = table.item_index[event.item_id]
            if list(attempts.skills[row]) == list(catalog.item_skills[item]):
                now = to_seconds(event.occurred_at)
                known = table.known(output)
                asked = describe_items(state, np.array([item]), table, known, now=now)
                np.testing.assert_array_equal(asked[0], told)
            n_compared += 1
        update(state, event, table)
    assert n_compared == len(attempts)


@settings(max_examples=20, deadline=None)
@given(histories())
def test_records_of_training_are_those_of_the_service(tables):
    """Bit for bit, also where events arrive late: then the log is folded again."""
    dataset, catalog, attempts, table, _ = trained_on(tables)
    records = recorded(attempts, catalog, table)
    ids = dataset.tables["learners"]["learner_id"].tolist()
    pairs = np.concatenate(
        [
            attempts.learner[attempts.skills.row_of_value()] * max(catalog.n_skills, 1)
            + attempts.skills.values,
            attempts.lessons.learner[attempts.lessons.skills.row_of_value()] * max(catalog.n_skills, 1)
            + attempts.lessons.skills.values,
        ]
    )
    slots = np.array([item_key(i)[0] for i in catalog.item_ids])
    places = np.unique(attempts.learner * N_ITEM_SLOTS + slots[attempts.item])
    timed = {"last_at", "passed_at", "taught_at"} if not dataset.has_clock else set()
    for learner_id in LEARNERS:
        log, state = [], LearnerState(table.id)
        for event in as_sent(tables):
            if event.learner_id == learner_id:
                log.append(event)
                try:
                    update(state, event, table)
                except LateEventError:
                    state = fold(log, table)
        if learner_id not in ids:
            continue
        learner = ids.index(learner_id)
        mine = [
            (row, catalog.skill_ids[pair % max(catalog.n_skills, 1)])
            for row, pair in enumerate(np.unique(pairs).tolist())
            if pair // max(catalog.n_skills, 1) == learner
        ]
        assert {skill for _, skill in mine} == set(state.skill_rows)
        for row, skill in mine:
            same(records.skill[row], state.skills[state.skill_rows[skill]], timed)
        same(records.learner[learner], state.learner[0], {*timed, "last_skill"})
        last = int(records.learner["last_skill"][learner])
        named = dict(mine)
        online = {row: skill for skill, row in state.skill_rows.items()}
        assert named.get(last) == online.get(int(state.learner["last_skill"][0]))
        for row, place in enumerate(places.tolist()):
            if place // N_ITEM_SLOTS == learner:
                assert records.item[row].tobytes() == state.items[place % N_ITEM_SLOTS].tobytes()


def same(one, other, but):
    for name in one.dtype.names:
        if name not in but:
            assert one[name].tobytes() == other[name].tobytes(), name


@settings(max_examples=30, deadline=None)
@given(histories())
def test_lessons_lie_before_the_attempt_they_come_before(tables):
    """Held against a plain merge of each learner's events by (time, id)."""
    dataset = loaded(tables)
    catalog = catalog_of(dataset)
    lessons = lessons_of(dataset, catalog)
    ids = dataset.tables["learners"]["learner_id"].tolist()
    row_of = {event_id: row for row, event_id in enumerate(dataset.tables["attempts"]["event_id"])}
    expected = []
    for learner, learner_id in enumerate(ids):
        done, waiting = set(), []
        events = sorted((e for e in as_sent(tables) if e.learner_id == learner_id), key=event_key)
        for event in events:
            if isinstance(event, Attempt):
                expected += [(row_of[event.event_id], learner, *lesson) for lesson in waiting]
                waiting = []
            elif isinstance(event, SelfAssessment):
                waiting.append(((catalog.skill_index[event.skill_id],), 0.0, event.level, event.occurred_at))
            elif event.status == "completed" and event.module_id not in done:
                done.add(event.module_id)
                module = catalog.module_index[event.module_id]
                skills = tuple(catalog.module_skills[module].tolist())
                minutes = catalog.duration_minutes[module]
                hours = (1.0 if np.isnan(minutes) else minutes / 60) / max(len(skills), 1)
                waiting.append((skills, hours, None, event.occurred_at))
        expected += [(len(row_of), learner, *lesson) for lesson in waiting]
    # Learners do not touch each other, so only each one's own order counts.
    expected.sort(key=lambda lesson: lesson[:2])
    got = sorted(
        (
            (
                int(lessons.before[i]),
                int(lessons.learner[i]),
                tuple(lessons.skills[i].tolist()),
                float(lessons.hours[i]),
                None if np.isnan(lessons.level[i]) else float(lessons.level[i]),
                float(lessons.at[i]),
            )
            for i in range(len(lessons))
        ),
        key=lambda lesson: lesson[:2],
    )
    assert [lesson[:5] for lesson in got] == [lesson[:5] for lesson in expected]
    for lesson, wanted in zip(got, expected, strict=True):
        at = to_seconds(wanted[5]) if dataset.has_clock else np.nan
        np.testing.assert_equal(lesson[5], at)
    assert (np.diff(lessons.before) >= 0).all()
