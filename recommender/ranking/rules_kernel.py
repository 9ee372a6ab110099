"""Rules of eligibility, compiled; explained in `recommender.ranking.eligibility` and `prerequisites`."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from recommender.ranking.kernel_arrays import Asked, Needs, RuleRows

PREREQUISITE, FINISHED, RETIRED, LANGUAGE, FORMAT, MINUTES, EXCLUDED = (1 << bit for bit in range(7))
"""A bit for each rule, in the order of `eligibility.RULES`."""
_OF_NO_USE: Final = FINISHED | RETIRED | LANGUAGE | EXCLUDED


@numba.njit(cache=True, nogil=True)
def apply_rules(
    rows: RuleRows,
    asked: Asked,
    kind: int,
    finished: Any,
    mastery: Any,
    removed: Any,
    met: Any,
    readiness: Any,
    missing: Any,
) -> None:
    """Fill what `Rules.apply` tells, the last four; `removed` has a bit for each rule that removes a module.

    `kind` is the learner's row of `asked.foreign`.
    """
    # Taken out of their groups once: the compiler counts who holds an array each time it is taken out.
    foreign, unfit, language, its_format = asked.foreign[kind], asked.unfit, rows.language, rows.format
    minutes, published_at, retired_at = rows.minutes, rows.published_at, rows.retired_at
    for m in range(len(removed)):
        bits = FINISHED if finished[m] and not asked.review else 0
        if retired_at[m] <= asked.now or published_at[m] > asked.now:
            bits |= RETIRED
        if foreign[language[m]]:
            bits |= LANGUAGE
        if unfit[its_format[m]]:
            bits |= FORMAT
        if minutes[m] > asked.minutes:
            bits |= MINUTES
        removed[m] = bits
    for m in asked.excluded:
        removed[m] |= EXCLUDED
    _check(rows.needs, finished, mastery, removed, met, readiness, missing)


@numba.njit(cache=True, nogil=True)
def _check(
    needs: Needs, finished: Any, mastery: Any, removed: Any, met: Any, readiness: Any, missing: Any
) -> None:
    """Compare with every prerequisite."""
    met[:] = True
    readiness[:] = 0.0
    on_modules = len(needs.needed_module)
    for r in range(len(needs.module)):
        m = needs.module[r]
        if r < on_modules:
            is_met = bool(finished[needs.needed_module[r]])
            degree = 1.0 if is_met else 0.0
        else:
            known = mastery[needs.needed_skill[r - on_modules]]
            required = needs.required[r - on_modules]
            is_met = known >= required
            # Not met and known means 0 <= mastery < required, so nothing divides by 0.
            degree = 1.0 if is_met else 0.0 if np.isnan(known) else max(known / required, 0.0)
        missing[r] = needs.hard[r] and not is_met
        if not is_met:
            met[m] = False
            if needs.hard[r]:
                removed[m] |= PREREQUISITE
        readiness[m] += 1.0 - degree
    for m in range(len(readiness)):
        readiness[m] = 1.0 - readiness[m] / needs.count[m]


@numba.njit(cache=True, nogil=True)
def count_unlocks(needs: Needs, missing: Any, removed: Any, unlocks: Any) -> None:
    """Fill how many modules each module would make reachable by being finished, (n_modules,).

    Counted are modules that lack only this one prerequisite and are of use to the learner: not retired,
    finished, excluded or in a foreign language. Prerequisites on skills are not counted: finishing a module
    does not promise mastery.
    """
    n_missing = np.zeros(len(unlocks), np.int32)
    for r in range(len(needs.module)):
        n_missing[needs.module[r]] += missing[r]
    unlocks[:] = 0
    for r in range(len(needs.needed_module)):
        m = needs.module[r]
        if missing[r] and n_missing[m] == 1 and not removed[m] & _OF_NO_USE:
            unlocks[needs.needed_module[r]] += 1
