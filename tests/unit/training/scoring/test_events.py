"""Events of a dataset, sorted and folded in blocks: the states that an online fold makes of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.blocks.fold import fold_block
from recommender.blocks.learners import LearnerBlock
from recommender.domain.catalog import Catalog
from recommender.domain.learner import LearnerProfile
from recommender.errors import DatasetError
from recommender.skills.state import fold
from tests.unit.skills import streams
from tests.unit.training.scoring.world import dataset_of, events_of, profiles_of
from training.datasets import load_dataset
from training.scoring.columns import LearnerColumns
from training.scoring.events import last_event, read_events

LATER = datetime(2030, 1, 1, tzinfo=UTC)
CATALOG, TABLE = streams.CATALOG, streams.TABLE
IDS = st.lists(st.text("aB1é", min_size=1, max_size=3), unique=True, min_size=1, max_size=5)


def folded(dataset, catalog: Catalog, table, *, now=LATER) -> LearnerBlock:
    """Block of all learners by folding each one's events alone."""
    profiles, events = profiles_of(dataset), events_of(dataset)
    states = [
        fold([e for e in events[p.learner_id] if e.occurred_at is None or e.occurred_at <= now], table)
        for p in profiles
    ]
    return LearnerBlock.of_states(states, profiles, catalog)


def assert_equal(block: LearnerBlock, expected: LearnerBlock) -> None:
    """The same people, whatever the order of the skills of each."""
    for name in ("n_attempts", "streak", "quick", "push", "declined", "declined_after", "held", "share"):
        np.testing.assert_array_equal(block.learner[name], expected.learner[name], err_msg=name)
    for name in ("n_events", "start", "finished"):
        np.testing.assert_array_equal(getattr(block, name), getattr(expected, name), err_msg=name)
    for name in ("role", "segment", "target"):
        np.testing.assert_array_equal(getattr(block.places, name), getattr(expected.places, name))
    for name in ("start", "modules", "at", "role", "segment"):
        np.testing.assert_array_equal(getattr(block.histories, name), getattr(expected.histories, name))
    for i in range(len(block)):
        rows = slice(expected.start[i], expected.start[i + 1])
        order = np.argsort(expected.skill[rows])
        np.testing.assert_array_equal(block.skill[rows], expected.skill[rows][order])
        assert block.met[rows].tobytes() == expected.met[rows][order].tobytes()


@settings(deadline=None)
@given(ids=IDS, data=st.data())
def test_a_block_is_folded_as_each_learner_is(ids, data):
    dataset = dataset_of({i: data.draw(streams.streams()) for i in ids})
    read = read_events(dataset, CATALOG, TABLE, LATER)
    assert read.late == 0
    assert read.columns.ids.to_pylist() == sorted(ids)
    expected = folded(dataset, CATALOG, TABLE)
    assert_equal(fold_block(read.columns.block(0, len(ids)), TABLE), expected)
    first = data.draw(st.integers(0, len(ids)))
    last = data.draw(st.integers(first, len(ids)))
    assert_equal(fold_block(read.columns.block(first, last), TABLE), expected.take(first, last))


def test_what_is_written_is_what_is_read(tmp_path):
    story = [streams.attempt("a", True, 1.0), streams.completion("b", "m1", 2.0)]
    read = read_events(dataset_of({"x": story, "y": []}), CATALOG, TABLE, LATER)
    read.columns.write(tmp_path)
    opened = LearnerColumns.open(tmp_path)
    assert opened.ids.equals(read.columns.ids)
    assert opened.languages == read.columns.languages
    assert_equal(fold_block(opened.block(0, 2), TABLE), fold_block(read.columns.block(0, 2), TABLE))


def test_what_comes_later_is_left_out_and_counted():
    story = [streams.attempt(f"e{day}", day % 2 == 0, float(day)) for day in range(6)]
    story += [streams.attempt("x", True), streams.completion("m", "m0", 5.0)]
    dataset = dataset_of({"x": story})
    now = streams.START + timedelta(days=2)
    read = read_events(dataset, CATALOG, TABLE, now)
    assert read.late == 4
    block = fold_block(read.columns.block(0, 1), TABLE)
    assert block.n_events.tolist() == [4]
    assert_equal(block, folded(dataset, CATALOG, TABLE, now=now))


def test_the_last_event():
    story = [streams.attempt("a", True, 1.0), streams.completion("b", "m1", 2.0), streams.attempt("c", True)]
    assert last_event(dataset_of({"x": story})) == streams.START + timedelta(days=2)
    assert last_event(dataset_of({"x": [streams.attempt("c", True)]})) is None
    assert last_event(dataset_of({"x": []})) is None


def test_what_the_catalogue_lacks_is_counted():
    story = [
        streams.attempt("1", True, item_id="other", skill_ids=("s0", "foreign")),
        streams.attempt("2", True, item_id="other", skill_ids=("foreign",)),
        streams.completion("3", "gone"),
        streams.completion("4", "m0"),
        streams.completion("5", "gone too"),
        streams.attempt("6", True, item_id="q0", module_id="gone"),
        streams.attempt("7", True, item_id="q0", module_id="gone as well"),
        streams.attempt("8", True, item_id="q0", module_id="m0"),
    ]
    profiles = [
        LearnerProfile(learner_id="x", role_id="nobody's", target_role_id="nobody's"),
        LearnerProfile(learner_id="y", target_role_id="nobody's"),
        LearnerProfile(learner_id="z", role_id="another's", target_role_id="nobody's"),
        LearnerProfile(learner_id="none"),
    ]
    read = read_events(
        dataset_of({"x": story, "y": [], "z": [], "none": []}, profiles), CATALOG, TABLE, LATER
    )
    told = {kind: (found.ids, found.rows, found.example) for kind, found in read.unknown.items()}
    assert told == {
        "roles": (2, 3, "nobody's"),
        "items": (1, 2, "other"),
        "modules": (3, 4, "gone"),
        "skills": (1, 2, "foreign"),
    }


def test_the_tiny_dataset_as_it_is_loaded(tiny_dataset, tiny_engine):
    dataset = load_dataset(tiny_dataset)
    table = tiny_engine.bundle.difficulty
    read = read_events(dataset, tiny_engine.catalog, table, LATER)
    assert read.unknown == {}
    expected = folded(dataset, tiny_engine.catalog, table)
    assert_equal(fold_block(read.columns.block(0, len(expected)), table), expected)


def test_nobody_is_refused(tiny_engine):
    dataset = replace(dataset_of({}), tables={})
    with pytest.raises(DatasetError, match="has no learners"):
        read_events(dataset, tiny_engine.catalog, tiny_engine.bundle.difficulty, LATER)
