"""What ranking promises, over any small catalogue and learner."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.catalog import Catalog
from recommender.domain.recommendation import Query
from recommender.ranking.difficulty import Band, BandConfig, Recent, band_for
from recommender.ranking.eligibility import Rules, why_empty
from recommender.ranking.gain import Need
from recommender.ranking.rank import rank_ids, top
from recommender.ranking.value import ValueWeights
from recommender.skills.records import MOST_PUSH
from tests.unit.ranking.compiled import Terms, fit, gap_closed, total, unlocks

SKILLS = ("s0", "s1", "s2")
WEIGHTS, CONFIG = ValueWeights(out_of_band=0.0), BandConfig()
CODES = ("next_in_sequence", "learners_like_you", "popular_in_role", "next_in_sequence")
PROBABILITY = st.sampled_from([0.0, 0.1, 0.35, 0.5, 0.75, 0.8, 0.9, 1.0]) | st.floats(0, 1)
MAYBE = PROBABILITY | st.just(float("nan"))
NOW = 1e9
SECOND = pa.timestamp("s", "UTC")
# A world is a whole catalogue: each example costs milliseconds, the first one also imports.
FEWER = settings(max_examples=60, deadline=None)


@dataclass(frozen=True)
class World:
    """Rows by module id, so that any order of the catalogue describes the same world."""

    modules: list[dict]
    prerequisites: list[dict]
    finished: frozenset[str]
    mastery: tuple[float, ...]
    success: dict[str, float]
    views: list[dict[str, float]]
    query: Query

    def catalog(self, order):
        schema = pa.schema(
            [
                ("module_id", pa.string()),
                ("title", pa.string()),
                ("skill_ids", pa.list_(pa.string())),
                ("language", pa.string()),
                ("variant_of", pa.string()),
                ("retired_at", SECOND),
            ]
        )
        needs = pa.schema(
            [
                ("module_id", pa.string()),
                ("prerequisite_module_id", pa.string()),
                ("prerequisite_skill_id", pa.string()),
                ("required_mastery", pa.float64()),
                ("strength", pa.string()),
            ]
        )
        return Catalog.from_tables(
            {
                "modules": pa.Table.from_pylist([self.modules[i] for i in order], schema),
                "skills": pa.table({"skill_id": list(SKILLS), "name": list(SKILLS)}),
                "prerequisites": pa.Table.from_pylist(self.prerequisites, needs),
                "roles": pa.table({"role_id": ["r"], "title": ["R"]}),
                "role_skills": pa.table(
                    {"role_id": ["r"] * 2, "skill_id": list(SKILLS[:2]), "required_mastery": [0.8, 0.5]}
                ),
            }
        )


@st.composite
def worlds(draw):
    ids = [f"m{i}" for i in range(draw(st.integers(1, 8)))]
    one = st.sampled_from(ids)
    modules = [
        {
            "module_id": m,
            "title": m,
            "skill_ids": draw(st.lists(st.sampled_from(SKILLS), max_size=2, unique=True)),
            "language": draw(st.sampled_from([None, "en", "de"])),
            "variant_of": draw(st.none() | one),
            "retired_at": draw(st.sampled_from([None, None, None, int(NOW) - 1, int(NOW) + 1])),
        }
        for m in ids
    ]
    on_module = st.builds(
        lambda a, b, s: {"module_id": a, "prerequisite_module_id": b, "strength": s},
        one,
        one,
        st.sampled_from(["hard", "soft"]),
    )
    on_skill = st.builds(
        lambda a, k, r, s: {
            "module_id": a,
            "prerequisite_skill_id": k,
            "required_mastery": r,
            "strength": s,
        },
        one,
        st.sampled_from(SKILLS),
        PROBABILITY,
        st.sampled_from(["hard", "soft"]),
    )
    score = st.floats(0, 1e6, width=32) | st.sampled_from([0.0, 1.0, float("nan")])
    return World(
        modules,
        draw(st.lists(on_module | on_skill, max_size=6)),
        frozenset(draw(st.sets(one, max_size=3))),
        tuple(draw(st.tuples(MAYBE, MAYBE, MAYBE))),
        {m: draw(MAYBE) for m in ids},
        draw(st.lists(st.fixed_dictionaries(dict.fromkeys(ids, score)), min_size=0, max_size=4)),
        Query(
            k=draw(st.integers(1, 10)),
            languages=draw(st.sampled_from([frozenset(), frozenset({"en"})])),
            exclude=frozenset(draw(st.sets(one, max_size=2))),
            scenario=draw(st.sampled_from(["next", "review"])),
            challenge=draw(st.sampled_from(["easier", "balanced", "harder"])),
        ),
    )


def recommend(world, order):
    """Everything from rules to the ranked list, as the engine chains it; ids, scores by id, and the parts."""
    catalog = world.catalog(order)
    ids, rules = catalog.module_ids, Rules.compile(catalog)
    mastery, success = np.array(world.mastery), np.array([world.success[m] for m in ids])
    eligible = rules.apply(
        finished=np.array([m in world.finished for m in ids]),
        mastery=mastery,
        query=world.query,
        profile_language=None,
        now=NOW,
    )
    views = [
        (1.0 + v, CODES[v], np.array([view[m] for m in ids], np.float32))
        for v, view in enumerate(world.views)
    ]
    band = band_for(world.query.challenge, Recent(0.6, 4), CONFIG)
    worth = gap_closed(mastery, Need.of_role(catalog, 0), learning_rate=0.2, assumed_mastery=0.3)
    parts = {
        "gap": total(catalog, worth),
        "readiness": eligible.readiness,
        "unlocks": unlocks(rules, eligible),
    }
    nothing = np.zeros(len(ids))
    scored = Terms(views, eligible.allowed, WEIGHTS, success=success, band=band, faded=nothing, **parts)
    parts["fit"] = fit(success, band)
    chosen = top(scored.score, eligible.allowed, world.query.k, rank_ids(ids))
    return {
        "catalog": catalog,
        "rules": rules,
        "eligible": eligible,
        "preferred": scored.preferred,
        "parts": parts,
        "terms": scored,
        "ranked": [ids[m] for m in chosen],
    }


@FEWER
@given(worlds())
def test_what_rules_forbid_is_never_recommended(world):
    answer = recommend(world, range(len(world.modules)))
    mastery = dict(zip(SKILLS, world.mastery, strict=True))
    rows = {row["module_id"]: row for row in world.modules}
    for module in answer["ranked"]:
        assert module not in world.query.exclude
        assert world.query.scenario == "review" or module not in world.finished
        assert (rows[module]["retired_at"] or NOW + 1) > NOW
        assert not world.query.languages or rows[module]["language"] in (None, "en")
        for need in world.prerequisites:
            if need["module_id"] == module and need["strength"] == "hard":
                if "prerequisite_module_id" in need:
                    assert need["prerequisite_module_id"] in world.finished
                else:
                    assert mastery[need["prerequisite_skill_id"]] >= need["required_mastery"]


@FEWER
@given(worlds())
def test_as_many_as_asked_for_or_as_allowed_each_once(world):
    answer = recommend(world, range(len(world.modules)))
    expected = min(world.query.k, int(answer["eligible"].allowed.sum()))
    assert len(answer["ranked"]) == len(set(answer["ranked"])) == expected


@FEWER
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_catalogue_changes_nothing(world, random):
    order = list(range(len(world.modules)))
    random.shuffle(order)
    one, other = recommend(world, range(len(world.modules))), recommend(world, order)
    assert one["ranked"] == other["ranked"]
    np.testing.assert_allclose(one["terms"].score[order], other["terms"].score, atol=1e-9)
    for place, module in enumerate(order):
        assert one["terms"].rows[module] == pytest.approx(other["terms"].rows[place], abs=1e-6)
    removals = [why_empty(a["eligible"], a["catalog"], a["rules"]) for a in (one, other)]
    assert removals[0] == removals[1]


@FEWER
@given(worlds())
def test_the_same_question_gets_the_same_answer(world):
    one, other = (recommend(world, range(len(world.modules))) for _ in range(2))
    assert one["ranked"] == other["ranked"]
    assert one["terms"].score.tobytes() == other["terms"].score.tobytes()


@FEWER
@given(worlds())
def test_the_score_is_the_sum_of_its_terms(world):
    answer = recommend(world, range(len(world.modules)))
    scored, parts, allowed = answer["terms"], answer["parts"], answer["eligible"].allowed
    assert np.isfinite(scored.score).all()
    formula = (
        WEIGHTS.preference * np.log(answer["preferred"].mix * max(1, allowed.sum()))
        + WEIGHTS.difficulty * (2 * parts["fit"] - 1)
        + WEIGHTS.gap * parts["gap"]
        + WEIGHTS.readiness * (parts["readiness"] - 1)
        + WEIGHTS.unlocking * np.log1p(parts["unlocks"])
    )
    if answer["preferred"].shares.any() or not world.views:
        np.testing.assert_allclose(scored.score[allowed], formula[allowed], atol=1e-9)


@FEWER
@given(worlds())
def test_preference_is_a_distribution_over_what_is_allowed(world):
    answer = recommend(world, range(len(world.modules)))
    allowed, preferred = answer["eligible"].allowed, answer["preferred"]
    assert (preferred.mix > 0).all()
    if allowed.any():
        np.testing.assert_allclose(preferred.mix[allowed].sum(), 1)
    totals = [answer["terms"].parts(module).sum() for module in range(len(allowed))]
    assert np.allclose(totals, 1) or not preferred.shares.any()


@FEWER
@given(worlds(), st.tuples(PROBABILITY, PROBABILITY, PROBABILITY))
def test_more_mastery_never_loses_a_prerequisite(world, rise):
    catalog = world.catalog(range(len(world.modules)))
    rules = Rules.compile(catalog)
    finished = np.array([m in world.finished for m in catalog.module_ids])
    less = np.array(world.mastery)
    more = np.fmin(np.fmax(less, 0) + np.array(rise), 1)
    before, after = (
        rules.apply(finished=finished, mastery=m, query=Query(), profile_language=None, now=NOW)
        for m in (less, more)
    )
    blocked = [answer.removed_by["prerequisite"] for answer in (before, after)]
    assert (blocked[1] <= blocked[0]).all()
    assert (after.prerequisites_met >= before.prerequisites_met).all()
    assert (after.readiness >= before.readiness - 1e-12).all()
    assert ((before.readiness >= 0) & (before.readiness <= 1)).all()


CHALLENGES = st.sampled_from(["easier", "balanced", "harder"])


PUSHES = st.floats(-MOST_PUSH, MOST_PUSH)


@given(CHALLENGES, MAYBE, st.integers(0, 1000), PUSHES)
def test_the_band_stays_in_its_bounds_and_keeps_its_width(challenge, rate, n, push):
    band = band_for(challenge, Recent(rate, n, push), CONFIG)
    assert CONFIG.floor - 1e-9 <= band.low < band.high <= CONFIG.ceiling + 1e-9
    raised = CONFIG.caution / (1 + n / CONFIG.caution_half)
    np.testing.assert_allclose(band.high - band.low, CONFIG.high - CONFIG.low - raised)
    asked = band_for(challenge, Recent(push=push), CONFIG)
    assert abs(band.high - asked.high) <= CONFIG.recent_max + 1e-9


@given(CHALLENGES, PROBABILITY, PROBABILITY, st.integers(0, 1000))
def test_worse_recent_answers_never_make_it_harder(challenge, one, other, n):
    worse, better = (band_for(challenge, Recent(rate, n), CONFIG) for rate in sorted((one, other)))
    assert worse.low >= better.low - 1e-12


@given(CHALLENGES, MAYBE, st.integers(0, 1000), PUSHES, PUSHES)
def test_a_push_never_goes_the_other_way(challenge, rate, n, one, other):
    harder, easier = (band_for(challenge, Recent(rate, n, push), CONFIG) for push in sorted((one, other)))
    assert easier.low >= harder.low - 1e-12


@settings(max_examples=200)
@given(st.lists(PROBABILITY, min_size=2, max_size=20), PROBABILITY, PROBABILITY, st.floats(0.1, 5))
def test_fit_is_a_fraction_and_falls_on_both_sides(probabilities, one, other, falloff):
    low, high = sorted((0.05 + 0.9 * one, 0.05 + 0.9 * other))
    ordered = np.sort(probabilities)
    values = fit(ordered, Band(low, high, falloff))
    assert ((values >= 0) & (values <= 1)).all()
    # The logit of an edge and that of a probability equal to it may differ in the last bit.
    np.testing.assert_allclose(values[(ordered >= low) & (ordered <= high)], 1)
    assert (np.diff(values[ordered < low]) >= 0).all()
    assert (np.diff(values[ordered > high]) <= 0).all()
