"""Pages of statements against a filter that looks at every one of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from serving.store import statements as store
from serving.store.database import Database
from serving.store.migrate import open_database
from serving.store.statements import NewStatement
from tests.unit.serving.test_statement_store import add, id_of, new, paged

KEYS = ("a", "a*", "b", "b*", "c", "d")


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = open_database(store_url)
    yield opened
    opened.close()


class One(NamedTuple):
    name: str
    keys: frozenset[str]
    target: str | None
    voids: bool
    stored_ms: int


class Question(NamedTuple):
    groups: tuple[tuple[str, ...], ...]
    since_ms: int | None
    until_ms: int | None
    ascending: bool
    beyond: int | None
    limit: int


def some(rng: random.Random) -> list[One]:
    """Statements in batches of one time each; a third refer to another, before them or after."""
    found: list[One] = []
    names = [str(i) for i in range(80)]
    stored_ms = 0
    for i, name in enumerate(names):
        stored_ms += rng.choice((0, 0, 1, 3))
        keys = frozenset(rng.sample(KEYS, rng.randint(0, 3)))
        near = names[max(0, i - 6) : i] + names[i + 1 : i + 6]
        target = rng.choice(near) if rng.random() < 0.35 else None
        found.append(One(name, keys, target, target is not None and rng.random() < 0.3, stored_ms))
    return found


def naive(all_: list[One], asked: Question) -> list[str]:
    by_name = {one.name: one for one in all_}

    def found_by(one: One) -> set[str]:
        keys: set[str] = set()
        path: set[str] = set()
        at: One | None = one
        while at is not None and at.name not in path:
            path.add(at.name)
            keys |= at.keys
            at = by_name[at.target] if at.target is not None else None
        return keys

    voided = {one.target for one in all_ if one.voids and not by_name[str(one.target)].voids}
    rows = []
    for seq, one in enumerate(all_, 1):
        inside = asked.beyond is None or (seq > asked.beyond if asked.ascending else seq < asked.beyond)
        since = asked.since_ms is None or one.stored_ms > asked.since_ms
        until = asked.until_ms is None or one.stored_ms <= asked.until_ms
        has_all = all(found_by(one) & set(group) for group in asked.groups)
        if inside and since and until and has_all and one.name not in voided:
            rows.append(one.name)
    return (rows if asked.ascending else rows[::-1])[: asked.limit]


def question(rng: random.Random, last_ms: int) -> Question:
    groups = rng.sample(
        [("a",), ("a", "a*"), ("b",), ("b", "b*"), ("c",), ("d",)], rng.choice((0, 1, 1, 2, 2, 3))
    )

    def maybe(most: int) -> int | None:
        return rng.randint(-1, most + 1) if rng.random() < 0.4 else None

    return Question(
        tuple(groups), maybe(last_ms), maybe(last_ms), rng.random() < 0.5, maybe(80), rng.randint(1, 100)
    )


def as_new(one: One, voided: set[str]) -> NewStatement:
    return new(
        one.name,
        *one.keys,
        refers_to=None if one.target is None else id_of(one.target),
        voids=one.voids,
        is_voided=one.name in voided and not one.voids,
    )


def rest(asked: Question) -> dict[str, Any]:
    return {name: value for name, value in asked._asdict().items() if name != "groups"}


@pytest.mark.parametrize("seed", range(3))
def test_pages_are_those_of_a_filter_over_everything(database: Database, seed: int) -> None:
    rng = random.Random(seed)
    all_ = some(rng)
    n_found = 0
    with database.write() as connection:
        voided: set[str] = set()
        for one in all_:
            add(connection, as_new(one, voided), stored_ms=one.stored_ms)
            if one.voids:
                store.void(connection, [id_of(str(one.target))])
                voided.add(str(one.target))
        for _ in range(300):
            asked = question(rng, all_[-1].stored_ms)
            expected = naive(all_, asked)
            n_found += bool(expected)
            assert paged(connection, *asked.groups, **rest(asked)) == expected, asked
    assert n_found > 100
