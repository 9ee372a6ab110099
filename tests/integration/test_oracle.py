"""The oracle on people of the shipped organisation: nobody can do better than who knows the truth.

Bands follow from what is planted, whatever the parameters: an oracle that were beaten, or badly calibrated,
would not stand beside the rows it is of.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from training.cli import app
from training.columns import catalog_of, interactions_of
from training.datasets import load_dataset
from training.datasets.sample.truth import read_choice_ranks, read_pass_probabilities
from training.evaluation.oracle import true_probabilities, true_ranks

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[2] / "data" / "reskilling"
N_LEARNERS = 400


def excerpt(file: Path, people: pa.Array) -> pa.Table:
    """The rows of the first people; every row of a table that is not about people."""
    table = pq.read_table(file)
    if "learner_id" in table.column_names:
        return table.filter(pc.is_in(table["learner_id"], people))
    if "event_id" in table.column_names:
        whose = pc.utf8_slice_codeunits(table["event_id"], 0, len("sim-000001"))
        return table.filter(pc.is_in(whose, people))
    return table


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first people of the shipped organisation, with the truth of them."""
    data = tmp_path_factory.mktemp("shipped") / "some"
    (data / "truth").mkdir(parents=True)
    people = pq.read_table(SHIPPED / "learners.parquet")["learner_id"].slice(0, N_LEARNERS).combine_chunks()
    for file in (*SHIPPED.glob("*.parquet"), *SHIPPED.glob("truth/*.parquet")):
        pq.write_table(excerpt(file, people), data / file.relative_to(SHIPPED))
    return data


@pytest.fixture(scope="module")
def found(some: Path) -> dict:
    out = some.parent / "out.json"
    options = ("--set", "evaluation.test_fraction=0.5", "--set", "skills.linear.max_iterations=30")
    result = CliRunner().invoke(app, ["oracle", "--data", str(some), "--json", str(out), *options])
    assert result.exit_code == 0, result.output
    return json.loads(out.read_text())


def test_what_is_predicted_is_what_is_recorded_of_that_row(some: Path) -> None:
    dataset = load_dataset(some)
    attempts = dataset.tables["attempts"]
    truth = read_pass_probabilities(some)
    assert len(truth) == len(attempts) > 10_000
    assert true_probabilities(dataset).tolist() == truth.loc[attempts["event_id"]].tolist()
    ranks, recorded = true_ranks(dataset), read_choice_ranks(some)
    assert sorted(ranks.tolist()) == sorted(recorded.tolist())
    # the records of a learner lie in the order of their events
    by_learner = recorded.groupby(recorded.index.str[: len("sim-000001")]).agg(list)
    interactions = interactions_of(dataset, catalog_of(dataset))
    assert interactions is not None
    for place, learner in enumerate(dataset.tables["learners"]["learner_id"]):
        rows = slice(interactions.start[place], interactions.start[place + 1])
        assert ranks[rows].tolist() == by_learner.get(learner, [])


def test_knowing_the_truth_is_calibrated_and_tells_more_than_any_model(found: dict) -> None:
    models = dict(found["metrics"]["skills"])
    oracle = models.pop("oracle")
    assert oracle["ece"] < 0.02
    for values in models.values():
        assert values["auc"] < oracle["auc"] - 0.01
        assert values["log_loss"] > oracle["log_loss"] + 0.01
        assert values["rmse"] > oracle["rmse"]
    assert oracle["auc_first5"] == pytest.approx(oracle["auc"], abs=0.04), "it knows newcomers as well"


@pytest.mark.parametrize("protocol", ["leave_last_out", "temporal"])
def test_knowing_every_term_but_the_noise_ranks_better_than_any_model(found: dict, protocol: str) -> None:
    models = dict(found["metrics"][protocol])
    oracle = models.pop("oracle")
    assert oracle["mrr"] < 0.9, "the noise of the choice is nobody's to know"
    for name, values in models.items():
        assert values["ci95"]["ndcg@10"][1] < oracle["ci95"]["ndcg@10"][0], name


def test_mean_rank_of_targets_is_that_of_last_starts(found: dict, some: Path) -> None:
    """Under leave-last-out the oracle's targets are each learner's last start, by the records alone."""
    recorded = read_choice_ranks(some)
    last = recorded.groupby(recorded.index.str[: len("sim-000001")]).agg(["last", "size"])
    ranks = last.loc[last["size"] > 1, "last"].to_numpy()
    oracle = found["metrics"]["leave_last_out"]["oracle"]
    assert found["n"]["leave_last_out"]["targets"] == len(ranks)
    assert oracle["hr@10"] == pytest.approx(np.mean(ranks <= 10))
    assert oracle["mrr"] == pytest.approx(np.mean(1 / ranks))
