"""How fast statements of a file come into the store, and what becomes of them.

``python -m tests.benchmarks.xapi_import --file STATEMENTS.json.gz [--strict] [--database URL] [--json OUT]``

A service over an empty store gets the activities that the file names most as modules, with their ids as
`framework_uri`; then the command imports the file, and imports it again. The model is a small one that
is trained here on made-up answers: it says what a state costs, and nothing of people.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console

from serving.commands.import_xapi import import_xapi
from serving.services import utc_now
from serving.settings import Settings
from serving.store.database import Database
from serving.xapi.files import StatementFile
from serving.xapi.importing import Report
from tests.unit.serving.world import running_service, write_bundle


def activities(file: Path) -> Counter[str]:
    """How many statements are about each activity of which a type is told."""
    found: Counter[str] = Counter()
    with StatementFile(file) as source:
        for entry in source.entries():
            target = entry.value.get("object", {}) if isinstance(entry.value, dict) else {}
            if target.get("definition", {}).get("type"):
                found[target["id"]] += 1
    return found


def put_modules(folder: Path, bundle: Path, addresses: list[str], **settings: Any) -> Settings:
    """Put modules into the catalogue of a new service, and return its settings."""
    skills = ["skill-algebra"]
    rows = [
        {"module_id": f"video-{i}", "title": f"Video {i}", "skill_ids": skills, "framework_uri": its}
        for i, its in enumerate(addresses)
    ]
    with running_service(folder, bundle, **settings) as service:
        answer = service.client.put("/v1/modules", json={"rows": rows})
        assert answer.status_code == 200, answer.text
        return service.settings


def states(settings: Settings) -> int:
    """How many learners have a state."""
    database = Database(settings.database_url)
    with database.read() as connection:
        found: int = connection.exec_driver_sql("SELECT count(*) FROM learner_states").scalar_one()
    database.close()
    return found


def timed(settings: Settings, file: Path, console: Console, **options: Any) -> tuple[Report, float, float]:
    """Import the file; the report, and seconds of the clock and of the processor, with all states made."""
    started, used = time.perf_counter(), time.process_time()
    report = import_xapi(settings, file, console, clock=utc_now, **options)
    return report, time.perf_counter() - started, time.process_time() - used


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--database", help="address of an empty store; a file of SQLite by default")
    parser.add_argument("--most-modules", type=int, default=10)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    console = Console(width=120, markup=False, emoji=False, highlight=False)
    addresses = [its for its, _ in activities(given.file).most_common(given.most_modules)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_bundle(folder / "bundle")
        changes = {"database_url": given.database} if given.database else {}
        settings = put_modules(folder, folder / "bundle", addresses, **changes)
        figures: dict[str, Any] = {"modules": len(addresses)}
        for name in ("first", "again"):
            report, seconds, used = timed(settings, given.file, console, strict=given.strict)
            figures[name] = {
                "statements": report.read,
                "outcomes": dict(report.outcomes),
                "seconds": round(seconds, 2),
                "statements_per_second": round(report.read / seconds),
                "statements_per_second_of_processor": round(report.read / used),
            }
        figures["learners_with_state"] = states(settings)
    console.print_json(json.dumps(figures))
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
