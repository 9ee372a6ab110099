"""Credentials that modules award, and which of them a pathway shall end in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from recommender.domain.catalog import Catalog, Floats
from recommender.pathways.arrays import Bools
from recommender.ranking.gain import Need


@dataclass(frozen=True, slots=True)
class Award:
    """A module that awards a credential, positions in the catalogue; skills are those of the credential."""

    credential_id: str
    module: int
    skills: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Awards:
    """Every credential that a module awards; where a credential names no skills, those of its module."""

    awards: tuple[Award, ...]

    @classmethod
    def of(cls, catalog: Catalog) -> Self:
        """Read the tables of a catalogue.

        >>> Awards.of(Catalog.from_tables({})).awards
        ()
        """
        modules, credentials = catalog.tables.get("modules"), catalog.tables.get("credentials")
        if modules is None or "credential_id" not in modules.column_names:
            return cls(())
        skills: dict[str, list[int]] = {}
        if credentials is not None and "skill_ids" in credentials.column_names:
            for row in credentials.select(["credential_id", "skill_ids"]).to_pylist():
                known = {catalog.skill_index.get(s, -1) for s in row["skill_ids"] or ()} - {-1}
                skills[row["credential_id"]] = sorted(known)
        return cls(
            tuple(
                Award(c, m, tuple(skills.get(c) or sorted(set(catalog.module_skills[m].tolist()))))
                for m, c in enumerate(modules.column("credential_id").to_pylist())
                if c
            )
        )

    def best(
        self, need: Need, finished: Bools, allowed: Bools, minutes: Floats, share: float
    ) -> Iterator[Award]:
        """Yield awards a pathway could end in, the one that fits the role best first.

        A credential fits when the role asks for at least `share` of its skills. First comes the one whose
        skills have most importance for the role, then the larger share, fewer minutes, and ids. Once the
        best that is left was earned, its module being finished, nothing follows: no lesser one is offered.

        Parameters
        ----------
        need : Need
        finished, allowed : bool arrays, shape (n_modules,)
        minutes : float64 array, shape (n_modules,)
        share : float
        """
        ranked = []
        for award in self.awards:
            asked = [s for s in award.skills if need.importance[s] > 0]
            if asked and len(asked) >= share * len(award.skills):
                weight = round(float(sum(sorted(need.importance[asked]))), 9)
                fits = (-weight, -len(asked) / len(award.skills), minutes[award.module], award.credential_id)
                ranked.append((*fits, award.module, award))
        for *_, award in sorted(ranked, key=lambda row: row[:5]):
            if finished[award.module]:
                return
            if allowed[award.module]:
                yield award
