"""The model that serves: named by a pointer file, loaded beside the running one, swapped as one reference.

So is the catalogue that it serves: rows that were put since are laid over the one it was trained on. A number
counts their changes. Who has read that number from the store asks for a model that serves at least those.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import structlog

from recommender.domain.catalog import Catalog
from recommender.engine import Engine
from recommender.errors import BundleError
from recommender.pointer import read_pointer
from serving.background import to_its_end
from serving.catalog.overlay import UnusedRow, applied
from serving.catalog.rows import Overlay
from serving.memory import set_aside
from serving.store import catalog
from serving.store.database import Database
from serving.store.faults import StoreUnavailableError

_log = structlog.get_logger(__name__)
_Mark: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class ServedModel:
    """A loaded engine and how the registry calls it.

    Parameters
    ----------
    engine : Engine
        Answers, over the catalogue as it is now.
    trained : Engine
        The same as it was loaded, over the catalogue it was trained on.
    catalog_revision : int
        The last change of the catalogue that `engine` serves, 0 for the one it was trained on.
    catalog_unused : tuple of UnusedRow
        Rows put into the catalogue that have no place in this one.
    """

    engine: Engine
    trained: Engine
    alias: str
    version: int | None
    loaded_at: datetime
    catalog_revision: int = 0
    catalog_unused: tuple[UnusedRow, ...] = ()

    @property
    def pass_mark(self) -> float:
        """Score from which an attempt counts as passed, as this model was trained."""
        return self.engine.bundle.difficulty.pass_mark

    @property
    def simulated(self) -> bool:
        """Whether this model was trained on simulated data."""
        return self.engine.bundle.simulated

    def with_overlay(self, overlay: Overlay) -> ServedModel:
        """Make the same model with rows laid over the catalogue it was trained on."""
        over = applied(self.trained.catalog.tables, overlay)
        engine = self.trained
        if any(overlay.rows.values()):
            engine = engine.with_catalog(Catalog.from_tables(over.tables))
            # What is looked up once, not what is compiled once: that is done.
            engine.recommend(None, now=datetime(1970, 1, 1, tzinfo=UTC))
        return replace(self, engine=engine, catalog_revision=overlay.revision, catalog_unused=over.unused)


class ModelHolder:
    """Holds the model that serves and follows the pointer file and the catalogue.

    Readers take a model once and keep it for the whole request: a swap never changes a running one.

    Parameters
    ----------
    pointer : Path
    clock : callable
        Tells the present time, aware, in UTC.
    database : Database, optional
        Holds the rows that were put into the catalogue; without one it is that of the bundle.
    warm : bool
        Whether a model that is loaded is made ready to answer at once, which takes seconds.

    Attributes
    ----------
    current : ServedModel or None
        What served last; its catalogue may be older than that of the store, see `up_to_date`.
    refused : str or None
        Why the bundle that the pointer names now does not serve.
    """

    def __init__(
        self,
        pointer: Path,
        clock: Callable[[], datetime],
        database: Database | None = None,
        *,
        warm: bool = True,
    ) -> None:
        self._pointer = pointer
        self._warm = warm
        self._clock = clock
        self._database = database
        self._mark: _Mark | None = None
        # Who watches and who is told to look do not load the same bundle twice.
        self._loading = threading.Lock()
        self._swapping = threading.Lock()
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
        overlay = self._overlay()
        self._mark = mark
        try:
            loaded = self._over(self._load(), overlay)
        except BundleError as error:
            self.refused = str(error)
            _log.error("bundle refused", reason=self.refused, still_serving=self._bundle_id())
            return False
        except Exception as error:
            # Nobody knows whether it would go better next time: whoever asks for a reload tries again.
            self.refused = f"a fault of this service ({type(error).__name__}) while it loaded; see its log"
            _log.exception("bundle refused", reason=self.refused, still_serving=self._bundle_id())
            return False
        with self._swapping:
            self.current = loaded
        self.refused = None
        set_aside()
        _log.info(
            "model serves", bundle_id=self._bundle_id(), version=loaded.version, simulated=loaded.simulated
        )
        return True

    def up_to_date(self) -> ServedModel | None:
        """Return the model with the catalogue of this moment; one row is read.

        Raises
        ------
        StoreUnavailableError
            If the store cannot be read now.
        """
        model = self.current
        if model is None or self._database is None:
            return model
        return self.caught_up(model, catalog.revision(self._database))

    def caught_up(self, model: ServedModel, catalog_revision: int) -> ServedModel:
        """Return a model of the same bundle whose catalogue is at least of this revision.

        Nearly always that is `model` itself, at once. Else the catalogue is laid over anew, by one for all
        who wait for it: that takes a moment, so it is not for the event loop.

        Raises
        ------
        StoreUnavailableError
            If the store cannot be read now.
        """
        if model.catalog_revision >= catalog_revision:
            return model
        with self._swapping:
            current = self.current
            if current is None or current.trained is not model.trained:
                # Another bundle serves by now; who began with this one ends with it.
                return self._over(model, self._overlay())
            if current.catalog_revision < catalog_revision:
                self.current = current = self._over(current, self._overlay())
            return current

    async def watch(self, every_seconds: float) -> None:
        """Refresh for ever, model and catalogue, off the event loop."""
        waits = False
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await to_its_end(self.refresh)
                await to_its_end(self.up_to_date)
                waits = False
            except StoreUnavailableError as error:
                # It is tried again; that is told once, not every time.
                if not waits:
                    _log.warning("the catalogue waits for the store", fault=error.fault)
                waits = True
            except Exception:
                # Whatever it was, the service goes on with the model it has and keeps watching.
                _log.exception("pointer or catalogue could not be followed")

    def _load(self) -> ServedModel:
        pointer = read_pointer(self._pointer)
        engine = Engine.load(self._pointer)
        if self._warm:
            # Compiles what compiles at first use, so that no request waits for it.
            engine.warm()
        return ServedModel(engine, engine, pointer.alias, pointer.version, self._clock())

    def _overlay(self) -> Overlay:
        if self._database is None:
            return Overlay(0, {})
        with self._database.read() as connection:
            # In this order: rows of a later change may be among them, none of an earlier one is missing.
            revision = catalog.revision_seen(connection)
            return Overlay.of(catalog.rows(connection), revision)

    @staticmethod
    def _over(model: ServedModel, overlay: Overlay) -> ServedModel:
        try:
            over = model.with_overlay(overlay)
        except Exception as error:
            # Nobody knows how; but no row that somebody put may keep everybody from being served.
            _log.exception("the catalogue could not be laid over", catalog_revision=overlay.revision)
            reason = f"a fault of this service ({type(error).__name__}); its log says which"
            unused = [UnusedRow(table, key, reason) for table, rows in overlay.rows.items() for key in rows]
            return replace(model, catalog_revision=overlay.revision, catalog_unused=tuple(unused))
        if over.catalog_unused:
            first = over.catalog_unused[0]
            _log.warning(
                "catalogue rows have no place",
                rows=len(over.catalog_unused),
                first_table=first.table,
                first_key=first.key,
                first_reason=first.reason,
            )
        if overlay.revision:
            _log.info("catalogue serves", catalog_revision=overlay.revision)
        return over

    def _bundle_id(self) -> str | None:
        return None if self.current is None else self.current.engine.bundle_id


def _look(path: Path) -> _Mark | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
