"""Walks over a JSON value, so that one rule can be broken at each of its places in turn."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Path = tuple[str | int, ...]

MAPS = {"display", "description", "extensions"}


def is_map(path: Path) -> bool:
    """Whether the object at the path has free keys: a language map, or extensions."""
    return bool(path) and (path[-1] in MAPS or path[-2:] == ("definition", "name"))


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """The path of everything inside the value, in order; nothing inside of extensions."""
    if at and at[-1] == "extensions":
        return
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield (*at, key)
        yield from paths(child, (*at, key))


def found(value: Any, path: Path) -> Any:
    """What stands at the path."""
    for key in path:
        value = value[key]
    return value


def changed(value: Any, path: Path, new: Any) -> Any:
    """A copy of the value with something else at the path."""
    copy = deepcopy(value)
    found(copy, path[:-1])[path[-1]] = new
    return copy


def renamed(value: Any, path: Path, name: str) -> Any:
    """A copy of the value in which the property at the path has another name."""
    copy = deepcopy(value)
    parent = found(copy, path[:-1])
    parent[name] = parent.pop(path[-1])
    return copy


def told(path: Path) -> str:
    """The path as it reads in a sentence: ``context.team.member[0].name``."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}"
    return text.removeprefix(".")
