"""A client generated from the API's description, as the guide says, talks to a running service."""

from __future__ import annotations

import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from recommender.engine import Engine
from recommender.skills.state import LearnerState
from serving.commands import keys
from serving.routers.learners import mastery_out
from serving.security.scopes import Scope
from serving.settings import Settings
from serving.store import learners
from serving.store.database import Database
from tests.chaos.server import Server
from tests.unit.serving.world import ITEMS, MODULES, ROLE, SKILLS, bundle, make_settings, write_pointer

__all__ = ["bundle"]

ROOT = Path(__file__).parents[2]
PACKAGE = "adaptive_learning_recommender_client"
# What an address has to quote.
LEARNER = "Ärzte/1 & co?"
_SECTION = re.search(
    r"^### A client in Python\n(.*?)^##", (ROOT / "docs/guides/api.md").read_text("utf-8"), re.M | re.S
)
assert _SECTION is not None
COMMANDS, SNIPPET = re.findall(r"^```(?:python)?\n(.*?)^```", _SECTION[1], re.M | re.S)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Settings:
    made = make_settings(tmp_path_factory.mktemp("service"))
    write_pointer(made.pointer, bundle)
    return made


@pytest.fixture(scope="module")
def key(settings: Settings) -> str:
    return keys.create(settings, "our LMS", list(Scope))


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[Server]:
    running = Server(settings.database_url, settings.pointer, settings.pointer.with_name("log"))
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def description(server: Server) -> dict[str, Any]:
    served: dict[str, Any] = httpx2.get(f"{server.url}/openapi.json").json()
    return served


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, description: dict[str, Any]) -> Iterator[ModuleType]:
    """The package that the guide's commands make, imported with all of its modules."""
    folder = tmp_path_factory.mktemp("client")
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-ec", COMMANDS], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    made = folder / PACKAGE.replace("_", "-")
    # Whatever is warned of stands there too: a call that was left out, or a schema that was not understood.
    assert (done.returncode, done.stdout, done.stderr) == (0, f"Generating {made}\n", "")
    assert json.loads((folder / "openapi.json").read_text()) == description
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(made))
        package = import_module(PACKAGE)
        for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
            import_module(module.name)
        yield package
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def client(generated: ModuleType, server: Server, key: str) -> Iterator[Any]:
    with generated.AuthenticatedClient(server.url, token=key, raise_on_unexpected_status=True) as opened:
        yield opened


def call(path: str) -> ModuleType:
    """A module of the generated client, by tag and operation."""
    return import_module(f"{PACKAGE}.api.{path}")


def ask(path: str, *address: str, **sent: Any) -> Any:
    """Make a call; what its type holds must be all that came."""
    answer = call(path).sync_detailed(*address, **sent)
    assert answer.status_code == 200, answer.content
    came = json.loads(re.sub(rb'(T\d\d:\d\d:\d\d(?:\.\d+)?)Z"', rb'\1+00:00"', answer.content))
    assert answer.parsed.to_dict() == came
    return answer.parsed


