"""Kill the service and its database at random moments under load: nothing that was acknowledged is lost.

``python -m tests.chaos.crashes --kills 200``

Senders deliver evidence without a pause, some of it late and some twice, each batch again and again until it
is acknowledged. Meanwhile the service is killed with all of its workers, or one worker alone, or, where there
is one, the database server with all of its processes (SIGKILL), and what was killed is started again. In the
end the store is read without the service: every acknowledged event is there exactly once with what was sent,
nothing is there that nobody sent, and the state of every learner equals the replay of the log, so no event
counts twice in it either.

This is what a crash of processes does. It is no power cut: the pages that a killed process wrote stay with
the operating system. That a commit waits for the disk rests on ``PRAGMA synchronous=FULL``, which
``tests/unit/serving/test_store.py`` looks for, and on PostgreSQL's own defaults.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from recommender.engine import Engine
from serving.evidence import RowRules, read_event, to_event
from serving.store import events as log
from serving.store.database import Database
from serving.store.events import LoggedEvent
from serving.store.migrate import open_database
from serving.store.tables import events, learner_states
from tests.chaos.server import Server
from tests.chaos.threads import faults_at_the_end
from tests.chaos.traffic import Sender
from tests.postgres import Postgres, running_postgres
from tests.unit.serving.world import write_bundle, write_pointer

N_SENDERS = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out.

    Parameters
    ----------
    kills : int
    worker_kills, database_kills : int
        Those of them that hit one worker alone, and the database server.
    acknowledged, stored : int
        Events.
    failed_calls : int
        Calls that got no answer, or a 503: they were repeated.
    faults : tuple of str
        What should not be, in words; empty when all is well.
    """

    kills: int
    worker_kills: int
    database_kills: int
    acknowledged: int
    stored: int
    failed_calls: int
    faults: tuple[str, ...]


def crash(folder: Path, kills: int, postgres: Postgres | None, *, seed: int = 0, workers: int = 2) -> Outcome:
    """Run senders against a service that is killed again and again; look at what is left.

    Parameters
    ----------
    folder : Path
        Empty; for the store, the bundle and the log of the service.
    kills : int
    postgres : Postgres or None
        Database server, which is killed too; None for SQLite.
    """
    rng, hit = random.Random(seed), Counter[str]()
    write_bundle(folder / "bundle")
    write_pointer(folder / "champion.json", folder / "bundle")
    url = f"sqlite:///{folder / 'store.db'}" if postgres is None else postgres.new_store()
    server = Server(url, folder / "champion.json", folder / "service.log", workers=workers, rate_limit=0)
    key = server.command("keys", "create", "--name", "chaos", "--scopes", "events")
    server.start()
    senders = [Sender(server.url, key, number) for number in range(N_SENDERS)]
    for sender in senders:
        sender.start()
    for _ in range(kills):
        time.sleep(rng.uniform(0.05, 1.0))
        if postgres is not None and rng.random() < 0.5:
            postgres.kill()
            hit["database"] += 1
            time.sleep(rng.uniform(0.0, 0.5))
            postgres.start_again()
        elif workers > 1 and rng.random() < 0.25:
            server.kill_a_worker(rng)
            hit["worker"] += 1
        else:
            server.kill()
            hit["service"] += 1
            server.start()
    faults = faults_at_the_end(senders, 120)
    if (code := server.stop()) != 0:
        faults.append(f"the service ended with exit code {code}")
    database = open_database(url)
    try:
        stored, wrong = look(database, Engine.load(folder / "bundle"), senders)
    finally:
        database.close()
    return Outcome(
        kills,
        hit["worker"],
        hit["database"],
        sum(len(sender.acknowledged) for sender in senders),
        stored,
        sum(sender.n_failed for sender in senders),
        tuple(faults + wrong),
    )


def look(
    database: Database, engine: Engine, senders: Sequence[Sender], others: Sequence[dict[str, Any]] = ()
) -> tuple[int, list[str]]:
    """Count events in the store, and say what is wrong with them and with the states.

    Parameters
    ----------
    others : sequence of event
        What was sent beside.
    """
    sent = {event["event_id"]: event for event in others}
    sent |= {event_id: event for sender in senders for event_id, event in sender.sent.items()}
    acknowledged = {event_id for sender in senders for event_id in sender.acknowledged}
    rules = RowRules(received_at=datetime.now(UTC), future_tolerance_seconds=300, catalog=None)
    with database.read() as connection:
        rows = connection.execute(select(events.c.event_id, events.c.payload)).all()
        states = {row.learner_id: row.state for row in connection.execute(select(learner_states))}
        learner_ids = connection.execute(select(events.c.learner_id).distinct()).scalars().all()
        histories = {i: log.history(connection, i) for i in learner_ids}
    count, wrong = Counter(row.event_id for row in rows), []
    wrong += [f"{i} was acknowledged and is not there" for i in acknowledged if count[i] != 1]
    wrong += [f"{i} is there and nobody sent it" for i in count if i not in sent]
    for row in rows:
        expected = read_event(sent.get(row.event_id), rules)
        if not isinstance(expected, LoggedEvent) or row.payload != expected.payload:
            wrong.append(f"{row.event_id} is not what was sent: {row.payload}")
    mark, trained = engine.bundle.difficulty.pass_mark, engine.bundle.difficulty.item_index
    for learner_id, history in histories.items():
        replayed = engine.fold(to_event(event, mark, trained) for event in history).to_bytes()
        if states.get(learner_id) != replayed:
            wrong.append(f"the state of {learner_id} is not the replay of the log")
    return len(rows), wrong


def main() -> None:
    """Print what came out; exit with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--store", choices=["sqlite", "postgresql"], nargs="+", default=["sqlite", "postgresql"]
    )
    given, failed = parser.parse_args(), False
    for store in given.store:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            postgres = stack.enter_context(running_postgres()) if store == "postgresql" else None
            outcome = crash(folder, given.kills, postgres, workers=given.workers)
        print(  # noqa: T201
            f"{store}: killed {outcome.kills} times, one worker alone {outcome.worker_kills} of them, the "
            f"database server {outcome.database_kills}; {outcome.acknowledged:,} events acknowledged, "
            f"{outcome.stored:,} stored, {outcome.failed_calls:,} calls repeated; "
            f"{len(outcome.faults)} faults"
        )
        for fault in outcome.faults[:20]:
            print(f"  {fault}")  # noqa: T201
        failed |= bool(outcome.faults)
    raise SystemExit(int(failed))


if __name__ == "__main__":
    main()
