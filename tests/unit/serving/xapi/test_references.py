"""What a statement is found by: one key for each thing that it names."""

from __future__ import annotations

from typing import Any

from serving.xapi import references
from serving.xapi.references import key, keys_of

HOME = "https://lms.example.com"


def account(name: str) -> dict[str, Any]:
    return {"account": {"homePage": HOME, "name": name}}


def test_what_has_a_place_of_its_own_has_no_second_key_for_being_related() -> None:
    statement = {
        "actor": account("ann"),
        "verb": {"id": "v:1"},
        "object": {"id": "a:1"},
        "context": {
            "instructor": account("ann"),
            "team": {"objectType": "Group", "member": [account("bob")]},
            "contextActivities": {"grouping": [{"id": "a:1"}, {"id": "a:2"}]},
        },
    }
    assert keys_of(statement, account("key")) == {
        key(references.AGENT, HOME, "ann"),
        key(references.RELATED_AGENT, HOME, "bob"),
        key(references.RELATED_AGENT, HOME, "key"),
        key(references.VERB, "v:1"),
        key(references.ACTIVITY, "a:1"),
        key(references.RELATED_ACTIVITY, "a:2"),
    }
