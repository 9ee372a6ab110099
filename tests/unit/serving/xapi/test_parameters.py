"""What a request for statements asks the store."""

from __future__ import annotations

import json
from itertools import permutations
from urllib.parse import urlencode

import pytest

from serving.xapi import references
from serving.xapi.formats import duration_seconds
from serving.xapi.parameters import wanted
from serving.xapi.references import key

REGISTRATION = "0b5d2f5e-5b1c-4d9f-8c2c-6b1c0a6e2f11"
ASKED = {
    "registration": REGISTRATION,
    "agent": json.dumps({"mbox": "mailto:ann@example.org"}),
    "activity": "https://lms.example.com/modules/1",
    "verb": "http://adlnet.gov/expapi/verbs/completed",
}
KEYS = (
    key(references.REGISTRATION, REGISTRATION),
    key(references.AGENT, "mailto", "ann@example.org"),
    key(references.ACTIVITY, ASKED["activity"]),
    key(references.VERB, ASKED["verb"]),
)


@pytest.mark.parametrize("order", list(permutations(ASKED)))
def test_what_fewest_statements_have_is_gone_along(order: tuple[str, ...]) -> None:
    query = urlencode({name: ASKED[name] for name in order}).encode()
    assert wanted(query).keys == tuple((one,) for one in KEYS)


def test_a_duration_that_no_number_holds_is_none() -> None:
    assert duration_seconds("PT" + "9" * 400 + "S") is None
    assert duration_seconds("P" + "9" * 400 + "Y") is None
    assert duration_seconds("PT" + "9" * 300 + "S") == float("9" * 300)
