"""The oracle's predictions stand beside the rows they are of, and strangers' truth is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.errors import DatasetError
from training.columns import catalog_of, interactions_of
from training.datasets import load_dataset, write_dataset
from training.datasets.dataset import Dataset
from training.evaluation.oracle import require_simulated, true_probabilities, true_ranks

NOTICE = {"notice": "made for a test"}


@pytest.fixture
def made(tiny_tables, tmp_path) -> Dataset:
    """Some of the small dataset's learners, listed in another order than they act, with repeated starts."""
    ids = [f"l{i:03d}" for i in (7, 3, 9, 0)]
    tables = {
        name: table[table["learner_id"].isin(ids)] if "learner_id" in table else table
        for name, table in tiny_tables.items()
    }
    tables["learners"] = tables["learners"].set_index("learner_id").loc[ids].reset_index()
    again = tables["completions"].assign(
        occurred_at=tables["completions"]["occurred_at"] + pd.Timedelta(hours=1)
    )
    tables["completions"] = pd.concat([tables["completions"], again]).sample(frac=1, random_state=1)
    write_dataset(tables, tmp_path / "made", simulation=NOTICE)
    return load_dataset(tmp_path / "made")


def write_truth(dataset: Dataset, name: str, **columns: object) -> None:
    file = dataset.path / "truth" / f"{name}.parquet"
    file.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), file)


def first_starts(dataset: Dataset) -> dict[tuple[str, str], str]:
    """The event that first named each module, by learner and module, found by walking all rows."""
    found: dict[tuple[str, str], str] = {}
    for row in dataset.tables["completions"].itertuples():
        found.setdefault((row.learner_id, row.module_id), row.event_id)
    return found


def test_ranks_stand_in_the_order_of_interactions(made: Dataset) -> None:
    starts = first_starts(made)
    rank = {event: 1 + place for place, event in enumerate(sorted(starts.values(), reverse=True))}
    write_truth(made, "starts", event_id=list(rank), choice_rank=list(rank.values()))
    catalog = catalog_of(made)
    interactions = interactions_of(made, catalog)
    assert interactions is not None
    learners = made.tables["learners"]["learner_id"].tolist()
    expected = [
        rank[starts[learners[learner], catalog.module_ids[module]]]
        for learner, module in zip(interactions.learners(), interactions.modules, strict=True)
    ]
    assert len(set(expected)) == len(expected) > 10
    assert true_ranks(made).tolist() == expected


def test_probabilities_stand_in_the_order_of_attempts(made: Dataset) -> None:
    events = made.tables["attempts"]["event_id"]
    truth = dict(zip(sorted(events, reverse=True), np.linspace(0, 1, len(events)), strict=True))
    write_truth(made, "attempts", event_id=list(truth), pass_probability=list(truth.values()))
    assert true_probabilities(made).tolist() == [truth[event] for event in events]


def test_what_is_not_there_needs_no_truth(tiny_tables, tmp_path) -> None:
    for name in ("attempts", "completions"):
        tables = {key: table for key, table in tiny_tables.items() if key != name}
        write_dataset(tables, tmp_path / name, simulation=NOTICE)
    assert true_probabilities(load_dataset(tmp_path / "attempts")) is None
    assert true_ranks(load_dataset(tmp_path / "completions")) is None


def test_the_truth_of_other_data_is_refused(made: Dataset) -> None:
    events = made.tables["attempts"]["event_id"].tolist()
    write_truth(made, "attempts", event_id=events[2:], pass_probability=[0.5] * (len(events) - 2))
    with pytest.raises(DatasetError) as caught:
        true_probabilities(made)
    assert str(caught.value) == (
        f"truth/attempts.parquet, column event_id: {events[0]!r} of the dataset is not in it, and 1 more, "
        "so it is the truth of other data; write data and truth again, both at once, with "
        "python -m training sample"
    )
    starts = [*first_starts(made).values(), "stranger"]
    write_truth(made, "starts", event_id=starts, choice_rank=[1] * len(starts))
    with pytest.raises(
        DatasetError, match=r"'stranger' is not in the dataset, and 0 more, so it is the truth"
    ):
        true_ranks(made)


def test_a_rank_of_a_later_start_is_of_other_data(made: Dataset) -> None:
    """Only first starts have a rank: one at a repeated start shows that the rows do not belong together."""
    events = made.tables["completions"]["event_id"].tolist()
    write_truth(made, "starts", event_id=events, choice_rank=[1] * len(events))
    with pytest.raises(DatasetError, match=r"is not in the dataset|truth of other data"):
        true_ranks(made)


def test_nobody_knows_what_is_true_of_real_people(made: Dataset, tiny_dataset: Path) -> None:
    require_simulated(made)
    with pytest.raises(DatasetError, match=r"dataset tiny is not simulated, so nobody knows what is true"):
        require_simulated(load_dataset(tiny_dataset))
