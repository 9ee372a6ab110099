"""Print, as Markdown, what an independent model recovers of the truth behind simulated datasets.

Run ``python tests/benchmarks/sample_recovery.py --data data/reskilling [--data DIR …]``.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.console import Console

from tests.model.forgetting import BINS, Forgetting, recover_forgetting
from tests.model.recovery import ENOUGH_OF_A_LEARNER, ENOUGH_OF_AN_ITEM, Correlation, Scales, recover_scales

_OF_ITEMS = f"items of {ENOUGH_OF_AN_ITEM} answers or more"
_OF_LEARNERS = f"learners of {ENOUGH_OF_A_LEARNER} answers or more"


def main() -> None:
    """Read the arguments and print one section for each dataset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, action="append", required=True, help="a simulated dataset")
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for directory in parser.parse_args().data:
        console.print("\n".join(["", f"### {directory}", "", *_lines_of_scales(recover_scales(directory))]))
        console.print("\n".join(["", *_lines_of_forgetting(recover_forgetting(directory))]))


def _lines_of_scales(scales: Scales) -> list[str]:
    rows: list[tuple[str, Correlation]] = [
        (f"difficulty, {_OF_ITEMS}", scales.difficulty),
        ("difficulty, every item answered", scales.difficulty_of_all),
        ("difficulty by a plain Rasch model, in which nobody learns", scales.difficulty_at_rest),
        (f"mean ability at the time, {_OF_LEARNERS}", scales.ability),
        ("mean ability at the time, all", scales.ability_of_all),
        ("mean ability by a plain Rasch model", scales.ability_at_rest),
        (f"general ability at the start, {_OF_LEARNERS}", scales.trait),
        ("general ability at the start, all", scales.trait_of_all),
        ("general ability at the start, from the first skill check alone", scales.trait_of_baseline),
    ]
    head = ["| recovered | correlation with the truth | n |", "| --- | ---: | ---: |"]
    return head + [f"| {name} | {found.r:.3f} | {found.n:,} |" for name, found in rows]


def _lines_of_forgetting(found: Forgetting) -> list[str]:
    head = [
        "| half-lives since practice | checks | logits an hour, fitted | planted | share left | planted |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    rows = []
    for at, (low, high) in enumerate(pairwise(BINS)):
        span = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} and more"
        gain = f"{found.gain[at]:.2f} ± {found.error[at]:.2f} | {found.planted_gain[at]:.2f}"
        rows.append(
            f"| {span} | {found.n[at]:,} | {gain} | {found.kept[at]:.2f} | {found.planted_kept[at]:.2f} |"
        )
    tail = (
        f"A fitted logit is {1 / found.unit:.2f} true ones; the fall is {found.decline:.1f} standard errors."
    )
    return [*head, *rows, "", tail]


if __name__ == "__main__":
    main()
