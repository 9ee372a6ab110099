"""Descriptions side by side."""

from dataclasses import replace
from pathlib import Path

import pytest

from training.datasets import load_dataset
from training.evaluation.description import Description, describe_dataset
from training.evaluation.description_table import as_json, as_markdown, numbered_notes, side_by_side


@pytest.fixture
def clicks(tmp_path: Path) -> Description:
    folder = tmp_path / "clicks"
    folder.mkdir()
    (folder / "completions.csv").write_text("learner_id,module_id\nx,a\nx,b\ny,a\n")
    return describe_dataset(load_dataset(folder))


@pytest.fixture
def answers(tmp_path: Path) -> Description:
    folder = tmp_path / "an|swers"
    folder.mkdir()
    (folder / "attempts.csv").write_text(
        "learner_id,item_id,score,occurred_at\nx,i,1,2024-01-01T09:00:00Z\nx,j,0,2024-01-01T21:00:00Z\n"
    )
    return describe_dataset(load_dataset(folder))


def line(table, label):
    (found,) = [each for each in table.lines if each.label == label]
    return found.cells


def test_one_column_each_with_notes_in_order(clicks, answers):
    table = side_by_side([clicks, answers], ["one/clicks", "two/answers"])
    assert table.title == "What the datasets look like"
    assert table.headings == ("clicks", "an|swers")
    assert line(table, "times") == ("none", "time of day")
    assert line(table, "first starts of a module") == ("3", "0")
    assert line(table, "attempts that passed")[1] == "50.0%"
    assert line(table, "gap between events, median")[1] == "12.0 h"
    assert line(table, "from first to last event") == ("- [1]", "12.0 h")
    assert table.notes[0] == "not every event has a time"
    assert len(set(table.notes)) == len(table.notes)
    assert numbered_notes(table)[0] == "[1] not every event has a time"
    pointed = {cell.split(" ")[-1] for each in table.lines for cell in each.cells if cell.endswith("]")}
    assert pointed == {f"[{number}]" for number in range(1, len(table.notes) + 1)}


def test_names_that_clash_give_way_to_directories(clicks):
    table = side_by_side([clicks, clicks], ["one/clicks", "two/clicks"])
    assert table.headings == ("one/clicks", "two/clicks")


def test_what_is_simulated_is_headed_so(clicks, answers):
    made = replace(answers, simulated=True)
    mixed = side_by_side([clicks, made], ["clicks", "answers"])
    assert mixed.headings == ("clicks", "an|swers (simulated)")
    assert mixed.title == "What the datasets look like"
    alone = side_by_side([made], ["answers"])
    assert alone.title == "Simulated data: What the datasets look like"
    assert as_markdown(alone).startswith("# Simulated data: ")
    assert as_json(made)["simulated"] is True


def test_markdown_is_one_table_whatever_a_dataset_is_called(clicks, answers):
    text = as_markdown(side_by_side([clicks, answers], ["clicks", "answers"]))
    rows = [each for each in text.splitlines() if each.startswith("|")]
    assert rows[0] == "|  | clicks | an\\|swers |"
    assert rows[1] == "| --- | ---: | ---: |"
    assert {row.replace("\\|", "").count("|") for row in rows} == {4}
    assert "| **Staying** |  |  |" in rows
    assert "- [1] not every event has a time" in text.splitlines()


def test_markdown_without_a_note_ends_with_the_table(clicks):
    table = replace(side_by_side([clicks], ["clicks"]), notes=())
    assert as_markdown(table).splitlines()[-1].startswith("| still active 365 days")


def test_json_has_every_number_that_the_table_has(clicks):
    found = as_json(clicks)
    table = side_by_side([clicks], ["clicks"])
    assert found["size"]["starts"] == {"value": 3.0, "note": ""}
    assert found["stay"]["months_active"] == {"value": None, "note": "not every event has a time"}
    sections = [each for each in found.values() if isinstance(each, dict)]
    assert sum(map(len, sections)) == sum(1 for each in table.lines if each.cells) - 1
    assert len(sections) == sum(1 for each in table.lines if not each.cells)
