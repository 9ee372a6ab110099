"""Statements in the store: in the order in which they came, found by what they name, gone when removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations, product
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from serving.store import statements as store
from serving.store.database import Database
from serving.store.migrate import open_database
from serving.store.statements import Kept, NewStatement, Referrer, Told, Voided
from serving.store.tables import xapi_statements

SPACE = UUID(int=0)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = open_database(store_url)
    yield opened
    opened.close()


def key(name: str) -> bytes:
    return name.encode().ljust(16, b".")


def id_of(name: str) -> str:
    return str(uuid5(SPACE, name))


def new(name: str, *keys: str, **changes: Any) -> NewStatement:
    values: dict[str, Any] = {
        "statement_id": id_of(name),
        "occurred_at": 1.5,
        "learner_id": "ann",
        "fingerprint": f"fingerprint of {name}",
        "refers_to": None,
        "voids": False,
        "is_voided": False,
        "outcome": "used",
        "found_by": frozenset(map(key, keys)),
        "payload": f'{{"n":"{name}"}}',
    }
    return NewStatement(**(values | changes))


def add(connection: Connection, *some: NewStatement, stored_ms: int = 1000) -> None:
    last, _ = store.turn(connection)
    older = store.referrers(connection, [one.statement_id for one in some])
    store.append(connection, some, older, after=last, stored_ms=stored_ms)


def named(told: Sequence[Told]) -> list[str]:
    return [one.payload.split('"')[3] for one in told]


def paged(connection: Connection, *keys: str | tuple[str, ...], **changes: Any) -> list[str]:
    values: dict[str, Any] = {
        "since_ms": None,
        "until_ms": None,
        "ascending": True,
        "beyond": None,
        "limit": 100,
    }
    groups = [[key(k) for k in ([some] if isinstance(some, str) else some)] for some in keys]
    return named(store.page(connection, groups, **(values | changes)))


def test_the_first_turn_finds_nothing_and_numbers_grow_from_there(database: Database) -> None:
    with database.write() as connection:
        assert store.turn(connection) == (0, 0)
        assert store.last_stored_ms(connection) == 0
        add(connection, new("a"), new("b"), stored_ms=5)
        assert store.turn(connection) == (2, 5)
        add(connection, new("c"), stored_ms=7)
        assert store.turn(connection) == (3, 7)
        assert store.last_stored_ms(connection) == 7


def test_what_is_kept_is_what_came(database: Database) -> None:
    with database.write() as connection:
        add(connection, new("a"), new("b", occurred_at=None, outcome="group", payload='{"n":"学生"}'))
        assert store.kept(connection, [id_of("a"), id_of("b"), id_of("c")]) == {
            id_of("a"): Kept("fingerprint of a", 1.5, "used", "ann"),
            id_of("b"): Kept("fingerprint of b", None, "group", "ann"),
        }
        assert store.find(connection, id_of("b"), voided=False) == Told(2, 1000, None, '{"n":"学生"}')
        assert store.find(connection, id_of("b"), voided=True) is None


def test_an_id_is_kept_once_or_nothing_is(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as connection:
        add(connection, new("a"), new("a"))
    with database.read() as connection:
        assert store.kept(connection, [id_of("a")]) == {}


def test_pages_hold_those_that_have_all_keys(database: Database) -> None:
    with database.write() as connection:
        add(connection, new("a", "x"), new("b", "x", "y"), stored_ms=1)
        add(connection, new("c", "y"), new("d", "x", "y", "z"), stored_ms=2)
        add(connection, new("e", "x", is_voided=True), stored_ms=3)
        assert paged(connection) == ["a", "b", "c", "d"]
        assert paged(connection, "x") == ["a", "b", "d"]
        assert paged(connection, "x", "y") == ["b", "d"]
        assert paged(connection, "x", "y", "z") == ["d"]
        assert paged(connection, "w") == []
        assert paged(connection, "x", ascending=False, limit=2) == ["d", "b"]
        assert paged(connection, "x", ascending=False, beyond=2) == ["a"]
        assert paged(connection, ascending=True, beyond=2, limit=1) == ["c"]
        assert paged(connection, since_ms=1) == ["c", "d"]
        assert paged(connection, until_ms=1) == ["a", "b"]
        assert paged(connection, "y", since_ms=1, until_ms=2) == ["c", "d"]


def test_pages_hold_those_that_have_one_key_of_each_group_each_once(database: Database) -> None:
    with database.write() as connection:
        add(connection, new("a", "x"), new("b", "x*", "y"), new("c", "x", "x*", "y*"), stored_ms=1)
        add(connection, new("d", "y"), new("e", "x*"), new("f", "x", "x*", is_voided=True), stored_ms=2)
        related = ("x", "x*")
        assert paged(connection, related) == ["a", "b", "c", "e"]
        assert paged(connection, related, ascending=False, limit=3) == ["e", "c", "b"]
        assert paged(connection, related, ascending=False, beyond=3) == ["b", "a"]
        assert paged(connection, related, beyond=2, limit=1) == ["c"]
        assert paged(connection, related, since_ms=1) == ["e"]
        assert paged(connection, related, "y") == paged(connection, "y", related) == ["b"]
        assert paged(connection, related, ("y", "y*")) == ["b", "c"]
        assert paged(connection, ("z", "z*")) == paged(connection, ("z", "x"), "y") == []


def test_voiding_hides_a_statement_once_and_never_a_voiding_one(database: Database) -> None:
    with database.write() as connection:
        voiding = new("b", refers_to=id_of("a"), voids=True, outcome="voiding")
        add(connection, new("a"), voiding, new("c", learner_id=None), new("d", refers_to=id_of("c")))
        assert set(store.referrers(connection, [id_of("a"), id_of("c"), id_of("b")])) == {
            Referrer(id_of("b"), 2, id_of("a"), True, b""),
            Referrer(id_of("d"), 4, id_of("c"), False, b""),
        }
        wanted = [id_of("a"), id_of("b"), id_of("c"), id_of("nothing")]
        found = {
            Voided(id_of("a"), "ann", "used"),
            Voided(id_of("c"), None, "used"),
        }
        assert set(store.void(connection, wanted)) == found
        assert store.void(connection, wanted) == []
        assert paged(connection) == ["b", "d"]
        assert store.find(connection, id_of("a"), voided=True) is not None
        store.set_outcome(connection, [id_of("a")], "voided")
        assert store.kept(connection, [id_of("a")])[id_of("a")].outcome == "voided"


def kept_in_every_order(connection: Connection, *pairs: tuple[str, str | None]) -> Iterator[str]:
    """Keep statements of these names and targets in every order, one, two or all at a time.

    Each time under a prefix of its own, which is returned.
    """
    for at_once, order in product((1, 2, len(pairs)), permutations(pairs)):
        prefix = f"{at_once} {''.join(name for name, _ in order)} "
        came = [
            new(prefix + name, prefix + name, refers_to=target and id_of(prefix + target))
            for name, target in order
        ]
        for start in range(0, len(came), at_once):
            add(connection, *came[start : start + at_once])
        yield prefix


def test_who_refers_to_a_statement_is_found_by_what_it_is_found_by(database: Database) -> None:
    """Over any number of steps, in whatever order and together with whichever others they come."""
    with database.write() as connection:
        for its in kept_in_every_order(connection, ("a", None), ("b", "a"), ("c", "b"), ("d", "c")):
            found = {k: {name[-1] for name in paged(connection, its + k)} for k in "abcd"}
            assert found == {"a": {*"abcd"}, "b": {*"bcd"}, "c": {*"cd"}, "d": {"d"}}
            columns = xapi_statements.c
            found_by = select(columns.found_by).where(columns.statement_id == id_of(its + "c"))
            kept = store.keys_in(connection.execute(found_by).scalar_one())
            assert kept == {key(its + k) for k in "abc"}


def test_statements_that_refer_to_each_other_in_a_circle_are_found_by_what_any_has(
    database: Database,
) -> None:
    with database.write() as connection:
        for its in kept_in_every_order(connection, ("a", "c"), ("b", "a"), ("c", "b"), ("d", "b")):
            found = {k: {name[-1] for name in paged(connection, its + k)} for k in "abcd"}
            assert found == {"a": {*"abcd"}, "b": {*"abcd"}, "c": {*"abcd"}, "d": {"d"}}


def test_a_long_chain_of_references_is_kept_level_by_level(database: Database) -> None:
    """The last is found by what the first is, whether they come with it or before it."""
    steps = [new("0", "of 0")] + [new(str(i), refers_to=id_of(str(i - 1))) for i in range(1, 300)]
    with database.write() as connection:
        add(connection, *steps[1:150])
        add(connection, *steps[:1])
        add(connection, *steps[150:])
        assert set(paged(connection, "of 0", limit=1000)) == set(map(str, range(300)))


def test_definitions_are_put_and_put_again(database: Database) -> None:
    with database.write() as connection:
        store.define(connection, {key("a"): "1", key("b"): "2"})
        store.define(connection, {key("a"): "3"})
        refs = [key("a"), key("b"), key("c")]
        assert store.definitions(connection, refs) == {key("a"): "3", key("b"): "2"}
