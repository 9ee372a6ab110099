"""An MLflow store of its own for every test that wants one, and a stand-in for an optional package."""

import sys
from pathlib import Path

import pytest

from tests.conftest import MLFLOW_VARIABLES


@pytest.fixture
def store(tmp_path, migrated_database, monkeypatch) -> Path:
    """Folder with an empty MLflow database, untouched by the caller's environment."""
    for name in MLFLOW_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "mlruns"
    folder.mkdir()
    (folder / "mlflow.db").write_bytes(migrated_database.read_bytes())
    return folder


STAND_IN = """
class Model:
    def __init__(self, seed, parallel):
        self.seed, self.parallel = seed, parallel

    def fit(self, data):
        self.skills = set(data["skill_name"])

    def predict(self, data):
        frame = data.sort_values("user_id", kind="stable")
        known = frame["skill_name"].isin(self.skills)
        if not known.any():
            raise ValueError("no matching skills")
        return frame.assign(correct_predictions=(frame["skill_name"].astype(int) / 100).where(known, 0.5))
"""


@pytest.fixture
def no_pybkt(monkeypatch) -> None:
    """Hide the package pyBKT, where it is installed."""
    monkeypatch.setitem(sys.modules, "pyBKT", None)


@pytest.fixture
def pybkt(tmp_path, monkeypatch):
    """Directory of a package pyBKT with the part of its interface that is used."""
    package = tmp_path / "packages" / "pyBKT"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "models.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(package.parent)
    names = ("pyBKT", "pyBKT.models")
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    yield package
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(hidden)
