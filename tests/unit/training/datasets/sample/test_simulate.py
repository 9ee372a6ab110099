"""From a catalogue to a directory: what is made of which wishes, and what is never lost."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from recommender.errors import ConfigurationError, DatasetError
from tests.unit.training.datasets.sample.catalogs import BARE, FULL, written
from tests.unit.training.datasets.sample.interpreted import SIMULATE
from training.datasets import load_dataset, write_dataset
from training.datasets.sample import Parameters, SampleConfig, simulate
from training.datasets.sample.parameters import ActivityParameters, PeopleParameters

pytestmark = pytest.mark.usefixtures("interpreted")

SMALL = SampleConfig(12, 8, 3, parameters=Parameters(activity=ActivityParameters(base=1.5)))
CATALOG_TABLES = {*FULL}
PEOPLES_TABLES = {
    *("learners", "aliases", "attempts", "completions", "credentials_earned", "self_assessments"),
    *("adoption", "outcomes", "postings"),
}
TRUTH_TABLES = {f"truth/{name}" for name in ("attempts", "items", "learners", "mastery", "skills", "starts")}


def content(path: Path) -> dict[str, bytes]:
    """Bytes of every file below a directory."""
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def made(interpreted: None, full_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "org"
    simulate(out, SMALL, full_catalog)
    return out


def test_a_sound_dataset_with_its_truth_beside_it(made: Path, full_catalog: Path) -> None:
    dataset = load_dataset(made)
    assert dataset.simulated
    assert dataset.has_clock
    assert set(dataset.tables) == CATALOG_TABLES | PEOPLES_TABLES
    assert {file.removesuffix(".parquet") for file in content(made) if file.startswith("truth/")} == (
        TRUTH_TABLES | {"truth/parameters.json"}
    )
    catalog = load_dataset(full_catalog).tables
    for name in CATALOG_TABLES:
        pd.testing.assert_frame_equal(dataset.tables[name], catalog[name])


def test_the_rows_told_are_those_written(made: Path, full_catalog: Path, tmp_path: Path) -> None:
    told: list[int] = []
    rows = simulate(tmp_path / "again", SMALL, full_catalog, told.append)
    assert told == [12]
    files = {file.removesuffix(".parquet") for file in content(made)} - {"truth/parameters.json"}
    assert rows == {name: pq.read_metadata(made / f"{name}.parquet").num_rows for name in files}
    assert rows["learners"] == 12
    assert rows["truth/mastery"] == 12 * 3 * 2


def test_every_file_says_what_made_it(made: Path) -> None:
    for file in made.rglob("*.parquet"):
        told = json.loads(pq.read_schema(file).metadata[b"simulation"])
        assert "made-up" in told["notice"]
        assert (told["learners"], told["months"], told["seed"], told["learner_model"]) == (12, 8, 3, "growth")
    parameters = json.loads((made / "truth" / "parameters.json").read_text())
    assert "made-up" in parameters["notice"]
    assert parameters["parameters"]["activity"]["base"] == 1.5
    assert set(parameters["parameters"]) == set(Parameters._fields)


def test_the_same_seed_gives_the_same_bytes_and_another_others(
    made: Path, full_catalog: Path, tmp_path: Path
) -> None:
    simulate(tmp_path / "same", SMALL, full_catalog)
    assert content(tmp_path / "same") == content(made)
    simulate(tmp_path / "other", SampleConfig(12, 8, 4, parameters=SMALL.parameters), full_catalog)
    one, two = load_dataset(made), load_dataset(tmp_path / "other")
    for name in ("attempts", "completions", "learners"):
        assert not one.tables[name].equals(two.tables[name]), name
    items = [pd.read_parquet(path / "truth/items.parquet") for path in (made, tmp_path / "other")]
    assert (items[0]["difficulty"] != items[1]["difficulty"]).any()


def test_without_room_for_the_events_there_is_made_some(
    made: Path, full_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SIMULATE, "_ROOM", (3, 3, 1))
    simulate(tmp_path / "tight", SMALL, full_catalog)
    assert content(tmp_path / "tight") == content(made)


def test_modules_of_a_minute_do_not_run_out_of_their_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled code does not look where it writes: its Python does."""
    monkeypatch.setattr(SIMULATE, "_ROOM", (100, 17, 9))
    modules = "module_id,title,skill_ids,duration_minutes\nm1,One,s,1\nm2,Two,s,1\nm3,Three,t,1\n"
    many = modules + "".join(f"x{n},X {n},s,1\n" for n in range(60))
    people = PeopleParameters(weekly_minutes=3000.0, hired_during=0.0, comparison_share=0.0)
    eager = Parameters(people=people, activity=ActivityParameters(base=4.0))
    catalog = written(tmp_path / "c", BARE | {"modules": many})
    simulate(tmp_path / "out", SampleConfig(2, 2, 2, parameters=eager), catalog)
    table = load_dataset(tmp_path / "out").tables["completions"]
    in_a_week = table.groupby(["learner_id", table["occurred_at"].dt.isocalendar().week]).size()
    assert in_a_week.max() > 100


