"""Whatever is asked for, what is simulated is a sound dataset that keeps its own rules."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.datasets.sample.catalogs import BARE, FULL, written
from tests.unit.training.datasets.sample.interpreted import interpret
from training.datasets import load_dataset
from training.datasets.sample import Parameters, SampleConfig, simulate
from training.datasets.sample.parameters import ActivityParameters, PeopleParameters

DAY = pd.Timedelta(days=1)
PARAMETERS = [
    Parameters(people=PeopleParameters(weekly_minutes=minutes), activity=ActivityParameters(base=base))
    for minutes in (10.0, 80.0, 400.0)
    for base in (-0.9, 1.5)
]
CONFIGS = st.builds(
    SampleConfig,
    learners=st.integers(1, 7),
    months=st.integers(1, 11),
    seed=st.integers(0, 2**63 - 1),
    learner_model=st.sampled_from(("growth", "states")),
    parameters=st.sampled_from(PARAMETERS),
)


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    folder = tmp_path_factory.mktemp("catalogs")
    with pytest.MonkeyPatch.context() as patch:
        interpret(patch)
        yield {name: written(folder / name, tables) for name, tables in (("full", FULL), ("bare", BARE))}


@settings(max_examples=15, deadline=None)
@given(config=CONFIGS, name=st.sampled_from(("full", "bare")))
def test_any_simulation_is_a_sound_dataset(
    catalogs: dict[str, Path], config: SampleConfig, name: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "org"
        simulate(out, config, catalogs[name])
        dataset = load_dataset(out)
        truth = pd.read_parquet(out / "truth" / "learners.parquet")
    assert dataset.simulated
    assert not [found for found in dataset.findings if found.level == "warning" and not is_label(found.text)]
    learners = dataset.tables["learners"]
    assert len(learners) == config.learners
    assert learners["learner_id"].str.startswith("sim-").all()
    for table in ("attempts", "completions", "credentials_earned", "self_assessments"):
        if table in dataset.tables:
            rows = dataset.tables[table].merge(truth, on="learner_id")
            assert rows["event_id"].is_unique
            assert (rows["occurred_at"] >= rows["joined_at"]).all()
            assert (rows["occurred_at"] <= rows["leaves_at"]).all()
    if "completions" in dataset.tables:
        keeps_the_rules(dataset.tables)


def is_label(text: str) -> bool:
    return text.startswith("Simulated data: ")


def keeps_the_rules(tables: dict[str, pd.DataFrame]) -> None:
    """One module at a time; published, unlocked, not again too soon."""
    modules = tables["modules"].set_index("module_id")
    hard: dict[str, list[str]] = {}
    if "prerequisites" in tables:
        needs = tables["prerequisites"].query("strength == 'hard'").dropna(subset="prerequisite_module_id")
        hard = needs.groupby("module_id")["prerequisite_module_id"].agg(list).to_dict()
    for _, rows in tables["completions"].groupby("learner_id"):
        on_desk, begun, finished = None, {}, set()
        for row in rows.sort_values(["occurred_at", "event_id"]).itertuples():
            module = row.module_id
            if row.status == "started":
                assert not row.occurred_at < modules.at[module, "published_at"]
                assert not row.occurred_at >= modules.at[module, "retired_at"]
                assert finished.issuperset(hard.get(module, ()))
                if module in begun:
                    pause = 270 if module in finished else 60
                    assert row.occurred_at - begun[module] > pause * DAY
                on_desk, begun[module] = module, row.occurred_at
            else:
                assert module == on_desk
                on_desk = None
                if row.status == "completed":
                    finished.add(module)
