"""Configuration of a training: one TOML file, overrides by dotted names, every key documented once."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from recommender.embeddings import VIEWS, View
from recommender.errors import ConfigurationError
from recommender.ranking.config import RankingConfig
from recommender.skills.model import SkillModelConfig
from training.evaluation.module_report import ENGINE
from training.gain.config import GainConfig
from training.ranking_slices import SlicesConfig

GUIDE: Final = "docs/guides/configuration.md"
"""Where every setting is listed with its default, range and meaning; a test holds the two together."""

# It names a folder of the bundle.
_VIEW_NAME: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


class DataConfig(BaseModel):
    """How data is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pass_mark: float = Field(
        0.5, ge=0, le=1, description="score from which an attempt without `passed` passes"
    )


class EvaluationConfig(BaseModel):
    """How a training is judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test_fraction: float = Field(0.2, gt=0, lt=1, description="learners held out to judge the skill model")
    cuts: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.5, 0.7, 0.9),
        min_length=1,
        description="cuts of the temporal protocol, fractions of the time span",
    )
    max_learners: int = Field(4000, ge=1, description="learners tested per module protocol, drawn at random")


class TrainConfig(BaseModel):
    """Everything a training can be told.

    Parameters
    ----------
    views : dict of str to dict
        Views to train, each with its own hyperparameters; ``[views.als]`` with ``factors = 32`` in TOML.
        ``kind`` says which view it is where its name does not, so that one view can be trained several times.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(0, ge=0, description="seed of everything random")
    data: DataConfig = Field(DataConfig(), description="how data is read")
    skills: SkillModelConfig = Field(SkillModelConfig(), description="the learner-skill model")
    views: dict[str, dict[str, Any]] = Field(
        {
            "transitions": {},
            "last_transition": {"kind": "transitions", "window": 1},
            "ease": {},
            "cosine": {},
            "last_cosine": {"kind": "cosine", "window": 1},
            "content": {},
            "new_modules": {},
            "prerequisites": {},
            "first_modules": {"kind": "popularity", "first_only": True, "half_life_days": 90.0},
            "popularity": {},
            "recent_popularity": {"kind": "popularity", "half_life_days": 60.0},
            "lasting_popularity": {"kind": "popularity", "half_life_days": 180.0},
            "role_popularity": {"kind": "popularity", "slice": "role"},
            "segment_popularity": {"kind": "popularity", "slice": "segment"},
        },
        min_length=1,
        description="views to train, with their hyperparameters and, where the name is not it, their `kind`",
    )
    ranking: RankingConfig = Field(RankingConfig(), description="how views become a ranked list")
    gain: GainConfig = Field(GainConfig(), description="the estimate of what modules teach")
    slices: SlicesConfig = Field(SlicesConfig(), description="choices that the ranker learns from")
    evaluation: EvaluationConfig = Field(EvaluationConfig(), description="how the result is judged")

    @model_validator(mode="after")
    def _views_exist(self) -> Self:
        kinds = f"use some of {', '.join(sorted(VIEWS))}"
        for name, settings in self.views.items():
            kind = settings.get("kind", name)
            if not isinstance(kind, str) or kind not in VIEWS:
                if "kind" in settings:
                    raise ValueError(f"views.{name}.kind = {kind!r} is not a view; {kinds}")
                raise ValueError(
                    f"views.{name} is not a view; {kinds}, or say by views.{name}.kind which it is"
                )
            if not _VIEW_NAME.fullmatch(name):
                raise ValueError(f"views.{name} is no name for a view; use letters from a to z, digits and _")
            if name == ENGINE:
                raise ValueError(f"views.{name}: reports call the mix of all views so; take another name")
            if name not in self.ranking.view_weights:
                raise ValueError(f"ranking.view_weights has no weight for the view {name!r}; add one")
        known = self.views.keys() | VIEWS.keys() | RankingConfig().view_weights.keys()
        for name, weight in self.ranking.view_weights.items():
            if name not in known:
                raise ValueError(f"ranking.view_weights.{name} = {weight} is not a view; {kinds}")
        return self

    def view_class(self, name: str) -> type[View]:
        """Return the class of one view."""
        return VIEWS[self.views[name].get("kind", name)]

    def view_config(self, name: str) -> BaseModel:
        """Return the configuration of one view, checked by the view's own class."""
        settings = {key: value for key, value in self.views[name].items() if key != "kind"}
        return self.view_class(name).config_class().model_validate(settings)


def load_config(path: Path | None = None, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a configuration file and apply overrides such as ``skills.n_folds=3``.

    Parameters
    ----------
    path : Path, optional
        TOML; None for the defaults.
    overrides : sequence of str
        ``dotted.name=value`` with the value in TOML's notation; a bare word is text.

    Raises
    ------
    ConfigurationError
        The file cannot be read, a key is unknown or a value does not fit; names key, value and remedy.

    Examples
    --------
    >>> load_config(overrides=["skills.n_folds=3"]).skills.n_folds
    3
    """
    values = _read(path) if path else {}
    defaults = TrainConfig().model_dump()
    for override in overrides:
        name, found, text = (part.strip() for part in override.partition("="))
        if not found or not all(name.split(".")):
            raise ConfigurationError(f"--set {override!r} is not of the form name=value; write --set seed=1")
        _assign(values, name, _value(text), defaults)
    section: tuple[str, ...] = ()
    try:
        config = TrainConfig.model_validate(values)
        for view in config.views:
            section = ("views", view)
            config.view_config(view)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, section)) from error
    for name, value in _leaves(config.model_dump(), ()):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigurationError(f"{name} is {value}; give a finite number")
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        # Editors on Windows put a byte order mark first, which TOML does not know.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(
            f"--config {path} cannot be read ({error.strerror}); name a TOML file"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"--config {path} is not UTF-8; save it with that encoding") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"--config {path} is not valid TOML: {error}; mend it there") from error


def _value(text: str) -> Any:
    try:
        values = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return values["value"] if len(values) == 1 else text


def _assign(values: dict[str, Any], name: str, value: Any, defaults: Mapping[str, Any]) -> None:
    """Set one value by its dotted name.

    A section that `values` does not hold begins as its default: to change one view's hyperparameter must not
    take the other views out.
    """
    *parents, last = name.split(".")
    for parent in parents:
        defaults = defaults[parent] if isinstance(defaults.get(parent), Mapping) else {}
        values = values.setdefault(parent, dict(defaults))
        if not isinstance(values, dict):
            raise ConfigurationError(
                f"--set {name}: {parent} is {values!r}, which is no section; set one of the two"
            )
    values[last] = value


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Every value that is no section, with its dotted name."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    else:
        yield ".".join(path), value


def _explain(error: ValidationError, section: tuple[str, ...]) -> str:
    """One sentence on the first thing that is wrong below `section`."""
    first = error.errors(include_url=False)[0]
    name, value = ".".join(str(part) for part in (*section, *first["loc"])), first["input"]
    match first["type"]:
        case "extra_forbidden":
            return f"{name} = {value!r} is not a setting of the training configuration; see {GUIDE}"
        case "value_error":
            reason = str(first["ctx"]["error"])
            return f"{name}: {reason}" if name else reason
        case "model_type" | "dict_type":
            return f"{name} is {value!r}, but it is a section; set what is in it, see {GUIDE}"
    message = first["msg"]
    return f"{name} is {value!r}: {message[0].lower()}{message[1:]}"
