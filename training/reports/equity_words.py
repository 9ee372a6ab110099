"""Words for what groups are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from training.programme.equity_verdicts import Comparison, Measure, Verdict

VERDICTS: Final[Mapping[Verdict, str]] = {
    "same": "no difference that matters",
    "different": "a difference that may matter",
    "too few": "too few to say",
}
_TITLES: Final[Mapping[str, str]] = {
    "calibration": "Passes expected too many",
    "auc": "Pass told from fail",
    "log_loss": "Surprise",
    "offered": "Places filled",
    "on_level": "Places on level",
    "easier": "Places easier than that",
    "harder": "Places harder than that",
    "success": "Chance of passing",
    "gain": "Gain in 12 months",
}
_SENTENCES: Final[Mapping[str, str]] = {
    "calibration": "passes that the model expects beyond those there are",
    "auc": "passes that the model tells from a fail",
    "log_loss": "how surprised the model is by an answer",
    "offered": "places of the list that are filled",
    "on_level": "places of the list with a module on level",
    "easier": "places of the list with a module easier than suits",
    "harder": "places of the list with a module harder than suits",
    "success": "mean chance of passing what is recommended",
    "gain": "gain in 12 months on the same questions",
}
_CAVEAT: Final = (
    " Any model is surprised more by people whose answers are nearer to even odds, so this may be no fault "
    "of it."
)


def title_of(measure: Measure) -> str:
    """Return a few words for a measure."""
    kind = measure.key[0]
    if kind in ("format", "level"):
        return f"Places with {kind} “{measure.key[1]}”"
    return _TITLES[kind]


def is_share(measure: Measure) -> bool:
    """Say whether a measure is a share, whose differences are percentage points."""
    return measure.key[0] != "log_loss"


def sentence_of(one: Comparison) -> str:
    """Tell one comparison with its figures, how many people it is of and how sure it is."""
    kind, low, high = one.measure.key[0], one.difference_low, one.difference_high
    what = _SENTENCES.get(kind) or f"places of the list with {kind} “{one.measure.key[1]}”"
    value, others = amount(one.measure, one.value), amount(one.measure, one.others)
    begin = f"{one.group} ({one.n_learners:,} people): {what} {value}, for everybody else {others}; "
    why = _CAVEAT if kind == "log_loss" else ""
    if low <= 0 <= high:
        return (
            f"{begin}no difference that could not be chance (between {gap(one.measure, -low)} less and "
            f"{gap(one.measure, high)} more).{why}"
        )
    ends = sorted((abs(low), abs(high)))
    side = "more" if one.difference > 0 else "less"
    return (
        f"{begin}{gap(one.measure, abs(one.difference))} {side} "
        f"(between {_bare(one.measure, ends[0])} and {gap(one.measure, ends[1])}).{why}"
    )


def amount(measure: Measure, value: float) -> str:
    """Write a value."""
    return f"{value:.1%}" if is_share(measure) else f"{value:.3f}"


def gap(measure: Measure, size: float) -> str:
    """Write the size of a difference, with its unit."""
    return f"{_bare(measure, size)}{' points' if is_share(measure) else ''}"


def _bare(measure: Measure, size: float) -> str:
    return f"{100 * size:.1f}" if is_share(measure) else f"{size:.3f}"
