"""What a recommendation works out, compiled over a block of learners; one learner is a block of one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.blocks.strangers import Strangers
from recommender.ranking.adjust_kernel import hand_over, tell
from recommender.ranking.choose_kernel import choose, explore
from recommender.ranking.explain_kernel import explain, leading
from recommender.ranking.kernel_arrays import (
    ON_LEVEL,
    Asked,
    Asking,
    Codes,
    LeadUp,
    Order,
    Past,
    Ranking,
    RuleRows,
    Taught,
    Weights,
)
from recommender.ranking.passes_kernel import (
    N_NODES,
    Gaps,
    Known,
    band_of,
    classify,
    find_gaps,
    find_pace,
    find_success,
    leading_gap,
    score_modules,
    terms_of,
)
from recommender.ranking.ranker_kernel import prefer, stage_of
from recommender.ranking.rules_kernel import apply_rules, count_unlocks
from recommender.skills.mastery_kernel import Readout, Trust, read_logits, stand
from recommender.skills.records import N_DECLINED


class Model(NamedTuple):
    """A bundle; `knows_skills` tells whether there is a skill model, `tags` name modules in states."""

    rules: RuleRows
    readout: Readout
    trust: Trust
    knows_skills: bool
    ranking: Ranking
    weights: Weights
    asking: Asking
    taught: Taught
    order: Order
    codes: Codes
    lead_up: LeadUp
    tags: Any


class Learners(NamedTuple):
    """Arrays of a `LearnerBlock`; `kind` is each learner's row of `Asked.foreign`."""

    learner: Any
    start: Any
    met: Any
    skill: Any
    history_start: Any
    modules: Any
    at: Any
    finished: Any
    role: Any
    segment: Any
    target: Any
    kind: Any


class Question(NamedTuple):
    """What is asked beside the rules.

    Parameters
    ----------
    low, high : float64 arrays, shape (n_learners,)
        Edges of each learner's band of success.
    floor : float
        Share of preference that is spread evenly.
    ahead : bool
        The data do not reach the moment of the question.
    draws : float64 array, shape (3,)
        From `explore.draws_of`.
    strangers : Strangers
        In the places of the learners.
    plain_low, plain_high : float
        Edges of their band.
    """

    low: Any
    high: Any
    floor: float
    ahead: bool
    draws: Any
    strangers: Strangers
    plain_low: float
    plain_high: float


class Answer(NamedTuple):
    """What is filled in; see `recommender.blocks.recommend.Chosen`."""

    choice: Any
    reasons: Any
    weights: Any
    mastery: Any


class _Room(NamedTuple):
    """Arrays by module, skill or prerequisite, of one learner after the other."""

    finished: Any
    removed: Any
    met: Any
    readiness: Any
    missing: Any
    unlocks: Any
    success: Any
    missed: Any
    own: Any
    mix: Any
    pace: Any
    due: Any
    score: Any
    free: Any
    logit: Any
    unfaded: Any
    faded: Any
    gap: Gaps
    kept: Any


@numba.njit(cache=True, nogil=True)
def _room(n_modules: int, n_needs: int, n_skills: int) -> _Room:
    return _Room(
        np.empty(n_modules, np.bool_),
        np.empty(n_modules, np.uint8),
        np.empty(n_modules, np.bool_),
        np.empty(n_modules),
        np.empty(n_needs, np.bool_),
        np.empty(n_modules, np.int64),
        np.empty(n_modules),
        np.empty(n_modules),
        np.empty(n_modules),
        np.empty(n_modules),
        np.empty(n_modules),
        np.empty(n_modules),
        np.empty(n_modules),
        np.empty(n_modules),
        np.empty(n_skills + 1),
        np.empty(n_skills + 1),
        np.empty(n_skills),
        Gaps(np.empty((n_skills, N_NODES)), np.empty((n_skills, N_NODES)), np.empty(n_skills)),
        np.empty(n_skills),
    )


@numba.njit(cache=True, nogil=True)
def recommend(
    bound: Any,
    learners: Learners,
    asked: Asked,
    question: Question,
    shares: Any,
    answer: Answer,
) -> None:
    """Fill the answers of a block.

    `bound` is a `Model`; `shares` (n_learners, n_views, n_modules) hold the views' scores, which the kernel
    makes shares of.
    """
    model = bound.of
    n_modules = len(model.order.id_rank)
    room = _room(n_modules, len(model.rules.needs.module), answer.mastery.shape[1])
    for b in range(len(answer.choice)):
        history = slice(learners.history_start[b], learners.history_start[b + 1])
        past = Past(learners.modules[history], learners.at[history], learners.role[b], question.ahead)
        _read(model, learners, b, asked.now, room, answer.mastery[b])
        room.finished[:] = False
        for h in range(history.start, history.stop):
            room.finished[learners.modules[h]] = learners.finished[h]
        apply_rules(
            model.rules,
            asked,
            learners.kind[b],
            room.finished,
            answer.mastery[b],
            room.removed,
            room.met,
            room.readiness,
            room.missing,
        )
        count_unlocks(model.rules.needs, room.missing, room.removed, room.unlocks)
        allowed = room.removed == 0
        n_allowed = prefer(model.ranking, past, allowed, question.floor, shares[b], room.own)
        _decline(model, learners.learner[b], room.own)
        known = Known(
            allowed,
            room.readiness,
            room.unlocks,
            room.success,
            room.missed,
            room.own,
            room.mix,
            n_allowed,
            room.gap,
            room.pace,
            room.due,
            room.faded,
            band_of(question.low[b], question.high[b]),
        )
        find_gaps(
            answer.mastery[b],
            room.logit,
            room.kept,
            model.trust,
            learners.target[b],
            model.asking,
            room.gap,
        )
        find_success(known, model.taught, room.logit)
        find_pace(known, model.taught)
        hand_over(known, model.order, model.lead_up)
        score_modules(known, model.weights, room.score, room.free)
        of_views = model.ranking.weights[stage_of(model.ranking, past)]
        did_something = len(past.modules) > 0 or learners.learner[b].n_attempts > 0
        _show(b, model, known, room, question, did_something, of_views, shares[b], answer)


