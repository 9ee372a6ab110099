"""Events, catalogues and attempts that the tests of the learner-skill model are held against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.credentials import credentials_of
from recommender.domain.dataset_format import FEEDBACK_KINDS, SEGMENTS
from recommender.domain.events import (
    Attempt,
    Completion,
    CredentialEarned,
    Event,
    Feedback,
    SelfAssessment,
    to_seconds,
)
from recommender.skills.columns import AttemptColumns, Lessons
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.kernel import describe_rows
from recommender.skills.kernel_arrays import Records, Rows
from recommender.skills.mastery import MasteryReadout
from recommender.skills.memory import MemoryConfig, MemoryInput, MemoryOutput
from recommender.skills.model import SkillModelConfig
from recommender.skills.records import MEMORY_RANK, MEMORY_WIDTH, N_FEATURES, SKILL, fresh, item_key
from recommender.skills.state import LearnerState
from recommender.skills.trees import TreesConfig

START = datetime(2025, 1, 6, tzinfo=UTC)
HALF_LIFE_DAYS = 10.0


def _colliding(n: int) -> list[str]:
    """Ids of items that share one slot of the table of recent items."""
    slot = item_key("c0")[0]
    found = (f"c{i}" for i in count() if item_key(f"c{i}")[0] == slot)
    return [next(found) for _ in range(n)]


# Items of none, one and several skills; the last three take each other's slot.
ITEMS: dict[str, list[str]] = {
    "q0": ["s0"],
    "q1": ["s1"],
    "q2": ["s0", "s1"],
    "q3": ["s2", "s0", "s1"],
    "q4": [],
    **{key: ["s2"] for key in _colliding(3)},
}
# Skill s1 fades, nobody is asked about s3.
SKILLS = ("s0", "s1", "s2", "s3")
MODULES: dict[str, list[str]] = {"m0": ["s0"], "m1": ["s1", "s2"], "m2": [], "m3": ["s3"], "m4": ["s0"]}
CREDENTIALS = {"c0": ["s0", "s1"], "ü": ["s1"]}
ITEM_MODULES = ("m0", "m1", "m1", None, "m1", None, None, "m3")


def make_catalog(items: Sequence[str] = tuple(ITEMS)) -> Catalog:
    """Catalogue of everything above, its items in the order given."""
    module_of = dict(zip(ITEMS, ITEM_MODULES, strict=True))
    text_list = pa.list_(pa.string())
    return Catalog.from_tables(
        {
            "modules": pa.table(
                {
                    "module_id": list(MODULES),
                    "title": [m.upper() for m in MODULES],
                    "skill_ids": pa.array(list(MODULES.values()), text_list),
                }
            ),
            "skills": pa.table(
                {
                    "skill_id": SKILLS,
                    "name": [s.upper() for s in SKILLS],
                    "half_life_days": [None, HALF_LIFE_DAYS, None, HALF_LIFE_DAYS],
                }
            ),
            "items": pa.table(
                {
                    "item_id": list(items),
                    "module_id": pa.array([module_of[i] for i in items], pa.string()),
                    "skill_ids": pa.array([ITEMS[i] for i in items], text_list),
                }
            ),
            "credentials": pa.table(
                {
                    "credential_id": list(CREDENTIALS),
                    "title": list(CREDENTIALS),
                    "skill_ids": pa.array(list(CREDENTIALS.values()), text_list),
                }
            ),
        }
    )


CATALOG = make_catalog()
TABLE = DifficultyTable(
    overall=0.25,
    item_ids=CATALOG.item_ids,
    item_difficulty=np.linspace(-1.5, 1.5, len(ITEMS)),
    item_skills=CATALOG.item_skills,
    skill_ids=CATALOG.skill_ids,
    skill_difficulty=np.array([-0.5, 0.5, 1.0, 0.0]),
    module_ids=CATALOG.module_ids,
    module_skills=CATALOG.module_skills,
    # The last item has no usual time.
    item_seconds=np.array([*np.full(len(ITEMS) - 1, 60.0), np.nan]),
    credential_ids=tuple(CREDENTIALS),
    credential_skills=credentials_of(CATALOG)[1],
)

# Every part of the model, in small: enough for a thousand attempts or so.
SMALL = SkillModelConfig(
    n_folds=3,
    held_out_fraction=0.25,
    memory=MemoryConfig(epochs=2),
    trees=TreesConfig(max_rounds=12, min_leaf_attempts=20, leaf_penalty=1.0, learning_rate=0.1),
)


def at(days: float | None) -> datetime | None:
    """Time of a day of the story; None has none."""
    return None if days is None else START + timedelta(days=days)


def attempt(event_id: str, passed: bool, days: float | None = None, **fields: object) -> Attempt:
    """Answer an item, q0 unless told."""
    given = {"item_id": "q0", "learner_id": "ada", "score": float(passed), **fields}
    return Attempt(event_id=event_id, passed=passed, occurred_at=at(days), **given)  # type: ignore[arg-type]


def completion(event_id: str, module_id: str, days: float | None = None, **fields: object) -> Completion:
    """Finish a module, or what `status` says."""
    return Completion(
        event_id=event_id,
        learner_id="ada",
        module_id=module_id,
        occurred_at=at(days),
        **fields,  # type: ignore[arg-type]
    )


# Few times, so that many are equal.
DAYS = st.none() | st.integers(0, 6).map(float)
_FRACTIONS = st.floats(0, 1)
_SKILL_LISTS = st.lists(st.sampled_from((*SKILLS, "unheard-of")), max_size=4).map(tuple)


@st.composite
def one_event(draw: st.DrawFn, event_id: str, days: st.SearchStrategy[float | None] = DAYS) -> Event:
    """Any event of one learner; some name items, skills and modules that nobody knows."""
    fields = {"event_id": event_id, "learner_id": "ada", "occurred_at": at(draw(days))}
    match draw(
        st.sampled_from(("attempt", "attempt", "attempt", "completion", "self", "credential", "feedback"))
    ):
        case "attempt":
            return Attempt(
                item_id=draw(st.sampled_from((*ITEMS, "unheard-of"))),
                score=draw(_FRACTIONS),
                passed=draw(st.booleans()),
                skill_ids=draw(st.just(()) | _SKILL_LISTS),
                module_id=draw(st.sampled_from((None, *MODULES, "unheard-of"))),
                duration_seconds=draw(st.sampled_from((None, 10.0, 42.0, 43.0))),
                **fields,  # type: ignore[arg-type]
            )
        case "completion":
            return Completion(
                module_id=draw(st.sampled_from((*MODULES, "unheard-of"))),
                status=draw(st.sampled_from(("started", "completed", "abandoned"))),
                progress=draw(st.none() | _FRACTIONS),
                **fields,  # type: ignore[arg-type]
            )
        case "self":
            skill_id = draw(st.sampled_from((*SKILLS, "unheard-of")))
            return SelfAssessment(skill_id=skill_id, level=draw(_FRACTIONS), **fields)  # type: ignore[arg-type]
        case "feedback":
            return Feedback(
                kind=draw(st.sampled_from(FEEDBACK_KINDS)),
                module_id=draw(st.sampled_from((None, *MODULES, "unheard-of"))),
                recommendation_id="r",
                **fields,  # type: ignore[arg-type]
            )
        case _:
            return CredentialEarned(
                credential_id=draw(st.sampled_from((*CREDENTIALS, "unheard-of"))),
                expires_at=at(draw(days)),
                **fields,  # type: ignore[arg-type]
            )


@st.composite
def streams(draw: st.DrawFn, max_size: int = 25) -> list[Event]:
    """Every event of one learner, in any order."""
    ids = draw(st.lists(st.text("ab01", max_size=4), unique=True, max_size=max_size))
    return [draw(one_event(event_id)) for event_id in ids]


def columns(
    rows: Sequence[tuple[int, int, float, float]],
    *,
    n_learners: int,
    skills: Sequence[Sequence[int]] | None = None,
    catalog: Catalog = CATALOG,
    lessons: Lessons | None = None,
) -> AttemptColumns:
    """Attempts from (learner, item, passed, at); their skills are the items' unless given."""
    learner, item, passed, seconds = np.array(rows, np.float64).reshape(-1, 4).T
    found = [catalog.item_skills[int(i)].tolist() for i in item] if skills is None else skills
    module = catalog.item_module[item.astype(int)]
    return AttemptColumns(
        learner=learner.astype(np.int64),
        item=item.astype(np.int32),
        skills=Ragged.of(found),
        module=module.astype(np.int32),
        passed=passed,
        score=passed,
        at=seconds,
        n_learners=n_learners,
        lessons=lessons or Lessons.none(),
    )


