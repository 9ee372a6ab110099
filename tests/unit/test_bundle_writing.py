"""Writing a bundle: never half, never over something else, and under its id at will."""

import json
import shutil
from dataclasses import replace

import pytest

import recommender.bundle as bundle_module
from recommender.bundle import MANIFEST, ModelBundle
from recommender.errors import BundleError
from tests.unit.worlds import fitted_bundle


@pytest.fixture(scope="module")
def made():
    return fitted_bundle(metrics={"auc": 0.8}, dataset="small")


def manifest_of(path):
    return json.loads((path / MANIFEST).read_text())


def test_a_write_that_fails_at_its_end_leaves_nothing(made, tmp_path):
    """The last thing written is the manifest, and it takes no NaN."""
    wrong = replace(made, manifest={"metrics": {"auc": float("nan")}})
    for under_id in (False, True):
        with pytest.raises(ValueError, match="not JSON compliant"):
            wrong.write(tmp_path / "b", under_id=under_id)
        assert [f for f in tmp_path.rglob("*") if f.is_file()] == []
        assert not (tmp_path / "b").exists() or not list((tmp_path / "b").iterdir())


@pytest.mark.parametrize("name", ["_write_tables", "_write_arrays", "_sha256"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_write_that_breaks_off_leaves_nothing(made, tmp_path, monkeypatch, name, error):
    calls = []
    real = getattr(bundle_module, name)

    def breaking(*args):
        calls.append(args)
        if len(calls) == 2:
            seen = [f.name for f in tmp_path.iterdir()]
            assert all(n.startswith(".bundle-") for n in seen)
            assert seen
            raise error("disk full")
        return real(*args)

    monkeypatch.setattr(bundle_module, name, breaking)
    said = BundleError if error is OSError else error
    with pytest.raises(said, match="cannot be written" if error is OSError else "disk full"):
        made.write(tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(made, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("x")
    for name in ("full", "file"):
        with pytest.raises(BundleError, match=f"{name} exists; give a directory that does not"):
            made.write(tmp_path / name)
    assert (tmp_path / "full" / "thesis.txt").read_text() == "years of work"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["file", "full"]


def test_an_empty_directory_is_filled_and_folders_are_made(made, tmp_path):
    (tmp_path / "empty").mkdir()
    paths = (tmp_path / "empty", tmp_path / "a" / "b" / "c")
    written = [made.write(path) for path in paths]
    assert tuple(bundle.path for bundle in written) == paths
    assert {bundle.id for bundle in written} == {manifest_of(path)["id"] for path in paths}
    assert len({bundle.id for bundle in written}) == 1


# Under its id


def test_under_id(made, tmp_path):
    written = made.write(tmp_path, under_id=True)
    assert written.id == manifest_of(written.path)["id"]
    assert written.path == tmp_path / written.id
    assert [f.name for f in tmp_path.iterdir()] == [written.id]


def test_under_id_a_sound_one_keeps_its_files_and_takes_the_new_manifest(made, tmp_path):
    first = made.write(tmp_path, under_id=True)
    inode = first.path.stat().st_ino
    base = (first.path / "skills" / "mastery_base.npy").stat().st_ino
    again = replace(made, manifest={"metrics": {"auc": 0.1}}).write(tmp_path, under_id=True)
    assert again.path.stat().st_ino == inode
    assert (again.path / "skills" / "mastery_base.npy").stat().st_ino == base
    assert ModelBundle.open(again.path).manifest["metrics"] == {"auc": 0.1}
    assert [f.name for f in tmp_path.iterdir()] == [first.id]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / MANIFEST).unlink(),
        lambda path: (path / "skills" / "mastery_base.npy").write_bytes(b""),
        lambda path: shutil.rmtree(path / "catalog"),
        lambda path: shutil.rmtree(path / "catalog") or shutil.rmtree(path / "skills"),
    ],
)
def test_under_id_a_damaged_one_is_replaced(made, tmp_path, damage):
    first = made.write(tmp_path, under_id=True)
    damage(first.path)
    made.write(tmp_path, under_id=True)
    assert ModelBundle.open(first.path).id == first.id
    assert [f.name for f in tmp_path.iterdir()] == [first.id]
