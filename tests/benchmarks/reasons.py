"""Are reasons true? How often a score falls when what its first reason names is taken away.

``python -m tests.benchmarks.reasons --bundle DIR --data DIR --cases 1000``

Learners of a dataset, in an order by chance, ask at the time of their last event, with all their events. Of
each answer one module is drawn, until so many cases are found whose first reason names something of the
learner; what that is, and what taking it away means, tells `tests.model.reasons`. By code: how often the
score falls, how many of these modules are no longer listed at all, and the median fall of the others. Below
are the modules passed over, because their first reason names nothing of the learner or there is none.
``--without-roles`` asks as if nobody had a role; with one, most first reasons close a gap.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from recommender.domain.events import Event
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from tests.model.reasons import Case, Evidence, Question, judge
from tests.unit.training.scoring.world import events_of, profiles_of
from training.datasets import load_dataset
from training.datasets.dataset import Dataset

HEAD = (
    "| code | cases | score falls | of these not listed | median fall |\n| --- | ---: | ---: | ---: | ---: |"
)
NO_REASON, NOTHING = "no reason", "names nothing of the learner"


def questions(dataset: Dataset, k: int, rng: np.random.Generator, *, roles: bool) -> Iterator[Question]:
    """Everybody at the time of their last event, in an order by chance, again and again."""
    own = ("attempts", "completions", "self_assessments", "credentials_earned", "learners")
    tables = {name: dataset.tables[name] for name in own if name in dataset.tables}
    rows = {name: dict(list(table.groupby("learner_id", sort=False))) for name, table in tables.items()}
    people = profiles_of(dataset)
    while True:
        asked = False
        for i in rng.permutation(len(people)).tolist():
            of = {
                name: group[people[i].learner_id]
                for name, group in rows.items()
                if people[i].learner_id in group
            }
            events: list[Event] = events_of(replace(dataset, tables=of))[people[i].learner_id]
            times = [event.occurred_at for event in events if event.occurred_at is not None]
            if times:
                asked = True
                yield Question(
                    events, people[i] if roles else _without_roles(people[i]), Query(k=k), max(times)
                )
        if not asked:
            raise SystemExit(f"no event of {dataset.path} has a time, so nobody can ask at the time of one")


def _without_roles(profile: LearnerProfile) -> LearnerProfile:
    return replace(profile, role_id=None, target_role_id=None)


def find_cases(
    engine: Engine, asked: Iterator[Question], n_cases: int, rng: np.random.Generator
) -> tuple[list[Case], Counter[str]]:
    """Find cases, and tell what was passed over, at most ten times as many modules."""
    evidence, cases, passed_over = Evidence(engine), list[Case](), Counter[str]()
    while len(cases) < n_cases and passed_over.total() < 10 * n_cases:
        question = next(asked)
        modules = engine.recommend(
            question.events, question.profile, question.query, now=question.now
        ).modules
        if not modules:
            continue
        module = modules[int(rng.integers(len(modules)))]
        if not module.reasons:
            passed_over[NO_REASON] += 1
            continue
        first = module.reasons[0]
        case = judge(engine, evidence, question, module.module_id, first)
        if case is None:
            passed_over[f"{first.code} {NOTHING}"] += 1
        else:
            cases.append(case)
    return cases, passed_over


def row(name: str, cases: list[Case]) -> str:
    """Line of the table."""
    falls = np.array([case.fall for case in cases])
    listed = falls[np.isfinite(falls)]
    median = f"{np.median(listed):.2f}" if len(listed) else "-"
    share = np.mean([case.fell for case in cases])
    return f"| {name} | {len(cases):,} | {share:.1%} | {len(falls) - len(listed):,} | {median} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--k", type=int, default=5, help="modules of an answer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without-roles", action="store_true")
    parser.add_argument("--show", type=int, default=0, help="cases to print whose score does not fall")
    given, console = parser.parse_args(), Console()
    engine, dataset = Engine.load(given.bundle), load_dataset(given.data)
    rng = np.random.default_rng(given.seed)
    asked = questions(dataset, given.k, rng, roles=not given.without_roles)
    with threadpool_limits(1):
        cases, passed_over = find_cases(engine, asked, given.cases, rng)
    console.print(HEAD)
    for code in sorted({case.code for case in cases}):
        console.print(row(f"`{code}`", [case for case in cases if case.code == code]), soft_wrap=True)
    console.print(row("all", cases), soft_wrap=True)
    console.print("\n" + "\n".join(f"passed over: {n:,} {why}" for why, n in passed_over.most_common()))
    for case in [case for case in cases if not case.fell][: given.show]:
        console.print(f"{case.learner_id} {case.module_id} {-case.fall:+.2f} {case.text}", soft_wrap=True)


if __name__ == "__main__":
    main()
