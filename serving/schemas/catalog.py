"""The catalogue as it is put and listed: the columns of the dataset format."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import Field, StringConstraints

from serving.schemas.fields import (
    MAX_ID_LENGTH,
    Closed,
    Format,
    Fraction,
    NonNegative,
    Positive,
    Segment,
    Time,
)

MAX_ROWS = 1000
_SEEN = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
_SOMETHING = r"\S"

RowId: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH, pattern=_SEEN)]
_Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=_SOMETHING)]
_Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=_SOMETHING)]
_Uri: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=_SOMETHING)]
_LanguageTag: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=35, pattern=_SOMETHING)]
_Member = TypeVar("_Member")
_Members: TypeAlias = Annotated[list[_Member], Field(max_length=200, fail_fast=True)]
_Row = TypeVar("_Row")
Rows: TypeAlias = Annotated[
    list[_Row],
    Field(
        min_length=1,
        max_length=MAX_ROWS,
        description="Whole rows: a row replaces the one of its key, and a field left out is empty.",
    ),
]
Removed: TypeAlias = Annotated[
    bool,
    Field(
        strict=True,
        description="True takes the row of this key out of the catalogue; other fields do not count then.",
    ),
]


class ModuleRow(Closed):
    """What can be recommended."""

    module_id: RowId = Field(description="Names the module.")
    title: _Name = Field(description="Shown to learners.")
    description: _Text | None = Field(default=None, description="What it is about.")
    skill_ids: _Members[RowId] = Field(default=[], description="Skills it teaches.")
    difficulty: Fraction | None = Field(
        default=None, description="Share of the intended audience that does not pass."
    )
    level: Literal["beginner", "intermediate", "advanced"] | None = Field(
        default=None, description="For whom it is."
    )
    duration_minutes: NonNegative | None = Field(default=None, description="How long it takes, minutes.")
    format: Format | None = Field(default=None, description="How it is taken.")
    language: _LanguageTag | None = Field(
        default=None, description="Language tag, such as `en` or `de-AT`; empty passes every filter."
    )
    variant_of: RowId | None = Field(
        default=None, description="Module with the same content at another difficulty."
    )
    tags: _Members[_Name] = Field(default=[], description="Free words.")
    credential_id: RowId | None = Field(default=None, description="Credential it leads to.")
    framework_uri: _Uri | None = Field(
        default=None, description="Address in a catalogue or framework; also the xAPI activity id."
    )
    published_at: Time | None = Field(default=None, description="Not recommended before.")
    retired_at: Time | None = Field(default=None, description="Not recommended from then on.")


class SkillRow(Closed):
    """What can be known."""

    skill_id: RowId = Field(description="Names the skill.")
    name: _Name = Field(description="Shown to learners.")
    domain: Literal["technical", "business", "human", "ethics"] | None = Field(
        default=None, description="Broad kind of skill."
    )
    aliases: _Members[_Name] = Field(default=[], description="Other names.")
    parent_skill_id: RowId | None = Field(default=None, description="Skill it is a part of; no circles.")
    framework_uri: _Uri | None = Field(default=None, description="Address in a skills framework.")
    half_life_days: Positive | None = Field(
        default=None,
        description="Days since the last pass after which half of what speaks for the learner has faded; "
        "empty means it does not fade.",
    )


class PrerequisiteRow(Closed):
    """What a module asks for first: one module or one skill."""

    module_id: RowId = Field(description="Module that asks.")
    prerequisite_module_id: RowId | None = Field(
        default=None, description="Module to finish first; this or the skill, never both."
    )
    prerequisite_skill_id: RowId | None = Field(
        default=None, description="Skill to have first; needs `required_mastery`."
    )
    required_mastery: Fraction | None = Field(default=None, description="Mastery it takes.")
    strength: Literal["hard", "soft"] = Field(
        default="hard",
        description="`hard`: never recommended before; `soft`: recommended later rather than sooner.",
    )


class PrerequisitePut(PrerequisiteRow):
    """What a module asks for first, or no longer."""

    removed: Removed = False


class RoleRow(Closed):
    """A job that people hold or aim at."""

    role_id: RowId = Field(description="Names the role.")
    title: _Name = Field(description="Shown to learners.")
    segment: Segment | None = Field(default=None, description="Part of the workforce.")
    priority: Fraction | None = Field(
        default=None, description="Weight of the role in the organisation's plans; empty counts as 0.5."
    )


class _RoleSkill(Closed):
    role_id: RowId = Field(description="The role.")
    skill_id: RowId = Field(description="The skill.")
    importance: Fraction | None = Field(
        default=None, description="How much it matters for the role; empty counts as 0.5."
    )


class RoleSkillRow(_RoleSkill):
    """A skill that a role asks for."""

    required_mastery: Fraction = Field(description="Mastery it asks for.")


class RoleSkillPut(_RoleSkill):
    """A skill that a role asks for, or no longer."""

    required_mastery: Fraction | None = Field(
        default=None, description="Mastery it asks for; needed unless the row is `removed`."
    )
    removed: Removed = False


class ItemRow(Closed):
    """A question or task that attempts are made at."""

    item_id: RowId = Field(description="Names the item.")
    skill_ids: _Members[RowId] = Field(
        default=[], description="Skills it assesses; empty means those of its module."
    )
    module_id: RowId | None = Field(default=None, description="Module it belongs to.")
    difficulty: Fraction | None = Field(
        default=None,
        description="Share of the intended audience that does not pass; a first guess until attempts tell.",
    )
    framework_uri: _Uri | None = Field(default=None, description="Address in an item bank.")


class ItemPut(ItemRow):
    """A question or task that attempts are made at, or no longer."""

    removed: Removed = False


class ModulesPut(Closed):
    """Modules to put."""

    rows: Rows[ModuleRow]


class SkillsPut(Closed):
    """Skills to put."""

    rows: Rows[SkillRow]


class PrerequisitesPut(Closed):
    """Prerequisites to put or take out."""

    rows: Rows[PrerequisitePut]


class RolesPut(Closed):
    """Roles to put."""

    rows: Rows[RoleRow]


class RoleSkillsPut(Closed):
    """Skills of roles to put or take out."""

    rows: Rows[RoleSkillPut]


class ItemsPut(Closed):
    """Items to put or take out."""

    rows: Rows[ItemPut]


class PutResponse(Closed):
    """What became of the rows. All of it is served now."""

    new: int = Field(description="Rows of a key that the catalogue did not hold.")
    changed: int = Field(description="Rows that replaced another.")
    removed: int = Field(description="Rows taken out.")
    unchanged: int = Field(description="Rows that were put so before, and removed ones that were not there.")
    catalog_revision: int = Field(description="Number of the last change of the catalogue.")


class _ListResponse(Closed):
    next_cursor: str | None = Field(
        description="Send it as `cursor` for the rows after these; null at the end."
    )
    catalog_revision: int = Field(description="Number of the last change of the catalogue.")


class ModulesList(_ListResponse):
    """Some modules, by id."""

    rows: list[ModuleRow]


class SkillsList(_ListResponse):
    """Some skills, by id."""

    rows: list[SkillRow]


class PrerequisitesList(_ListResponse):
    """Some prerequisites, by module."""

    rows: list[PrerequisiteRow]


class RolesList(_ListResponse):
    """Some roles, by id."""

    rows: list[RoleRow]


class RoleSkillsList(_ListResponse):
    """Some skills of roles, by role."""

    rows: list[RoleSkillRow]


class ItemsList(_ListResponse):
    """Some items, by id."""

    rows: list[ItemRow]