@numba.njit(cache=True, nogil=True)
def _read(model: Model, learners: Learners, b: int, now: float, room: _Room, mastery: Any) -> None:
    """Read what a learner masters; without a skill model nothing is known and nothing fades."""
    rows = slice(learners.start[b], learners.start[b + 1])
    if not model.knows_skills:
        rows = slice(0, 0)
    met, skill = learners.met[rows], learners.skill[rows]
    place, logits = (learners.role[b], learners.segment[b]), (room.logit, room.unfaded)
    share = np.empty(len(met))
    read_logits(model.readout, learners.learner[b], met, skill, *place, now, *logits, share)
    room.kept[:] = 0.0
    for i in range(len(met)):
        room.kept[skill[i]] = met[i].n_attempts * share[i]
    stand(model.readout, met, skill, *logits, now, mastery, room.faded)


@numba.njit(cache=True, nogil=True)
def _decline(model: Model, learner: Any, mix: Any) -> None:
    """Take preference from modules that a learner declined, the less the longer ago."""
    if learner.declined[0] == 0:
        return
    for m in range(len(mix)):
        for k in range(N_DECLINED):
            if learner.declined[k] == model.tags[m]:
                age = (learner.n_attempts - learner.declined_after[k]) / model.weights.declined_half
                mix[m] *= np.exp(-model.weights.declined * 2.0**-age)


@numba.njit(cache=True, nogil=True)
def _usual(liked: Any, allowed: Any, n_allowed: int) -> float:
    """Mean of how allowed modules are liked."""
    total = 0.0
    for m in range(len(liked)):
        total += liked[m] if allowed[m] else 0.0
    return total / max(n_allowed, 1)


@numba.njit(cache=True, nogil=True)
def _show(
    b: int,
    model: Model,
    known: Known,
    room: _Room,
    question: Question,
    did_something: bool,
    of_views: Any,
    shares: Any,
    answer: Answer,
) -> None:
    """Choose for one learner, and fill in what the answer shows of each module."""
    choice, order, taught, weights = answer.choice[b], model.order, model.taught, model.weights
    draws, liked, success = question.draws, question.strangers.liked[b], question.strangers.success[b]
    usual = _usual(liked, known.allowed, known.n_allowed)
    k, among = choice.shape[0], np.flatnonzero(known.allowed)
    chosen = choose(room.score, among, k, order)
    replaced = np.empty(len(chosen), np.intp)
    tell(chosen, choose(room.free, among, k, order), known, taught, order, model.lead_up, replaced)
    propensity = np.empty(len(chosen))
    # In whose place one stands is told by module, for chance may move it.
    before = chosen.copy()
    drawn = explore(chosen, known.allowed, order.exploration, order.rarity, order.by_id, draws, propensity)
    for place in range(len(chosen)):
        m = chosen[place]
        if not known.allowed[m]:
            raise ValueError("a module was chosen that is not allowed")
        old = -1
        for earlier in range(len(before)):
            if before[earlier] == m:
                old = replaced[earlier]
        its = choice[place]
        its.module, its.replaced, its.score, its.success = m, old, room.score[m], known.success[m]
        its.replaced_success = known.success[old] if old >= 0 else np.nan
        its.fit = classify(known.success[m], known.band)
        suits_anyway = question.plain_low <= success[m] <= question.plain_high
        its.by_history = did_something and its.fit == ON_LEVEL and not suits_anyway
        its.prerequisites_met, its.n_unlocked = room.met[m], known.unlocks[m]
        its.gap_skill = leading_gap(taught, m, known.gap)
        its.faded_skill = leading(taught.start, taught.skill, m, known.faded)
        its.faded = known.faded[its.faded_skill] if its.faded_skill >= 0 else 0.0
        its.explored, its.propensity = place == drawn, propensity[place]
        terms, anyway = terms_of(m, known, weights), weights.preference * np.log(liked[m] / usual)
        handed = weights.preference * np.log(known.mix[m] / known.own[m])
        told = (model.codes, answer.reasons[b, place], answer.weights[b, place])
        explain(m, terms, handed, anyway, of_views, shares, *told)
    for place in range(len(chosen), k):
        choice[place].module = -1
        choice[place].replaced = -1
        answer.reasons[b, place, :] = -1
