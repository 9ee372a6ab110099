import json
import shutil
from functools import partial

import numpy as np
import pytest

import training.registry as registry_module
from recommender.bundle import ModelBundle
from recommender.domain.catalog import Catalog, Ragged
from recommender.errors import BundleError, InputError
from recommender.ranking.config import RankingConfig
from recommender.skills.difficulty import DifficultyTable
from training.commands.promote import promote
from training.commands.rollback import rollback
from training.registry import MODEL, ModelRegistry, write_pointer
from training.tracking import connect

# MLflow's own use of SQLAlchemy 2.1, which this project cannot mend.
pytestmark = pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated")


class Killed(BaseException):
    """Stands for a process that ends between two steps."""


@pytest.fixture
def registry(store):
    return ModelRegistry.open(store)


@pytest.fixture
def pointer(store):
    return store / "champion.json"


IDS = {}
"""Ids of the bundles made so far, by name; the same name is always the same bundle."""


def small_bundle(name, **dataset):
    """A bundle of nothing but its difficulty, which the name decides."""
    none, ragged = np.zeros(0), Ragged.of([])
    table = DifficultyTable(float(ord(name[0])), (), none, ragged, (), none)
    manifest = {"dataset": dataset} if dataset else {}
    return ModelBundle(Catalog.from_tables({}), table, None, {}, RankingConfig(), manifest)


def registered(store, name, folder=None, **dataset):
    """Register one more bundle, as a training would."""
    bundle = (folder or store / "bundles") / name
    bundle_id = IDS[name] = small_bundle(name, **dataset).write(bundle).id
    run = connect(store).create_run("0", run_name=name)
    metrics = {"auc": 0.81234, "x": None}
    return ModelRegistry.open(store).register(run.info.run_id, bundle, bundle_id, metrics, f"Bundle {name}.")


@pytest.fixture
def train(store):
    return partial(registered, store)


@pytest.fixture(scope="module")
def lived(migrated_database, tmp_path_factory):
    """Three versions, of which the second serves, the first did and the third wants to."""
    folder = tmp_path_factory.mktemp("lived")
    (folder / "mlflow.db").write_bytes(migrated_database.read_bytes())
    for name in ("aaa", "bbb", "ccc"):
        registered(folder, name)
    for version in (1, 2):
        ModelRegistry.open(folder).promote(folder / "champion.json", version)
    return folder


def aliases(registry):
    return {name: registry.version(name) for name in ("champion", "challenger", "previous")}


def pointed(pointer):
    return json.loads(pointer.read_text())


def test_a_registered_version_is_the_challenger_and_says_what_it_is(store, registry, train):
    assert train("aaa") == 1
    assert train("bbb") == 2
    assert aliases(registry) == {"champion": None, "challenger": 2, "previous": None}
    client = connect(store)
    version = client.get_model_version(MODEL, "1")
    assert version.description == "Bundle aaa."
    assert version.tags["auc"] == "0.8123"
    assert version.source.endswith("/bundle")
    assert "immutable bundle" in client.get_registered_model(MODEL).description


def test_promote_moves_the_aliases_and_then_the_pointer(registry, pointer, train):
    train("aaa")
    first = registry.promote(pointer, reason="First of all.")
    assert (first.champion, first.previous, first.changed) == (1, None, True)
    assert pointed(pointer) == {
        "bundle": "bundles/aaa",
        "bundle_id": IDS["aaa"],
        "version": 1,
        "alias": "champion",
    }
    train("bbb")
    registry.promote(pointer)
    assert aliases(registry) == {"champion": 2, "challenger": None, "previous": 1}
    assert pointed(pointer)["bundle_id"] == IDS["bbb"]


def test_the_reason_is_kept_with_the_version(store, registry, pointer, train):
    train("aaa")
    train("bbb")
    registry.promote(pointer, version=1)
    registry.promote(pointer, reason="AUC is higher by .01.")
    registry.rollback(pointer, reason="Complaints.")
    tags = connect(store).get_model_version(MODEL, "2").tags
    assert tags["promoted_because"] == "AUC is higher by .01."
    assert tags["rolled_back_because"] == "Complaints."


def test_a_bundle_outside_of_the_pointers_folder_is_named_in_full(registry, pointer, train, tmp_path):
    train("aaa", tmp_path / "elsewhere")
    registry.promote(pointer)
    assert pointed(pointer)["bundle"] == str(tmp_path / "elsewhere" / "aaa")