def lessons_at(
    rows: Sequence[tuple[int, int, Sequence[int], float, float, float]],
) -> Lessons:
    """Lessons from (learner, before, skills, hours, level, at)."""
    learner, before, skills, hours, level, seconds = zip(*rows, strict=True) if rows else [()] * 6
    return Lessons(
        np.array(learner, np.int64),
        np.array(before, np.int64),
        Ragged.of([list(s) for s in skills]),
        np.array(hours, np.float64),
        np.array(level, np.float64),
        np.array(seconds, np.float64),
    )


def a_memory(
    rng: np.random.Generator, n_items: int = len(ITEMS), n_skills: int = len(SKILLS)
) -> tuple[MemoryInput, MemoryOutput]:
    """Any memory of answers, as the fit could have found it."""

    def some(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return 0.3 * rng.standard_normal(shape, np.float32)

    return (
        MemoryInput(some(n_items, MEMORY_RANK), some(n_skills, MEMORY_RANK)),
        MemoryOutput(
            some(n_items, MEMORY_WIDTH), some(n_skills, MEMORY_WIDTH), some(n_items), some(n_skills)
        ),
    )


def a_readout(
    base: Sequence[float],
    weight: Sequence[float],
    *,
    pass_rate: Sequence[float] | None = None,
    variance: Sequence[float] = (1.0, 0.25, 4.0),
    item_difficulty: Sequence[float] = (),
    inside: float = 0.0,
    stretch: float = 1.0,
    n_roles: int = 0,
) -> MasteryReadout:
    """Read-out of mastery that is what it is told; `base` is by skill, and last without skills.

    `weight` is of ability, level and self-assessment, then of the columns of evidence.
    """
    readout, n_skills = MasteryReadout(), len(base) - 1
    readout.base_, readout.weight_ = np.array(base, np.float64), np.array(weight, np.float64)
    readout.pass_rate_ = np.full(n_skills, 0.5) if pass_rate is None else np.array(pass_rate, np.float64)
    readout.variance_ = np.array(variance, np.float64)
    readout.stretch_ = np.array([stretch])
    readout.item_difficulty_, readout.inside_ = np.array(item_difficulty, np.float64), np.array([inside, 1.0])
    readout.role_ = np.zeros((n_roles, n_skills + 1))
    readout.segment_ = np.zeros((len(SEGMENTS), n_skills + 1))
    return readout


def known_before(
    state: LearnerState, event: Attempt, table: DifficultyTable, output: MemoryOutput | None = None
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Features of an attempt as the state tells them just before it, (N_FEATURES,)."""
    skill_ids = list(dict.fromkeys(table.skills_of(event.item_id, event.skill_ids, event.module_id)))
    slot, tag = item_key(event.item_id)
    rows = Rows(
        learner_row=np.zeros(1, np.int64),
        item_row=np.array([slot], np.int64),
        item_tag=np.array([tag], np.uint32),
        item=np.array([table.item_index.get(event.item_id, -1)], np.int64),
        skill_start=np.array([0, len(skill_ids)], np.int64),
        # The last record is that of a skill never met.
        skill_row=np.array([state.skill_rows.get(s, len(state.skills)) for s in skill_ids], np.int64),
        skill=np.array([table.skill_index.get(s, -1) for s in skill_ids], np.int64),
        passed=np.zeros(1),
        score=np.zeros(1),
        at=np.array([to_seconds(event.occurred_at)]),
        seconds=np.full(1, np.nan),
    )
    records = Records(state.learner, np.concatenate([state.skills, fresh(SKILL, 1)]), state.items)
    features = np.zeros((1, N_FEATURES), np.float32)
    describe_rows(records, rows, table.known(output), features)
    return features[0]


def simulated(
    rng: np.random.Generator, *, n_learners: int, n_attempts: int, catalog: Catalog = CATALOG
) -> AttemptColumns:
    """Attempts of learners who differ in ability, on items that differ in difficulty, in order of time."""
    n_items = len(catalog.item_ids)
    ability = rng.normal(0, 1.5, n_learners)
    # By id, so that a catalogue in another order asks the same.
    difficulty = np.array([TABLE.item_difficulty[TABLE.item_index[i]] for i in catalog.item_ids])
    learner = rng.integers(0, n_learners, n_attempts)
    item = rng.integers(0, n_items, n_attempts)
    chance = 1 / (1 + np.exp(difficulty[item] - ability[learner]))
    passed = rng.random(n_attempts) < chance
    seconds = to_seconds(START) + np.sort(rng.integers(0, 90 * 86_400, n_attempts))
    rows = np.column_stack([learner, item, passed, seconds])
    return columns(rows.tolist(), n_learners=n_learners, catalog=catalog)


def events_of(attempts: AttemptColumns, learner: int, catalog: Catalog = CATALOG) -> list[Attempt]:
    """Rows of one learner as events; ids keep row order."""
    found = []
    for row in np.flatnonzero(attempts.learner == learner).tolist():
        seconds = float(attempts.at[row])
        found.append(
            Attempt(
                event_id=f"{row:06d}",
                learner_id=str(learner),
                item_id=catalog.item_ids[attempts.item[row]],
                score=float(attempts.score[row]),
                passed=bool(attempts.passed[row]),
                skill_ids=tuple(catalog.skill_ids[s] for s in attempts.skills[row]),
                occurred_at=None
                if np.isnan(seconds)
                else START + timedelta(seconds=seconds - to_seconds(START)),
            )
        )
    return found
