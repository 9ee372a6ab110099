"""Better, worse or neither: by chance alone nothing is said, and other data are named."""

from __future__ import annotations

from typing import Any

import pytest

from training.reports.against import compared, measures


def manifest(fingerprint: str = "f1", **changed: Any) -> dict[str, Any]:
    skills = {"skill_model": {"auc": 0.80, "ece": changed.get("ece", 0.01)}}
    auc = changed.get("auc", 0.80)
    groups = {
        "everybody": {"auc": auc, "auc_ci95_low": auc - 0.01, "auc_ci95_high": auc + 0.01},
        "builder": {"auc": changed.get("builder", 0.75), "auc_ci95_low": 0.72, "auc_ci95_high": 0.78},
        "leader": {"auc": None},
    }
    hr = changed.get("hr", 0.40)
    engine = {"hr@10": hr, "hr@10_ci95_low": hr - 0.02, "hr@10_ci95_high": hr + 0.02}
    metrics = {"skills": skills, "skills_by_group": groups, "leave_last_out": {"engine": engine}}
    return {"dataset": {"name": "acme", "fingerprint": fingerprint}, "metrics": metrics}


def test_the_first_model_is_compared_with_nothing() -> None:
    (line,) = compared(manifest(), None, None)
    assert "First model" in line


def test_a_champion_whose_bundle_is_gone_is_said_to_be() -> None:
    (line,) = compared(manifest(), None, 7)
    assert "Version 7 serves; its bundle is gone" in line


def test_equal_models_are_no_different() -> None:
    data, same, advice = compared(manifest(), manifest(), 3)
    assert data == "**Beside version 3, which serves**, on the same data:"
    assert same.startswith("**No difference beyond chance** at chances that come true as often as said; ")
    assert "telling answers that pass of builders" in same
    assert "newer data" in advice


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"auc": 0.82}, "**Better** at telling answers that pass (82.0% instead of 80.0%)."),
        ({"auc": 0.78}, "**Worse** at telling answers that pass (78.0% instead of 80.0%)."),
        ({"builder": 0.70}, "**Worse** at telling answers that pass of builders (70.0% instead of 75.0%)."),
        ({"ece": 0.02}, "**Worse** at chances that come true as often as said (2.0% instead of 1.0%)."),
        ({"ece": 0.002}, "**Better** at chances that come true as often as said (0.2% instead of 1.0%)."),
        (
            {"hr": 0.45},
            "**Better** at putting the last module a learner started among ten (45.0% instead of 40.0%).",
        ),
    ],
)
def test_what_is_better_or_worse_is_said_with_its_figures(changed: dict[str, Any], told: str) -> None:
    lines = compared(manifest(**changed), manifest(), 3)
    assert [line for line in lines if line.startswith(("**Better", "**Worse"))] == [told]
    assert ("before anybody promotes it" in lines[-1]) == told.startswith("**Worse")


@pytest.mark.parametrize("auc", [0.787, 0.813])
def test_a_difference_within_chance_is_none(auc: float) -> None:
    # Both margins are .01, together .0141.
    assert not [line for line in compared(manifest(auc=auc), manifest(), 3) if "instead of" in line]


def test_other_data_are_named() -> None:
    line = compared(manifest(), manifest("f2" * 10), 3)[0]
    assert "other data (acme, f2f2f2f2f2f2)" in line


def test_what_one_of_them_lacks_is_not_compared() -> None:
    old = manifest()
    del old["metrics"]["leave_last_out"]
    assert not any("among ten" in line for line in compared(manifest(), old, 3))
    assert measures({}) == {}
