"""What may be recommended at all: rules, never weights. No score can bring back what a rule removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats
from recommender.domain.recommendation import Query, Rule, RuleRemoval
from recommender.errors import UnknownIdError
from recommender.ranking.prerequisites import Bools, Readiness, Requirements
from recommender.ranking.rank import rank_ids, top

MAX_UNLOCKED_BY = 5
# A module these rules remove cannot help this learner, whatever else is asked for.
_NO_HELP: tuple[Rule, ...] = ("retired", "language", "excluded")


@dataclass(frozen=True, slots=True, eq=False)
class Eligibility:
    """What the rules leave of the catalogue for one learner and query.

    Parameters
    ----------
    allowed : bool array, shape (n_modules,)
        Modules that no rule removes.
    prerequisites_met : bool array, shape (n_modules,)
        Every prerequisite is met, also the soft ones.
    readiness : float64 array, shape (n_modules,)
        How far all prerequisites are met, in [0, 1].
    removed_by : dict of Rule to bool array, shape (n_modules,)
        Every rule with the modules it removes; one module may be removed by several.
    missing : bool array, shape (n_requirements,)
        Hard prerequisites that are not met.
    """

    allowed: Bools
    prerequisites_met: Bools
    readiness: Floats
    removed_by: dict[Rule, Bools]
    missing: Bools


@dataclass(frozen=True, slots=True, eq=False)
class _Labels:
    """One text per module, coded, so that a filter asks about each distinct text once."""

    names: tuple[str, ...]
    codes: NDArray[np.intp]

    @classmethod
    def of(cls, texts: NDArray[np.str_]) -> _Labels:
        names, codes = np.unique(texts, return_inverse=True)
        return cls(tuple(names.tolist()), codes)

    def failing(self, passes: Callable[[str], bool]) -> Bools:
        return np.array([not passes(name) for name in self.names], np.bool_)[self.codes]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """The rules of eligibility, compiled once per catalogue.

    =============  ==================================================================================
    rule           removes
    =============  ==================================================================================
    prerequisite   modules with a hard prerequisite not met: the needed module is not finished, or
                   mastery of the needed skill is unknown or below what is required
    finished       modules the learner has finished, except in the scenario ``review``
    retired        modules withdrawn by now, and those not yet published
    language       modules in none of the languages asked for, or not in the profile's language when
                   none is asked for; a module that names no language passes
    format         modules of no format asked for; one of unknown format does not pass, since nobody
                   could promise it
    minutes        modules longer than asked for; one of unknown duration passes
    excluded       modules the query excludes by id
    =============  ==================================================================================
    """

    requirements: Requirements
    languages: _Labels
    formats: _Labels
    duration_minutes: Floats
    published_at: Floats
    retired_at: Floats
    module_index: Mapping[str, int]
    none: Bools

    @classmethod
    def compile(cls, catalog: Catalog) -> Rules:
        """Bring a catalogue into the shape that `apply` wants.

        >>> rules = Rules.compile(Catalog.from_tables({}))
        >>> rules.requirements.n_modules
        0
        """
        return cls(
            requirements=Requirements.compile(catalog),
            languages=_Labels.of(catalog.languages),
            formats=_Labels.of(catalog.formats),
            duration_minutes=catalog.duration_minutes,
            published_at=catalog.published_at,
            retired_at=catalog.retired_at,
            module_index=catalog.module_index,
            none=np.zeros(catalog.n_modules, np.bool_),
        )

    def apply(
        self, *, finished: Bools, mastery: Floats, query: Query, profile_language: str | None, now: float
    ) -> Eligibility:
        """Apply every rule.

        Parameters
        ----------
        finished : bool array, shape (n_modules,)
        mastery : float64 array, shape (n_skills,)
            Probabilities, NaN where unknown.
        query : Query
        profile_language : str or None
            The learner's language; None or "" when unknown.
        now : float
            Seconds since 1970 UTC.

        Raises
        ------
        UnknownIdError
            The query excludes a module that the catalogue does not hold.
        """
        readiness = self.requirements.check(finished, mastery)
        removed_by = self._removed_by(readiness, finished, query, profile_language, now)
        removed = self.none.copy()
        for mask in removed_by.values():
            if mask is not self.none:
                removed |= mask
        return Eligibility(~removed, readiness.met, readiness.share, removed_by, readiness.missing)

    def unlocks(self, eligibility: Eligibility) -> NDArray[np.int64]:
        """How many modules each module would make reachable by being finished, shape (n_modules,).

        Counted are modules that lack only this one prerequisite and are of use to the learner: not retired,
        finished, excluded or in a foreign language.
        """
        return self.requirements.unlocks(eligibility.missing, ~_any(eligibility, (*_NO_HELP, "finished")))

    def _removed_by(
        self, readiness: Readiness, finished: Bools, query: Query, profile_language: str | None, now: float
    ) -> dict[Rule, Bools]:
        formats, minutes = query.formats, query.minutes
        return {
            "prerequisite": ~readiness.reachable,
            "finished": self.none if query.scenario == "review" else finished,
            "retired": (self.retired_at <= now) | (self.published_at > now),
            "language": self._foreign(query, profile_language),
            "format": self.formats.failing(formats.__contains__) if formats else self.none,
            "minutes": self.none if minutes is None else self.duration_minutes > minutes,
            "excluded": self._excluded(query),
        }

    def _foreign(self, query: Query, profile_language: str | None) -> Bools:
        wanted = query.languages or ({profile_language} if profile_language else ())
        if not wanted:
            return self.none
        return self.languages.failing(lambda offered: any(_understands(offered, w) for w in wanted))

    def _excluded(self, query: Query) -> Bools:
        if not query.exclude:
            return self.none
        mask = self.none.copy()
        for module_id in query.exclude:
            if module_id not in self.module_index:
                raise UnknownIdError("exclude", module_id)
            mask[self.module_index[module_id]] = True
        return mask


def _understands(offered: str, wanted: str) -> bool:
    """Whether one language tag is the other or a region of it: RFC 4647, sections 3.3.1 and 3.4."""
    offered, wanted = offered.lower(), wanted.lower()
    return not offered or f"{offered}-".startswith(f"{wanted}-") or wanted.startswith(f"{offered}-")


def _any(eligibility: Eligibility, rules: tuple[Rule, ...]) -> Bools:
    removed = eligibility.removed_by[rules[0]]
    for rule in rules[1:]:
        removed = removed | eligibility.removed_by[rule]
    return removed


def why_empty(eligibility: Eligibility, catalog: Catalog, rules: Rules) -> tuple[RuleRemoval, ...]:
    """Say what each rule removed, and what would lift missing prerequisites.

    Modules named in `unlocked_by` can be started now: their own prerequisites are met, and they are neither
    retired, excluded nor in a foreign language. They may be longer or of another format than asked for, or
    already finished where a skill has to be brought up again. First comes what helps to unlock most modules
    that only prerequisites remove.

    Returns
    -------
    tuple of RuleRemoval
        Rules that removed something, the largest number first; rules may overlap.
    """
    removals = [
        RuleRemoval(rule, int(np.count_nonzero(mask)), _unlocked_by(rule, eligibility, catalog, rules))
        for rule, mask in eligibility.removed_by.items()
        if mask.any()
    ]
    return tuple(sorted(removals, key=lambda removal: -removal.removed))


def _unlocked_by(rule: Rule, eligibility: Eligibility, catalog: Catalog, rules: Rules) -> tuple[str, ...]:
    if rule != "prerequisite":
        return ()
    blocked = eligibility.removed_by["prerequisite"]
    others: tuple[Rule, ...] = tuple(r for r in eligibility.removed_by if r != "prerequisite")
    wanted = blocked & ~_any(eligibility, others)
    lifted = rules.requirements.lifted(eligibility.missing, wanted, catalog.module_skills)
    startable = ~blocked & ~_any(eligibility, _NO_HELP) & (lifted > 0)
    best = top(lifted, startable, MAX_UNLOCKED_BY, rank_ids(catalog.module_ids))
    return tuple(catalog.module_ids[module] for module in best)
