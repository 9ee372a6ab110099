"""Who is named as a champion of a skill, and who is only counted."""

import pytest
from pydantic import ValidationError

from recommender.errors import InputError, UnknownIdError
from recommender.people.champions import champions
from recommender.people.config import PeopleConfig
from recommender.people.table import MentorTable
from tests.unit.organisations import organisation, person, state_of
from tests.unit.worlds import NOW


@pytest.fixture(scope="module")
def engine():
    return organisation()


def table_of(engine, answers, *, agreed=(), **config):
    """People by id with their answers on code."""
    profiles = [person(i, can_mentor=i in agreed) for i in answers]
    states = [state_of(engine, code=text) if text else None for text in answers.values()]
    return MentorTable.of(engine.bundle, states, profiles, now=NOW, config=PeopleConfig(**config))


def test_the_best_of_those_who_agreed_are_named_best_first(engine):
    answers = {"a": "+" * 60, "b": "+" * 90, "c": "+" * 200, "d": "+" * 60, "e": "+" * 40 + "-" * 40}
    table = table_of(engine, answers, agreed={"a", "b", "d", "e"}, n_champions=2)
    code, data, talk = champions(table)
    assert (code.skill_id, code.name) == ("code", "Code")
    assert [c.mentor_id for c in code.champions] == ["b", "a"]
    assert [c.level for c in code.champions] == ["expert", "expert"]
    assert (data.champions, talk.champions) == ((), ())
    assert [c.mentor_id for c in champions(table, ["code"], exclude=["b"])[0].champions] == ["a", "d"]


@pytest.mark.parametrize(
    ("setting", "value"), [("min_attempts", 61), ("max_interval", 0.01), ("champion_mastery", 0.99)]
)
def test_evidence_must_be_enough(engine, setting, value):
    answers = {"a": "+" * 60}
    assert champions(table_of(engine, answers, agreed={"a"}))[0].champions
    assert not champions(table_of(engine, answers, agreed={"a"}, **{setting: value}))[0].champions


@pytest.mark.parametrize(("n", "told"), [(0, None), (4, None), (5, 5), (9, 5), (10, 10)])
def test_others_are_only_counted_and_not_a_few(engine, n, told):
    answers = {f"p{i}": "+" * 60 for i in range(n)} | {"weak": "----", "new": "", "named": "+" * 60}
    (code,) = champions(table_of(engine, answers, agreed={"named"}), ["code"])
    assert [c.mentor_id for c in code.champions] == ["named"]
    assert code.n_others == told


def test_words_of_mastery_have_the_bounds_of_the_configuration(engine):
    answers = {"a": "+" * 300, "b": "+" * 30, "c": "+" * 24 + "-" * 8}
    table = table_of(
        engine, answers, agreed=answers, champion_mastery=0.3, advanced_from=0.7, expert_from=0.95
    )
    words = {c.mentor_id: c.level for c in champions(table, ["code"])[0].champions}
    assert words == {"a": "expert", "b": "advanced", "c": "proficient"}


def test_a_skill_that_is_not_there_is_named(engine):
    with pytest.raises(UnknownIdError, match="skill_ids 'flying'"):
        champions(table_of(engine, {}), ["code", "flying"])


def test_one_person_is_there_once(engine):
    profiles = [person("a", can_mentor=True), person("a", can_mentor=True)]
    with pytest.raises(InputError, match="learner_id 'a' is there twice"):
        MentorTable.of(engine.bundle, [None, None], profiles, now=NOW)


def test_nothing_is_held_of_who_did_not_agree(engine):
    table = table_of(engine, {"a": "+" * 60, "b": "+" * 90}, agreed={"a"})
    assert table.ids == ("a",)
    assert table.low.shape == table.mastery.shape == table.width.shape == (3, 1)
    assert table.n_unnamed.tolist() == [1, 0, 0]


def test_levels_rise():
    with pytest.raises(ValidationError, match=r"expert_from 0.5 must be above advanced_from 0.6"):
        PeopleConfig(advanced_from=0.6, expert_from=0.5)


def test_every_setting_is_described():
    assert all(field.description for field in PeopleConfig.model_fields.values())
