"""The dataset format, version 1, as plain data: tables, columns, kinds, keys and references.

Everything that reads, checks or writes a dataset is built from `TABLES`, so a column is spelled once.
Nothing here reads a file: the offline loader uses pandas, the service pyarrow, and both follow this.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from recommender.domain.table_schema import (
    EXPECTED,
    LARGEST_WHOLE,
    NUMERIC_BOUNDS,
    WHOLE_KINDS,
    Column,
    Kind,
    Reference,
    Table,
)

__all__ = [
    "CATALOGUE_TABLES",
    "DOMAINS",
    "EXPECTED",
    "FEEDBACK_KINDS",
    "FORMAT_VERSION",
    "LARGEST_WHOLE",
    "LEVELS",
    "LIST_SEPARATOR",
    "MODULE_FORMATS",
    "NUMERIC_BOUNDS",
    "SEGMENTS",
    "SIMULATED_ID_PREFIX",
    "SIMULATION_KEY",
    "STATUSES",
    "TABLES",
    "WHOLE_KINDS",
    "Column",
    "Kind",
    "Reference",
    "Table",
]

FORMAT_VERSION = 1
"""Version of the format declared here."""

LIST_SEPARATOR = "|"
"""What stands between the members of a list column in CSV."""

SIMULATION_KEY = "simulation"
"""Key in a Parquet file's schema metadata that marks it as simulated; a JSON object with ``notice``."""

SIMULATED_ID_PREFIX = "sim-"
"""What every simulated learner's id begins with: it lasts where metadata does not, in CSV and in exports."""

SEGMENTS = ("user", "builder", "leader")
"""The parts of a workforce that learn different things about the same technology."""

LEVELS = ("beginner", "intermediate", "advanced")
"""Levels of a module, the easiest first."""

MODULE_FORMATS = (
    "course",
    "video",
    "reading",
    "workshop",
    "mentoring",
    "project",
    "simulation",
    "assessment",
)
"""How a module is taken."""

STATUSES = ("started", "completed", "abandoned")
"""What a completion event says happened."""

DOMAINS = ("technical", "business", "human", "ethics")
"""Broad kinds of skill."""

FEEDBACK_KINDS = ("shown", "accepted", "dismissed", "too_easy", "too_hard")
"""What a learner can do with a recommendation."""


def _columns(required: bool, kinds: Mapping[str, Kind | tuple[str, ...]]) -> tuple[Column, ...]:
    return tuple(
        Column(name, Kind.CHOICE, required, members=kind)
        if isinstance(kind, tuple)
        else Column(name, kind, required)
        for name, kind in kinds.items()
    )


def _needs(**kinds: Kind | tuple[str, ...]) -> tuple[Column, ...]:
    """Return required columns; a tuple of words is a choice among them."""
    return _columns(True, kinds)


def _may(**kinds: Kind | tuple[str, ...]) -> tuple[Column, ...]:
    """Return optional columns; a tuple of words is a choice among them."""
    return _columns(False, kinds)


_IDS_OF: Mapping[str, tuple[str, ...]] = {
    "learners": ("learner_id",),
    "modules": ("module_id", "prerequisite_module_id", "variant_of"),
    "skills": ("skill_id", "skill_ids", "parent_skill_id", "prerequisite_skill_id"),
    "roles": ("role_id", "target_role_id", "from_role_id", "to_role_id"),
    "items": ("item_id",),
    "credentials": ("credential_id",),
    "recommendations": ("recommendation_id",),
}
_LEADS_TO = {column: table for table, columns in _IDS_OF.items() for column in columns}


def _table(name: str, columns: tuple[Column, ...], key: tuple[str, ...] = (), open_prefix: str = "") -> Table:
    """Return a table whose columns lead where their names say, but for the id it defines itself."""
    found = (Reference(c.name, _LEADS_TO[c.name]) for c in columns if c.name in _LEADS_TO)
    references = tuple(to for to in found if to.table != name or to.column not in key)
    return Table(name, columns, key, references, open_prefix)


_EVENT = _may(event_id=Kind.ID)
_WHEN = _may(occurred_at=Kind.TIME)

