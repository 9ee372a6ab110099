"""A learner's profile: judged as a whole, then put in the place of the one there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from recommender.domain.catalog import Catalog
from recommender.domain.learner import LearnerProfile
from serving.aliases import replace
from serving.problems import USE_A_LISTED_ID, Fault
from serving.schemas.profiles import ProfileIn, ProfileRequest
from serving.store import aliases as store
from serving.store import learners
from serving.store.aliases import Alias
from serving.store.audit import AuditEntry, record
from serving.store.database import Database


def judged(learner_id: str, sent: ProfileRequest, catalog: Catalog | None) -> LearnerProfile | list[Fault]:
    """Return the profile, or what is wrong with it. Without roles in the catalogue any role goes."""
    faults = []
    if sent.learner_id is not None and sent.learner_id != learner_id:
        message = "learner_id is not that of the address"
        faults.append(Fault("learner_id", message, "send the same one, or leave it out", sent.learner_id))
    roles = {} if catalog is None else catalog.roles.index
    for field in ("role_id", "target_role_id"):
        role_id = getattr(sent, field)
        if role_id is not None and roles and role_id not in roles:
            message = f"{field} is not a role of the catalogue"
            faults.append(Fault(field, message, USE_A_LISTED_ID, role_id))
    if faults:
        return faults
    values = sent.model_dump(exclude={"aliases"}) | {"learner_id": learner_id}
    return ProfileIn.model_validate(values).to_profile()


class Put(NamedTuple):
    """What a learner's aliases are now, and who became part of the learner."""

    aliases: list[Alias]
    merged: list[str]


def put(
    database: Database, profile: LearnerProfile, aliases: Sequence[Alias] | None, audit: AuditEntry
) -> Put:
    """Store a profile in the place of the one there is, and so aliases, unless None are told.

    Raises
    ------
    AliasTakenError
        If one is that of another learner; then nothing is stored.
    """

    def work(connection: Connection) -> Put:
        merged = {} if aliases is None else replace(connection, profile.learner_id, aliases)
        learners.save_profiles(connection, [profile])
        if merged:
            record(connection, audit.ended(f"merged {len(merged)}"))
        return Put(store.of_learner(connection, profile.learner_id), sorted(merged))

    return database.transact(work)
