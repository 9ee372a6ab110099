"""Fitting the read-out of mastery to answers; see `recommender.skills.mastery` for what is read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse
from scipy.special import expit

from recommender.domain.catalog import Catalog, Ragged
from recommender.domain.dataset_format import SEGMENTS
from recommender.skills.columns import AttemptColumns
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.evidence import evidence_of_features, fading_rate, kept
from recommender.skills.mastery_fit import attenuation, fit_signed, group_offsets, interval_variance
from recommender.skills.records import FEATURE, SECONDS_A_DAY

Floats = NDArray[np.float64]
Features = NDArray[np.float32]

# Of answers within modules: who masters more never passes less.
_LEAST_SLOPE = 0.1


class MasteryConfig(BaseModel):
    """How mastery is read from evidence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    penalty: float = Field(5.0, gt=0, description="L2 penalty of weights, of inputs of standard deviation 1")
    item_penalty: float = Field(0.7, gt=0, description="L2 penalty of each item's own difficulty, logits^-2")
    max_attempts: int = Field(400_000, ge=1, description="attempts fitted on at most, of learners drawn")
    min_outside: int = Field(
        2_000, ge=1, description="attempts outside of modules from which on only those set the weights"
    )
    credential_passes: float = Field(
        5.0, ge=0, description="passes that a credential counts as in each of its skills, until it expires"
    )
    group_prior: float = Field(
        10.0, gt=0, description="information, logits^-2, that no difference counts for a role or segment"
    )


def fit_readout(
    attempts: AttemptColumns,
    features: Features,
    catalog: Catalog,
    table: DifficultyTable,
    config: MasteryConfig,
) -> dict[str, Floats]:
    """Fit to answers, and return the arrays that `MasteryReadout` reads with.

    First every answer tells how hard its item is beside what its learner could do, and beside what answers
    gain within a module, right after the teaching, and when the item was met before. Then the weights are
    fitted to the answers outside of modules, where there are enough of them, else to all: only those come at
    times that the teaching did not choose. Last come what role and segment add, and the interval.
    """
    attempts, features = _some_learners(attempts, features, config.max_attempts)
    members = weights_of(attempts.skills, catalog.n_skills)
    share = kept_of_rows(features, members @ fading_rate(np.append(catalog.half_life_days, np.nan)))
    required = required_mastery(catalog)
    x = np.column_stack(
        [evidence_of_rows(features, share), _by_place(attempts.role, required, attempts, members)]
    )
    inside = (attempts.module >= 0) | (np.append(catalog.item_module, -1)[attempts.item] >= 0)
    again = _met_before(features)
    difficulty, unknown = _item_difficulty(attempts, catalog, x, np.column_stack([inside, again]), config)
    rows = ~inside if (~inside).sum() >= config.min_outside else np.ones(len(inside), np.bool_)
    shift = -difficulty[attempts.item]
    fitted = fit_signed(
        x[rows],
        again[rows],
        np.zeros(int(rows.sum()), np.int64),
        0,
        attempts.passed[rows],
        shift[rows],
        penalty=config.penalty,
        group_penalty=1.0,
    )
    shift += again @ fitted.free
    logit = fitted.intercept + x @ fitted.signed
    segment = _offsets(attempts.segment, len(SEGMENTS), attempts, members, logit + shift, rows, config)
    logit += _by_place(attempts.segment, segment, attempts, members)
    role = _offsets(attempts.role, len(required), attempts, members, logit + shift, rows, config)
    logit += _by_place(attempts.role, role, attempts, members)
    # Who was taught just before passes more; how much more may depend on what was mastered before.
    outside = (logit + shift)[inside]
    flattered = fit_signed(
        np.zeros((len(outside), 0)),
        outside[:, None],
        np.zeros(int(inside.sum()), np.int64),
        0,
        attempts.passed[inside],
        outside,
        penalty=config.penalty,
        group_penalty=1.0,
    )
    pair = attempts.learner * (catalog.n_skills + 1) + _first_skill(attempts.skills, catalog.n_skills)
    n_kept = np.expm1(column(features, "skill_log_attempts")) * share
    variance = interval_variance(
        pair[rows], attempts.at[rows], n_kept[rows], logit[rows], shift[rows], attempts.passed[rows]
    )
    stretch = attenuation(float(variance[:2].mean()), unknown)
    variance[:2] *= stretch**2
    typical = _typical_difficulty(difficulty, catalog)
    return {
        "base_": fitted.intercept - typical,
        "role_": role + fitted.signed[-1] * required,
        "segment_": segment,
        "pass_rate_": expit(-table.skill_difficulty),
        "item_difficulty_": difficulty - weights_of(catalog.item_skills, catalog.n_skills) @ typical,
        "weight_": fitted.signed[:-1],
        "inside_": np.array([flattered.intercept, max(1.0 + float(flattered.free[0]), _LEAST_SLOPE)]),
        "variance_": variance,
        "stretch_": np.array([stretch]),
    }


