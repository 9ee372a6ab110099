"""Aliases in the store: one row each, found in any spelling, and made once however many ask."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from serving.store import aliases, statements
from serving.store.aliases import Alias, Owner
from serving.store.database import Database
from serving.store.migrate import open_database

HOME = "https://lms.example.com"
ACCOUNT, OTHER = (HOME, "7"), (HOME, "8")
MAIL = ("mailto", "ann@example.com")
HASH = ("mbox_sha1sum", hashlib.sha1(b"mailto:ann@example.com", usedforsecurity=False).hexdigest())


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = open_database(store_url)
    yield opened
    opened.close()


def test_what_nobody_has_is_not_found(database: Database) -> None:
    with database.read() as connection:
        assert aliases.find(connection, [ACCOUNT, MAIL]) == {}
        assert aliases.find(connection, []) == {}
        assert aliases.owners(connection, [ACCOUNT]) == {}
        assert aliases.of_learner(connection, "ann") == []


def test_a_mail_address_is_known_by_its_hash_and_the_other_way_round(database: Database) -> None:
    with database.write() as connection:
        aliases.add(connection, {MAIL: "ann"})
        assert aliases.find(connection, [MAIL, HASH]) == {MAIL: "ann", HASH: "ann"}
        assert aliases.of_learner(connection, "ann") == [MAIL, HASH]
        aliases.replace(connection, "ann", [HASH])
        assert aliases.find(connection, [MAIL, HASH]) == {MAIL: "ann", HASH: "ann"}
        assert aliases.of_learner(connection, "ann") == [HASH]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "bc"), ("ab", "c")),
        (("a", "b"), ("b", "a")),
        ((HOME, "Ann"), (HOME, "ann")),
        ((HOME, "ann"), (f"{HOME}/", "ann")),
        (("学生", "é"), ("学生", "e\u0301")),
    ],
)
def test_what_differs_is_not_the_same(database: Database, one: Alias, other: Alias) -> None:
    with database.write() as connection:
        aliases.add(connection, {one: "ann"})
        assert aliases.find(connection, [one, other]) == {one: "ann"}


def test_one_that_there_is_stays_or_is_overwritten(database: Database) -> None:
    with database.write() as connection:
        aliases.add(connection, {ACCOUNT: "ann"})
        aliases.add(connection, {ACCOUNT: "bob", OTHER: "bob"})
        assert aliases.find(connection, [ACCOUNT, OTHER]) == {ACCOUNT: "ann", OTHER: "bob"}
        aliases.add(connection, {ACCOUNT: "bob"}, overwrite=True)
        assert aliases.find(connection, [ACCOUNT]) == {ACCOUNT: "bob"}


def test_whoever_is_new_gets_an_id_that_tells_nothing(database: Database) -> None:
    with database.write() as connection:
        aliases.add(connection, {ACCOUNT: "ann"})
        made = aliases.find_or_make(connection, [ACCOUNT, OTHER, OTHER, MAIL])
        assert made.keys() == {ACCOUNT, OTHER, MAIL}
        assert made[ACCOUNT] == "ann"
        assert UUID(made[OTHER]).version == UUID(made[MAIL]).version == 4
        assert aliases.find_or_make(connection, [HASH, OTHER]) == {HASH: made[MAIL], OTHER: made[OTHER]}
        assert aliases.owners(connection, [ACCOUNT, OTHER, MAIL]) == {
            ACCOUNT: {Owner("ann", made=False)},
            OTHER: {Owner(made[OTHER], made=True)},
            MAIL: {Owner(made[MAIL], made=True)},
        }
        aliases.replace(connection, made[OTHER], [OTHER])
        assert aliases.owners(connection, [OTHER]) == {OTHER: {Owner(made[OTHER], made=False)}}


def test_two_spellings_may_be_of_two_people(database: Database) -> None:
    with database.write() as connection:
        aliases.add(connection, {MAIL: "ann"})
        aliases.add(connection, {HASH: "bob"}, overwrite=True)
        assert {owner.learner_id for owner in aliases.owners(connection, [MAIL])[MAIL]} == {"ann", "bob"}


def test_all_are_taken_from_one_and_from_nobody_else(database: Database) -> None:
    with database.write() as connection:
        aliases.add(connection, {ACCOUNT: "ann", MAIL: "ann", OTHER: "bob"})
        assert aliases.remove(connection, "ann") == 3
        assert aliases.remove(connection, "ann") == 0
        assert aliases.find(connection, [ACCOUNT, MAIL, HASH, OTHER]) == {OTHER: "bob"}


def test_any_number_is_found(database: Database) -> None:
    many = {(HOME, str(i)): f"learner-{i}" for i in range(1300)}
    with database.write() as connection:
        aliases.add(connection, many)
        assert aliases.find(connection, [*many, (HOME, "nobody")]) == many


def test_many_who_ask_at_once_make_one(database: Database) -> None:
    begin = threading.Barrier(4)

    def ask(_: int) -> dict[Alias, str]:
        begin.wait()

        def work(connection: aliases.Connection) -> dict[Alias, str]:
            statements.turn(connection)
            return aliases.find_or_make(connection, [ACCOUNT, MAIL])

        return database.transact(work)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert all(answer == answers[0] for answer in answers)
