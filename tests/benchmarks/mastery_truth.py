"""Print, as Markdown, how well mastery tracks the hidden truth of a simulated dataset, beside an oracle.

Run ``python tests/benchmarks/mastery_truth.py --data DIR [--learners N] [--seed S] [--json FILE]``.
Everything it prints is about simulated people.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from tests.model.irt import Bools
from tests.model.mastery_rest import rest
from tests.model.mastery_truth import MODEL, ORACLE, Judged, judge

_NOTICE = "Simulated data: no row is of a real person."


def main() -> None:
    """Read the arguments, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a simulated dataset")
    parser.add_argument("--learners", type=int, help="only so many learners, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    given = parser.parse_args()
    judged = judge(given.data, learners=given.learners, seed=given.seed)
    subsets = judged.subsets() | {f"attempts {name}": rows for name, rows in judged.by_attempts().items()}
    found = {name: _figures(judged, rows) for name, rows in subsets.items()}
    tried = judged.pairs["n_attempts"].to_numpy() > 0
    left = rest(
        judged.dataset, judged.laws, judged.histories, judged.pairs, judged.estimates[MODEL][:, 0], tried
    )
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(
        "\n".join(["", f"### {given.data}", "", _NOTICE, "", *_lines(found), "", *_lines_left(left)])
    )
    if given.json is not None:
        content = {"notice": _NOTICE, "simulated": True, "seed": given.seed, "figures": found}
        content["rest"] = json.loads(left.to_json(orient="records"))
        given.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _figures(judged: Judged, rows: Bools) -> dict[str, dict[str, Any]]:
    found = {name: judged.of(name, rows).as_dict() for name in judged.estimates}
    for one in found.values():
        for measure in ("pooled", "within"):
            best = found.get(ORACLE, {}).get(measure)
            one[f"{measure}_of_oracle"] = one[measure] / best if best and one[measure] is not None else None
    return found


def _lines(found: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    head = [
        "| simulated: pairs | estimate | n | rank correlation, pooled | of the oracle's | within skills | "
        "of the oracle's | 80% covers | width | mean absolute error | bias |",
        "| --- | --- " + "| ---: " * 9 + "|",
    ]
    shown = ("pooled", "pooled_of_oracle", "within", "within_of_oracle", "coverage", "width", "error", "bias")
    return head + [
        f"| {pairs} | {name} | {one['n']:,} | " + " | ".join(_shown(one[key]) for key in shown) + " |"
        for pairs, estimates in found.items()
        for name, one in estimates.items()
    ]


def _lines_left(left: pd.DataFrame) -> list[str]:
    head = [
        f"What the {MODEL} leaves unsaid, pairs with an attempt: rank correlation of truth with a regression "
        "on the estimate and evidence.",
        "",
        "| simulated: evidence | pooled | within skills | mean absolute error | within skills, all but it |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    measures = ("pooled", "within", "error", "without")
    return head + [
        f"| {row['evidence']} | " + " | ".join(_shown(row[key]) for key in measures) + " |"
        for row in left.to_dict("records")
    ]


def _shown(value: float | None) -> str:
    return "-" if value is None or pd.isna(value) else f"{value:.3f}"


if __name__ == "__main__":
    main()
