"""The reports on skill gaps once more, by sets and loops: what is told of whom, and each figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from recommender.pathways.readiness import readiness
from tests.unit.training.programme.gaps_world import PROFILES, SEGMENT, SKILLS, Counted

People = frozenset[str]
KNOWS = ("zeros", "shared", "both")


def parts_of(everybody: People, told: Iterable[People]) -> set[People]:
    """Return the parts that sets cut people into."""
    parts = {everybody}
    for group in told:
        parts = {part for old in parts for part in (old & group, old - group) if part}
    return parts


def unknown(values: dict[Any, float], knows: str) -> set[Any]:
    """Whose values are unknown to who knows of "zeros", of values that five or more "shared", or "both"."""
    rounded = {i: round(value, 9) for i, value in values.items()}
    times = Counter(rounded.values())
    return {
        i
        for i, value in rounded.items()
        if (value != 0.0 or knows == "shared") and (times[value] < 5 or knows == "zeros")
    }


def gives_away(values: list[float]) -> bool:
    """Whether fewer than five people's values are unknown, or other than what most of them share."""
    most = max(Counter(round(value, 9) for value in values).values(), default=0)
    n_odd = len(values) - most
    n_unknown = [len(unknown(dict(enumerate(values)), knows)) for knows in KNOWS]
    return any(1 <= n <= 4 for n in n_unknown) or (1 <= n_odd <= 4 and n_odd < most)


def means_safe(value: dict[str, float], told: list[People]) -> bool:
    """Whether nothing of few people follows from means of sets of people."""
    everybody = People().union(*told)
    return not any(gives_away([value[i] for i in part]) for part in parts_of(everybody, told) if part)