_CATALOGUE = (
    _table(
        "modules",
        _needs(module_id=Kind.ID, title=Kind.TEXT)
        + _may(description=Kind.TEXT, skill_ids=Kind.LIST, difficulty=Kind.FRACTION, level=LEVELS)
        + _may(duration_minutes=Kind.NUMBER, format=MODULE_FORMATS, language=Kind.TEXT, variant_of=Kind.ID)
        + _may(tags=Kind.LIST, credential_id=Kind.ID, framework_uri=Kind.TEXT)
        + _may(published_at=Kind.TIME, retired_at=Kind.TIME),
        key=("module_id",),
    ),
    _table(
        "skills",
        _needs(skill_id=Kind.ID, name=Kind.TEXT)
        + _may(domain=DOMAINS, aliases=Kind.LIST, parent_skill_id=Kind.ID)
        + _may(framework_uri=Kind.TEXT, half_life_days=Kind.POSITIVE),
        key=("skill_id",),
    ),
    _table(
        "prerequisites",
        _needs(module_id=Kind.ID)
        + _may(prerequisite_module_id=Kind.ID, prerequisite_skill_id=Kind.ID, required_mastery=Kind.FRACTION)
        + (Column("strength", Kind.CHOICE, members=("hard", "soft"), default="hard"),),
        key=("module_id", "prerequisite_module_id", "prerequisite_skill_id"),
    ),
    _table(
        "roles",
        _needs(role_id=Kind.ID, title=Kind.TEXT) + _may(segment=SEGMENTS, priority=Kind.FRACTION),
        key=("role_id",),
    ),
    _table(
        "role_skills",
        _needs(role_id=Kind.ID, skill_id=Kind.ID, required_mastery=Kind.FRACTION)
        + _may(importance=Kind.FRACTION),
        key=("role_id", "skill_id"),
    ),
    _table(
        "role_transitions",
        _needs(from_role_id=Kind.ID, to_role_id=Kind.ID) + _may(kind=("upskill", "reskill")),
        key=("from_role_id", "to_role_id"),
    ),
    _table(
        "items",
        _needs(item_id=Kind.ID)
        + _may(skill_ids=Kind.LIST, module_id=Kind.ID, difficulty=Kind.FRACTION, framework_uri=Kind.TEXT),
        key=("item_id",),
    ),
    _table(
        "credentials",
        _needs(credential_id=Kind.ID, title=Kind.TEXT) + _may(skill_ids=Kind.LIST, issuer=Kind.TEXT),
        key=("credential_id",),
    ),
)

_PEOPLE = (
    _table(
        "learners",
        _needs(learner_id=Kind.ID)
        + _may(role_id=Kind.ID, target_role_id=Kind.ID, team_id=Kind.ID, segment=SEGMENTS)
        + _may(language=Kind.TEXT, weekly_minutes=Kind.NUMBER, hired_at=Kind.TIME, can_mentor=Kind.FLAG),
        key=("learner_id",),
        open_prefix="group_",
    ),
    _table("aliases", _needs(learner_id=Kind.ID, issuer=Kind.TEXT, name=Kind.TEXT), key=("issuer", "name")),
)

_EVENTS = (
    _table(
        "attempts",
        _EVENT
        + _needs(learner_id=Kind.ID, item_id=Kind.ID, score=Kind.FRACTION)
        + _may(skill_ids=Kind.LIST, module_id=Kind.ID, passed=Kind.FLAG)
        + _WHEN
        + _may(duration_seconds=Kind.NUMBER),
    ),
    _table(
        "completions",
        _EVENT
        + _needs(learner_id=Kind.ID, module_id=Kind.ID)
        + (Column("status", Kind.CHOICE, members=STATUSES, default="completed"),)
        + _may(progress=Kind.FRACTION, score=Kind.FRACTION, rating=Kind.RATING)
        + _WHEN
        + _may(duration_seconds=Kind.NUMBER),
    ),
    _table(
        "self_assessments", _EVENT + _needs(learner_id=Kind.ID, skill_id=Kind.ID, level=Kind.FRACTION) + _WHEN
    ),
    _table(
        "credentials_earned",
        _EVENT + _needs(learner_id=Kind.ID, credential_id=Kind.ID) + _WHEN + _may(expires_at=Kind.TIME),
    ),
)

_AFTERWARDS = (
    _table(
        "recommendations",
        _needs(recommendation_id=Kind.ID, learner_id=Kind.ID, module_id=Kind.ID, rank=Kind.ORDINAL)
        + _may(bundle_id=Kind.ID, propensity=Kind.FRACTION, score=Kind.REAL)
        + _may(success_probability=Kind.FRACTION)
        + _WHEN,
        key=("recommendation_id", "module_id"),
    ),
    _table(
        "feedback",
        _EVENT + _needs(recommendation_id=Kind.ID, kind=FEEDBACK_KINDS) + _may(module_id=Kind.ID) + _WHEN,
    ),
    _table(
        "adoption",
        _needs(learner_id=Kind.ID, skill_id=Kind.ID, uses=Kind.COUNT) + _may(period_start=Kind.TIME),
        key=("learner_id", "skill_id", "period_start"),
    ),
    Table(
        "outcomes",
        _needs(unit_id=Kind.ID, unit_kind=("learner", "team"), measure=Kind.TEXT, value=Kind.REAL)
        + _needs(occurred_at=Kind.TIME)
        + _may(treated=Kind.FLAG, cost=Kind.NUMBER),
        references=(Reference("unit_id", "learners", where=("unit_kind", "learner")),),
    ),
    _table(
        "postings",
        _needs(posting_id=Kind.ID, posted_at=Kind.TIME)
        + _may(role_id=Kind.ID, text=Kind.TEXT, skill_ids=Kind.LIST),
        key=("posting_id",),
    ),
)

_BENCHMARKS = (
    _table("folds", _needs(learner_id=Kind.ID, fold=Kind.ORDINAL), key=("learner_id",)),
    _table("holdout", _needs(learner_id=Kind.ID, module_id=Kind.ID), key=("learner_id", "module_id")),
)

CATALOGUE_TABLES = tuple(table.name for table in _CATALOGUE)
"""Tables of what there is to learn and to become: they say nothing of anybody."""

TABLES: Mapping[str, Table] = MappingProxyType(
    {table.name: table for table in _CATALOGUE + _PEOPLE + _EVENTS + _AFTERWARDS + _BENCHMARKS}
)
"""Every table of the format by name, in the order in which they are read and checked."""
