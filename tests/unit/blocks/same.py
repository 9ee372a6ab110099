"""What a block is answered, held against what each of its learners is answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from recommender.blocks.learners import LearnerBlock
from recommender.blocks.recommend import BlockAnswer
from recommender.domain.events import to_seconds
from recommender.domain.learner import LearnerProfile
from recommender.domain.recommendation import Query, Recommendation
from recommender.engine import Engine
from recommender.ranking.difficulty import FITS
from recommender.skills.state import LearnerState


def assert_same(
    engine: Engine,
    states: Sequence[LearnerState | None],
    profiles: Sequence[LearnerProfile],
    *,
    k: int,
    now: datetime,
) -> list[Recommendation]:
    """Ask for all at once and for each alone; return the latter."""
    block = LearnerBlock.of_states(states, profiles, engine.catalog)
    answer = engine.in_blocks().recommend(block, k=k, now=to_seconds(now))
    alone = [engine.recommend(s, p, Query(k=k), now=now) for s, p in zip(states, profiles, strict=True)]
    for row, expected in enumerate(alone):
        assert_row(engine, answer, row, expected)
    return alone


def assert_row(engine: Engine, answer: BlockAnswer, row: int, expected: Recommendation) -> None:
    """One learner's row of a block is the answer that the learner gets alone."""
    ids, n = engine.catalog.module_ids, len(expected.modules)
    assert bool(answer.cold_start[row]) == (expected.fallback == "cold_start")
    assert answer.empty_because.get(row, ()) == expected.empty_because
    assert [ids[m] for m in answer.module[row] if m >= 0] == [m.module_id for m in expected.modules]
    assert (answer.module[row, n:] == -1).all()
    for place, module in enumerate(expected.modules):
        chosen = answer.choice[row, place]
        assert abs(chosen["score"] - module.score) < 1e-9
        for values, value in (
            (chosen["success"], module.success_probability),
            (answer.difficulty[row, place], module.difficulty),
        ):
            np.testing.assert_allclose(values, np.nan if value is None else value, atol=1e-12)
        assert FITS[chosen["fit"]] == module.difficulty_fit
        assert bool(chosen["prerequisites_met"]) == module.prerequisites_met
        codes = [answer.codes[c] for c in answer.reasons[row, place] if c >= 0]
        assert codes == [reason.code for reason in module.reasons]
        replaced = chosen["replaced"]
        swapped = module.adjustment and module.adjustment.from_module_id
        assert (ids[replaced] if replaced >= 0 else None) == swapped
