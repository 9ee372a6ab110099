"""Which steps of learning may be told of everybody, of areas of skills and of segments of people.

Told are means of how many skills each person brought to a step. So those who brought another number than is
known, or lost another number or share on the way from one step to a later one, are nobody or at least five:
see `training.programme.common_value`. So it is in each line, in lines put together, and in what is left when
they are taken from the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from recommender.domain.catalog import Floats
from training.programme.common_value import common_value, gives_none_away, put_together, rates
from training.programme.ledger import Bools

Step: TypeAlias = Literal["started", "finished", "mastered", "recorded", "used"]
Counts: TypeAlias = Mapping[Step, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Skills that some people brought to each step.

    Parameters
    ----------
    counts : mapping of Step to float64 array, shape (n_learners,)
        Of everybody, whether they are these people or not.
    people : bool array, shape (n_learners,)
    """

    counts: Counts
    people: Bools


Join: TypeAlias = Callable[[Sequence[Piece]], Piece]


def of_skills(pieces: Sequence[Piece]) -> Piece:
    """Put pieces of the same people together that are of different skills."""
    first = pieces[0]
    return Piece(
        {step: np.sum([its.counts[step] for its in pieces], axis=0) for step in first.counts}, first.people
    )


def of_people(pieces: Sequence[Piece]) -> Piece:
    """Put pieces of the same skills together that are of different people."""
    return Piece(pieces[0].counts, np.asarray(np.any([its.people for its in pieces], axis=0), np.bool_))


def told_of_whole(whole: Piece) -> list[Step]:
    """Return the steps that may be told of everybody."""
    told: list[Step] = []
    for step in whole.counts:
        if _passes(whole, step, told, whole.people):
            told.append(step)
    return told


def told_of_parts(
    steps: Sequence[Step], parts: Sequence[Piece], rest: Piece, join: Join, everybody: Bools
) -> list[list[Step]]:
    """Choose steps that may be told of each part of a whole, beside the whole.

    Where parts together, or what is left of the whole without them, give few people away, the smallest of
    these parts is withheld, one after the other until nothing does.

    Parameters
    ----------
    steps : sequence of Step
        That are told of the whole.
    parts : sequence of Piece
    rest : Piece
        What is in no part; it may be nothing.
    join : callable
        `of_skills` or `of_people`, by what parts are different in.
    everybody : bool array, shape (n_learners,)
        People of the whole.
    """
    told: list[list[Step]] = [[] for _ in parts]
    for step in steps:
        shown = list(range(len(parts)))
        size = [np.count_nonzero(its.counts[step][its.people]) for its in parts]
        while (bad := _that_give_away(step, parts, shown, told, rest, join, everybody)) is not None:
            shown.remove(min(bad, key=lambda i: size[i]))
        for i in shown:
            told[i].append(step)
    return told


def _that_give_away(
    step: Step,
    parts: Sequence[Piece],
    shown: Sequence[int],
    told: Sequence[Sequence[Step]],
    rest: Piece,
    join: Join,
    everybody: Bools,
) -> list[int] | None:
    """Return parts that together, or by what is left without them, give few people away."""
    for some in put_together(len(shown)):
        chosen = [shown[i] for i in some]
        others = [its for i, its in enumerate(parts) if i not in chosen]
        before = [earlier for earlier in told[chosen[0]] if all(earlier in told[i] for i in chosen)]
        both = join([parts[i] for i in chosen]), join([rest, *others])
        if not all(_passes(its, step, before, everybody) for its in both):
            return chosen
    return None


def _passes(piece: Piece, step: Step, before: Sequence[Step], everybody: Bools) -> bool:
    return all(
        gives_none_away(values[piece.people], common_value(values[everybody]))
        for values in _values(piece, step, before)
    )


def _values(piece: Piece, step: Step, before: Sequence[Step]) -> Iterator[Floats]:
    """Give what each person brought to a step, and lost on the way from each step before it."""
    counts = piece.counts[step]
    yield counts
    for earlier in before:
        yield piece.counts[earlier] - counts
        yield rates(counts, piece.counts[earlier], piece.people)
