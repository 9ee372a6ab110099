"""What may be recommended at all: rules, never weights. No score can bring back what a rule removed."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Floats
from recommender.domain.recommendation import Query, Rule, RuleRemoval
from recommender.errors import UnknownIdError
from recommender.ranking.kernel_arrays import Asked, RuleRows
from recommender.ranking.prerequisites import Bools, Requirements
from recommender.ranking.rank import rank_ids, top

RULES: Final[tuple[Rule, ...]] = (
    "prerequisite",
    "finished",
    "retired",
    "language",
    "format",
    "minutes",
    "excluded",
)
"""In the order of the bits of the compiled code."""
MAX_UNLOCKED_BY = 5
# A module these rules remove cannot help this learner, whatever else is asked for.
_NO_HELP: tuple[Rule, ...] = ("retired", "language", "excluded")


@dataclass(frozen=True, slots=True, eq=False)
class Eligibility:
    """What the rules leave of the catalogue for one learner and query.

    Parameters
    ----------
    prerequisites_met : bool array, shape (n_modules,)
        Every prerequisite is met, also the soft ones.
    readiness : float64 array, shape (n_modules,)
        How far all prerequisites are met, in [0, 1].
    removed : uint8 array, shape (n_modules,)
        A bit for each of `RULES` that removes a module; it may be several.
    missing : bool array, shape (n_requirements,)
        Hard prerequisites that are not met.
    """

    prerequisites_met: Bools
    readiness: Floats
    removed: NDArray[np.uint8]
    missing: Bools

    @property
    def allowed(self) -> Bools:
        """Modules that no rule removes, shape (n_modules,)."""
        allowed: Bools = self.removed == 0
        return allowed

    @property
    def removed_by(self) -> dict[Rule, Bools]:
        """Every rule with the modules it removes, shape (n_modules,)."""
        return {rule: (self.removed & 1 << bit) > 0 for bit, rule in enumerate(RULES)}


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
        """Names that do not pass, (n_names,)."""
        return np.array([not passes(name) for name in self.names], np.bool_)


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
        from recommender.ranking.rules_kernel import apply_rules  # it brings the compiler

        n, requirements = len(self.none), self.requirements
        found = Eligibility(
            np.empty(n, np.bool_),
            np.empty(n),
            np.empty(n, np.uint8),
            np.empty(len(requirements.hard), np.bool_),
        )
        asked = self.asked(query, (self.wanted(query, profile_language),), now)
        filled = (found.removed, found.prerequisites_met, found.readiness, found.missing)
        apply_rules(self.compiled, asked, 0, finished, mastery, *filled)
        return found

    @property
    def compiled(self) -> RuleRows:
        """What compiled code reads."""
        return RuleRows(
            self.requirements.compiled,
            self.languages.codes,
            self.formats.codes,
            self.duration_minutes,
            self.published_at,
            self.retired_at,
        )

    def asked(self, query: Query, wanted: Iterable[Collection[str]], now: float) -> Asked:
        """Bring a query into the shape of the compiled code.

        Parameters
        ----------
        query : Query
        wanted : iterable of collections of str
            Languages that each kind of learner wants, from `wanted`; none for any.
        now : float

        Raises
        ------
        UnknownIdError
            The query excludes a module that the catalogue does not hold.
        """
        for module_id in query.exclude:
            if module_id not in self.module_index:
                raise UnknownIdError("exclude", module_id)
        formats = query.formats
        return Asked(
            now=now,
            # A whole number would be compiled for on its own.
            minutes=math.inf if query.minutes is None else float(query.minutes),
            review=query.scenario == "review",
            foreign=np.array([self._foreign(languages) for languages in wanted]),
            unfit=self.formats.failing(formats.__contains__)
            if formats
            else np.zeros(len(self.formats.names), np.bool_),
            excluded=np.array([self.module_index[module_id] for module_id in query.exclude], np.int64),
        )

    @staticmethod
    def wanted(query: Query, profile_language: str | None) -> Collection[str]:
        """Languages that are wanted: those asked for, else the profile's; none for any."""
        return query.languages or ((profile_language,) if profile_language else ())

    def _foreign(self, wanted: Collection[str]) -> Bools:
        """Which of the languages are not understood, (n_languages,)."""
        if not wanted:
            return np.zeros(len(self.languages.names), np.bool_)
        return self.languages.failing(lambda offered: any(_understands(offered, w) for w in wanted))


@lru_cache(maxsize=4096)
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
