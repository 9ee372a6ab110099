"""An MLflow store of its own for every test that wants one."""

from pathlib import Path

import pytest

from training.tracking import connect

VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT")


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory) -> Path:
    """Make an empty database once: its migrations take seconds, copying it takes none."""
    store = tmp_path_factory.mktemp("migrated")
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        connect(store).search_experiments()
    return store / "mlflow.db"


@pytest.fixture
def store(tmp_path, migrated_database, monkeypatch) -> Path:
    """Folder with an empty MLflow database, untouched by the caller's environment."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "mlruns"
    folder.mkdir()
    (folder / "mlflow.db").write_bytes(migrated_database.read_bytes())
    return folder
