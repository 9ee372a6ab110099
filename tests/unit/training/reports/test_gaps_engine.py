"""Figures of the report are those of the engine's own, with a real model, and none of later than now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from recommender.bundle import ModelBundle
from recommender.domain.events import to_seconds
from recommender.pathways.team_gap import block_gaps
from training.datasets import load_dataset
from training.programme.programme import Programme
from training.programme.skill_gaps import skill_gaps
from training.programme.skill_gaps_people import gap_people

NOW = datetime(2025, 7, 1, tzinfo=UTC)


def test_gaps_by_role_are_those_of_the_engine(tiny_dataset: Path, tiny_bundle: Path) -> None:
    programme = Programme(load_dataset(tiny_dataset), NOW, ModelBundle.open(tiny_bundle))
    assert programme.bundle is not None
    people = gap_people(programme)
    found = skill_gaps(people, people.labels["role"])
    assert found is not None
    engine = block_gaps(
        programme.bundle,
        programme.block(),
        [None] * len(programme.learners),
        by="role",
        toward="target",
        now=to_seconds(NOW),
    )
    ids = programme.bundle.catalog.skill_ids
    ours = {group.name: group for group in found.groups}
    assert len(engine.groups) == len(ours) == 2
    for group in engine.groups:
        its = ours[group.group_id or ""]
        assert group.readiness == round(1.0 - its.short.value, 2)
        gaps = {ids[s]: round(gap.value, 2) for s, gap in its.gaps.items()}
        assert {gap.skill_id: gap.mean_gap for gap in group.skills} == gaps


def test_a_moment_is_read_from_what_was_known_by_then(tiny_dataset: Path, tiny_bundle: Path) -> None:
    dataset, bundle = load_dataset(tiny_dataset), ModelBundle.open(tiny_bundle)
    people = gap_people(Programme(dataset, NOW, bundle))
    (moment,) = people.moments
    then = gap_people(Programme(dataset, moment.at, bundle))
    assert np.array_equal(then.ready, moment.ready, equal_nan=True)
    assert not np.array_equal(people.ready, moment.ready)
    attempts = dataset.tables["attempts"]
    n = attempts[attempts["occurred_at"] <= pd.Timestamp(moment.at)].groupby("learner_id").size()
    assert int(moment.there.sum()) == int((n >= 5).sum())
