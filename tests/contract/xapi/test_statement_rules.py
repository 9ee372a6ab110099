"""Every rule of what a statement may hold, by version, each named by its section."""

import json

import pytest

from serving.xapi.statements import check_statement
from tests.contract.xapi.cases import CASES

EACH = [
    pytest.param(case, version, id=f"{case.section} {version}: {case.about}")
    for case in CASES
    for version in case.versions
]


@pytest.mark.parametrize(("case", "version"), EACH)
def test_a_statement_is_judged_by_the_rules(case, version):
    sent = json.loads(json.dumps(case.statement))
    faults = check_statement(sent, version)
    assert (not faults) == case.accepted, faults[:3]
    assert all(fault.message and fault.remedy for fault in faults)
    assert sent == case.statement
