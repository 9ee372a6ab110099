"""What a learning platform asks of the service: every call of its OpenAPI description, each as often as fits.

People come and go: some arrive, are active for a while, rest for a while and are erased. So at any time the
same number of people is there, with as much history: what grows meanwhile is not the load. What the catalogue
is given are a few rows again and again, each time with other words in them.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from tests.unit.serving.world import ROLE, SKILLS

N_ACTIVE, N_RESTING = 40, 10
N_ROWS = 5

Operation: TypeAlias = tuple[str, str]
"""Method and path, as OpenAPI has them."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One call to be made, and how it should be answered; a form goes with the key's credentials."""

    operation: Operation
    path: str
    body: object = None
    form: Mapping[str, str] | None = None
    status: int = 200


class Crowd:
    """People by number: those from `oldest` to `newest` are there, and the newest of them are active.

    Attributes
    ----------
    shown : deque of (str, str)
        Recommendation and a module of it, of answers of the last moments.
    """

    def __init__(self) -> None:
        self.oldest, self.newest = 0, N_ACTIVE - 1
        self.shown: deque[tuple[str, str]] = deque(maxlen=20)

    def somebody(self, rng: random.Random) -> str:
        """Return the id of somebody active."""
        return name_of(self.newest - rng.randrange(N_ACTIVE))


def name_of(number: int) -> str:
    """Return the id of a learner."""
    return f"learner-{number}"


def profile_of(number: int) -> dict[str, Any]:
    """Return a profile; there are two teams."""
    return {"target_role_id": ROLE, "team_id": f"team-{number % 2}", "can_mentor": number % 3 == 0}


_PART = "/v1/learners/{learner_id}"
_FEEDBACK = ("POST", "/v1/recommendations/{recommendation_id}/feedback")
_RECOMMEND = ("POST", "/v1/recommendations")
_KINDS = ("shown", "accepted", "dismissed", "too_easy")

# What pages of a platform ask, and how often beside each other.
PAGES: Mapping[Operation, int] = {
    _RECOMMEND: 40,
    _FEEDBACK: 12,
    ("GET", f"{_PART}/mastery"): 12,
    ("GET", f"{_PART}/gaps"): 12,
    ("GET", f"{_PART}/pathway"): 12,
    ("POST", f"{_PART}/next-item"): 12,
}


def pages(crowd: Crowd, seed: int) -> Iterator[Ask]:
    """Ask for ever what pages ask."""
    rng = random.Random(seed)
    while True:
        (operation,) = rng.choices(list(PAGES), weights=list(PAGES.values()))
        method, template = operation
        if operation == _FEEDBACK:
            if crowd.shown:
                recommendation_id, module_id = rng.choice(list(crowd.shown))
                body = {"kind": rng.choice(_KINDS), "module_id": module_id}
                yield Ask(operation, template.format(recommendation_id=recommendation_id), body)
        elif operation == _RECOMMEND:
            yield Ask(operation, template, {"learner_id": crowd.somebody(rng)})
        else:
            asked = f"?role_id={ROLE}" if template.endswith(("gaps", "pathway")) else ""
            path = template.format(learner_id=crowd.somebody(rng)) + asked
            yield Ask(operation, path, {} if method == "POST" else None)


RECEPTION: tuple[Operation, ...] = (("PUT", _PART), ("DELETE", _PART))


def reception(crowd: Crowd) -> Iterator[Ask]:
    """Let people come for ever, and have those erased who are gone."""
    put, delete = RECEPTION
    while True:
        comes = crowd.newest + 1
        yield Ask(put, _PART.format(learner_id=name_of(comes)), profile_of(comes))
        crowd.newest = comes
        if crowd.newest - crowd.oldest >= N_ACTIVE + N_RESTING:
            yield Ask(delete, _PART.format(learner_id=name_of(crowd.oldest)))
            crowd.oldest += 1


def _rows(number: int) -> dict[str, dict[str, Any]]:
    """Return rows by path, each with names of its own; what they name comes first."""
    n, words = number % N_ROWS, f"as told for the time {number}"
    skill, module, role, item = (f"{kind}-soak-{n}" for kind in ("skill", "module", "role", "item"))
    share = number % 7 / 10
    return {
        "skills": {"skill_id": skill, "name": f"Skill {words}"},
        "modules": {"module_id": module, "title": f"Module {words}", "skill_ids": [SKILLS[n % len(SKILLS)]]},
        "roles": {"role_id": role, "title": f"Role {words}"},
        "role-skills": {"role_id": role, "skill_id": skill, "required_mastery": share},
        "prerequisites": {
            "module_id": module,
            "prerequisite_skill_id": SKILLS[0],
            "required_mastery": share,
            "strength": "soft",
        },
        "items": {"item_id": item, "module_id": module, "difficulty": share},
    }


