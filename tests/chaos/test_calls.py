"""The mixed load makes every call there is."""

from __future__ import annotations

from itertools import islice

from tests.chaos import calls
from tests.contract.test_openapi_examples import operations


def test_every_call_of_the_description_is_part_of_the_load() -> None:
    documented = {(method, path) for method, path, _ in operations()}
    assert documented == calls.EVERY_OPERATION, "tests/chaos/calls.py says how often each call is made"


def test_what_is_listed_is_asked() -> None:
    crowd = calls.Crowd()
    crowd.shown.append(("recommendation", "module"))
    assert {ask.operation for ask in islice(calls.pages(crowd, 0), 500)} == set(calls.PAGES)
    office = list(islice(calls.office(crowd, 0), len(calls.OFFICE)))
    assert [ask.operation for ask in office] == list(calls.OFFICE)
    people = {ask.operation for ask in islice(calls.reception(crowd), 100)}
    assert people == set(calls.RECEPTION)


def test_as_many_people_come_as_go() -> None:
    crowd, there = calls.Crowd(), []
    for _ in islice(calls.reception(crowd), 400):
        there.append(crowd.newest - crowd.oldest)
    assert max(there) <= calls.N_ACTIVE + calls.N_RESTING
    assert crowd.oldest > 100
