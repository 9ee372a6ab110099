"""Directories that appear whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recommender.errors import DatasetError


def is_text(entry: Path) -> bool:
    """Whether a directory's entry is a text for people (``.md``, ``.txt``)."""
    return entry.is_file() and entry.suffix in (".md", ".txt")


@contextmanager
def whole_directory(
    path: Path, ours: Callable[[Path], bool], stays: Callable[[Path], bool] = is_text
) -> Iterator[Path]:
    """Write a directory under a temporary name beside `path`, and rename it when the block ends well.

    Parameters
    ----------
    path : Path
        Where it shall be. If it is there already, entries that are `ours` are replaced.
    ours : callable
        Whether an entry of the old directory is one that the new one replaces.
    stays : callable
        Whether an entry of the old directory is carried over.

    Yields
    ------
    Path
        The temporary directory to write into.

    Raises
    ------
    DatasetError
        When `path` is a file, cannot be written, or holds something that would be lost.
    """
    path = path.resolve()
    _to_keep(path, ours, stays)
    new = _temporary_beside(path)
    old = new.with_name(new.name + ".old")
    try:
        yield new
        # somebody may have put something there meanwhile
        for entry in _to_keep(path, ours, stays):
            copy = shutil.copytree if entry.is_dir() else shutil.copy2
            copy(entry, new / entry.name)
        if path.exists():
            path.rename(old)
        new.rename(path)
    finally:
        # when the second rename failed, the old directory goes back to its place
        if old.exists() and not path.exists():
            old.rename(path)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _temporary_beside(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        new.chmod(0o755)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written ({error.strerror}); give another directory") from error
    return new


def _to_keep(path: Path, ours: Callable[[Path], bool], stays: Callable[[Path], bool]) -> list[Path]:
    if not path.exists():
        return []
    if not path.is_dir():
        raise DatasetError(f"{path} is a file; give a directory to write to")
    entries = sorted(path.iterdir())
    kept = [entry for entry in entries if stays(entry)]
    strangers = [entry.name for entry in entries if entry not in kept and not ours(entry)]
    if strangers:
        raise DatasetError(
            f"{path} holds {strangers[0]!r}, which writing there would remove; give a new or empty directory"
        )
    return kept
