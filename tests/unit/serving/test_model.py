import asyncio
import gc
import json
import shutil
from pathlib import Path

import pytest

from recommender.engine import Engine
from recommender.errors import BundleError
from serving.model import ModelHolder
from tests.unit.serving.world import FixedClock, write_pointer


@pytest.fixture
def pointer(tmp_path: Path) -> Path:
    return tmp_path / "champion.json"


@pytest.fixture
def holder(pointer: Path) -> ModelHolder:
    return ModelHolder(pointer, FixedClock())


def serving(holder: ModelHolder) -> str | None:
    return None if holder.current is None else holder.current.engine.bundle_id


def bundle_id(path: Path) -> str:
    return str(json.loads((path / "manifest.json").read_text())["id"])


def test_without_a_pointer_there_is_no_model_until_one_comes(
    holder: ModelHolder, pointer: Path, bundle: Path
) -> None:
    assert not holder.refresh()
    assert (serving(holder), holder.refused) == (None, None)
    write_pointer(pointer, bundle, version=7)
    assert holder.refresh()
    assert holder.current is not None
    assert (serving(holder), holder.current.version, holder.current.pass_mark) == (bundle_id(bundle), 7, 0.6)


def test_what_a_model_holds_is_not_looked_at_by_the_collector_again(
    holder: ModelHolder, pointer: Path, bundle: Path
) -> None:
    gc.unfreeze()
    before = gc.get_threshold()
    write_pointer(pointer, bundle)
    holder.refresh()
    assert gc.get_freeze_count() > 10_000
    gc.unfreeze()
    gc.set_threshold(*before)


def test_an_unchanged_pointer_loads_nothing_again(holder: ModelHolder, pointer: Path, bundle: Path) -> None:
    write_pointer(pointer, bundle)
    holder.refresh()
    before = holder.current
    assert not holder.refresh()
    assert holder.current is before


def test_a_bundle_may_be_named_relative_to_the_pointer(
    holder: ModelHolder, pointer: Path, bundle: Path
) -> None:
    shutil.copytree(bundle, pointer.parent / "models" / "b")
    pointer.write_text(json.dumps({"bundle": "models/b", "bundle_id": bundle_id(bundle)}))
    assert holder.refresh()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"bundle": 3, "bundle_id": "x"}', "bundle: Input should be a valid string"),
        ('{"bundle_id": "x"}', "bundle: Field required"),
        ('{"bundle": "nowhere", "bundle_id": "x"}', "nowhere"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_refused_and_the_old_model_stays(
    holder: ModelHolder, pointer: Path, bundle: Path, content: str, reason: str
) -> None:
    write_pointer(pointer, bundle)
    holder.refresh()
    pointer.write_text(content)
    assert not holder.refresh()
    assert serving(holder) == bundle_id(bundle)
    assert holder.refused is not None
    assert reason in holder.refused


def test_a_bundle_that_fails_in_a_way_nobody_foresaw_is_refused_until_a_reload(
    holder: ModelHolder, pointer: Path, bundle: Path, other_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(engine: Engine) -> None:
        raise MemoryError

    write_pointer(pointer, bundle)
    holder.refresh()
    write_pointer(pointer, other_bundle, version=2)
    monkeypatch.setattr(Engine, "warm", fails)
    assert not holder.refresh()
    assert holder.refused is not None
    assert "MemoryError" in holder.refused
    assert serving(holder) == bundle_id(bundle)
    with pytest.raises(BundleError, match="MemoryError"):
        holder.reload()
    monkeypatch.undo()
    holder.reload()
    assert (serving(holder), holder.refused) == (bundle_id(other_bundle), None)


def test_a_damaged_bundle_and_a_foreign_one_are_refused(
    holder: ModelHolder, pointer: Path, bundle: Path, other_bundle: Path
) -> None:
    write_pointer(pointer, bundle)
    holder.refresh()
    damaged = pointer.parent / "damaged"
    shutil.copytree(other_bundle, damaged)
    array = next(damaged.rglob("*.npy"))
    array.write_bytes(array.read_bytes()[:-1] + b"\xff")
    write_pointer(pointer, damaged, version=2)
    assert not holder.refresh()
    write_pointer(pointer, other_bundle, bundle_id="something-else", version=3)
    assert not holder.refresh()
    assert holder.refused is not None
    assert "something-else" in holder.refused
    assert serving(holder) == bundle_id(bundle)
    write_pointer(pointer, other_bundle, version=4)
    assert holder.refresh()
    assert (serving(holder), holder.refused) == (bundle_id(other_bundle), None)


def test_a_pointer_that_disappears_changes_nothing(holder: ModelHolder, pointer: Path, bundle: Path) -> None:
    write_pointer(pointer, bundle)
    holder.refresh()
    pointer.unlink()
    assert not holder.refresh()
    assert serving(holder) == bundle_id(bundle)


def test_watching_survives_what_nobody_foresaw(pointer: Path, bundle: Path) -> None:
    calls = []

    def broken_clock() -> None:
        calls.append(len(calls))
        raise RuntimeError("no time")

    holder = ModelHolder(pointer, broken_clock)  # type: ignore[arg-type]

    async def watch_two_changes() -> None:
        watcher = asyncio.create_task(holder.watch(0.01))
        for version in (1, 2):
            write_pointer(pointer, bundle, version=version)
            while len(calls) < version:
                await asyncio.sleep(0.01)
        watcher.cancel()

    asyncio.run(asyncio.wait_for(watch_two_changes(), 30))
    assert serving(holder) is None
