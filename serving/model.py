"""The model that serves: named by a pointer file, loaded beside the running one, swapped as one reference."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import structlog
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from recommender.engine import Engine
from recommender.errors import BundleError
from serving.faults import faults_of

DEFAULT_PASS_MARK = 0.5

_log = structlog.get_logger(__name__)
_Mark: TypeAlias = tuple[int, int, int]


class Pointer(BaseModel):
    """Content of the pointer file; `bundle` is absolute or relative to the file's directory."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bundle: Annotated[str, StringConstraints(min_length=1)]
    bundle_id: str
    version: int | None = None
    alias: str = "champion"


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
        configuration: Any = self.engine.manifest.get("configuration", {})
        return float(configuration.get("data", {}).get("pass_mark", DEFAULT_PASS_MARK))


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
        self.current: ServedModel | None = None
        self.refused: str | None = None

    def refresh(self) -> bool:
        """Load what the pointer names if the file has changed; True when another model serves now.

        A bundle that cannot be used is refused with a log line, and the one before it goes on serving. It is
        tried again when the pointer changes.
        """
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
        _log.info("model serves", bundle_id=self._bundle_id(), version=self.current.version)
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
        engine = Engine.load(self._pointer.parent / pointer.bundle)
        if engine.bundle_id != pointer.bundle_id:
            raise BundleError(
                f"{self._pointer} names bundle {pointer.bundle_id}, but {pointer.bundle} holds "
                f"{engine.bundle_id}; promote the model again"
            )
        # Compiles what compiles at first use, so that no request waits for it.
        engine.warm()
        return ServedModel(engine, pointer.alias, pointer.version, self._clock())

    def _bundle_id(self) -> str | None:
        return None if self.current is None else self.current.engine.bundle_id


def read_pointer(path: Path) -> Pointer:
    """Read a pointer file.

    Raises
    ------
    BundleError
        If it is not one.
    """
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BundleError(f"pointer {path} cannot be read ({error}); promote the model again") from None
    try:
        return Pointer.model_validate(content)
    except ValidationError as error:
        fault = faults_of(error.errors(include_url=False))[0]
        raise BundleError(f"pointer {path}: {fault.message}; promote the model again") from None


def _look(path: Path) -> _Mark | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