@pytest.mark.parametrize("model", ["growth", "states"])
def test_a_catalogue_with_the_least_that_is_needed(bare_catalog: Path, tmp_path: Path, model: str) -> None:
    simulate(tmp_path / "out", SampleConfig(5, 14, 1, model, SMALL.parameters), bare_catalog)
    dataset = load_dataset(tmp_path / "out")
    assert dataset.simulated
    assert set(dataset.tables) == {*BARE} | PEOPLES_TABLES - {"credentials_earned"}
    assert dataset.tables["learners"]["target_role_id"].isna().all()


def test_a_catalogue_that_cannot_be_used_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    catalog = written(tmp_path / "c", {name: text for name, text in BARE.items() if name != "items"})
    with pytest.raises(DatasetError, match="has no table items"):
        simulate(tmp_path / "out", SMALL, catalog)
    assert not (tmp_path / "out").exists()


def test_people_of_a_catalogue_are_not_read(made: Path, full_catalog: Path, tmp_path: Path) -> None:
    with_people = shutil.copytree(full_catalog, tmp_path / "c")
    (with_people / "learners.csv").write_text("learner_id\nann\n")
    (with_people / "attempts.csv").write_text("learner_id,item_id,score\nann,a1-q0,1\n")
    simulate(tmp_path / "out", SMALL, with_people)
    assert content(tmp_path / "out") == content(made)


