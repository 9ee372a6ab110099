"""Blocks of learners scored by several processes, their results in the order of the blocks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from multiprocessing.connection import wait
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
    """Score blocks, in this process or in `jobs` others; close the iterator to stop before the end.

    No more results are held at a time than twice the number of processes.

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
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_end_with_parent)
    waiting: deque[Future[bytes]] = deque()
    try:
        left = iter(blocks)
        while True:
            for block in left:
                with _undisturbed():
                    waiting.append(pool.submit(_score_elsewhere, job, block))
                if len(waiting) >= 2 * jobs:
                    break
            if not waiting:
                break
            yield pa.ipc.open_stream(waiting.popleft().result()).read_all()
    except BrokenProcessPool as error:
        raise WorkerError(
            "a process that scored a block was killed or crashed, perhaps for want of memory; nothing was "
            "written: give fewer --jobs or a smaller --block, and run it again"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _score_elsewhere(job: Job, block: Block) -> bytes:
    """Score a block and return its rows as an Arrow stream."""
    table, sink = _score(job, block), pa.BufferOutputStream()
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


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, however it ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise AssertionError("only other processes watch their parent")
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put off Ctrl-C and a request to terminate while a process is started, which would be half started.

    What is put off here stays put off in there: Ctrl-C is not for it but for who started it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
