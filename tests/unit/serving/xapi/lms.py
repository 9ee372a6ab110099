"""What a learning platform sends, and what became of it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from serving.store import aliases
from tests.unit.serving.world import NOW, Service

HOME = "https://lms.example.com"
MODULE, ITEM = f"{HOME}/modules/1", f"{HOME}/items/1"
ADL = "http://adlnet.gov/expapi/verbs/"
VOIDED = f"{ADL}voided"


def account(name: str = "ann") -> dict[str, Any]:
    return {"account": {"homePage": HOME, "name": name}}


def statement(verb: str = "completed", target: str = MODULE, **parts: Any) -> dict[str, Any]:
    sent = {
        "id": str(uuid4()),
        "actor": account(),
        "verb": {"id": verb if ":" in verb else f"{ADL}{verb}"},
        "object": {"id": target},
        "timestamp": (NOW - timedelta(hours=1)).isoformat(),
    }
    return {name: value for name, value in {**sent, **parts}.items() if value is not None}


def voiding(sent: dict[str, Any]) -> dict[str, Any]:
    return statement(VOIDED, object={"objectType": "StatementRef", "id": sent["id"]})


def send(service: Service, *statements: Any, status: int = 200) -> Any:
    headers = {"X-Experience-API-Version": "1.0.3"}
    answer = service.client.post("/xapi/statements", json=list(statements), headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def outcomes(service: Service) -> list[str]:
    """What became of each statement, in the order in which they came."""
    return [row.outcome for row in service.query("SELECT outcome FROM xapi_statements ORDER BY seq")]


def learner_of(service: Service, name: str = "ann") -> str:
    with service.database.read() as connection:
        return aliases.find(connection, [(HOME, name)])[HOME, name]


def n_events(service: Service, learner_id: str) -> int:
    answer = service.client.get(f"/v1/learners/{learner_id}/mastery")
    assert answer.status_code == 200, answer.text
    n: int = answer.json()["n_events"]
    return n
