"""The guide to the configuration and the configuration say the same."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import pytest
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from recommender.embeddings import VIEWS
from training.config import GUIDE, TrainConfig, load_config

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / GUIDE).read_text(encoding="utf-8")
UNSET = "not set"
BOUNDS = {Ge: "at least", Gt: "more than", Le: "at most", Lt: "less than"}


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting with its dotted name; sections are walked into, and so are the views' own classes."""
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from settings(type(field.default), f"{prefix}{name}.")
        else:
            yield prefix + name, field
    if model is TrainConfig:
        for name, view in VIEWS.items():
            yield from settings(view.config_class(), f"views.{name}.")


def bounds(metadata: list[Any]) -> list[str]:
    words = []
    for rule in metadata:
        if isinstance(rule, MinLen):
            words.append(f"{rule.min_length} or more")
        for kind, word in BOUNDS.items():
            if isinstance(rule, kind):
                words.append(f"{word} {getattr(rule, kind.__name__.lower()):g}")
    return words


def allowed(field: FieldInfo) -> str:
    """What the field takes, in words."""
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(f"`{word}`" for word in get_args(field.annotation))
    if field.annotation is bool:
        return "true or false"
    words = ["whole"] if field.annotation is int else []
    words += bounds(field.metadata)
    if NoneType in get_args(field.annotation):
        return f"{' and '.join(words)}, or not set"
    for inner in get_args(field.annotation):
        for rules in getattr(inner, "__metadata__", ()):
            words.append(f"each {' and '.join(bounds(rules.metadata))}")
    return ", ".join(words)


def value(text: str) -> Any:
    return tomllib.loads(f"value = {text}")["value"]


def plain(value: Any) -> Any:
    """As TOML would give it: it has lists and no tuples."""
    return list(value) if isinstance(value, tuple) else value


SETTINGS = dict(settings(TrainConfig))
ROWS = {
    name: (default, allowed_there, meaning)
    for name, default, allowed_there, meaning in re.findall(
        r"^\| `([\w.]+)` \| `(.+?)` \| (.*?) \| (.+?) \|$", TEXT, flags=re.MULTILINE
    )
}


def test_the_guide_lists_every_setting_and_no_other():
    assert sorted(SETTINGS) == sorted(ROWS)
    assert len(SETTINGS) > 40


@pytest.mark.parametrize("name", SETTINGS)
def test_default_range_and_meaning_are_the_code_s(name):
    field = SETTINGS[name]
    default, allowed_there, meaning = ROWS[name]
    # TOML has no word for nothing: what is not set is left out.
    assert (None if default == UNSET else value(default)) == plain(field.default)
    assert allowed_there == allowed(field)
    assert field.description, f"{name} has no description"
    assert meaning == field.description


def test_the_ranges_are_in_words():
    assert ROWS["evaluation.test_fraction"][1] == "more than 0, less than 1"
    assert ROWS["skills.n_folds"][1] == "whole, at least 2"
    assert ROWS["evaluation.cuts"][1] == "1 or more, each more than 0 and less than 1"


def test_every_setting_can_be_set_by_the_name_it_has_in_the_guide():
    """To its own default, which changes nothing."""
    config = load_config(
        overrides=[f"{name}={default}" for name, (default, _, _) in ROWS.items() if default != UNSET]
    )
    unchanged = TrainConfig()
    assert config.model_dump(exclude={"views"}) == unchanged.model_dump(exclude={"views"})
    for view in VIEWS:
        assert config.view_config(view) == VIEWS[view].config_class()()


def test_the_example_file_and_the_example_overrides_work(tmp_path):
    (example,) = re.findall(r"```toml\n(.+?)```", TEXT, flags=re.DOTALL)
    file = tmp_path / "settings.toml"
    file.write_text(example)
    (call,) = re.findall(r"```console\n(.+?)```", TEXT, flags=re.DOTALL)
    overrides = re.findall(r"--set (\S+)", call)
    assert overrides
    config = load_config(file, overrides)
    given = tomllib.loads(example)
    assert set(config.views) == set(given["views"])
    assert load_config(file).seed == given["seed"] != config.seed
