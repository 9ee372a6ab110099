"""First starts from event rows: cases by hand and what is refused. The property tests hold the rest."""

import numpy as np
import pyarrow as pa
import pytest

from recommender.domain.catalog import Catalog
from recommender.embeddings import Histories, Interactions, build_interactions
from recommender.embeddings.interactions import module_order
from recommender.errors import InputError

GOOD = {
    "learner_index": np.array([1, 0, 1, 1]),
    "module_index": np.array([2, 2, 0, 2]),
    "at": np.array([5.0, 6.0, 7.0, 8.0]),
    "n_learners": 3,
    "role": np.array([0, -1, 1]),
    "segment": np.array([-1, 2, 0]),
    "n_modules": 4,
}


def test_first_start_counts_and_learners_without_rows_stay():
    rows = build_interactions(**GOOD)
    assert rows.start.tolist() == [0, 1, 3, 3]
    assert rows.modules.tolist() == [2, 2, 0]
    assert rows.at.tolist() == [6.0, 5.0, 7.0]
    assert rows.role.tolist() == [0, -1, 1]
    assert rows.segment.tolist() == [-1, 2, 0]
    assert (rows.start.dtype, rows.modules.dtype, rows.at.dtype) == (np.int64, np.int32, np.float64)
    assert (rows.role.dtype, rows.segment.dtype) == (np.int32, np.int32)


def test_event_order_decides_and_ties_keep_row_order():
    rows = build_interactions(**GOOD, event_order=np.array([3, 0, 2, 1]))
    assert rows.history(1).modules.tolist() == [2, 0]
    assert rows.history(1).at.tolist() == [8.0, 7.0]
    tied = build_interactions(**GOOD, event_order=np.zeros(4, int))
    assert tied.history(1).at.tolist() == [5.0, 7.0]


def test_time_is_kept_not_sorted_by():
    rows = build_interactions(**GOOD | {"at": np.array([9.0, np.nan, 1.0, 2.0])})
    assert rows.history(1).at.tolist() == [9.0, 1.0]
    assert np.isnan(rows.history(0).at).all()


def test_history_carries_role_and_segment():
    history = build_interactions(**GOOD).history(2)
    assert (len(history.modules), history.role, history.segment) == (0, 1, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"module_index": np.array([2, 4, 0, 2])}, r"module_index, row 2: 4 is not a position in \[0, 4\)"),
        (
            {"learner_index": np.array([1, 0, -1, 1])},
            r"learner_index, row 3: -1 is not a position in \[0, 3\)",
        ),
        ({"module_index": np.array([2])}, "module_index has 1 values where 4 are expected"),
        ({"at": np.zeros(5)}, "at has 5 values where 4 are expected"),
        ({"event_order": np.zeros(3)}, "event_order has 3 values where 4 are expected"),
        ({"role": np.zeros(2)}, "role has 2 values where 3 are expected"),
        ({"segment": np.zeros(4)}, "segment has 4 values where 3 are expected"),
    ],
)
def test_refuses_what_does_not_fit(change, message):
    with pytest.raises(InputError, match=message):
        build_interactions(**GOOD | change)


def test_module_order_goes_by_id_and_wants_one_catalogue():
    catalog = Catalog.from_tables({"modules": pa.table({"module_id": ["b", "d", "a", "c"]})})
    rows = build_interactions(**GOOD)
    assert module_order(rows, catalog).tolist() == [2, 0, 3, 1]
    with pytest.raises(InputError, match="about 4 modules and the catalogue has 0"):
        module_order(rows, Catalog.from_tables({}))


def test_known_histories_are_the_first_of_each_learner():
    rows = build_interactions(**GOOD)
    block = rows.known(np.array([1, 0, 1, 2]), np.array([1, 1, 2, 0]))
    assert [h.modules.tolist() for h in block] == [[2], [2], [2, 0], []]
    assert [h.at.tolist() for h in block] == [[5.0], [6.0], [5.0, 7.0], []]
    assert (block.role.tolist(), block.segment.tolist()) == ([-1, 0, -1, 1], [2, -1, 2, 0])
    assert len(rows.known(np.zeros(0, int), np.zeros(0, int))) == 0


def test_a_block_is_taken_apart_as_it_was_put_together():
    rows = build_interactions(**GOOD)
    histories = [rows.history(learner) for learner in (1, 2, 0)]
    block = Histories.of(*histories)
    assert (len(block), block.rows().tolist()) == (3, [0, 0, 2])
    for part, expected in ((block, histories), (block.take(1, 3), histories[1:])):
        for one, other in zip(part, expected, strict=True):
            assert (one.modules.tolist(), one.at.tolist()) == (other.modules.tolist(), other.at.tolist())
            assert (one.role, one.segment) == (other.role, other.segment)


def test_keep_drops_rows_and_no_learner():
    rows = build_interactions(**GOOD)
    kept = rows.keep(rows.at > 5.5)
    assert isinstance(kept, Interactions)
    assert kept.n_learners == 3
    assert [kept.history(learner).modules.tolist() for learner in range(3)] == [[2], [0], []]
