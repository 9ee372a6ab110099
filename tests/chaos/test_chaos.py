"""The short versions of the tests that kill and swap; `make chaos` runs the long ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.crashes import crash
from tests.chaos.swaps import swap
from tests.postgres import Postgres

pytestmark = pytest.mark.slow


def test_nothing_acknowledged_is_lost_by_a_crash(tmp_path: Path) -> None:
    outcome = crash(tmp_path, 4, None)
    assert outcome.faults == ()
    assert outcome.stored >= outcome.acknowledged > 0


@pytest.mark.postgres
def test_nothing_acknowledged_is_lost_by_a_crash_of_either_server(tmp_path: Path, postgres: Postgres) -> None:
    outcome = crash(tmp_path, 4, postgres, seed=3)
    assert outcome.faults == ()
    assert 0 < outcome.database_kills < 4
    assert outcome.stored >= outcome.acknowledged > 0


def test_no_call_fails_and_no_answer_mixes_models_while_they_are_swapped(tmp_path: Path) -> None:
    outcome = swap(tmp_path, 10)
    assert (outcome.failed_calls, outcome.faults) == (0, ())
    assert len(outcome.answers) == 2