def _batch(crowd: Crowd, rng: random.Random) -> object:
    return {"requests": [{"learner_id": crowd.somebody(rng), "k": 3} for _ in range(20)]}


_Made: TypeAlias = Callable[[Crowd, random.Random, int], Ask]


def _plain(method: str, path: str) -> tuple[Operation, _Made]:
    return (method, path), lambda _crowd, _rng, _number: Ask((method, path), path)


def _of_somebody(part: str) -> tuple[Operation, _Made]:
    operation = ("GET", f"{_PART}/{part}")
    return operation, lambda crowd, rng, _: Ask(
        operation, f"{_PART}/{part}".format(learner_id=crowd.somebody(rng))
    )


def _put(table: str) -> tuple[Operation, _Made]:
    operation = ("PUT", f"/v1/{table}")
    return operation, lambda _crowd, _rng, number: Ask(
        operation, operation[1], {"rows": [_rows(number)[table]]}
    )


def _listed(table: str) -> tuple[Operation, _Made]:
    operation = ("GET", f"/v1/{table}")
    return operation, lambda _crowd, _rng, number: Ask(operation, f"/v1/{table}?limit={1 + number % 9}")


def _statement(crowd: Crowd, rng: random.Random) -> dict[str, Any]:
    return {
        "id": str(UUID(int=rng.getrandbits(128), version=4)),
        "actor": {"account": {"homePage": HOME_PAGE, "name": crowd.somebody(rng)}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"},
        "object": {"id": f"{HOME_PAGE}/items/{rng.randrange(20)}"},
        "result": {"score": {"scaled": rng.random()}},
    }


def _statements(crowd: Crowd, rng: random.Random, _number: int) -> Ask:
    return Ask(_POST, _POST[1], [_statement(crowd, rng) for _ in range(20)])


def _one_statement(crowd: Crowd, rng: random.Random, _number: int) -> Ask:
    sent = _statement(crowd, rng)
    return Ask(_PUT, f"{_PUT[1]}?statementId={sent['id']}", sent, status=204)


def _found(method: str) -> tuple[Operation, _Made]:
    operation = (method, "/xapi/statements")
    return operation, lambda _crowd, _rng, number: Ask(operation, f"{operation[1]}?limit={1 + number % 50}")


def _token(crowd: Crowd, rng: random.Random, _number: int) -> Ask:
    return Ask(
        _TOKEN, _TOKEN[1], form={"grant_type": "client_credentials", "learner_id": crowd.somebody(rng)}
    )


def _account(name: str) -> str:
    return f"{_ACCOUNT[1]}?{urlencode({'issuer': HOME_PAGE, 'name': name})}"


_ACCOUNT = ("GET", "/v1/learners")
HOME_PAGE = "https://lms.example.com"
_POST, _PUT = ("POST", "/xapi/statements"), ("PUT", "/xapi/statements")
_TOKEN = ("POST", "/oauth2/token")
_BATCH = ("POST", "/v1/recommendations/batch")
_TEAM = ("GET", "/v1/teams/{team_id}/gaps")
# What is asked now and then, one after the other.
OFFICE: Mapping[Operation, _Made] = dict(
    [
        (_BATCH, lambda crowd, rng, _: Ask(_BATCH, _BATCH[1], _batch(crowd, rng))),
        _of_somebody("mentors"),
        _of_somebody("export"),
        (_TEAM, lambda _crowd, _rng, number: Ask(_TEAM, f"/v1/teams/team-{number % 2}/gaps")),
        *(each(table) for table in _rows(0) for each in (_put, _listed)),
        (_POST, _statements),
        (_PUT, _one_statement),
        _found("GET"),
        _found("HEAD"),
        _plain("GET", "/xapi/about"),
        _plain("HEAD", "/xapi/about"),
        (_TOKEN, _token),
        (_ACCOUNT, lambda crowd, rng, _: Ask(_ACCOUNT, _account(crowd.somebody(rng)))),
        _plain("GET", "/v1/model"),
        _plain("POST", "/v1/model/reload"),
        _plain("GET", "/health/live"),
        _plain("GET", "/health/ready"),
    ]
)


def office(crowd: Crowd, seed: int) -> Iterator[Ask]:
    """Ask for ever, in turn, what is asked now and then."""
    rng = random.Random(seed)
    rounds = count()
    number = 0
    for first, made in cycle([(i == 0, made) for i, made in enumerate(OFFICE.values())]):
        if first:
            number = next(rounds)
        yield made(crowd, rng, number)


# What `tests.chaos.traffic.Sender` sends.
SENDERS: tuple[Operation, ...] = (("POST", "/v1/events"),)
EVERY_OPERATION = frozenset((*PAGES, *RECEPTION, *OFFICE, *SENDERS))
