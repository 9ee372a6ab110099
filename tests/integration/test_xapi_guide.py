"""The guide to xAPI does what it says: its commands run, and its tables are the code's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.xapi.mapping import Outcome, Places, read_statement
from serving.xapi.prepared import RefusedError, prepare
from serving.xapi.verbs import FAILED, MEANINGS, PASSED, Meaning
from tests.chaos.server import Server
from tests.unit.serving.world import KEY_SECRET, bundle, make_settings, write_pointer

__all__ = ["bundle"]

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/xapi.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
BETWEEN = "-- the next block --"
COUNTS_AS = {
    Meaning.STARTED: "a start",
    Meaning.COMPLETED: "a completion; with a score, an attempt too",
    Meaning.LEFT: "leaving the module",
    Meaning.JUDGED: "an attempt",
    Meaning.EARNED: "a credential",
    Meaning.NOTHING: "nothing, unless the result says that it was completed",
}


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", GUIDE, re.M | re.S)
    assert found is not None, title
    return found[1]


def rows(title: str) -> list[list[str]]:
    found = re.findall(r"^\|(.+)\|$", section(title), re.M)
    return [[cell.strip() for cell in row.split("|")] for row in found[2:]]


def settings_of_the_guide() -> dict[str, str]:
    (block,) = re.findall(r"^```text\n(SERVING_.*?)^```", GUIDE, re.M | re.S)
    return dict(line.split("=", 1) for line in block.splitlines())


@pytest.fixture
def server(tmp_path: Path, bundle: Path) -> Iterator[Server]:
    """A service with the settings that the guide asks for."""
    settings = make_settings(tmp_path)
    write_pointer(settings.pointer, bundle)
    asked = {name.removeprefix("SERVING_").lower(): value for name, value in settings_of_the_guide().items()}
    running = Server(settings.database_url, settings.pointer, tmp_path / "log", **asked)
    running.start()
    yield running
    assert running.stop() == 0


def test_the_commands_print_what_the_guide_shows(server: Server, tmp_path: Path) -> None:
    # Each block of commands has what it prints below it.
    blocks = re.findall(r"^```sh\n(.*?)^```\n\n(?:```text\n(.*?)^```)?", GUIDE, re.M | re.S)
    assert len(blocks) == GUIDE.count("```sh\n") == 9
    script = f"echo; echo '{BETWEEN}'\n".join(commands for commands, _ in blocks)
    assert ADDRESS in script
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "SERVING_KEY_SECRET": KEY_SECRET,
        "SERVING_DATABASE_URL": f"sqlite:///{tmp_path / 'test.db'}",
    }
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, server.url)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    printed = [part.strip() for part in ran.stdout.split(BETWEEN)]
    assert printed == [shown.strip() for _, shown in blocks]


def test_every_verb_counts_as_the_guide_says() -> None:
    told = {
        f"{start.strip('`')}{name}": means
        for start, names, means in rows("Which verbs count")
        for name in re.findall(r"`([^`]+)`", names)
    }
    assert told == {verb: COUNTS_AS[meaning] for verb, meaning in MEANINGS.items()}


def test_verbs_that_say_how_it_went_are_named() -> None:
    text = " ".join(section("Which verbs count").split())
    told = re.search(r"(`passed`[^.]*?) say that it was passed, (.*?) that it was not", text)
    assert told is not None
    for names, verbs in zip(told.groups(), (PASSED, FAILED), strict=True):
        assert set(re.findall(r"`(\w+)`", names)) == {verb.rpartition("/")[2] for verb in verbs}


def test_every_outcome_is_explained() -> None:
    told = [row[0].strip("`") for row in rows("Was it understood?")]
    assert sorted(told) == sorted([*(outcome.value for outcome in Outcome), "duplicate"])


def statement(activity: str, verb: str, **parts: Any) -> dict[str, Any]:
    return {
        "actor": {"account": {"homePage": "https://lms.example.org", "name": "7"}},
        "verb": {"id": verb},
        "object": {"id": activity},
    } | parts


ADL = "http://adlnet.gov/expapi/verbs/"
MOODLE = "https://lms.example.org"
QUIZ, PAGE = f"{MOODLE}/mod/quiz/view.php?id=7", f"{MOODLE}/mod/page/view.php?id=5"
XBLOCK = f"{MOODLE}/xblock/block-v1:edX+DemoX+Demo+type@problem+block@a1"
PLACES = Places({QUIZ: "quiz", PAGE: "page", f"{MOODLE}/course/course-v1:edX+DemoX+Demo": "demo"}, {}, {})
AROUND = {"contextActivities": {"grouping": [{"id": MOODLE}, {"id": QUIZ}]}}
IN_COURSE = {"contextActivities": {"parent": [{"id": f"{MOODLE}/course/course-v1:edX+DemoX+Demo"}]}}
CHOICE = {"interactionType": "choice", "type": "http://adlnet.gov/expapi/activities/cmi.interaction"}


@pytest.mark.parametrize(
    ("sent", "kinds"),
    [
        (statement(PAGE, "http://id.tincanapi.com/verb/viewed"), ["completion"]),
        (statement(QUIZ, "http://activitystrea.ms/schema/1.0/start"), ["completion"]),
        (
            statement(QUIZ, f"{ADL}completed", result={"score": {"raw": 5, "min": 0, "max": 10}}),
            ["attempt", "completion"],
        ),
        (
            statement(
                f"{MOODLE}/question/question.php?cmid=7&id=3",
                f"{ADL}answered",
                object={"id": f"{MOODLE}/question/question.php?cmid=7&id=3", "definition": CHOICE},
                result={"success": True, "completion": True},
                context=AROUND,
            ),
            ["attempt"],
        ),
        (
            statement(
                XBLOCK,
                "https://w3id.org/xapi/acrossx/verbs/evaluated",
                object={"id": XBLOCK, "definition": CHOICE},
                result={"success": False, "score": {"scaled": 0}},
                context=IN_COURSE,
            ),
            ["attempt"],
        ),
        (statement(f"{MOODLE}/course/course-v1:edX+DemoX+Demo", f"{ADL}passed"), ["attempt"]),
    ],
    ids=["page viewed", "quiz started", "quiz handed in", "question", "problem", "course passed"],
)
def test_what_moodle_and_open_edx_send_becomes_what_the_guide_says(
    sent: dict[str, Any], kinds: list[str]
) -> None:
    reading = read_statement(sent, PLACES)
    assert (reading.outcome, [event["kind"] for event in reading.events]) == (Outcome.USED, kinds)


@pytest.mark.parametrize(
    "broken",
    [
        statement(QUIZ, f"{ADL}scored", result={"score": {"raw": 5, "max": 10}, "completion": "unknown"}),
        statement(
            QUIZ, f"{ADL}scored", result={"score": {"raw": 5, "max": 10}}, context={"instructor": "System"}
        ),
    ],
    ids=["a word as completion", "an instructor that is no agent"],
)
def test_what_is_refused_strictly_is_used_leniently(broken: dict[str, Any]) -> None:
    def ready(*, lenient: bool) -> Outcome:
        (one,) = prepare([broken], version="1.0.3", lenient=lenient, authority={}, places=PLACES)
        return one.reading.outcome

    with pytest.raises(RefusedError):
        ready(lenient=False)
    assert ready(lenient=True) is Outcome.USED


def test_the_router_leaves_out_the_event_that_it_should() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", section("Open edX"), re.M | re.S)
    pattern = json.loads(block)["match_params"]["name"]
    names = ["problem_check", "edx.grades.problem.submitted", "edx.grades.problem.submitted.late"]
    assert [bool(re.search(pattern, name)) for name in names] == [True, False, True]
