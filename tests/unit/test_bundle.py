"""The bundle: whole or not at all, the same again, and no trust in what was changed."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import recommender.bundle as bundle_module
from recommender.bundle import FORMAT_VERSION, MANIFEST, ModelBundle
from recommender.embeddings import VIEWS, Histories, History
from recommender.embeddings.als import Als, AlsConfig
from recommender.errors import BundleError
from recommender.ranking.config import RankingConfig
from recommender.ranking.gain import Dosage, GainModel
from tests.unit.skills.streams import CATALOG
from tests.unit.worlds import fitted_bundle


@pytest.fixture(scope="module")
def made():
    return fitted_bundle(metrics={"auc": 0.8}, dataset="small")


@pytest.fixture(scope="module")
def original(made, tmp_path_factory):
    return made.write(tmp_path_factory.mktemp("bundles") / "b").path


@pytest.fixture
def copy(original, tmp_path):
    """One to damage."""
    return Path(shutil.copytree(original, tmp_path / "copy"))


def files_of(path):
    return sorted(str(f.relative_to(path)) for f in path.rglob("*") if f.is_file())


def manifest_of(path):
    return json.loads((path / MANIFEST).read_text())


def rewrite(path, change, *, honest=False):
    """Change the manifest; `honest` makes its id fit, as somebody who means harm would."""
    manifest = manifest_of(path)
    change(manifest)
    if honest:
        manifest["id"] = bundle_module._identity(manifest)
    (path / MANIFEST).write_text(json.dumps(manifest))


def read(file):
    return pq.read_table(file).to_pydict()


# There and back


def test_holds_what_the_layout_says(original):
    assert files_of(original) == sorted(["manifest.json", *manifest_of(original)["files"]])
    folders = {str(Path(f).parent) for f in files_of(original)}
    assert folders == {".", "catalog", "difficulty", "ranker", "skills", *(f"views/{name}" for name in VIEWS)}
    assert {Path(f).suffix for f in files_of(original)} == {".json", ".npy", ".parquet"}


def test_opens_as_it_was_written(made, original):
    opened = ModelBundle.open(original)
    assert opened.path == original
    assert opened.catalog.module_ids == CATALOG.module_ids
    assert opened.difficulty.id == made.difficulty.id
    assert opened.ranking == made.ranking
    assert opened.manifest["metrics"] == {"auc": 0.8}
    assert (opened.manifest["dataset"], opened.manifest["format"]) == ("small", FORMAT_VERSION)
    assert list(opened.views) == sorted(VIEWS)
    for name, view in made.views.items():
        assert opened.views[name].config == view.config
        block = Histories.of(History.empty(), History(np.array([0, 3], np.int32), np.zeros(2), -1, 1))
        np.testing.assert_array_equal(opened.views[name].score(block), view.score(block))
    one, other = (b.skills.module_success(None, CATALOG, now=0.0) for b in (opened, made))
    np.testing.assert_array_equal(one, other)


def test_written_again_it_holds_the_same(original, tmp_path):
    again = ModelBundle.open(original).write(tmp_path / "again")
    assert manifest_of(again.path)["learned"] == manifest_of(original)["learned"]
    assert files_of(again.path) == files_of(original)
    for name in manifest_of(original)["files"]:
        # Arrow names what is inside a list by where the table came from; the content is the same.
        if name.endswith(".parquet"):
            assert read(again.path / name) == read(original / name), name
        else:
            assert (again.path / name).read_bytes() == (original / name).read_bytes(), name


def test_what_modules_teach_is_written_opened_and_refused_where_it_is_none(made, tmp_path):
    n = len(made.catalog.module_skills.values)
    dosage = Dosage(0.3, 0.02, 0.5, 45.0)
    gain = GainModel(np.linspace(0, 0.9, n), np.full(n, 0.1), np.arange(n), dosage)
    assert made.gain is None
    assert np.allclose(made.gain_model.rate, made.ranking.value.learning_rate), "else as declared"
    opened = replace(made, gain=gain).write(tmp_path / "b")
    np.testing.assert_array_equal(opened.gain_model.rate, gain.rate)
    np.testing.assert_array_equal(opened.gain_model.n_learners, gain.n_learners)
    assert opened.gain_model.dosage == dosage
    moved = opened.with_catalog(opened.catalog)
    np.testing.assert_array_equal(moved.gain_model.rate, gain.rate)
    assert opened.id != made.write(tmp_path / "other").id
    with pytest.raises(BundleError, match="array rate of the gain has shape"):
        replace(made, gain=replace(gain, rate=gain.rate[1:])).write(tmp_path / "wrong")


@pytest.mark.parametrize("part", ["skills", "views"])
def test_what_could_not_be_trained_stays_absent(part, tmp_path):
    opened = fitted_bundle(**{part: False}).write(tmp_path / "b")
    assert (opened.skills is None) == (part == "skills")
    assert (opened.views == {}) == (part == "views")
    assert not (tmp_path / "b" / part).exists()


def test_arrays_are_memory_maps(original):
    opened = ModelBundle.open(original)
    for array in (opened.skills.linear_.weight_, opened.skills.linear_.mean_):
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable
    assert isinstance(opened.views["als"].arrays()["item_factors"].base, np.memmap)


def test_others_may_read_what_training_wrote(original):
    assert original.stat().st_mode & 0o555 == 0o555


def test_id_before_and_after_writing(made, original):
    assert made.id == ""
    assert ModelBundle.open(original).id == manifest_of(original)["id"]
    assert len(manifest_of(original)["id"]) == 16


# What the id tells


def test_same_data_and_seed_is_the_same_id(original, tmp_path):
    assert fitted_bundle(metrics={"auc": 0.1}).write(tmp_path / "b").id == manifest_of(original)["id"]


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 6},
        {"ranking": RankingConfig(view_weights={"als": 1.0})},
        {"skills": False},
        {"views": False},
    ],
    ids=lambda other: next(iter(other)),
)
def test_anything_else_learned_is_another_id(other, original, tmp_path):
    assert fitted_bundle(**other).write(tmp_path / "b").id != manifest_of(original)["id"]


# Damage


def test_every_flipped_byte_is_found(copy):
    for name in manifest_of(copy)["files"]:
        file = copy / name
        data = file.read_bytes()
        for place in (0, len(data) // 2, len(data) - 1):
            file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            with pytest.raises(BundleError, match=f"{name} of bundle .* is not what its manifest says"):
                ModelBundle.open(copy)
        file.write_bytes(data)
    assert ModelBundle.open(copy).id


def test_every_missing_file_is_named(copy):
    for name in manifest_of(copy)["files"]:
        (copy / name).rename(copy / "away")
        with pytest.raises(BundleError, match=f"lacks {name}; copy it again"):
            ModelBundle.open(copy)
        (copy / "away").rename(copy / name)
    assert ModelBundle.open(copy).id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["learned"]["ranking"].update(view_weights={}), "was changed after training"),
        (lambda m: m["learned"]["skills"].update(slope=9.0), "was changed after training"),
        (lambda m: m["files"].popitem(), "was changed after training"),
        (lambda m: m.update(id="0" * 16), "was changed after training"),
        (lambda m: m.pop("id"), "was changed after training"),
        (lambda m: m.update(format=FORMAT_VERSION + 1), "this engine reads 6; update the engine"),
        (lambda m: m.update(format=FORMAT_VERSION - 1), "has format 5, this engine reads 6; train it again"),
        (lambda m: m.update(format=0), "names no format"),
        (lambda m: m.update(format="1"), "names no format"),
        (lambda m: m.pop("format"), "names no format"),
        (lambda m: m.pop("files"), "names no files"),
        (lambda m: m.update(files=["catalog/modules.parquet"]), "names no files"),
        (lambda m: m.pop("learned"), "names no files"),
    ],
)
def test_a_changed_manifest_is_refused(copy, change, message):
    rewrite(copy, change)
    with pytest.raises(BundleError, match=message):
        ModelBundle.open(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["learned"].update(ranking={"view_weight": {}}),
        lambda m: m["learned"].update(views={"als": {}}),
        lambda m: m["learned"]["views"]["als"].pop("kind"),
        lambda m: m["learned"]["views"]["als"].update(kind=[]),
        lambda m: m["learned"].update(views=[]),
        lambda m: m["learned"]["views"]["als"]["config"].update(factors=0),
        lambda m: m["learned"].update(difficulty=None),
        lambda m: m["learned"].pop("skills"),
        lambda m: m["learned"]["skills"].pop("slope"),
        lambda m: m.update(learned=[]),
        lambda m: m["files"].pop("skills/mastery_base.npy"),
        lambda m: m["files"].pop("difficulty/items.parquet"),
        lambda m: m["files"].pop("views/als/gram.npy"),
    ],
)
def test_a_manifest_that_fits_its_id_and_makes_no_sense_is_refused(copy, change):
    rewrite(copy, change, honest=True)
    with pytest.raises(BundleError, match=r"(?s)does not hold what its manifest says .*; train it again"):
        ModelBundle.open(copy)


def test_a_view_of_another_engine_is_named(copy):
    rewrite(copy, lambda m: m["learned"]["views"]["als"].update(kind="no_such_view"), honest=True)
    with pytest.raises(BundleError, match="view als is of kind 'no_such_view', this engine knows als, "):
        ModelBundle.open(copy)


def test_views_of_one_kind_keep_their_names_and_configurations(made, tmp_path):
    config = AlsConfig(factors=2)
    again = Als.from_arrays(config, made.views["als"].arrays())
    two = {"als": made.views["als"], "small": again}
    opened = replace(made, views=two, ranker=None, use=None).write(tmp_path / "b")
    assert {name: (view.kind, view.config) for name, view in opened.views.items()} == {
        "als": ("als", AlsConfig()),
        "small": ("als", config),
    }


@pytest.mark.parametrize("name", ["../outside.npy", "/etc/hostname", "skills/../../outside.npy"])
def test_no_file_outside_is_read(copy, name):
    outside = copy.parent / "outside.npy"
    np.save(outside, np.zeros(1))
    rewrite(copy, lambda m: m["files"].update({name: bundle_module._sha256(outside)}), honest=True)
    with pytest.raises(BundleError, match="lacks"):
        ModelBundle.open(copy)


def test_a_link_to_the_outside_is_not_followed(copy):
    file = copy / "skills" / "mastery_base.npy"
    file.rename(copy.parent / "outside.npy")
    file.symlink_to(copy.parent / "outside.npy")
    with pytest.raises(BundleError, match=r"lacks skills/mastery_base\.npy"):
        ModelBundle.open(copy)


def test_a_file_that_the_manifest_does_not_name_is_never_read(copy):
    (copy / "views" / "als" / "extra.npy").write_bytes(b"no array")
    (copy / "catalog" / "extra.parquet").write_bytes(b"no table")
    (copy / "note.txt").write_text("somebody's note")
    assert ModelBundle.open(copy).id == manifest_of(copy)["id"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "holds no manifest.json, so it is no bundle"),
        (b"{", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"", "cannot be read"),
        (b"[]", "names no format"),
        (b"{}", "names no format"),
        (b"null", "names no format"),
    ],
)
def test_no_manifest_no_bundle(copy, text, message):
    (copy / MANIFEST).unlink()
    if text is not None:
        (copy / MANIFEST).write_bytes(text)
    with pytest.raises(BundleError, match=message):
        ModelBundle.open(copy)


def test_neither_a_file_nor_nothing_is_a_bundle(tmp_path):
    (tmp_path / "file").write_text("{}")
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(BundleError, match=path.name):
            ModelBundle.open(path)


# Without the check of hashes


def test_unverified_it_opens_what_is_sound(original):
    assert ModelBundle.open(original, verify=False).id == manifest_of(original)["id"]


def test_a_catalogue_that_names_what_is_not_in_it_is_a_bundle_error(copy):
    table = pq.read_table(copy / "catalog" / "modules.parquet")
    pq.write_table(table.slice(1), copy / "catalog" / "modules.parquet")
    with pytest.raises(BundleError, match="is not in the catalogue"):
        ModelBundle.open(copy, verify=False)


@pytest.mark.parametrize("name", ["skills/mastery_base.npy", "catalog/modules.parquet"])
@pytest.mark.parametrize("damage", [lambda data: data[:0], lambda data: data[:40], lambda data: data[::-1]])
def test_unverified_damage_is_still_a_bundle_error(copy, name, damage):
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(damage(data))
    with pytest.raises(BundleError, match="does not hold what its manifest says"):
        ModelBundle.open(copy, verify=False)


def test_pickled_objects_are_refused(copy):
    """An object array is code: it is not read even where its hash is right."""
    name = "skills/mastery_base.npy"
    marker = copy.parent / "executed"
    np.save(copy / name, np.array([Harmful(str(marker))], object), allow_pickle=True)
    digest = bundle_module._sha256(copy / name)
    rewrite(copy, lambda m: m["files"].update({name: digest}), honest=True)
    with pytest.raises(BundleError, match="does not hold what its manifest says"):
        ModelBundle.open(copy)
    assert not marker.exists()


class Harmful:
    """Unpickling it makes a directory."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_objects_are_not_written_either(made, tmp_path):
    made = fitted_bundle(views=False)
    made.skills.mastery_.base_ = np.array([object()] * 5, object)
    with pytest.raises(ValueError, match="allow_pickle"):
        made.write(tmp_path / "b")
    assert list(tmp_path.iterdir()) == []