def test_promoting_twice_changes_nothing_and_repairs_the_pointer(registry, pointer, train):
    train("aaa")
    train("bbb")
    registry.promote(pointer, version=1)
    registry.promote(pointer)
    before = aliases(registry)
    pointer.write_text("damaged")
    again = registry.promote(pointer)
    assert (again.champion, again.previous, again.changed) == (2, 1, False)
    assert aliases(registry) == before
    assert pointed(pointer)["version"] == 2


def test_rollback_swaps_and_swaps_back(registry, pointer, train):
    train("aaa")
    train("bbb")
    registry.promote(pointer, version=1)
    registry.promote(pointer)
    assert registry.rollback(pointer).champion == 1
    assert aliases(registry) == {"champion": 1, "challenger": None, "previous": 2}
    assert pointed(pointer)["bundle_id"] == IDS["aaa"]
    registry.rollback(pointer)
    assert pointed(pointer)["bundle_id"] == IDS["bbb"]


def killed_at(monkeypatch, registry, step, call):
    """Let the process die right before the n-th call of one step."""
    target = registry_module if step == "write_pointer" else registry._client
    real, calls = getattr(target, step), []

    def dying(*arguments):
        calls.append(arguments)
        if len(calls) == call:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(target, step, dying)


STEPS = [
    ("set_registered_model_tag", 1),
    ("set_registered_model_alias", 1),
    ("set_registered_model_alias", 2),
    ("write_pointer", 1),
    ("delete_registered_model_tag", 1),
]
KILLED = [
    ("promote", "delete_registered_model_alias", 1),
    *(("promote", *step) for step in STEPS),
    *(("rollback", *step) for step in STEPS),
]


@pytest.mark.parametrize(("action", "step", "call"), KILLED)
def test_asking_again_finishes_what_was_killed(store, pointer, lived, monkeypatch, action, step, call):
    for name in ("mlflow.db", "champion.json"):
        (store / name).write_bytes((lived / name).read_bytes())
    registry = ModelRegistry.open(store)
    with monkeypatch.context() as patch:
        killed_at(patch, registry, step, call)
        with pytest.raises(Killed):
            getattr(registry, action)(pointer)
    move = getattr(registry, action)(pointer)
    expected = {"promote": (3, 2), "rollback": (1, 2)}[action]
    assert (move.champion, move.previous) == expected
    assert (registry.version("champion"), registry.version("previous")) == expected
    assert pointed(pointer)["version"] == expected[0]
    assert "unfinished_move" not in registry._client.get_registered_model(MODEL).tags


def test_a_rollback_after_a_killed_promotion_returns_to_what_served(registry, pointer, train, monkeypatch):
    train("aaa")
    registry.promote(pointer)
    train("bbb")
    with monkeypatch.context() as patch:
        killed_at(patch, registry, "write_pointer", 1)
        with pytest.raises(Killed):
            registry.promote(pointer)
    assert registry.rollback(pointer).champion == 1
    assert pointed(pointer)["bundle_id"] == IDS["aaa"]


def test_a_killed_move_to_a_bundle_that_is_gone_blocks_nothing(store, registry, pointer, train, monkeypatch):
    train("aaa")
    registry.promote(pointer)
    train("bbb")
    with monkeypatch.context() as patch:
        killed_at(patch, registry, "write_pointer", 1)
        with pytest.raises(Killed):
            registry.promote(pointer)
    shutil.rmtree(store / "bundles" / "bbb")
    train("ccc")
    assert registry.promote(pointer).champion == 3
    assert pointed(pointer)["bundle_id"] == IDS["ccc"]


def test_nothing_registered_is_one_clear_sentence(registry, pointer):
    with pytest.raises(InputError, match="no challenger to promote; run train first"):
        registry.promote(pointer)
    with pytest.raises(InputError, match="no previous version to return to"):
        registry.rollback(pointer)
    assert not pointer.exists()


def test_an_unknown_version_is_refused(registry, pointer, train):
    train("aaa")
    with pytest.raises(InputError, match="no version 7"):
        registry.promote(pointer, version=7)
    assert registry.version("champion") is None


def test_the_first_champion_has_nothing_to_return_to(registry, pointer, train):
    train("aaa")
    registry.promote(pointer)
    with pytest.raises(InputError, match="no previous version"):
        registry.rollback(pointer)


def test_a_bundle_that_is_gone_is_not_promoted(store, registry, pointer, train):
    train("aaa")
    shutil.rmtree(store / "bundles" / "aaa")
    with pytest.raises(InputError, match=r"version 1 is not at .*aaa any more"):
        registry.promote(pointer)
    assert registry.version("champion") is None


