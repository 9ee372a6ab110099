"""The model that serves: named by a pointer file, loaded beside the running one, swapped as one reference."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import structlog

from recommender.engine import Engine
from recommender.errors import BundleError
from recommender.pointer import read_pointer

_log = structlog.get_logger(__name__)
_Mark: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class ServedModel:
    """A loaded engine and how the registry calls it."""

    engine: Engine
    alias: str
    version: int | None
    loaded_at: datetime

    @property
    def pass_mark(self) -> float:
        """Score from which an attempt counts as passed, as this model was trained."""
        return self.engine.bundle.difficulty.pass_mark

    @property
    def simulated(self) -> bool:
        """Whether this model was trained on simulated data."""
        return self.engine.bundle.simulated


class ModelHolder:
    """Holds the model that serves and follows the pointer file.

    Readers take `current` once and keep it for the whole request: a swap never changes a running one.

    Attributes
    ----------
    current : ServedModel or None
    refused : str or None
        Why the bundle that the pointer names now does not serve.
    """

    def __init__(self, pointer: Path, clock: Callable[[], datetime]) -> None:
        self._pointer = pointer
        self._clock = clock
        self._mark: _Mark | None = None
        # Who watches and who is told to look do not load the same bundle twice.
        self._loading = threading.Lock()
        self.current: ServedModel | None = None
        self.refused: str | None = None

    def refresh(self) -> bool:
        """Load what the pointer names if the file has changed; True when another model serves now.

        A bundle that cannot be used is refused with a log line, and the one before it goes on serving. It is
        tried again when the pointer changes.
        """
        with self._loading:
            return self._refresh()

    def reload(self) -> None:
        """Look at the pointer now, and again at a bundle that was refused.

        Raises
        ------
        BundleError
            If what the pointer names cannot serve, or there is no pointer; the model before goes on.
        """
        with self._loading:
            if self.refused is not None:
                self._mark = None
            self._refresh()
            if self.refused is not None:
                raise BundleError(self.refused)
            if _look(self._pointer) is None:
                raise BundleError("there is no pointer file; train and promote a model")

    def _refresh(self) -> bool:
        mark = _look(self._pointer)
        if mark is None or mark == self._mark:
            return False
        self._mark = mark
        try:
            self.current = self._load()
        except BundleError as error:
            self.refused = str(error)
            _log.error("bundle refused", reason=self.refused, still_serving=self._bundle_id())
            return False
        self.refused = None
        _log.info(
            "model serves",
            bundle_id=self._bundle_id(),
            version=self.current.version,
            simulated=self.current.simulated,
        )
        return True

    async def watch(self, every_seconds: float) -> None:
        """Refresh for ever, off the event loop."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await asyncio.to_thread(self.refresh)
            except Exception:
                # Whatever it was, the service goes on with the model it has and keeps watching.
                _log.exception("the pointer could not be followed")

    def _load(self) -> ServedModel:
        pointer = read_pointer(self._pointer)
        engine = Engine.load(self._pointer)
        # Compiles what compiles at first use, so that no request waits for it.
        engine.warm()
        return ServedModel(engine, pointer.alias, pointer.version, self._clock())

    def _bundle_id(self) -> str | None:
        return None if self.current is None else self.current.engine.bundle_id


def _look(path: Path) -> _Mark | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