def _snake_case(tag: str) -> str:
    """Spell a tag as the generator does.

    >>> _snake_case("xAPI")
    'x_api'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", tag).lower()


def test_no_call_got_lost(generated: ModuleType, description: dict[str, Any]) -> None:
    wanted = {
        f"{_snake_case(operation['tags'][0])}.{operation['operationId']}"
        for methods in description["paths"].values()
        for operation in methods.values()
    }
    start = f"{PACKAGE}.api."
    names = [m.name for m in pkgutil.walk_packages(generated.__path__, f"{PACKAGE}.") if not m.ispkg]
    found = {name.removeprefix(start) for name in names if name.startswith(start)}
    assert found == wanted
    assert len(found) == sum(len(methods) for methods in description["paths"].values())
    for path in found:
        # The first two are there only where the answers have a type.
        assert {"sync", "asyncio", "sync_detailed", "asyncio_detailed"} <= vars(call(path)).keys(), path


def test_no_schema_got_lost(generated: ModuleType, description: dict[str, Any]) -> None:
    models = import_module(f"{PACKAGE}.models")
    assert set(description["components"]["schemas"]) <= set(models.__all__)


def test_parameters_that_may_be_left_out_are_never_null(description: dict[str, Any]) -> None:
    parameters = [
        parameter
        for methods in description["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
    ]
    assert {p["in"] for p in parameters} == {"path", "query", "header"}
    assert [p for p in parameters if p["schema"].get("type") not in ("string", "number", "integer")] == []
    assert {p["name"]: p["schema"]["minimum"] for p in parameters if p["schema"]["type"] == "number"} == {
        "weekly_minutes": 1
    }


def test_evidence_goes_in_and_estimates_come_out(client: Any, database: Database, bundle: Path) -> None:
    from adaptive_learning_recommender_client import models

    put = ask(
        "catalogue.put_modules",
        client=client,
        body=models.ModulesPut(
            [models.ModuleRow("module-new", "Brüche", skill_ids=[SKILLS[0]], duration_minutes=30.0)]
        ),
    )
    assert (put.new, put.changed, put.catalog_revision) == (1, 0, 1)
    profile = models.ProfileRequest(target_role_id=ROLE, language="en", weekly_minutes=120.0)
    kept = ask("learners.put_profile", LEARNER, client=client, body=profile)
    assert (kept.learner_id, kept.target_role_id, kept.role_id) == (LEARNER, ROLE, None)

    at = datetime.now(UTC) - timedelta(hours=1)
    events = [
        *(
            models.AttemptIn(
                f"a{i}", LEARNER, "attempt", ITEMS[i], i / 4, occurred_at=at + timedelta(minutes=i)
            )
            for i in range(4)
        ),
        models.CompletionIn("c", LEARNER, "completion", MODULES[2], status=models.CompletionInStatus.STARTED),
        models.SelfAssessmentIn("s", LEARNER, "self_assessment", SKILLS[1], 0.5),
        models.CredentialIn("k", LEARNER, "credential", "credential-numbers"),
    ]
    told = ask("events.record_events", client=client, body=models.EventsRequest(events))
    assert (told.stored, told.duplicates, told.rejected) == (7, 0, 0)
    assert [(r.event_id, r.status.value) for r in told.results][-1] == ("k", "stored")
    again = ask("events.record_events", client=client, body=models.EventsRequest(events[:1]))
    assert again.results[0].status is models.EventResultStatus.DUPLICATE

    answer = ask("learners.mastery", LEARNER, client=client)
    assert (answer.learner_id, answer.n_events, answer.model.simulated) == (LEARNER, 7, False)
    found = learners.find(database, LEARNER)
    assert found.state is not None
    state = LearnerState.from_bytes(found.state.state)
    (estimate,) = Engine.load(bundle).mastery(state, found.profile, now=answer.generated_at)
    (skill,), expected = answer.skills, mastery_out(estimate)
    assert (skill.mastery, tuple(skill.interval)) == (expected.mastery, expected.interval)
    assert (skill.name, skill.trend.value) == (expected.name, expected.trend)
    assert (skill.skill_id, skill.n_attempts) == (SKILLS[0], 4)
    assert skill.last_practised_at == at + timedelta(minutes=3)

    gaps = ask("learners.gaps", LEARNER, client=client)
    assert gaps.role is not None
    assert (gaps.role.role_id, gaps.present, gaps.target.role_id) == (ROLE, None, ROLE)
    assert {s.skill_id: s.required for s in gaps.skills} == {SKILLS[0]: 0.8, SKILLS[1]: 0.7}
    (known,) = [s for s in gaps.skills if s.skill_id == SKILLS[0]]
    assert known.mastery == skill.mastery
    assert known.gap == round(max(0.0, 0.8 - known.mastery), 4)
    assert ask("learners.gaps", LEARNER, client=client, role_id=ROLE).skills == gaps.skills


def test_a_recommendation_is_asked_for_and_answered(client: Any) -> None:
    from adaptive_learning_recommender_client import models

    wishes = models.RecommendationRequest(
        "ann",
        k=3,
        formats=[models.RecommendationRequestFormatsItem.VIDEO],
        exclude=[MODULES[0]],
        challenge=models.RecommendationRequestChallenge.EASIER,
    )
    answer = ask("recommendations.recommend", client=client, body=wishes, accept_language="en")
    modules = answer.recommendations
    assert answer.fallback is models.RecommendationResponseFallbackType0.COLD_START
    assert [module.rank for module in modules] == [1, 2, 3]
    assert {module.module_id for module in modules} <= set(MODULES[2::2])
    assert all(isinstance(reason.code, models.ReasonOutCode) for m in modules for reason in m.reasons)
    assert abs((answer.generated_at - datetime.now(UTC)).total_seconds()) < 600

    feedback = models.FeedbackRequest(models.FeedbackRequestKind.TOO_HARD, module_id=modules[0].module_id)
    for status in ("STORED", "DUPLICATE"):
        told = ask("recommendations.feedback", str(answer.recommendation_id), client=client, body=feedback)
        assert told.status is models.FeedbackResponseStatus[status]
    none = models.RecommendationRequest("ann", exclude=list(MODULES), minutes=1.0)
    empty = ask("recommendations.recommend", client=client, body=none)
    assert empty.recommendations == []
    removed = {rule.rule: rule.removed for rule in empty.empty_because}
    assert removed[models.RuleOutRule.EXCLUDED] == len(MODULES)


def test_refusals_are_problems_with_types(client: Any, generated: ModuleType, server: Server) -> None:
    from adaptive_learning_recommender_client import models

    with generated.Client(server.url, raise_on_unexpected_status=True) as nobody:
        refused = call("learners.mastery").sync_detailed("ann", client=nobody)
    assert (refused.status_code, type(refused.parsed)) == (401, models.ProblemResponse)
    assert (refused.parsed.type_, refused.parsed.status) == ("/docs#unauthenticated", 401)
    assert "send it as Authorization: Bearer" in refused.parsed.detail
    unknown = call("learners.mastery").sync("nobody", client=client)
    assert (type(unknown), unknown.type_) == (models.ProblemResponse, "/docs#unknown-learner")
    good = models.SelfAssessmentIn("good", "eve", "self_assessment", SKILLS[1], 0.5)
    bad = models.SelfAssessmentIn("bad", "eve", "self_assessment", SKILLS[1], 1.5)
    mixed = call("events.record_events").sync(client=client, body=models.EventsRequest([good, bad]))
    assert (type(mixed), mixed.type_) == (models.EventsProblemResponse, "/docs#rejected-events")
    assert [result.status.value for result in mixed.results] == ["stored", "rejected"]
    assert [(e.field, e.value, e.remedy) for e in mixed.errors] == [
        ("events[1].level", 1.5, "send a number of at most 1.0")
    ]


def test_the_lines_of_the_guide_run(generated: ModuleType, server: Server, key: str) -> None:
    assert "http://127.0.0.1:8000" in SNIPPET
    names: dict[str, Any] = {"key": key}
    exec(SNIPPET.replace("http://127.0.0.1:8000", server.url), names)  # noqa: S102
    names["client"].get_httpx_client().close()
    assert len(names["titles"]) == 3
    assert names["answer"].model.alias == "champion"
