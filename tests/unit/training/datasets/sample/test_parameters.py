"""Every number is explained, and compiled code reads it by name."""

import re
from typing import Any

import pytest

from training.datasets.sample import Parameters
from training.datasets.sample.parameters import as_row

PARTS = Parameters()._asdict()


@pytest.mark.parametrize("part", PARTS.values(), ids=list(PARTS))
def test_every_parameter_is_explained(part: Any) -> None:
    doc = type(part).__doc__ or ""
    explained = {
        name.strip()
        for line in re.findall(r"^    ([\w, ]+) : ", doc, re.MULTILINE)
        for name in line.split(",")
    }
    assert explained == set(part._fields)


@pytest.mark.parametrize("part", PARTS.values(), ids=list(PARTS))
def test_compiled_code_reads_every_parameter(part: Any) -> None:
    record = as_row(part)[0]
    for name, value in part._asdict().items():
        found = record[name]
        assert (found.tolist() if isinstance(value, tuple) else found) == (
            list(value) if isinstance(value, tuple) else value
        )