@pytest.mark.parametrize(("months", "noted"), [(1, {0}), (2, {0}), (6, {0, 6}), (13, {0, 6, 12})])
def test_any_number_of_months(full_catalog: Path, tmp_path: Path, months: int, noted: set[int]) -> None:
    simulate(tmp_path / "out", SampleConfig(3, months, 0, "states", SMALL.parameters), full_catalog)
    dataset = load_dataset(tmp_path / "out")
    assert set(pd.read_parquet(tmp_path / "out/truth/mastery.parquet")["month"]) == noted
    end = SIMULATE.START + pd.Timedelta(weeks=round(months * 52 / 12))
    for name in ("attempts", "completions"):
        if name in dataset.tables:
            assert dataset.tables[name]["occurred_at"].max() < end
    assert dataset.tables["outcomes"].groupby("unit_id").size().unique().tolist() == [months]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"learners": 0}, "--learners 0 is out of range; give 1 to 999999"),
        ({"learners": 1_000_000}, "--learners 1000000 is out of range; give 1 to 999999"),
        ({"months": 0}, "--months 0 is out of range; give 1 to 120"),
        ({"months": 121}, "--months 121 is out of range; give 1 to 120"),
        ({"seed": -1}, "--seed -1 is out of range; give 0 to 9223372036854775807"),
        ({"learner_model": "bkt"}, "--learner-model 'bkt' is not known; use growth or states"),
    ],
)
def test_wishes_out_of_range_are_refused(wish: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SampleConfig(**wish)
    assert str(caught.value) == sentence


def test_an_older_simulation_is_replaced_texts_and_catalogue_stay(
    made: Path, full_catalog: Path, tmp_path: Path
) -> None:
    out = tmp_path / "org"
    simulate(out, SampleConfig(3, 14, 9), full_catalog)
    # a table of an older version, marked as all are
    shutil.copy(out / "truth" / "items.parquet", out / "truth" / "more.parquet")
    (out / "README.md").write_text("About it.")
    shutil.copytree(full_catalog, out / "catalog")
    simulate(out, SMALL, out / "catalog")
    expected = content(made) | {f"catalog/{name}": data for name, data in content(full_catalog).items()}
    assert content(out) == expected | {"README.md": b"About it."}


def refused(out: Path, catalog: Path, match: str) -> None:
    """A simulation is refused and nothing is lost."""
    before = content(out) if out.is_dir() else {"": out.read_bytes()}
    beside = sorted(out.parent.iterdir())
    with pytest.raises(DatasetError, match=match):
        simulate(out, SMALL, catalog)
    assert (content(out) if out.is_dir() else {"": out.read_bytes()}) == before
    assert sorted(out.parent.iterdir()) == beside


def test_a_file_is_no_place(full_catalog: Path, tmp_path: Path) -> None:
    out = tmp_path / "org"
    out.write_text("mine")
    refused(out, full_catalog, f"{out} is a file; give a directory")


@pytest.mark.parametrize("stranger", ["mine.xlsx", "attempts.csv", "pictures/cat.png"])
def test_what_is_not_a_simulation_is_not_removed(full_catalog: Path, tmp_path: Path, stranger: str) -> None:
    out = tmp_path / "org"
    (out / stranger).parent.mkdir(parents=True)
    (out / stranger).write_text("mine")
    refused(out, full_catalog, f"holds '{Path(stranger).parts[0]}', which writing there would remove")


@pytest.mark.parametrize("stranger", ["my_labels.csv", "labels.parquet", "README.md", "mine/labels.csv"])
def test_what_somebody_put_beside_the_truth_is_not_removed(
    made: Path, full_catalog: Path, tmp_path: Path, stranger: str
) -> None:
    out = shutil.copytree(made, tmp_path / "org")
    (out / "truth" / stranger).parent.mkdir(exist_ok=True)
    if stranger.endswith(".parquet"):
        pd.DataFrame({"learner_id": ["ann"], "label": [1]}).to_parquet(out / "truth" / stranger)
    else:
        (out / "truth" / stranger).write_text("learner_id,label\nann,1\n")
    refused(out, full_catalog, "holds 'truth', which writing there would remove")


def test_real_data_is_not_replaced(full_catalog: Path, tmp_path: Path) -> None:
    out = tmp_path / "org"
    write_dataset({"learners": pd.DataFrame({"learner_id": ["ann"]})}, out)
    refused(out, full_catalog, "holds 'learners.parquet', which writing there would remove")


def test_the_blocks_are_told_apart(
    full_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SIMULATE, "_BLOCK", 4)
    told: list[int] = []
    simulate(tmp_path / "out", SampleConfig(9, 6, 0, parameters=SMALL.parameters), full_catalog, told.append)
    assert told == [4, 4, 1]
    tables = load_dataset(tmp_path / "out").tables
    learners = tables["learners"]
    assert learners["learner_id"].tolist() == [f"sim-{n:06d}" for n in range(1, 10)]
    block = np.arange(9) // 4
    blocks_of_team = learners.assign(block=block).groupby("team_id")["block"].nunique()
    assert blocks_of_team.max() == 1
    assert set(tables["outcomes"]["unit_id"]) == set(learners["team_id"])
    # blocks are drawn apart: those of one are no copies of those of another
    assert learners["hired_at"].is_unique
