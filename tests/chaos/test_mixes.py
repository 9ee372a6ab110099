"""What tells mixed answers apart does: it finds every mix, and nothing in answers that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.mixes import Bundle, Judge, steady_events
from tests.unit.serving.world import bundle, other_bundle

__all__ = ["bundle", "other_bundle"]

AT = datetime.now(UTC)


@pytest.fixture
def both(bundle: Path, other_bundle: Path) -> tuple[Bundle, Bundle]:
    evidence = steady_events()
    return Bundle.of(bundle, evidence), Bundle.of(other_bundle, evidence)


@pytest.fixture
def judge(both: tuple[Bundle, Bundle]) -> Judge:
    by_id = {one.model.engine.bundle_id: one for one in both}
    return Judge(by_id, dict.fromkeys(by_id, ""))


def told(by: Bundle, learner_id: str, of: Bundle | None = None, number: int = 3) -> dict[str, Any]:
    """What `by` answers from the state that `of` folded."""
    answer = by.answer(learner_id, (of or by).states[learner_id], AT)
    answer |= {"recommendation_id": "r", "generated_at": AT.isoformat()}
    read: dict[str, Any] = json.loads(json.dumps(answer).replace("edition *", f"edition {number}"))
    return read


def test_answers_of_one_model_are_no_mix(both: tuple[Bundle, Bundle], judge: Judge) -> None:
    for one in both:
        for learner_id in one.states:
            assert judge.faults(told(one, learner_id), (3, 3)) == []


def test_every_mix_of_two_models_is_told(both: tuple[Bundle, Bundle], judge: Judge) -> None:
    for one, other in (both, both[::-1]):
        for learner_id in one.states:
            assert judge.faults(told(one, learner_id, of=other), (3, 3)), "folded by the other bundle"
            named = told(one, learner_id) | {"model": told(other, learner_id)["model"]}
            assert judge.faults(named, (3, 3)), "named after the other bundle"


def test_titles_of_another_bundle_are_told(both: tuple[Bundle, Bundle]) -> None:
    one, other = (each.model.engine.bundle_id for each in both)
    judge = Judge({one: both[0], other: both[1]}, {one: "", other: " (2)"})
    answer = told(both[0], "steady-0") | {"learner_id": "somebody"}
    assert judge.faults(answer, (3, 3)) == []
    answer["recommendations"][-1]["title"] += " (2)"
    assert judge.faults(answer, (3, 3))


@pytest.mark.parametrize("editions", [(4, 5), (1, 2)])
def test_a_catalogue_of_another_time_is_told(
    both: tuple[Bundle, Bundle], judge: Judge, editions: tuple[int, int]
) -> None:
    assert judge.faults(told(both[0], "steady-0"), editions)


def test_no_model_and_nothing_to_recommend_are_told(both: tuple[Bundle, Bundle], judge: Judge) -> None:
    answer = told(both[0], "steady-0")
    assert judge.faults(answer | {"fallback": "no_model", "model": None}, (3, 3))
    assert judge.faults(answer | {"recommendations": [], "empty_because": []}, (3, 3))
