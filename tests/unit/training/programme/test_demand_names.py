"""Texts name skills by whole words, the longest name first."""

from __future__ import annotations

import pytest

from training.programme.demand_names import SkillNames

NAMES = SkillNames.of(
    [
        ["Data"],
        ["Data quality", "QA"],
        ["Java", "JVM"],
        ["C"],
        ["C++"],
        ["quality assurance testing"],
        ["A/B testing"],
        ["Cross-validation"],
        ["Straße"],
        ["modelling"],
        ["Modelling", "fitting"],
    ]
)


@pytest.mark.parametrize(
    ("text", "skills"),
    [
        ("Java", {2}),
        ("java, JAVA and jvm.", {2}),
        ("JavaScript and myJava and java2", set()),
        ("Java-based (Java/Scala)", {2}),
        ("Java's", {2}),
        ("data quality", {1}),
        ("data-quality", {1}),
        ("DATA\n  quality", {1}),
        ("data quality and other data", {0, 1}),
        ("data, quality", {0}),
        ("data qualityy", {0}),
        # The longer name takes its words although the shorter begins before it.
        ("data quality assurance testing", {0, 5}),
        ("C++", {4}),
        ("C", {3}),
        ("C/C++", {3, 4}),
        ("C+++", {4}),
        ("C#", set()),
        ("a/b testing", {6}),
        ("a b testing", set()),
        ("cross validation", {7}),
        ("STRASSE", {8}),
        ("\uff2aava", {2}),
        ("modelling", {9, 10}),
        ("fitting", {10}),
        ("", set()),
        ("data quality data", {0, 1}),
        ("this ends with data", {0}),
    ],
)
def test_what_a_text_names(text: str, skills: set[int]) -> None:
    assert NAMES.find(text) == skills


def test_of_two_long_ones_that_share_a_word_the_one_with_more_letters_comes_first() -> None:
    names = SkillNames.of([["big data"], ["data engineering"], ["risk data"], ["data aims"]])
    assert names.find("big data engineering") == {1}
    assert names.find("risk data aims") == {2}, "equally long: the first"


def test_names_of_several_skills_are_counted_and_those_without_a_word_are_none() -> None:
    assert NAMES.n_shared == 1
    assert SkillNames.of([["", "  "], ["x", "X"]]).skills == {("x",): (1,)}
    assert SkillNames.of([["", " "]]).find("anything") == set()