class ByHand:
    """One report of a programme, with all that it should tell."""

    def __init__(self, of: Counted, by: str) -> None:
        learners = of.dataset.tables["learners"].astype(object).replace({np.nan: None})
        self.learners = {row["learner_id"]: row for row in learners.to_dict("records")}
        rows = of.dataset.tables["attempts"]
        self.attempts = rows[rows["occurred_at"] <= pd.Timestamp(of.now)].to_dict("records")
        self.now = pd.Timestamp(of.now)
        self.among = People(
            i
            for i, row in self.learners.items()
            if self.role(i) in PROFILES and (row["hired_at"] is None or row["hired_at"] <= self.now)
        )
        self.told: list[People] = []
        self.n_withheld = 0
        self._then: dict[str, dict[str, float]] = {}
        self._were_there: dict[str, People] = {}
        self.ready = self._ready(self.now)
        self.gap = self._gap(self.now)
        self._tell(by)

    def role(self, i: str) -> str | None:
        row = self.learners[i]
        target, present = row["target_role_id"], row["role_id"]
        return target if isinstance(target, str) else present if isinstance(present, str) else None

    def label(self, i: str, by: str) -> str:
        row = self.learners[i]
        if by == "role":
            return self.role(i) or ""
        if by == "team":
            return row["team_id"] or ""
        return row["segment"] or SEGMENT.get(row["role_id"] or "guest") or ""

    def _mastery(self, i: str, skill: str, at: pd.Timestamp) -> float:
        its = [r["passed"] for r in self._by[i, skill] if r["occurred_at"] <= at]
        return (1 + sum(its)) / (2 + len(its))

    @cached_property
    def _by(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        found: dict[tuple[str, str], list[dict[str, Any]]] = {
            (i, s): [] for i in self.learners for s in SKILLS
        }
        for row in self.attempts:
            found[row["learner_id"], row["item_id"]].append(row)
        return found

    def _gap(self, at: pd.Timestamp) -> dict[tuple[str, str], float]:
        return {
            (i, s): max(0.0, required - self._mastery(i, s, at))
            for i in self.among
            for s, (required, _) in PROFILES[self.role(i) or ""].items()
        }

    def _ready(self, at: pd.Timestamp) -> dict[str, float]:
        found = {}
        for i in self.among:
            profile = PROFILES[self.role(i) or ""]
            required, importance = np.array(list(profile.values())).T
            mastery = np.array([self._mastery(i, s, at) for s in profile])
            its = readiness(required, importance, mastery, mastery, mastery)
            assert its is not None
            found[i] = its.value
        return found

    def _may(self, group: People) -> bool:
        told = all(len(part) >= 5 for part in parts_of(self.among, [*self.told, group]))
        if told:
            self.told.append(group)
        else:
            self.n_withheld += 1
        return told

    def _may_mean(self, *means: tuple[dict[str, float], list[People], People]) -> bool:
        told = all(means_safe(value, [*before, group]) for value, before, group in means)
        self.n_withheld += not told
        return told

    def _there(self, at: pd.Timestamp) -> People:
        n = dict.fromkeys(self.learners, 0)
        for row in self.attempts:
            n[row["learner_id"]] += row["occurred_at"] <= at
        return People(i for i in self.among if n[i] >= 5)

    def _tell(self, by: str) -> None:
        self.groups: dict[str, People] = {}
        self.moved: dict[tuple[str, str], People] = {}
        self.cells: dict[tuple[str, str], People] = {}
        self.skills: dict[str, People] = {}
        self.joined: set[str] = set()
        if not self._may(self.among):
            return
        labels = sorted({self.label(i, by) for i in self.among})
        of = {name: People(i for i in self.among if self.label(i, by) == name) for name in labels}
        by_size = sorted(labels, key=lambda name: -len(of[name]))
        self.groups = {name: of[name] for name in by_size if self._may(of[name])}
        lacks = {i: 1.0 - ready for i, ready in self.ready.items()}
        self.ready_told: dict[str, People] = {}
        for name, group in {"*": self.among, **self.groups}.items():
            if self._may_mean((lacks, [*self.ready_told.values()], group)):
                self.ready_told[name] = group
        self._tell_moved()
        self._tell_skills()

    def moments(self) -> dict[str, pd.Timestamp]:
        start = min(row["occurred_at"] for row in self.attempts) + pd.Timedelta(days=90)
        times = {
            "12 months ago": self.now - pd.DateOffset(months=12),
            "6 months ago": self.now - pd.DateOffset(months=6),
        }
        month = pd.Timedelta(days=30)
        times = {name: at for name, at in times.items() if at - start >= month}
        return times | ({"the start": start} if self.now - start >= month else {})

    def _tell_moved(self) -> None:
        times = self.moments()
        by_role = [People(i for i in self.among if self.role(i) == role) for role in PROFILES]
        cuts = [*by_role, *self.groups.values()]
        for moment, at in times.items():
            there = self.there(moment)
            for name, group in self.groups.items():
                plain = group & there
                spared = People()
                for part in parts_of(self.among, cuts):
                    if len(part & plain) >= 5 and len(part - plain) not in (1, 2, 3, 4):
                        spared |= part & plain
                tried = [spared] if 2 * len(spared) >= len(plain) else []
                tried += [plain]
                tried += [self.moved[name, m] for m in times if (name, m) in self.moved and times[m] < at]
                found = next((one for one in tried if one and self._may(one)), None)
                if found is not None:
                    self.moved[name, moment] = found
                    cuts.append(found)
        self._tell_moved_means(times)
        for moment in times:
            joined = People().union(*(its for (_, m), its in self.moved.items() if m == moment))
            if joined and self._may(joined):
                self.moved["*", moment] = joined

    def _tell_moved_means(self, times: Iterable[str]) -> None:
        found_all, self.moved = self.moved, {}
        lacks = {i: 1.0 - ready for i, ready in self.ready.items()}
        for moment in times:
            then = {i: 1.0 - ready for i, ready in self.ready_then(moment).items()}
            change = {i: then[i] - lacks[i] for i in lacks}
            sets = [(name, its) for (name, m), its in found_all.items() if m == moment]
            before: list[People] = []
            for name, its in sorted(sets, key=lambda one: -len(one[1])):
                n_then, n_now = (len(unknown({i: v[i] for i in its}, "both")) for v in (then, lacks))
                if n_then < 5 and n_then + n_now > 0:
                    self.n_withheld += 1
                elif self._may_mean((change, before, its)):
                    self.moved[name, moment] = its
                    before.append(its)

    def _tell_skills(self) -> None:
        weight = {s: sum(PROFILES[self.role(i) or ""].get(s, (0, 0))[1] for i in self.among) for s in SKILLS}
        for s in sorted(SKILLS, key=lambda s: -weight[s]):
            asked = People(i for i in self.among if s in PROFILES[self.role(i) or ""])
            if not asked:
                continue
            gap = {i: self.gap[i, s] for i in asked}
            whole = self._may(asked) and self._may_mean((gap, [], asked))
            before = [asked] if whole else []
            for name, group in self.groups.items():
                cell = asked & group
                if cell and self._may(cell) and self._may_mean((gap, before, cell)):
                    self.cells[name, s] = cell
                    before.append(cell)
            if whole:
                self.skills[s] = asked
        self._spare(sorted(SKILLS, key=lambda s: -weight[s]))
        for s in SKILLS:
            joined = People().union(*(its for (_, t), its in self.cells.items() if t == s))
            if s not in self.skills and joined:
                self.skills[s] = joined
                self.joined.add(s)

    def weight(self, i: str, skill: str) -> float:
        """What a gap in a skill takes from readiness."""
        profile = PROFILES[self.role(i) or ""]
        return profile[skill][1] / sum(required * importance for required, importance in profile.values())

    def _spare(self, skills: list[str]) -> None:
        """Withhold gaps until readiness tells nothing of few people."""
        while self._spared_more(skills):
            pass

    def _spared_more(self, skills: list[str]) -> bool:
        parts = [part for part in parts_of(self.among, self.ready_told.values()) if part]
        parts = [part for part in parts if any(part & of for of in self.ready_told.values())]
        parts.sort(key=lambda part: [bool(part & of) for of in self.ready_told.values()])
        is_less = False
        for part in parts:
            if self._is_spared(part, self._sets()):
                continue
            is_less = True
            left = [s for s in skills if self._odd(part, s) & People().union(*self._sets()[s])]
            if not left:
                whose = [name for name, of in self.ready_told.items() if part <= of]
                del self.ready_told[min(whose, key=lambda name: len(self.ready_told[name]))]
                self.n_withheld += 1
                return True
            enough = [s for s in left if self._is_spared(part, self._sets(without=(part, s)))]
            self._withhold(part, (enough or left)[-1])
        return is_less

    def _sets(self, without: tuple[People, str] | None = None) -> dict[str, list[People]]:
        """Sets of people whose mean gap is told, by skill."""
        sets = {s: [cell for (_, t), cell in self.cells.items() if t == s] for s in SKILLS}
        for s, whole in self.skills.items():
            sets[s].append(whole)
        if without is not None:
            part, s = without
            sets[s] = [cell for (_, t), cell in self.cells.items() if t == s and not cell & part]
        return sets

    def _withhold(self, part: People, s: str) -> None:
        for name in self.groups:
            if self.cells.get((name, s), People()) & part:
                del self.cells[name, s]
                self.n_withheld += 1
        self.n_withheld += s in self.skills
        self.skills.pop(s, None)

    def _odd(self, part: People, s: str, *knows: str) -> set[str]:
        its = {i: self.gap[i, s] for i in part if (i, s) in self.gap}
        return set().union(*(unknown(its, one) for one in knows or KNOWS))

    def _is_spared(self, part: People, sets: dict[str, list[People]]) -> bool:
        return all(self._is_spared_from(part, sets, knows) for knows in KNOWS)

    def _is_spared_from(self, part: People, sets: dict[str, list[People]], knows: str) -> bool:
        odd = {s: self._odd(part, s, knows) for s in SKILLS}
        hidden = {
            i for s in SKILLS for i in odd[s] if self.weight(i, s) > 0 and not any(i in of for of in sets[s])
        }
        fewest, follows = len(hidden), not hidden
        for s in SKILLS:
            n_left = len(hidden)
            everybody = People().union(*sets[s])
            for of in parts_of(everybody, sets[s]):
                weights = [round(self.weight(i, s), 9) for i in of & odd[s] if i not in hidden]
                n_left += len(weights) - max(Counter(weights).values(), default=0)
                if of & odd[s]:
                    follows &= of <= part and len(set(weights)) == 1
            fewest = max(fewest, n_left)
        return fewest >= 5 or follows

    def ready_then(self, moment: str) -> dict[str, float]:
        if moment not in self._then:
            self._then[moment] = self._ready(self.moments()[moment])
        return self._then[moment]

    def there(self, moment: str) -> People:
        if moment not in self._were_there:
            self._were_there[moment] = self._there(self.moments()[moment])
        return self._were_there[moment]


def interval(values: list[float]) -> tuple[float, float | None, float | None, float]:
    """Return the mean, its ends where they may be told, and p."""
    mean = sum(values) / len(values)
    most = max(values.count(value) for value in values)
    if 1 <= len(values) - most <= 4 and most > len(values) - most:
        return mean, None, None, float("nan")
    if max(values) - min(values) < 1e-9:
        return mean, mean, mean, float(abs(mean) < 1e-9)
    found = stats.ttest_1samp(values, 0.0)
    ends = found.confidence_interval(0.95)
    return mean, float(ends.low), float(ends.high), float(found.pvalue)


def verdicts(changes: list[tuple[float, float | None, float | None, float]]) -> list[str]:
    """Benjamini and Hochberg by hand: the largest k with the k-th p at most .05 k / m."""
    p = sorted(change[3] for change in changes if change[1] is not None)
    limit = max((q for k, q in enumerate(p, 1) if q <= 0.05 * k / len(p)), default=-1.0)
    said = []
    for mean, low, _, its in changes:
        if low is None:
            said.append("how sure may not be told")
        elif its > 0.05:
            said.append("could be chance")
        elif its > limit:
            said.append("could be chance, with so many compared")
        else:
            said.append("rose" if mean > 0 else "fell")
    return said
