"""The reskilling catalogue: sound, large enough, closed as a graph, and written with care.

Everything but the first test reads plain CSV, so that no check leans on the loader it would check.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from recommender.domain.dataset_format import DOMAINS, LEVELS, MODULE_FORMATS, SEGMENTS
from training.datasets import load_dataset

CATALOG = Path(__file__).parents[2] / "data" / "reskilling" / "catalog"
TABLES = sorted(file.stem for file in CATALOG.glob("*.csv"))

CORE = {"ai-judgement", "prompting", "ai-integration", "ai-scepticism", "appropriate-use"}
ENTRY_ROLES = {"user": "support-agent", "builder": "data-analyst", "leader": "team-lead"}
# Jobs that people are hired into; nobody is retrained for them.
NEVER_TARGETS = {"support-agent", "warehouse-associate", "legal-counsel"}
KNOWN_MOVES = {
    ("support-agent", "chatbot-specialist", "reskill"),
    ("data-analyst", "data-scientist", "upskill"),
    ("software-engineer", "mlops-engineer", "upskill"),
    ("warehouse-associate", "robotics-operator", "reskill"),
    ("team-lead", "head-of-ai", "upskill"),
}
# Assumption: what a finished module of a level lifts each of its skills to, from whatever was there before.
LIFTS = {"beginner": 0.45, "intermediate": 0.62, "advanced": 0.8}
MINUTES = {
    "course": (45, 240),
    "video": (6, 25),
    "reading": (10, 40),
    "workshop": (90, 240),
    "mentoring": (45, 90),
    "project": (180, 600),
    "simulation": (30, 90),
    "assessment": (20, 60),
}
ATTRIBUTION = (
    "This page includes information from the O*NET Database by the U.S. Department of Labor, "
    "Employment and Training Administration (USDOL/ETA). Used under the CC BY 4.0 license. "
    "O*NET is a trademark of USDOL/ETA. The makers of this catalogue have modified this information"
)
LICENCE = "https://creativecommons.org/licenses/by/4.0/"

Row = dict[str, str]


@cache
def rows(table: str) -> tuple[Row, ...]:
    with (CATALOG / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def split(cell: str) -> list[str]:
    return [part for part in cell.split("|") if part]


def ids(table: str, column: str) -> set[str]:
    return {row[column] for row in rows(table)}


def modules() -> dict[str, Row]:
    return {row["module_id"]: row for row in rows("modules")}


def offered() -> dict[str, Row]:
    """Modules that are not retired and no variant of another."""
    return {name: row for name, row in modules().items() if not row["retired_at"] and not row["variant_of"]}


def required() -> dict[str, set[str]]:
    found = defaultdict(set)
    for row in rows("role_skills"):
        found[row["role_id"]].add(row["skill_id"])
    return dict(found)


def hard_needs() -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in rows("prerequisites"):
        if row["strength"] == "hard":
            found[row["module_id"]].append(row)
    return dict(found)


def frameworks() -> str:
    return " ".join((CATALOG / "frameworks.md").read_text(encoding="utf-8").split())


def reached_from(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        new = graph.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


def walk(allowed: Iterable[str]) -> tuple[set[str], dict[str, float]]:
    """Start from nothing and finish what hard prerequisites allow, until nothing more opens."""
    everything, needs = modules(), hard_needs()
    left, done, mastery = set(allowed), set[str](), defaultdict[str, float](float)

    def is_open(module: str) -> bool:
        return all(
            need["prerequisite_module_id"] in done
            if need["prerequisite_module_id"]
            else mastery[need["prerequisite_skill_id"]] >= float(need["required_mastery"])
            for need in needs.get(module, ())
        )

    while ready := {module for module in left if is_open(module)}:
        done |= ready
        left -= ready
        for module in ready:
            for skill in split(everything[module]["skill_ids"]):
                mastery[skill] = max(mastery[skill], LIFTS[everything[module]["level"]])
    return done, dict(mastery)


# Size and soundness


def test_it_is_a_valid_dataset() -> None:
    dataset = load_dataset(CATALOG)
    assert set(dataset.tables) >= set(TABLES)
    assert [found.text for found in dataset.findings if found.level == "warning"] == []


def test_it_is_large_enough() -> None:
    assert len(ids("modules", "module_id")) >= 160
    assert len(ids("skills", "skill_id")) >= 55
    assert len(ids("roles", "role_id")) >= 16
    assert len(ids("credentials", "credential_id")) >= 10
    assert ids("skills", "domain") == set(DOMAINS)
    assert ids("roles", "segment") == set(SEGMENTS)
    assert ids("modules", "format") == set(MODULE_FORMATS)
    assert min(Counter(row["format"] for row in offered().values()).values()) >= 3
    assert sum(bool(row["aliases"]) for row in rows("skills")) == len(rows("skills"))


# Prerequisites


def test_prerequisites_have_no_cycle() -> None:
    graph = defaultdict(set)
    for row in rows("prerequisites"):
        if row["prerequisite_module_id"]:
            graph[row["module_id"]].add(row["prerequisite_module_id"])
    assert len(graph) > 50
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"cycle: {error.args[1]}")


def test_prerequisites_are_hard_and_soft_of_modules_and_of_skills() -> None:
    kinds = Counter((row["strength"], bool(row["prerequisite_module_id"])) for row in rows("prerequisites"))
    assert {strength for strength, _ in kinds} == {"hard", "soft"}
    assert len(kinds) == 4
    assert min(kinds.values()) >= 10


def test_nothing_needs_what_is_retired() -> None:
    retired = {name for name, row in modules().items() if row["retired_at"]}
    on_offer = modules().keys() - retired
    needs = [need for module, found in hard_needs().items() if module in on_offer for need in found]
    assert [need for need in needs if need["prerequisite_module_id"] in retired] == []


def test_every_module_opens_to_somebody_who_starts_from_nothing() -> None:
    """Also when no variant is ever taken, and so by no detour."""
    done, _ = walk(offered())
    assert offered().keys() - done == set()
    on_offer = {name for name, row in modules().items() if not row["retired_at"]}
    assert on_offer - walk(on_offer)[0] == set()


# Skills, modules, items


def test_every_skill_has_modules_and_items_at_three_levels() -> None:
    tested = {(row["module_id"], skill) for row in rows("items") for skill in split(row["skill_ids"])}
    taught, asked = set(), set()
    for name, row in offered().items():
        for skill in split(row["skill_ids"]):
            taught.add((skill, row["level"]))
            if (name, skill) in tested:
                asked.add((skill, row["level"]))
    wanted = {(skill, level) for skill in ids("skills", "skill_id") for level in LEVELS}
    assert wanted - taught == set()
    assert wanted - asked == set()


def test_every_skill_has_easy_middling_and_hard_check_items() -> None:
    found = defaultdict(list)
    for row in rows("items"):
        if not row["module_id"]:
            named = re.fullmatch(r"check-(.+)-(\d\d)", row["item_id"])
            assert named, row["item_id"]
            skill, number = named.groups()
            assert split(row["skill_ids"]) == [skill], row["item_id"]
            found[skill].append(float(row["difficulty"]))
            assert int(number) == len(found[skill]), row["item_id"]
    assert found.keys() == ids("skills", "skill_id")
    for skill, difficulties in found.items():
        assert min(difficulties) < 0.35, skill
        assert any(0.35 <= value <= 0.6 for value in difficulties), skill
        assert max(difficulties) > 0.6, skill


def test_variants_differ_in_difficulty_and_not_in_skills() -> None:
    variants = {name: row for name, row in modules().items() if row["variant_of"]}
    assert len(variants) >= 15
    harder = Counter[bool]()
    for name, row in variants.items():
        original = modules()[row["variant_of"]]
        by = float(row["difficulty"]) - float(original["difficulty"])
        assert abs(by) >= 0.10, name
        assert set(split(row["skill_ids"])) & set(split(original["skill_ids"])), name
        assert not original["variant_of"], name
        harder[by > 0] += 1
    assert min(harder[True], harder[False]) >= 5


def test_each_credential_is_earned_by_one_module() -> None:
    earning = Counter(row["credential_id"] for row in modules().values() if row["credential_id"])
    assert earning == dict.fromkeys(ids("credentials", "credential_id"), 1)
    for name, row in modules().items():
        if row["credential_id"]:
            assert row["format"] in ("assessment", "project"), name
            assert not row["retired_at"], name
            assert not row["variant_of"], name


def test_durations_fit_the_format() -> None:
    assert MINUTES.keys() == set(MODULE_FORMATS)
    for name, row in modules().items():
        least, most = MINUTES[row["format"]]
        assert least <= float(row["duration_minutes"]) <= most, name


# Roles


def test_no_role_skill_is_an_orphan() -> None:
    taught = {skill for row in offered().values() for skill in split(row["skill_ids"])}
    assert set.union(*required().values()) - taught == set()
    assert required().keys() == ids("roles", "role_id")
    n_roles = Counter(row["skill_id"] for row in rows("role_skills"))
    assert [skill for skill in ids("skills", "skill_id") if n_roles[skill] < 2] == []


def test_every_profile_has_the_core_and_sensible_numbers() -> None:
    for role, skills in required().items():
        assert skills >= CORE, role
        assert 9 <= len(skills) <= 18, role
    for row in rows("role_skills"):
        assert 0.35 <= float(row["required_mastery"]) <= 0.9, row
        assert 0.2 <= float(row["importance"]) <= 1, row
    assert all(0 < float(row["priority"]) <= 1 for row in rows("roles"))


@pytest.mark.parametrize("entry", ENTRY_ROLES.values(), ids=ENTRY_ROLES)
def test_every_role_is_reachable_from_every_segment(entry: str) -> None:
    moves = defaultdict(set)
    for row in rows("role_transitions"):
        moves[row["from_role_id"]].add(row["to_role_id"])
    targets = set.union(*moves.values())
    assert ids("roles", "role_id") - targets == NEVER_TARGETS
    assert targets - reached_from(moves, entry) == set()


def test_transitions_are_of_both_kinds_and_between_segments() -> None:
    segment = {row["role_id"]: row["segment"] for row in rows("roles")}
    assert {role: segment[role] for role in ENTRY_ROLES.values()} == {e: s for s, e in ENTRY_ROLES.items()}
    moves = {(row["from_role_id"], row["to_role_id"], row["kind"]) for row in rows("role_transitions")}
    assert {kind for _, _, kind in moves} == {"upskill", "reskill"}
    assert KNOWN_MOVES - moves == set()
    assert ids("roles", "role_id") - {role for a, b, _ in moves for role in (a, b)} == set()
    crossed = {(segment[a], segment[b]) for a, b, _ in moves}
    assert {("user", "builder"), ("user", "leader"), ("builder", "leader"), ("leader", "builder")} <= crossed


def test_the_best_module_of_every_required_skill_is_reachable() -> None:
    done, mastery = walk(offered())
    for role, skills in required().items():
        for skill in skills:
            teaches = {name: row for name, row in offered().items() if skill in split(row["skill_ids"])}
            best = max(
                teaches, key=lambda name: (LIFTS[teaches[name]["level"]], float(teaches[name]["difficulty"]))
            )
            assert best in done, (role, skill, best)
            assert mastery[skill] == LIFTS["advanced"], (role, skill)


@pytest.mark.parametrize("entry", ENTRY_ROLES.values(), ids=ENTRY_ROLES)
@pytest.mark.parametrize("role", sorted(ids("roles", "role_id")))
def test_a_path_leads_from_the_entry_modules_of_a_segment_to_every_skill_of_a_role(
    entry: str, role: str
) -> None:
    """Within what the two roles learn: somebody who moves is not sent through a third trade."""
    here, there = required()[entry], required()[role]

    def teaching(skills: set[str]) -> set[str]:
        return {name for name, row in offered().items() if skills.intersection(split(row["skill_ids"]))}

    entries = teaching(here) - hard_needs().keys()
    assert len(entries) >= 5
    _, mastery = walk(teaching(here | there))
    assert {skill for skill in there if mastery.get(skill, 0.0) < LIFTS["beginner"]} == set()


# Texts


def test_titles_are_short_and_unique() -> None:
    titles = Counter(row["title"].casefold() for row in rows("modules"))
    assert [title for title, n in titles.items() if n > 1] == []
    assert [title for title in titles if not 0 < len(title) <= 60] == []


def test_descriptions_have_their_length_and_share_no_run_of_seven_words() -> None:
    found = defaultdict(set)
    for name, row in modules().items():
        assert 100 <= len(row["description"]) <= 400, name
        words = re.findall(r"\w+", row["description"].casefold())
        for at in range(len(words) - 6):
            found[" ".join(words[at : at + 7])].add(name)
    assert {run: names for run, names in found.items() if len(names) > 1} == {}


def test_no_address_is_a_real_one() -> None:
    address = re.compile(r"\b(?:\w+://|www\.|urn:)[^\s,|)\"]*|\b[\w.+-]+@[\w-]+\.\w+")
    texts = {(table, cell) for table in TABLES for row in rows(table) for cell in row.values()}
    found = {(table, a) for table, text in texts for a in address.findall(text)}
    allowed = r"https://learning\.example\.org/(modules|items)/[\w-]+|urn:onet:element:[\w.]+"
    assert len(found) > 1000
    assert [pair for pair in found if not re.fullmatch(allowed, pair[1])] == []
    assert set(address.findall(frameworks())) == {LICENCE, "urn:onet:element:`"}


# The source of what is tied


def test_the_source_is_attributed() -> None:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", frameworks()).replace("®", "")
    assert ATTRIBUTION in plain
    assert LICENCE in frameworks()


def test_every_tied_element_is_listed_beside_its_skill() -> None:
    prefix = "urn:onet:element:"
    tied = {
        (row["skill_id"], row["framework_uri"].removeprefix(prefix))
        for row in rows("skills")
        if row["framework_uri"]
    }
    listed = re.findall(r"\(`([\w-]+)`\) \| (2\.[\w.]+) \|", frameworks())
    assert len(tied) >= 10
    assert set(listed) == tied


def test_every_role_is_listed_with_its_occupation() -> None:
    listed = re.findall(r"\(`([\w-]+)`\) \| (\d\d-\d{4}\.\d\d) \|", frameworks())
    assert Counter(role for role, _ in listed) == dict.fromkeys(ids("roles", "role_id"), 1)


def test_the_numbers_said_to_follow_ratings_are_those_of_the_profiles() -> None:
    text = frameworks()
    given = {
        (row["role_id"], row["skill_id"], row["required_mastery"], row["importance"])
        for row in rows("role_skills")
    }
    listed = re.findall(r"\| `([\w-]+)` \| `([\w-]+)` \| ([\d.]+) \| ([\d.]+) \|", text)
    assert set(listed) - given == set()
    assert f"{len(listed)} of the {len(given)} pairs follow the ratings" in text
    technical = {row["skill_id"] for row in rows("skills") if row["domain"] == "technical"}
    assert {skill for _, skill, _, _ in listed} & technical == set()