def weights_of(skills: Ragged, n_skills: int) -> sparse.csr_matrix:
    """Equal weights of each row's skills, shape (n_rows, n_skills + 1); all on the last without skills."""
    none = np.flatnonzero(np.diff(skills.start) == 0)
    row = np.concatenate([skills.row_of_value(), none])
    of = np.concatenate([skills.values, np.full(len(none), n_skills, np.int32)])
    weight = 1.0 / np.maximum(np.diff(skills.start), 1)[row]
    return sparse.csr_matrix((weight, (row, of)), (len(skills), n_skills + 1))


def required_mastery(catalog: Catalog) -> Floats:
    """Mastery that each role requires, shape (n_roles, n_skills + 1); 0 where it requires none."""
    roles = catalog.roles
    required = np.zeros((len(roles.ids), catalog.n_skills + 1))
    required[roles.profile.row_of_value(), roles.profile.values] = np.nan_to_num(roles.required_mastery)
    return required


def kept_of_rows(features: Features, rate: Floats) -> Floats:
    """Share of the positive evidence still kept at each attempt, at `rate` halvings a day."""
    return kept(np.expm1(column(features, "skill_log_seconds_refreshed")) / SECONDS_A_DAY, rate)


def evidence_of_rows(features: Features, share: Floats) -> Floats:
    """Evidence before each attempt, faded to `share`, in the order of `MasteryReadout.weight_`."""
    evidence = evidence_of_features(features)
    fading = np.maximum(evidence, 0.0) * share[:, None] + np.minimum(evidence, 0.0)
    level = np.nan_to_num(column(features, "skill_self_level") - expit(-column(features, "skill_difficulty")))
    return np.column_stack([column(features, "ability"), column(features, "level"), level, fading])


def column(features: Features, name: str) -> Floats:
    """One feature of each attempt, as float64."""
    return features[:, FEATURE[name]].astype(np.float64)


def _some_learners(
    attempts: AttemptColumns, features: Features, most: int
) -> tuple[AttemptColumns, Features]:
    """At most about so many attempts: all of learners drawn, the same ones every time, at least of one."""
    if len(attempts) <= most:
        return attempts, features
    counts = np.bincount(attempts.learner, minlength=attempts.n_learners)
    order = np.random.default_rng(0).permutation(np.flatnonzero(counts))
    kept = np.zeros(attempts.n_learners, np.bool_)
    kept[order[np.cumsum(counts[order]) <= max(most, counts[order[0]])]] = True
    rows = kept[attempts.learner]
    return attempts.take(rows), features[rows]


