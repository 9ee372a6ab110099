"""Difficulty as a control loop: what failures, quick passes and feedback do to the very next answer."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recommender.domain.events import Feedback
from recommender.domain.recommendation import Query
from recommender.engine import Engine
from recommender.ranking.difficulty import BandConfig, Recent, band_for
from tests.unit.worlds import NOW, answers, make_engine, plain_skills

SKILLS = [{"skill_id": "s", "name": "Sums"}]
# Modules from the hardest to the easiest, so that of equally good ones the hardest comes first; logits.
LADDER = np.arange(4.0, -4.01, -0.05)
# What two rungs next to each other differ by at most, in chances.
RUNG = 0.0126
CONFIG = BandConfig()
HISTORIES = st.text("+-", max_size=30)
LATER, LATEST = NOW - timedelta(days=1), NOW - timedelta(hours=1)
FEW = settings(max_examples=40, deadline=None)


def engine_of(difficulty, *, blind=False, **modules):
    """Engine of modules of one item each; if blind, answers say nothing of mastery."""
    ids = [f"m{i:03d}" for i in range(len(difficulty))]
    model = plain_skills(difficulty, 1)
    if blind:
        model.mastery_.weight_[:] = 0.0
    engine = make_engine(
        {m: {"skill_ids": ["s"], **modules} for m in ids},
        model=model,
        items=[{"item_id": f"q-{m}", "module_id": m, "skill_ids": ["s"]} for m in ids],
        skills=SKILLS,
    )
    table = replace(engine.bundle.difficulty, item_seconds=np.full(len(ids), 60.0))
    model.difficulty_ = table
    return Engine(replace(engine.bundle, difficulty=table))


@pytest.fixture(scope="module")
def engines():
    """One in which mastery moves with answers, and one in which only the band does."""
    return {blind: engine_of(LADDER, blind=blind) for blind in (False, True)}


def tried(history, start=NOW - timedelta(days=5), **fields):
    """Answers on an item in the middle of the ladder."""
    return answers(history, "q-m080", start, **fields)


def told(kind, module_id=None):
    return Feedback(event_id="f", learner_id="ada", kind=kind, module_id=module_id, occurred_at=LATEST)


def band(engine, events, challenge="balanced"):
    learner = engine.fold(events).learner
    return band_for(
        challenge, Recent(*(learner[name][0].item() for name in ("held", "n_attempts", "push"))), CONFIG
    )


def first(engine, events):
    """Difficulty of what is recommended first, logits."""
    module = engine.recommend(events, None, Query(k=3), now=NOW).modules[0]
    return LADDER[engine.catalog.module_index[module.module_id]]


def moved(engine, before, after):
    """By how much the edges of the band moved, the smaller of both ways."""
    one, other = band(engine, before), band(engine, after)
    return min(other.low - one.low, other.high - one.high, key=abs)


@FEW
@given(history=HISTORIES, blind=st.booleans())
def test_after_three_failures_the_next_is_easier(engines, history, blind):
    engine, before = engines[blind], tried(history)
    after = [*before, *tried("---", LATER)]
    if blind:
        assume(moved(engine, before, after) > RUNG)
    assert first(engine, after) < first(engine, before)


@FEW
@given(history=HISTORIES, blind=st.booleans())
def test_after_five_quick_passes_the_next_is_harder(engines, history, blind):
    engine, before = engines[blind], tried(history)
    quick = [*before, *tried("+++++", LATER, duration_seconds=40.0)]
    slow = [*before, *tried("+++++", LATER, duration_seconds=70.0)]
    if blind:
        assume(moved(engine, before, quick) < -RUNG)
    assert first(engine, quick) > first(engine, before)
    assert first(engine, quick) >= first(engine, slow)
    if moved(engine, slow, quick) < -RUNG:
        assert first(engine, quick) > first(engine, slow)


@pytest.mark.parametrize("history", ["", "+", "+-", "+-+--+"])
def test_runs_make_their_step_at_once(engines, history):
    """Nothing is at a limit here, so the step is whole, if recent answers do not add to it."""
    before, step = tried(history), CONFIG.push_step
    pushed = engines[True].fold([*before, *tried("---", LATER)]).learner["push"][0]
    run = len(history) - len(history.rstrip("-"))
    assert pushed == pytest.approx(0.9**run if run else 1.0)
    quick = [*before, *tried("+++++", LATER, duration_seconds=42.0)]
    slow = [*before, *tried("+++++", LATER, duration_seconds=43.0)]
    assert band(engines[True], quick).high <= band(engines[True], slow).high - step + 1e-6


@FEW
@given(history=HISTORIES, kind=st.sampled_from(["too_easy", "too_hard"]), blind=st.booleans())
def test_feedback_changes_the_very_next_answer(engines, history, kind, blind):
    engine, before = engines[blind], tried(history)
    shown = engine.recommend(before, None, Query(k=3), now=NOW).modules
    after = [*before, told(kind, shown[0].module_id)]
    again = engine.recommend(after, None, Query(k=3), now=NOW).modules
    assert again[0].module_id != shown[0].module_id
    assert first(engine, after) <= first(engine, before) or kind == "too_easy"
    move = moved(engine, before, [*before, told(kind)])
    if abs(move) > RUNG:
        assert (first(engine, [*before, told(kind)]) < first(engine, before)) == (kind == "too_hard")
        assert (move > 0) == (kind == "too_hard")


@FEW
@given(history=st.text("+-", max_size=12), starts_with_a_pass=st.booleans())
def test_passes_and_failures_in_turns_do_not_move_the_band_to_and_fro(engines, history, starts_with_a_pass):
    turns = ("+-" if starts_with_a_pass else "-+") * 25
    events, bands = tried(history + turns), []
    for n in range(len(history) + 1, len(events) + 1):
        bands.append(band(engines[True], events[:n]))
    for edge in ("low", "high"):
        edges = np.array([getattr(one, edge) for one in bands])
        steps = np.diff(edges[10:])
        # It may still come back from what was before, ever slower; what goes to and fro is under .3%.
        turned = np.diff(np.sign(steps[np.abs(steps) > 3e-3])) != 0
        assert turned.sum() <= 1
        assert np.abs(steps[20:]).max() < 0.003
        assert np.ptp(edges[30:]) < 0.02


@settings(max_examples=40, deadline=None)
@given(
    easier=st.floats(-3, 0.5),
    gap=st.floats(0.3, 3),
    starts_with_a_pass=st.booleans(),
)
def test_two_variants_do_not_take_turns(easier, gap, starts_with_a_pass):
    """Unless one lies nearer to an edge than one more answer moves its chance."""
    difficulty = [easier + gap, easier]
    chance, settled = 1 / (1 + np.exp(difficulty)), np.array([CONFIG.low, CONFIG.high])
    engine = variants(difficulty)
    events = answers(("+-" if starts_with_a_pass else "-+") * 25, "q-m000")
    last = band(engine, events)
    settled = np.array([last.low, last.high])
    assume(np.abs(chance[:, None] - settled).min() > 0.04)
    # Beside each other and both outside, the nearer one is taken: neither may be as near as the other.
    logits = np.log(settled / (1 - settled))
    away = [max(logits[0] + d, -d - logits[1], 0.0) for d in difficulty]
    assume(not all(away) or abs(away[0] - away[1]) > 0.2)
    shown = [
        engine.recommend(events[:n], None, Query(k=1), now=NOW).modules[0].module_id
        for n in range(20, len(events) + 1)
    ]
    assert len(set(shown)) == 1


def variants(difficulty):
    """Two modules that are the same content at two difficulties."""
    model = plain_skills(difficulty, 1)
    return make_engine(
        {"m000": {"skill_ids": ["s"]}, "m001": {"skill_ids": ["s"], "variant_of": "m000"}},
        model=model,
        items=[{"item_id": f"q-{m}", "module_id": m, "skill_ids": ["s"]} for m in ("m000", "m001")],
        skills=SKILLS,
    )
