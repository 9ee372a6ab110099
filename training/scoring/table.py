"""What was chosen as rows of a table: one per recommendation, and one per learner with none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.blocks.recommend import BlockAnswer
from recommender.ranking.difficulty import FITS

SCHEMA: Final = pa.schema(
    [
        pa.field("learner_id", pa.string(), nullable=False),
        ("rank", pa.int32()),
        ("module_id", pa.string()),
        ("score", pa.float64()),
        ("success_probability", pa.float64()),
        ("difficulty", pa.float64()),
        ("difficulty_fit", pa.string()),
        ("prerequisites_met", pa.bool_()),
        ("reasons", pa.list_(pa.string())),
        ("replaces_module_id", pa.string()),
        ("fallback", pa.string()),
        (
            "empty_because",
            pa.list_(
                pa.struct(
                    [("rule", pa.string()), ("removed", pa.int64()), ("unlocked_by", pa.list_(pa.string()))]
                )
            ),
        ),
    ]
)
"""Columns of the result; docs/guides/scoring.md says what they mean."""


def as_table(answer: BlockAnswer, learner_ids: pa.Array, module_ids: pa.Array) -> pa.Table:
    """Rows of a block, in the order of its learners and, of each, of rank.

    Parameters
    ----------
    answer : BlockAnswer
    learner_ids : Arrow array of strings, length n_learners
    module_ids : Arrow array of strings
        Of the catalogue.
    """
    there = answer.module >= 0
    none = ~there.any(axis=1)
    shown = there.copy()
    # Who is left without a module has one row, of nothing but the reason.
    shown[none, 0] = True
    learner, place = np.nonzero(shown)
    given = there[learner, place]
    module, chosen = answer.module[learner, place], answer.choice[learner, place]
    return pa.table(
        [
            learner_ids.take(pa.array(learner)),
            pa.array(place + 1, pa.int32(), mask=~given),
            _named(module_ids, module),
            _numbers(chosen["score"]),
            _numbers(chosen["success"]),
            _numbers(answer.difficulty[learner, place]),
            pa.array(FITS, pa.string()).take(pa.array(chosen["fit"])),
            pa.array(chosen["prerequisites_met"], mask=~given),
            _reasons(answer, learner, place),
            _named(module_ids, chosen["replaced"]),
            pa.array([None, "cold_start"]).take(pa.array(answer.cold_start[learner].astype(np.int8))),
            pa.array(_removals(answer, learner), SCHEMA.field("empty_because").type),
        ],
        schema=SCHEMA,
    )


def _named(ids: pa.Array, position: NDArray[np.int64]) -> pa.Array:
    """Ids at positions, null for -1."""
    return ids.take(pa.array(position, mask=position < 0))


def _numbers(values: NDArray[np.float64]) -> pa.Array:
    """Numbers, null for NaN."""
    return pa.array(values, mask=np.isnan(values))


def _reasons(answer: BlockAnswer, learner: NDArray[np.intp], place: NDArray[np.intp]) -> pa.Array:
    codes = answer.reasons[learner, place]
    told = codes >= 0
    missing = answer.module[learner, place] < 0
    offsets = np.concatenate([[0], np.cumsum(told.sum(axis=1))])
    names = pa.array(answer.codes, pa.string()).take(pa.array(codes[told]))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names, mask=pa.array(missing))


def _removals(answer: BlockAnswer, learner: NDArray[np.intp]) -> Iterator[list[dict[str, Any]] | None]:
    for i in learner.tolist():
        removals = answer.empty_because.get(i)
        yield (
            None
            if removals is None
            else [
                {"rule": one.rule, "removed": one.removed, "unlocked_by": list(one.unlocked_by)}
                for one in removals
            ]
        )