def test_a_pointer_that_cannot_be_written_leaves_the_old_one_and_no_litter(tmp_path):
    pointer = tmp_path / "champion.json"
    write_pointer(pointer, {"version": 1})
    with pytest.raises(TypeError):
        write_pointer(pointer, {"version": object()})
    assert json.loads(pointer.read_text()) == {"version": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["champion.json"]


def test_the_commands_say_in_one_line_what_serves(store, train, pointer, tmp_path, capsys):
    train("aaa")
    promote(store=store)
    assert capsys.readouterr().out == f"Version 1 serves now as champion. Pointer: {pointer}\n"
    promote(store=store)
    assert capsys.readouterr().out == f"Version 1 is champion already. Pointer checked: {pointer}\n"
    train("bbb")
    promote(store=store, reason="Better.", json_file=tmp_path / "move.json")
    assert "Version 2 serves now as champion; version 1 is kept for rollback." in capsys.readouterr().out
    written = json.loads((tmp_path / "move.json").read_text())
    assert written == {"kind": "promote", "champion": 2, "previous": 1, "changed": True}
    rollback(store=store, json_file=tmp_path / "back.json")
    assert capsys.readouterr().out.startswith(
        "Version 1 serves again as champion; version 2 is kept as previous."
    )
    assert json.loads((tmp_path / "back.json").read_text())["kind"] == "rollback"


def test_a_bundle_that_was_damaged_or_swapped_does_not_serve(store, registry, pointer, train):
    train("aaa")
    train("bbb")
    registry.promote(pointer, 1)
    (store / "bundles" / "bbb" / "difficulty" / "items.parquet").write_bytes(b"")
    with pytest.raises(BundleError, match="is not what its manifest says"):
        registry.promote(pointer, 2)
    shutil.rmtree(store / "bundles" / "bbb")
    small_bundle("ccc").write(store / "bundles" / "bbb")
    with pytest.raises(InputError, match="train again"):
        registry.promote(pointer, 2)
    assert pointed(pointer)["bundle_id"] == IDS["aaa"]


def test_version_0_is_not_the_challenger(registry, pointer, train):
    train("aaa")
    with pytest.raises(InputError, match="0"):
        registry.promote(pointer, 0)


def test_a_version_trained_on_simulated_data_says_so_and_no_other_does(store, registry, train):
    train("aaa")
    train("bbb", simulated=True)
    real, made = (connect(store).get_model_version(MODEL, version) for version in ("1", "2"))
    assert (real.description, real.tags["simulated"]) == ("Bundle aaa.", "false")
    assert (made.description, made.tags["simulated"]) == ("Simulated data: Bundle bbb.", "true")
    assert [registry.simulated(version) for version in (1, 2)] == [False, True]
    with pytest.raises(InputError, match="no version 7"):
        registry.simulated(7)


def test_a_version_of_before_there_was_a_label_counts_as_real(store, registry, train):
    connect(store).delete_model_version_tag(MODEL, str(train("aaa")), "simulated")
    assert not registry.simulated(1)


def said_by_promoting(store, capsys, version):
    promote(store=store, version=version)
    return capsys.readouterr().out.splitlines()[1:]


def test_promote_says_what_takes_whose_place(store, train, capsys):
    train("aaa", simulated=True)
    train("bbb")
    train("ccc", simulated=True)
    only = "Simulated data: version {} was trained on it, so no real person's learning is in it"
    instead = "; it takes the place of version 2, which was trained on real data."
    assert said_by_promoting(store, capsys, 1) == [f"{only.format(1)}."]
    assert said_by_promoting(store, capsys, 3) == [f"{only.format(3)}."], "one simulated for another"
    assert said_by_promoting(store, capsys, 2) == []
    assert said_by_promoting(store, capsys, 3) == [f"{only.format(3)}{instead}"]
    assert said_by_promoting(store, capsys, 3) == [f"{only.format(3)}."], "it serves already"


def test_promote_says_it_too_when_it_finishes_what_was_killed(store, train, capsys, monkeypatch):
    train("aaa")
    promote(store=store)
    train("bbb", simulated=True)
    with monkeypatch.context() as patch:
        patch.setattr(registry_module, "write_pointer", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            promote(store=store)
    capsys.readouterr()
    assert "takes the place of version 1, which was trained on real data" in str(
        said_by_promoting(store, capsys, None)
    )


def test_the_manifest_of_a_version_is_that_of_its_bundle(store, train):
    version = train("aaa", source="toy")
    registry = ModelRegistry.open(store)
    assert registry.manifest(version)["dataset"] == {"source": "toy"}
    shutil.rmtree(store / "bundles" / "aaa")
    assert registry.manifest(version) is None
    with pytest.raises(InputError, match="no version 7"):
        registry.manifest(7)
