"""How near the estimated rates of modules come to what they truly teach, in simulated data.

``python -m tests.benchmarks.gain_truth --data data/reskilling``

The truth is read from the hidden abilities at the answers within each module: what a learner's ability gains
from the first item asked to the last one, extended to the whole module, as mastery of the skill's typical
item. The engine never sees it. Compared with it are the estimates by time and by module, the declared rate,
and guesses by the module's minutes. Modules count that enough learners show the truth of; by how many answers
tell of them, they are shown apart.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from recommender.domain.simulation import labelled
from training.columns import attempt_columns, catalog_of
from training.config import TrainConfig
from training.datasets.load import load_dataset
from training.gain.fit import fit_gain
from training.gain.studies import studies_of

# Learners that the truth of a module and skill is a mean of, at least.
LEAST = 30
GRID = np.linspace(-8.0, 8.0, 321)


def true_rates(data: Path) -> pd.DataFrame:
    """Share of what is missing that each module adds to each skill, with the learners it is a mean of."""
    items = pd.read_parquet(data / "items.parquet")
    inside = items[items["module_id"].notna()]
    place = inside.groupby("module_id").cumcount() + 1
    inside = inside.assign(place=place, n_items=inside.groupby("module_id")["item_id"].transform("size"))
    inside = inside[inside["skill_ids"].str.len() == 1].assign(skill_id=lambda f: f["skill_ids"].str[0])
    told = pd.read_parquet(data / "attempts.parquet").merge(
        pd.read_parquet(data / "truth" / "attempts.parquet"), on="event_id"
    )
    done = pd.read_parquet(data / "completions.parquet").query("status == 'completed'")
    ended = done.groupby(["learner_id", "module_id"])["occurred_at"].min().rename("ended_at").reset_index()
    columns = ["item_id", "module_id", "skill_id", "place", "n_items"]
    told = (
        told[~told["is_retry"]]
        .drop(columns="module_id", errors="ignore")
        .merge(inside[columns], on="item_id")
    )
    told = told.merge(ended, on=["learner_id", "module_id"])
    told = told[told["occurred_at"] <= told["ended_at"]].sort_values("place")
    by = told.groupby(["learner_id", "module_id", "skill_id"])[["place", "n_items", "ability"]]
    first, last = by.first(), by.last()
    moved = last["place"] > first["place"]
    first, last = first[moved], last[moved]
    gained = (last["ability"] - first["ability"]) / (last["place"] - first["place"])
    begun = first["ability"] - first["place"] * gained
    rows = pd.DataFrame({"begun": begun, "ended": begun + first["n_items"] * gained}).reset_index()
    curves = _curves(data, items)
    for name in ("begun", "ended"):
        rows[name] = [
            np.interp(ability, GRID, curves[skill])
            for ability, skill in zip(rows[name], rows["skill_id"], strict=True)
        ]
    mean = rows.groupby(["module_id", "skill_id"]).agg(
        n=("begun", "size"), begun=("begun", "mean"), ended=("ended", "mean")
    )
    return mean.assign(rate=(mean["ended"] - mean["begun"]) / (1.0 - mean["begun"]))


def _curves(data: Path, items: pd.DataFrame) -> dict[str, np.ndarray]:
    """Probability that an ability on the grid passes a typical item of each skill."""
    alone = items[items["skill_ids"].str.len() == 1].assign(skill_id=lambda f: f["skill_ids"].str[0])
    hidden = alone[["item_id", "skill_id"]].merge(
        pd.read_parquet(data / "truth" / "items.parquet"), on="item_id"
    )
    found = {}
    for skill, of in hidden.groupby("skill_id"):
        a, b, g, s = (of[name].to_numpy() for name in ("discrimination", "difficulty", "guess", "slip"))
        passed = g + (1.0 - g - s) / (1.0 + np.exp(-a * (GRID[:, None] - b)))
        found[str(skill)] = passed.mean(axis=1)
    return found


def compare(data: Path) -> list[str]:
    """Lines of a table in Markdown."""
    config, dataset = TrainConfig(), load_dataset(data)
    catalog = catalog_of(dataset)
    attempts = attempt_columns(dataset, catalog, pass_mark=config.data.pass_mark)
    declared = config.ranking.value.learning_rate
    studies = studies_of(dataset, catalog)
    by_time, found = (
        fit_gain(
            attempts,
            studies,
            catalog,
            declared,
            config.gain.model_copy(update={"by_module": by_module}),
            config.skills,
            config.seed,
        )
        for by_module in (False, True)
    )
    module, skill = catalog.module_skills.row_of_value(), catalog.module_skills.values
    truth = true_rates(data).reindex(
        [(catalog.module_ids[m], catalog.skill_ids[s]) for m, s in zip(module, skill, strict=True)]
    )
    minutes, n_skills = catalog.duration_minutes[module], np.diff(catalog.module_skills.start)[module]
    guesses = {
        "by time": by_time.model.rate,
        "by module": found.model.rate,
        "minutes": minutes,
        "minutes per skill": minutes / n_skills,
        "declared": np.full(len(minutes), declared),
    }
    known = truth["n"].to_numpy(np.float64) >= LEAST
    told = found.model.n_learners
    groups = {"all": known, "20 learners or more": known & (told >= 20), "fewer": known & (told < 20)}
    lines = [
        by_time.sentence(),
        found.sentence(),
        "",
        "| modules and skills | n | guess | rank correlation | mean absolute error | mean |",
    ]
    lines.append("| --- | ---: | --- | ---: | ---: | ---: |")
    for group, rows in groups.items():
        true = truth["rate"].to_numpy()[rows]
        lines.append(f"| {group} | {rows.sum()} | truth | | | {true.mean():.3f} |")
        for name, guess in guesses.items():
            same = np.ptp(guess[rows]) == 0.0
            rank = np.nan if same else pd.Series(guess[rows]).corr(pd.Series(true), method="spearman")
            off, mean = np.abs(guess[rows] - true).mean(), guess[rows].mean()
            amounts = f"{off:.3f} | {mean:.3f}" if name in ("by time", "by module", "declared") else "|"
            lines.append(f"| {group} | {rows.sum()} | {name} | {rank:.3f} | {amounts} |")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="simulated dataset, with its truth/")
    for text in compare(parser.parse_args().data):
        Console().print(
            labelled(text, True) if text.startswith("A usual") else text, soft_wrap=True, markup=False
        )
