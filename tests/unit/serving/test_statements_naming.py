"""Statements that say something of a learner, or name one: told, given to another learner, and removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Connection

from serving.store import statements_naming as store
from serving.store.database import Database
from serving.store.migrate import open_database
from serving.store.statements import NewStatement, define, definitions, kept
from serving.store.tables import xapi_references
from tests.unit.serving.test_statement_store import add, id_of, key, new, paged


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = open_database(store_url)
    yield opened
    opened.close()


def said(name: str, *keys: str, **changes: Any) -> NewStatement:
    """Return a statement whose payload tells what it is found by of itself."""
    return new(name, *keys, **{"payload": json.dumps({"n": name, "keys": keys}), **changes})


def own_keys(payload: str) -> frozenset[bytes]:
    return frozenset(map(key, json.loads(payload)["keys"]))


def names(connection: Connection, learner_id: str, *keys: str) -> list[str]:
    """Names of the statements about a learner or naming one."""
    found = store.rows_naming(connection, learner_id, map(key, keys), own_keys)
    return [json.loads(row.payload)["n"] for rows in found for row in rows]


def remove(connection: Connection, learner_id: str, *keys: str) -> int:
    found = store.rows_naming(connection, learner_id, map(key, keys), own_keys)
    gone = {row.statement_id: row.seq for rows in found for row in rows}
    store.remove(connection, gone, own_keys)
    return len(gone)


def some_of_several(connection: Connection) -> None:
    add(
        connection,
        said("own", "ann*"),
        said("of bob naming ann", "ann*", "bob*", learner_id="bob"),
        said("of nobody naming ann", "old ann*", learner_id=None),
        said("of bob", "bob*", learner_id="bob"),
        said("of ann without a name", "x"),
    )


def test_statements_about_somebody_and_naming_somebody_are_told(database: Database) -> None:
    with database.write() as connection:
        some_of_several(connection)
        assert names(connection, "ann", "ann*", "old ann*") == [
            "own",
            "of bob naming ann",
            "of nobody naming ann",
            "of ann without a name",
        ]
        about_bob = [json.loads(payload)["n"] for payload in store.payloads_about(connection, "bob")]
        assert about_bob == ["of bob naming ann", "of bob"]
        assert names(connection, "bob") == about_bob
        assert names(connection, "nobody", "y") == []


def test_what_is_removed_leaves_no_trace_and_others_stay(database: Database) -> None:
    with database.write() as connection:
        some_of_several(connection)
        assert remove(connection, "ann", "ann*", "old ann*") == 4
        assert remove(connection, "ann", "ann*", "old ann*") == 0
        assert paged(connection) == paged(connection, "bob*") == ["of bob"]
        assert [bytes(row.ref) for row in connection.execute(xapi_references.select())] == [key("bob*")]


def test_very_many_are_removed(database: Database) -> None:
    with database.write() as connection:
        add(connection, *(said(f"{i}", "ann*", f"k{i}") for i in range(1201)), said("last", learner_id="bob"))
        assert remove(connection, "ann", "ann*") == 1201
        assert paged(connection) == ["last"]
        assert connection.execute(xapi_references.select()).all() == []


def test_statements_about_one_become_those_about_another(database: Database) -> None:
    with database.write() as connection:
        some_of_several(connection)
        store.give(connection, "bob", "eve")
        assert names(connection, "bob") == []
        assert names(connection, "eve") == ["of bob naming ann", "of bob"]


CHAIN = [
    said("of ann", "ann", "x"),
    said("of bob on that", "bob", learner_id="bob", refers_to=id_of("of ann")),
    said("of eve on that", "eve", "x", learner_id="eve", refers_to=id_of("of bob on that")),
    said("of bob on ann and that", "ann", learner_id="bob", refers_to=id_of("of eve on that")),
]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_who_only_refers_to_a_statement_is_no_part_of_it(database: Database, order: tuple[int, ...]) -> None:
    """Others' statements stay, are not told, and are found by what they name themselves."""
    with database.write() as connection:
        for place in order:
            add(connection, CHAIN[place])
        assert set(paged(connection, "ann")) == {json.loads(one.payload)["n"] for one in CHAIN}
        assert set(names(connection, "ann", "ann")) == {"of ann", "of bob on ann and that"}

        assert remove(connection, "ann", "ann") == 2

        left = {"of bob on that", "of eve on that"}
        assert set(paged(connection)) == set(paged(connection, "bob")) == left
        assert paged(connection, "ann") == []
        assert paged(connection, "x") == paged(connection, "eve") == ["of eve on that"]
        pairs = {bytes(row.ref) for row in connection.execute(xapi_references.select())}
        assert pairs == {key("bob"), key("eve"), key("x")}
        # What comes later is found by what is left.
        add(connection, said("late", learner_id="bob", refers_to=id_of("of eve on that")))
        assert set(paged(connection, "x")) == {"of eve on that", "late"}
        assert paged(connection, "ann") == []


def test_a_circle_is_opened_by_what_is_removed_of_it(database: Database) -> None:
    with database.write() as connection:
        add(
            connection,
            said("a", "of a", refers_to=id_of("c")),
            said("b", "of b", learner_id="bob", refers_to=id_of("a")),
            said("c", "of c", learner_id="bob", refers_to=id_of("b")),
        )
        assert len(paged(connection, "of a")) == 3
        assert remove(connection, "ann") == 1
        assert paged(connection, "of a") == []
        assert set(paged(connection, "of b")) == {"b", "c"}
        assert paged(connection, "of c") == ["c"]


def test_what_nobody_names_any_more_is_not_defined(database: Database) -> None:
    with database.write() as connection:
        add(connection, said("of bob", "still there", learner_id="bob"))
        refs = {key("a"): (key("gone"),), key("b"): (key("gone"), key("still there")), key("c"): ()}
        define(connection, {key("a"): "1", key("b"): "2", key("d"): "3"})
        store.undefine(connection, refs)
        assert definitions(connection, [key("a"), key("b"), key("d")]) == {key("b"): "2", key("d"): "3"}
        assert kept(connection, [id_of("of bob")])
