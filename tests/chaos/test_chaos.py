"""The short versions of the tests that kill and swap; `make chaos` runs the long ones."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tests.chaos.crashes import crash
from tests.chaos.flat import SHORT
from tests.chaos.fuzz import fuzzed_service, generated_calls, noisy_bodies
from tests.chaos.soak import soak
from tests.chaos.swaps import swap
from tests.chaos.xapi_mutations import Mode, mutated_statements
from tests.postgres import Postgres

pytestmark = pytest.mark.slow


def test_nothing_acknowledged_is_lost_by_a_crash(tmp_path: Path) -> None:
    outcome = crash(tmp_path, 2, None, seed=2)
    assert outcome.faults == ()
    assert outcome.worker_kills == 1
    assert outcome.stored >= outcome.acknowledged > 0


@pytest.mark.postgres
def test_nothing_acknowledged_is_lost_by_a_crash_of_either_server(tmp_path: Path, postgres: Postgres) -> None:
    outcome = crash(tmp_path, 2, postgres, seed=1, workers=1)
    assert outcome.faults == ()
    assert outcome.database_kills == 1
    assert outcome.stored >= outcome.acknowledged > 0


def test_no_call_fails_and_no_answer_mixes_models_while_they_are_swapped(tmp_path: Path) -> None:
    outcome = swap(tmp_path, 6)
    assert outcome.faults == ()
    assert len(outcome.answers) == 2
    assert outcome.editions > 1


def test_what_nobody_expects_gets_a_documented_answer(tmp_path: Path) -> None:
    service = fuzzed_service(tmp_path)
    try:
        statuses, faults = noisy_bodies(service, 1_000, seed=1)
        assert faults == []
        assert statuses[422] > statuses[200] > 0
        code, report = generated_calls(service, tmp_path, 60, seed=1)
        assert code == 0, report
    finally:
        service.server.stop()


@pytest.mark.parametrize("mode", get_args(Mode))
def test_broken_statements_are_refused_as_a_whole(tmp_path: Path, mode: Mode) -> None:
    found = mutated_statements(tmp_path, 1_500, seed=1, mode=mode)
    assert found.faults == []
    assert found.stored == found.expected > 300
    assert found.statuses[200] > 50
    assert found.statuses[400] > 20


def test_a_minute_of_mixed_load_fails_no_call_and_keeps_memory_and_latency(tmp_path: Path) -> None:
    outcome = soak(tmp_path, 60, SHORT, swap_every=15)
    assert outcome.faults == ()
    assert outcome.swaps == 3
    assert outcome.calls > 1_000
