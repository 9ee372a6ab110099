"""Every rule of what a statement may hold, by version, each named by its section."""

import json

import pytest

from serving.xapi.statements import check_statement
from tests.contract.xapi.cases import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section}: {case.about}")
def test_a_statement_is_judged_by_the_rules(case):
    for version in case.versions:
        sent = json.loads(json.dumps(case.statement))
        faults = check_statement(sent, version)
        assert (not faults) == case.accepted, (version, faults[:3])
        assert all(fault.message and fault.remedy for fault in faults)
        assert sent == case.statement
