"""Blocks of learners scored by several processes, their results in the order of the blocks."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pyarrow as pa
from threadpoolctl import threadpool_limits

from recommender.blocks.fold import fold_block
from recommender.blocks.recommend import BlockRecommender
from recommender.domain.events import to_seconds
from recommender.engine import Engine
from recommender.errors import RecommenderError
from training.scoring.columns import LearnerColumns
from training.scoring.table import as_table

_ENDING = (signal.SIGINT, signal.SIGTERM)
Block = tuple[int, int]
"""First learner, and the one behind the last."""


class WorkerError(RecommenderError):
    """A process that scored a block ended before it was done."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker opens for itself.

    Parameters
    ----------
    bundle : Path
        The bundle's directory, already verified.
    columns : Path
        Where `LearnerColumns.write` put everybody's events.
    k : int
    now : datetime
    """

    bundle: Path
    columns: Path
    k: int
    now: datetime


def score_blocks(job: Job, blocks: Sequence[Block], jobs: int) -> Generator[pa.Table]:
    """Score blocks, in this process or in `jobs` others; close the generator to stop before the end.

    No more blocks are held at a time than twice the number of processes.

    Raises
    ------
    WorkerError
        A process was killed or crashed.
    """
    jobs = min(jobs, len(blocks))
    if jobs <= 1:
        for block in blocks:
            yield _score(job, block)
        return
    with _started(jobs, job) as workers:
        idle, waiting, done = list(workers), dict(enumerate(blocks)), dict[int, bytes]()
        at_work: dict[Connection, int] = {}
        for place in range(len(blocks)):
            while place not in done:
                while idle and waiting and (ahead := min(waiting)) < place + 2 * jobs:
                    worker = idle.pop()
                    at_work[worker] = ahead
                    _ask(worker, waiting.pop(ahead))
                for worker in _ready(at_work):
                    done[at_work.pop(worker)] = _answer(worker)
                    idle.append(worker)
            yield pa.ipc.open_stream(done.pop(place)).read_all()


@contextmanager
def _started(jobs: int, job: Job) -> Iterator[list[Connection]]:
    """Start processes that score the blocks they are sent; none of them outlives this block."""
    context = multiprocessing.get_context("spawn")
    resource_tracker.ensure_running()
    processes, ends = [], []
    try:
        for _ in range(jobs):
            with _undisturbed():
                here, there = context.Pipe()
                process = context.Process(target=_work, args=(there, job), daemon=True)
                process.start()
                there.close()
                processes.append(process)
                ends.append(here)
        yield ends
    finally:
        for end in ends:
            end.close()
        for process in processes:
            process.kill()
            process.join()


def _ready(at_work: Mapping[Connection, int]) -> list[Connection]:
    """Wait until some of the workers have answered, or are gone."""
    return [end for end in wait(list(at_work)) if isinstance(end, Connection)]


def _ask(worker: Connection, block: Block) -> None:
    try:
        worker.send(block)
    except OSError as error:
        raise _gone() from error


def _answer(worker: Connection) -> bytes:
    try:
        answer = worker.recv()
    except (EOFError, OSError) as error:
        raise _gone() from error
    if isinstance(answer, Exception):
        raise answer
    return bytes(answer)


def _gone() -> WorkerError:
    return WorkerError(
        "a process that scored a block was killed or crashed, perhaps for want of memory; nothing was "
        "written: give fewer --jobs or a smaller --block, and run it again"
    )


def _work(end: Connection, job: Job) -> None:
    """Score the blocks that are sent, until whoever sends them is gone."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    with suppress(EOFError, OSError):
        while True:
            block = end.recv()
            try:
                answer: bytes | Exception = _as_stream(_score(job, block))
            except Exception as error:
                answer = error
            end.send(answer)


def _as_stream(table: pa.Table) -> bytes:
    """Rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _score(job: Job, block: Block) -> pa.Table:
    recommender, columns = _opened(job)
    with threadpool_limits(1):
        # The one place that recommends: events of some learners in, arrays of what was chosen out.
        learners = fold_block(columns.block(*block), recommender.bundle.difficulty)
        answer = recommender.recommend(learners, k=job.k, now=to_seconds(job.now))
    ids = columns.ids.slice(block[0], block[1] - block[0])
    return as_table(answer, ids, pa.array(recommender.bundle.catalog.module_ids, pa.string()))


@lru_cache(maxsize=1)
def _opened(job: Job) -> tuple[BlockRecommender, LearnerColumns]:
    return Engine.load(job.bundle, verify=False).in_blocks(), LearnerColumns.open(job.columns)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put off Ctrl-C and a request to terminate while a process is started, which would be half started.

    The process inherits that they are blocked: Ctrl-C is not for it but for who started it. Here that does
    not do, since any thread may hear them; so they are noted, and raised again at the end.
    """
    heard: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, lambda n, _: heard.append(n)) for number in _ENDING}
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        for number, handler in before.items():
            signal.signal(number, handler)
        for first in heard[:1]:
            signal.raise_signal(first)
