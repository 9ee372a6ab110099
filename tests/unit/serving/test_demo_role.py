"""Whom the second story is about, asked of a real service; and how it shows what is answered."""

from typing import Any

import pyarrow as pa
import pytest
from rich.console import Console, RenderableType

from serving.commands.demo_choice import SHOWN, DemoData, choose_module
from serving.commands.demo_client import DemoClient, Standing
from serving.commands.demo_people import Organisation, Person
from serving.commands.demo_role import find_crossroads
from serving.commands.demo_role_tables import gaps_table, towards_table
from serving.commands.demo_server import DemoError
from serving.dataset_reader import SourceTable
from tests.unit.serving.world import ITEMS, MODULES, ROLE, Service, attempt, completion

ORGANISATION = Organisation(
    {
        name: SourceTable(name, pa.Table.from_pylist(rows), ())
        for name, rows in {
            "role_skills": [
                {"role_id": "analyst", "skill_id": skill_id, "required_mastery": required}
                for skill_id, required in (("sql", 0.7), ("python", 0.8), ("ethics", 0.4), ("writing", 0.5))
            ],
            "skills": [
                {"skill_id": skill_id, "name": skill_id.title()} for skill_id in ("sql", "python", "ethics")
            ],
        }.items()
    }
)


def shown(what: RenderableType) -> str:
    console = Console(width=100)
    with console.capture() as text:
        console.print(what)
    return text.get()


def mastery(value: float) -> dict[str, Any]:
    return {"mastery": value, "interval": [value - 0.1, value + 0.1], "n_attempts": 4}


def module(rank: int = 1, **changes: Any) -> dict[str, Any]:
    answer = {
        "module_id": f"m{rank}",
        "title": f"Module {rank}",
        "rank": rank,
        "success_probability": 0.8,
        "difficulty_fit": "on_level",
        "adjustment": None,
        "duration_minutes": 45.0,
        "skills": [{"skill_id": "sql", "mastery": 0.5, "required": 0.7}],
        "reasons": [],
    }
    return answer | changes


def test_gaps_come_largest_first_and_what_is_not_known_is_named() -> None:
    standing = Standing({"sql": mastery(0.6), "python": mastery(0.3), "ethics": mastery(0.9)}, [])
    text = shown(gaps_table("Gaps", ORGANISATION, "analyst", standing))
    python, sql, ethics = (text.index(name) for name in ("Python", "Sql", "Ethics"))
    assert python < sql < ethics
    assert [cell.strip() for cell in text.splitlines()[4].split("│")[1:-1]] == [
        *("Python", "0.80", "0.30", "0.20 to 0.40", "0.50", "4")
    ]
    assert "none" in text.splitlines()[6]
    assert "2 gaps in the 3 skills with evidence, of the 4 it asks. No evidence yet: writing." in text


def test_evidence_of_everything_is_said() -> None:
    standing = Standing({name: mastery(0.95) for name in ("sql", "python", "ethics", "writing")}, [])
    text = shown(gaps_table("Gaps", ORGANISATION, "analyst", standing))
    assert "0 gaps in the 4 skills with evidence, of the 4 it asks. There is evidence of every one." in text


def test_a_module_is_shown_with_time_difficulty_and_what_the_role_asks() -> None:
    text = shown(towards_table("Next", ORGANISATION, [module()]))
    for part in ("45 minutes", "80.0%", "on level", "Sql 0.70 (now", "nothing speaks for it strongly"):
        assert part in text


def test_what_is_not_known_of_a_module_is_not_made_up() -> None:
    bare = module(
        success_probability=None,
        difficulty_fit=None,
        duration_minutes=None,
        skills=[{"skill_id": "sql", "mastery": None, "required": 0.7}],
    )
    other = module(2, skills=[{"skill_id": "sql", "mastery": 0.5, "required": None}])
    text = shown(towards_table("Next", ORGANISATION, [bare, other]))
    assert "minutes" not in text.split("Module 2")[0]
    assert "unknown)" in text.split("Module 2")[0]
    assert "nothing of this" in text.split("Module 2")[1]


