"""What is simulated is told so whatever file it comes in, and what is real is not."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from recommender.errors import DatasetError
from training.datasets import Dataset, load_dataset, write_dataset

SIMULATION = {"notice": "made for a test", "seed": 3}
ATTEMPTS = pd.DataFrame({"learner_id": ["ann", "bob"], "item_id": ["i", "i"], "score": [1.0, 0.0]})
MODULES = pd.DataFrame({"module_id": ["a"], "title": ["A"]})
TABLES = {"modules": MODULES, "attempts": ATTEMPTS}
NAMED = TABLES | {"attempts": ATTEMPTS.assign(learner_id=["sim-1", "sim-2"])}
NOBODY = "Simulated data: no row is of a real person"


def told(dataset: Dataset) -> list[tuple[str, str, str, int]]:
    found = [(f.level, f.table, f.text, f.count) for f in dataset.findings]
    return [finding for finding in found if "simulated" in finding[2].lower()]


def test_every_file_is_marked_and_loading_says_so_first(tmp_path: Path) -> None:
    write_dataset(TABLES, tmp_path / "d", simulation=SIMULATION)
    for name in TABLES:
        metadata = pq.read_schema(tmp_path / "d" / f"{name}.parquet").metadata
        assert metadata[b"simulation"] == b'{"notice": "made for a test", "seed": 3}'
    dataset = load_dataset(tmp_path / "d")
    assert dataset.simulated
    assert told(dataset) == [("warning", "", f"{NOBODY} (made for a test)", 2)]
    assert dataset.findings[0].text.startswith(NOBODY)


def test_the_label_is_no_part_of_the_content(tmp_path: Path) -> None:
    write_dataset(TABLES, tmp_path / "real")
    write_dataset(TABLES, tmp_path / "made", simulation=SIMULATION)
    real, made = load_dataset(tmp_path / "real"), load_dataset(tmp_path / "made")
    assert (real.simulated, told(real)) == (False, [])
    assert real.fingerprint == made.fingerprint
    assert b"simulation" not in (tmp_path / "real" / "attempts.parquet").read_bytes()


def test_the_same_label_is_the_same_bytes(tmp_path: Path) -> None:
    write_dataset(TABLES, tmp_path / "one", simulation=SIMULATION)
    write_dataset(TABLES, tmp_path / "two", simulation=dict(reversed(SIMULATION.items())))
    for name in TABLES:
        one, two = ((tmp_path / d / f"{name}.parquet").read_bytes() for d in ("one", "two"))
        assert one == two


def test_one_marked_file_is_enough_and_is_named(tmp_path: Path) -> None:
    write_dataset(TABLES, tmp_path / "d")
    name = next(name for name in TABLES if name != "modules")
    write_dataset({name: TABLES[name]}, tmp_path / "made", simulation=SIMULATION)
    (tmp_path / "made" / f"{name}.parquet").replace(tmp_path / "d" / f"{name}.parquet")
    dataset = load_dataset(tmp_path / "d")
    assert dataset.simulated
    text = f"Simulated data: the metadata of {name} says so (made for a test), and the other tables count as "
    assert told(dataset) == [("warning", "", f"{text}simulated with it", 1)]


def test_real_people_on_the_catalogue_of_a_simulated_organisation_are_real(tmp_path: Path) -> None:
    write_dataset(TABLES, tmp_path / "d")
    write_dataset({"modules": MODULES}, tmp_path / "made", simulation=SIMULATION)
    (tmp_path / "made" / "modules.parquet").replace(tmp_path / "d" / "modules.parquet")
    dataset = load_dataset(tmp_path / "d")
    assert not dataset.simulated
    ((level, table, text, count),) = told(dataset)
    assert (level, table, count) == ("info", "", 1)
    assert "modules come from a simulated organisation" in text


def test_a_damaged_mark_is_a_mark(tmp_path: Path) -> None:
    write_dataset(TABLES, tmp_path / "d")
    for name in TABLES:
        file = tmp_path / "d" / f"{name}.parquet"
        table = pq.read_table(file)
        pq.write_table(table.replace_schema_metadata({b"simulation": b"{\xff"}), file)
    dataset = load_dataset(tmp_path / "d")
    assert dataset.simulated
    assert told(dataset) == [("warning", "", f"{NOBODY} (made by a simulator)", 2)]


@pytest.mark.parametrize("derived", [True, False])
def test_ids_carry_the_label_through_csv(tmp_path: Path, derived: bool) -> None:
    people = {} if derived else {"learners": pd.DataFrame({"learner_id": ["sim-1", "sim-2", "sim-3"]})}
    write_dataset(NAMED | people, tmp_path / "d", "csv", simulation=SIMULATION)
    dataset = load_dataset(tmp_path / "d")
    assert dataset.simulated
    count = len(NAMED | people)
    assert told(dataset) == [("warning", "", f"{NOBODY} (every learner_id begins with 'sim-')", count)]


def test_some_learners_named_so_make_no_dataset_simulated_but_are_told(tmp_path: Path) -> None:
    write_dataset({"attempts": ATTEMPTS.assign(learner_id=["sim-1", "bob"])}, tmp_path / "d", "csv")
    dataset = load_dataset(tmp_path / "d")
    assert not dataset.simulated
    ((level, table, text, count),) = told(dataset)
    assert (level, table, count) == ("warning", "learners", 1)
    assert text.endswith("so all count as real; take them out if they are simulated")


def test_a_catalogue_without_learners_is_not_simulated_unless_it_says_so(tmp_path: Path) -> None:
    write_dataset({"modules": MODULES}, tmp_path / "d")
    assert not load_dataset(tmp_path / "d").simulated
    write_dataset({"modules": MODULES}, tmp_path / "d", simulation=SIMULATION)
    assert load_dataset(tmp_path / "d").simulated


def test_lenient_loading_keeps_the_label(tmp_path: Path) -> None:
    bad = ATTEMPTS.assign(score=[1.0, 70.0])
    write_dataset({"attempts": bad}, tmp_path / "d", simulation=SIMULATION)
    dataset = load_dataset(tmp_path / "d", lenient=True, rejects=tmp_path / "rejects")
    assert dataset.simulated
    assert len(dataset.tables["attempts"]) == 1


def test_csv_that_would_lose_the_label_is_not_written(tmp_path: Path) -> None:
    half = TABLES | {"attempts": ATTEMPTS.assign(learner_id=["sim-1", "bob"])}
    with pytest.raises(DatasetError, match=r"attempts row 2, column learner_id: 'bob' .* or write Parquet"):
        write_dataset(half, tmp_path / "d", "csv", simulation=SIMULATION)
    assert list(tmp_path.iterdir()) == []


def test_a_label_without_a_notice_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no notice"):
        write_dataset(TABLES, tmp_path / "d", simulation={"seed": 1})
    assert list(tmp_path.iterdir()) == []


def test_a_mark_that_another_tool_wrote_beside_the_schema_counts(tmp_path: Path) -> None:
    write_dataset({"modules": MODULES}, tmp_path / "d")
    file = tmp_path / "d" / "modules.parquet"
    table = pq.read_table(file)
    with pq.ParquetWriter(file, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"simulation": '{"notice": "by hand"}'})
    assert told(load_dataset(tmp_path / "d")) == [("warning", "", f"{NOBODY} (by hand)", 1)]
