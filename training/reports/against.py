"""A new model beside the one that serves, in plain words: better, worse, for whom, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_MODULES: Final = {
    "leave_last_out": "putting the last module a learner started among ten",
    "temporal": "putting what a learner started next after a date among ten",
}
_CALIBRATION_STEP: Final = 0.005


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a model.

    Parameters
    ----------
    words : str
        What it says, as the end of "better at ...".
    value : float
    margin : float
        Half of its 95% interval, or what is taken for no difference.
    more_is_better : bool
    """

    words: str
    value: float
    margin: float
    more_is_better: bool = True

    def gain_over(self, other: Measure) -> float:
        """How much better it is, in its own unit; 0 where chance explains the difference.

        Two 95% intervals that were found independently differ by chance by up to the root of their squared
        half widths. Models that were tested on the same people differ by less, so this is careful.
        """
        gain = (self.value - other.value) * (1 if self.more_is_better else -1)
        return gain if abs(gain) > math.hypot(self.margin, other.margin) else 0.0


def compared(
    manifest: Mapping[str, Any], served: Mapping[str, Any] | None, version: int | None
) -> tuple[str, ...]:
    """Say what got better or worse than what serves, for whom, and what to do.

    Parameters
    ----------
    manifest : mapping
        Of the new bundle.
    served : mapping or None
        Of the bundle that serves; None where none does, or it is gone.
    version : int or None
        The registered version that serves; None for none.
    """
    if version is None:
        return (
            "**First model.** Nothing serves yet that it could be compared with. If its figures are good "
            "enough for a start, let it serve with `make promote`.",
        )
    if served is None:
        return (f"Version {version} serves; its bundle is gone, so nothing can be compared.",)
    new, old = measures(manifest["metrics"]), measures(served["metrics"])
    gains = {name: new[name].gain_over(old[name]) for name in new if name in old}
    better = [name for name, gain in gains.items() if gain > 0]
    worse = [name for name, gain in gains.items() if gain < 0]
    lines = [_of_which_data(manifest, served, version)]
    lines += [f"**Better** at {_spelled(name, new, old)}." for name in better]
    lines += [f"**Worse** at {_spelled(name, new, old)}." for name in worse]
    same = [new[name].words for name, gain in gains.items() if not gain]
    if same:
        lines.append(f"**No difference beyond chance** at {'; '.join(same)}.")
    return (*lines, f"**What to do.** {_advice(better, worse)}")


def measures(metrics: Mapping[str, Any]) -> dict[str, Measure]:
    """Return the figures of a bundle's manifest that two models are compared by."""
    return dict(_measures(metrics))


def _measures(metrics: Mapping[str, Any]) -> Iterator[tuple[str, Measure]]:
    skills = metrics.get("skills", {}).get("skill_model", {})
    if skills.get("ece") is not None:
        yield (
            "calibration",
            Measure("chances that come true as often as said", skills["ece"], _CALIBRATION_STEP, False),
        )
    for group, its in metrics.get("skills_by_group", {}).items():
        margin = _margin(its, "auc")
        if its.get("auc") is not None and margin is not None:
            whom = "" if group == "everybody" else f" of {group}s"
            yield f"auc/{group}", Measure(f"telling answers that pass{whom}", its["auc"], margin)
    for protocol, words in _MODULES.items():
        engine = metrics.get(protocol, {}).get("engine", {})
        margin = _margin(engine, "hr@10")
        if engine.get("hr@10") is not None and margin is not None:
            yield f"hr/{protocol}", Measure(words, engine["hr@10"], margin)


def _margin(its: Mapping[str, Any], name: str) -> float | None:
    low, high = its.get(f"{name}_ci95_low"), its.get(f"{name}_ci95_high")
    return None if low is None or high is None else (high - low) / 2


def _of_which_data(manifest: Mapping[str, Any], served: Mapping[str, Any], version: int) -> str:
    if manifest["dataset"]["fingerprint"] == served["dataset"]["fingerprint"]:
        return f"**Beside version {version}, which serves**, on the same data:"
    return (
        f"**Beside version {version}, which serves.** It was measured on other data "
        f"({served['dataset']['name']}, {served['dataset']['fingerprint'][:12]}), so differences may come "
        "from the data as well as from the model:"
    )


def _spelled(name: str, new: Mapping[str, Measure], old: Mapping[str, Measure]) -> str:
    return f"{new[name].words} ({new[name].value:.1%} instead of {old[name].value:.1%})"


def _advice(better: Sequence[str], worse: Sequence[str]) -> str:
    if worse:
        return (
            "Find out why it is worse there before anybody promotes it; what serves may stay meanwhile, "
            "nobody loses by waiting."
        )
    if better:
        return "It may serve: `make promote`. `make rollback` returns to what serves now."
    return "Nothing speaks against it and nothing for it but newer data; promote it if those matter."