def test_a_swap_is_explained() -> None:
    swap = {"from_module_id": "m9", "direction": "easier", "why": "It is kinder."}
    text = shown(towards_table("Next", ORGANISATION, [module(adjustment=swap)]))
    assert "easier version:" in text
    assert "It is kinder." in text


def items(**of: list[str]) -> DemoData:
    rows = [{"item_id": item, "module_id": name} for name, its in of.items() for item in its]
    return DemoData("made-up", {"items": SourceTable("items", pa.Table.from_pylist(rows), ())})


def not_asked(rank: int) -> dict[str, Any]:
    return module(rank, skills=[{"skill_id": "sql", "mastery": 0.5, "required": None}])


def test_what_the_role_asks_is_tried_before_what_it_does_not() -> None:
    standing = Standing({}, [not_asked(1), module(2), module(3)])
    data = items(m1=["a"], m2=["b"], m3=["c"])
    first = choose_module(data, standing)
    assert first["module_id"] == "m2"
    assert choose_module(data, standing, other_than=first)["module_id"] == "m3"
    assert choose_module(items(m1=["a"], m3=["c"]), standing)["module_id"] == "m3"
    assert choose_module(items(m1=["a"]), standing)["module_id"] == "m1"


def test_where_there_is_one_module_it_is_tried_again() -> None:
    standing = Standing({}, [not_asked(1)])
    assert choose_module(items(m1=["a"]), standing, other_than=standing.modules[0])["module_id"] == "m1"


def test_modules_without_items_cannot_be_tried() -> None:
    with pytest.raises(DemoError, match="give a dataset with items"):
        choose_module(items(m7=["a"]), Standing({}, [module()]))


def mover(learner_id: str, role_id: Any = ROLE) -> Person:
    """Somebody in the world's only role, whose profile, and so whose target, the service does not know.

    Asked for no role, the service answers as it does for a target that it does not know.
    """
    return Person(
        learner_id=learner_id,
        role_id=role_id,
        target_role_id="unknown",
        team_id=None,
        weekly_minutes=60.0,
        n_completed=5,
    )


def set_out(service: Service) -> list[Person]:
    """Let people begin one module each and fail in two items."""
    people = [mover(f"p{number:02d}", ROLE if number % 3 == 2 else None) for number in range(len(MODULES))]
    for number, person in enumerate(people):
        who = person.learner_id
        failed = [attempt(f"{who}-{i}", who, item_id=ITEMS[number + i], score=0.1) for i in (0, 5)]
        sent = service.post_events(*failed, completion(f"{who}-c", MODULES[number], learner_id=who))
        assert sent.is_success
    return people


def parts(client: DemoClient, person: Person) -> bool:
    answers = [client.recommend(person.learner_id, SHOWN, role_id=role) for role in (None, person.role_id)]
    first, second = ({m["module_id"] for m in answer["recommendations"]} for answer in answers)
    return first != second


WORLD = items(**{name: ["item"] for name in MODULES})


def test_the_first_for_whom_the_roles_part_is_shown(service: Service) -> None:
    client, people = DemoClient(service.client), set_out(service)
    apart = [person for person in people if parts(client, person)]
    assert 0 < len(apart) < len(people)
    at = find_crossroads(WORLD, people, client)
    assert at.parts
    assert (at.person, at.n_tried) == (apart[0], people.index(apart[0]) + 1)


def test_where_the_roles_never_part_the_last_one_looked_at_is_shown(service: Service) -> None:
    client = DemoClient(service.client)
    people = [person for person in set_out(service) if not parts(client, person)]
    at = find_crossroads(WORLD, people, client)
    assert not at.parts
    assert (at.person, at.n_tried) == (people[-1], len(people))


def test_nobody_with_something_ahead_is_one_sentence(service: Service) -> None:
    with pytest.raises(DemoError, match="found nobody in made-up"):
        find_crossroads(items(m77=["a"]), set_out(service)[:2], DemoClient(service.client))
