"""How often the interval of readiness holds what simulated people are truly ready for.

``python -m tests.benchmarks.readiness_truth --data data/reskilling --learners 450 --seed 2``

The skill model is fitted on seven in ten of the learners drawn; readiness of the others for their present and
target roles, at the end of the data, from its mastery and from the true one. For each correlation of errors
between skills: the share of people within the 80% interval, and its mean width. Everything here is about
simulated people.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console

from recommender.pathways import readiness as module
from recommender.pathways.gap import profile_of
from tests.model.mastery_moments import END
from tests.model.mastery_truth import MODEL, judge
from training.columns import catalog_of

_CORRELATIONS = (0.0, 0.2, 0.25, module.SHARED, 0.5, 1.0)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--learners", type=int, default=450)
    parser.add_argument("--seed", type=int, default=2)
    given, console = parser.parse_args(), Console()
    judged = judge(given.data, learners=given.learners, seed=given.seed)
    catalog, people = catalog_of(judged.dataset), judged.dataset.tables["learners"]
    at_end = (judged.pairs["kind"] == END).to_numpy()
    pairs, estimate = judged.pairs[at_end].reset_index(drop=True), judged.estimates[MODEL][at_end]
    of_learner = {who: rows.sort_values("skill").index.to_numpy() for who, rows in pairs.groupby("learner")}
    truth, shared = pairs["truth"].to_numpy(), module.SHARED
    console.print("| role | correlation | people | within | width | mean error | RMSE |")
    console.print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in ("role_id", "target_role_id"):
        for correlation in _CORRELATIONS:
            module.SHARED = correlation  # type: ignore[misc]
            found = []
            for who, rows in of_learner.items():
                role = catalog.roles.index.get(str(people[name].iloc[who]), -1)
                skills, required, importance = profile_of(catalog, role)
                told = module.readiness(required, importance, *estimate[rows][skills].T)
                true = module.readiness(required, importance, *[truth[rows][skills]] * 3)
                if told is not None and true is not None:
                    within = told.low <= true.value <= told.high
                    found.append((within, told.high - told.low, told.value - true.value))
            inside, width, error = np.array(found, np.float64).T
            console.print(
                f"| {name} | {correlation:.2f} | {len(found)} | {inside.mean():.2f} | {width.mean():.2f} | "
                f"{error.mean():.3f} | {np.sqrt((error**2).mean()):.3f} |",
                soft_wrap=True,
                highlight=False,
            )
    module.SHARED = shared  # type: ignore[misc]


if __name__ == "__main__":
    main()
