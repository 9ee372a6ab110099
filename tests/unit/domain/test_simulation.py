"""The label of simulated data: there and back, and damaged."""

import json
from typing import Any

import pytest

from recommender.domain.dataset_format import SIMULATED_ID_PREFIX, SIMULATION_KEY
from recommender.domain.simulation import (
    LABEL,
    PLAIN_NOTICE,
    all_simulated,
    labelled,
    nobody_real,
    notice_in,
    simulation_metadata,
)
from recommender.errors import DatasetError

KEY = SIMULATION_KEY.encode()


def test_what_is_written_is_read() -> None:
    simulation = {"seed": 7, "notice": "Nobody exists", "ranges": {"b": [1, 2], "a": None}}
    written = simulation_metadata(simulation)
    assert notice_in(written) == "Nobody exists"
    assert json.loads(written[KEY]) == simulation


def test_the_same_content_is_the_same_bytes_in_any_order() -> None:
    one = simulation_metadata({"notice": "x", "b": {"d": 1, "c": 2}})
    assert one == simulation_metadata({"b": {"c": 2, "d": 1}, "notice": "x"})


@pytest.mark.parametrize("simulation", [{}, {"notice": None}, {"notice": " \t"}, {"notice": 3}])
def test_there_is_no_label_without_a_sentence(simulation: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match="has no notice, a sentence for people; say what made the data"):
        simulation_metadata(simulation)


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(DatasetError, match="cannot be written as JSON"):
        simulation_metadata({"notice": "x", "seed": value})


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'"yes"',
        b'{"notice": 3}',
        b'{"notice": ""}',
        b"[" * 100_000,
    ],
)
def test_a_label_that_cannot_be_read_is_still_a_label(damaged: bytes) -> None:
    assert notice_in({KEY: damaged}) == PLAIN_NOTICE


def test_without_the_key_there_is_no_label() -> None:
    assert notice_in(None) is None
    assert notice_in({b"pandas": b"{}"}) is None


def test_a_notice_stays_on_one_line_and_is_no_longer_than_one() -> None:
    told = notice_in({KEY: json.dumps({"notice": "a\x1b[31m\n b\u202e " + "x" * 1000}).encode()})
    assert told is not None
    assert told.startswith("a [31m b x")
    assert told.endswith("...")
    assert len(told) == 200
    assert told.isprintable()


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["sim-1", "sim-2"], True),
        (["sim-1", "2"], False),
        (["SIM-1"], False),
        (["a-sim-1"], False),
        ([], False),
    ],
)
def test_every_learner_must_be_named_as_simulated_and_there_must_be_one(
    ids: list[str], expected: bool
) -> None:
    assert all_simulated(iter(ids)) is expected


def test_words_carry_the_label_once() -> None:
    once = labelled("Title", True)
    assert once == f"{LABEL}: Title" == labelled(once, True)
    assert labelled("Title", False) == "Title"
    assert nobody_real("x").startswith(LABEL)
    assert labelled(nobody_real("x"), True) == nobody_real("x")


def test_ids_of_simulated_learners_survive_csv() -> None:
    assert not set(SIMULATED_ID_PREFIX) & set('",|\n ')
