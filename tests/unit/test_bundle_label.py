"""A bundle says whether what it was trained on was simulated, and is the same bundle either way."""

from dataclasses import replace

import pytest

from recommender.bundle import ModelBundle
from tests.unit.worlds import fitted_bundle


@pytest.fixture(scope="module")
def made():
    return fitted_bundle(skills=False, views=False)


@pytest.mark.parametrize(
    ("manifest", "simulated"),
    [
        ({"dataset": {"name": "x", "simulated": True}}, True),
        ({"dataset": {"name": "x", "simulated": False}}, False),
        ({"dataset": {"name": "x", "simulated": "true"}}, True),
        ({"dataset": {"name": "x"}}, False),
        ({"dataset": "x"}, False),
        ({}, False),
    ],
)
def test_says_whether_its_data_was_simulated(made, manifest, simulated):
    assert replace(made, manifest=manifest).simulated is simulated


def test_the_label_lasts_on_disk_and_is_no_part_of_the_id(made, tmp_path):
    written = [
        replace(made, manifest={"dataset": {"simulated": simulated}}).write(tmp_path / str(simulated))
        for simulated in (True, False)
    ]
    assert [ModelBundle.open(bundle.path).simulated for bundle in written] == [True, False]
    assert written[0].id == written[1].id