def _item_difficulty(
    attempts: AttemptColumns,
    catalog: Catalog,
    x: Floats,
    context: Floats,
    config: MasteryConfig,
) -> tuple[Floats, float]:
    """Difficulty of each item, logits, beside what its learners could do, and the variance left unknown."""
    n, n_items = len(attempts), len(catalog.item_ids)
    if not n:
        return np.zeros(n_items), 0.0
    told = np.column_stack([_logit(catalog.item_difficulty), _level_of_items(catalog)])
    told = np.where(np.isnan(told), 0.0, told - _known_mean(told))
    fitted = fit_signed(
        x,
        np.column_stack([context, told[attempts.item]]),
        attempts.item.astype(np.int64),
        n_items,
        attempts.passed,
        np.zeros(n),
        penalty=config.penalty,
        group_penalty=config.item_penalty,
    )
    difficulty: Floats = -(fitted.offset + told @ fitted.free[context.shape[1] :])
    # An answer tells at most a quarter of information; .2 is that of common ones. The spread of items is that
    # of one step of expectation maximisation from the prior.
    known = 0.2 * np.bincount(attempts.item, minlength=n_items)
    answered = known > 0
    spread = (fitted.offset**2 + 1.0 / (config.item_penalty + known))[answered].mean()
    unknown = float((1.0 / (1.0 / spread + known))[attempts.item].mean())
    return difficulty - difficulty[attempts.item].mean(), unknown


def _met_before(features: Features) -> Floats:
    """Whether the learner met the item before, and passed it last time, shape (n_attempts, 2)."""
    again = column(features, "item_attempts") > 0
    return np.column_stack([again, again & (column(features, "item_last") > 0)]).astype(np.float64)


def _level_of_items(catalog: Catalog) -> Floats:
    """-1, 0 or 1 for items of beginners', intermediate and advanced modules, NaN for others; (n_items,)."""
    of_level = {"beginner": -1.0, "intermediate": 0.0, "advanced": 1.0}
    levels = np.array([*(of_level.get(str(level), np.nan) for level in catalog.levels), np.nan])
    return levels[catalog.item_module]


def _known_mean(columns: Floats) -> Floats:
    """Mean of what is known in each column, 0 where nothing is."""
    known = ~np.isnan(columns)
    mean: Floats = np.where(known, columns, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return mean


def _typical_difficulty(difficulty: Floats, catalog: Catalog) -> Floats:
    """Mean difficulty of each skill's items, shape (n_skills + 1,); that of all where it has none."""
    members = weights_of(catalog.item_skills, catalog.n_skills)
    count = np.asarray(members.sum(axis=0)).ravel()
    overall = difficulty.mean() if len(difficulty) else 0.0
    return np.where(count > 0, members.T @ difficulty / np.maximum(count, 1e-9), overall)


def _by_place(
    place: NDArray[np.int32] | None, values: Floats, attempts: AttemptColumns, members: sparse.csr_matrix
) -> Floats:
    """Look up `values` (n_places, n_skills + 1) for each attempt's skills and its learner's place; else 0."""
    result = np.zeros(len(attempts))
    if place is not None:
        of = place[attempts.learner]
        known = of >= 0
        result[known] = np.asarray(members[known].multiply(values[of[known]]).sum(axis=1)).ravel()
    return result


def _offsets(
    place: NDArray[np.int32] | None,
    n_places: int,
    attempts: AttemptColumns,
    members: sparse.csr_matrix,
    logit: Floats,
    rows: NDArray[np.bool_],
    config: MasteryConfig,
) -> Floats:
    """Fit what each place adds to the logit, shape (n_places, n_skills + 1)."""
    if place is None or n_places == 0:
        return np.zeros((n_places, members.shape[1]))
    of = place[attempts.learner[rows]]
    return group_offsets(
        of, n_places, members[rows], logit[rows], attempts.passed[rows], prior=config.group_prior
    )


def _first_skill(skills: Ragged, n_skills: int) -> NDArray[np.int64]:
    """First skill of each attempt, `n_skills` without one."""
    values = np.append(skills.values, 0)[skills.start[:-1]]
    return np.where(np.diff(skills.start) > 0, values, n_skills)


def _logit(fraction: Floats) -> Floats:
    clipped = np.clip(fraction, 0.02, 0.98)
    return np.log(clipped / (1.0 - clipped))
