"""Which statements say the same: what is compared, and in which spelling."""

from __future__ import annotations

from typing import Any

import pytest

from serving.xapi.comparison import fingerprint

ANN = {"mbox": "mailto:ann@example.org"}
SAME_ANN = {"objectType": "Agent", "mbox": "mailto:ann@EXAMPLE.org"}
BOB = {"mbox": "mailto:bob@example.org"}


def context(name: str, its: str, agent: Any, **parts: Any) -> dict[str, Any]:
    return {"context": {name: [{"objectType": name[:-1], its: agent, **parts}]}}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (context("contextAgents", "agent", ANN), context("contextAgents", "agent", SAME_ANN), True),
        (context("contextAgents", "agent", ANN), context("contextAgents", "agent", BOB), False),
        (
            context("contextAgents", "agent", ANN),
            context("contextAgents", "agent", ANN, relevantTypes=["t:1"]),
            False,
        ),
        (
            context("contextGroups", "group", {"objectType": "Group", "member": [ANN, BOB]}),
            context("contextGroups", "group", {"objectType": "Group", "member": [BOB, SAME_ANN]}),
            True,
        ),
        ({"context": {"contextAgents": [5]}}, {"context": {"contextAgents": [6]}}, False),
        ({"result": {"duration": "PT1.005S"}}, {"result": {"duration": "PT1S"}}, True),
        ({"result": {"duration": "PT1,25S"}}, {"result": {"duration": "PT1.259S"}}, True),
        ({"result": {"duration": "PT1.25S"}}, {"result": {"duration": "PT1.2S"}}, False),
        # Hundredths of other things than seconds are long.
        ({"result": {"duration": "PT1.005H"}}, {"result": {"duration": "PT1H"}}, False),
        ({"result": {"duration": "P1.255D"}}, {"result": {"duration": "P1.25D"}}, False),
    ],
)
def test_statements_say_the_same_however_they_are_spelled(one: Any, other: Any, is_same: bool) -> None:
    assert (fingerprint(one) == fingerprint(other)) is is_same
