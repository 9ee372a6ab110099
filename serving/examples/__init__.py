"""Examples of the API's documentation. A test sends each request and compares the shape of the answer."""

from __future__ import annotations

from typing import Any

from serving.examples import batch, catalog, events, learners, people, recommendations, roles, service, xapi

_PARTS = (recommendations, batch, events, learners, roles, people, catalog, xapi, service)

# By method and path, in the order of the documentation.
RESPONSES: dict[tuple[str, str], Any] = {
    call: answer for part in _PARTS for call, answer in part.RESPONSES.items()
}

# By name, as OpenAPI has them: a summary and a value each.
REQUESTS: tuple[dict[str, Any], ...] = (
    recommendations.RECOMMENDATION_REQUESTS,
    recommendations.FEEDBACK_REQUESTS,
    events.EVENTS_REQUESTS,
    learners.NEXT_ITEM_REQUESTS,
    batch.BATCH_REQUESTS,
    people.PROFILE_REQUESTS,
    catalog.MODULES,
    catalog.SKILLS,
    catalog.ROLES,
    catalog.ROLE_SKILLS,
    catalog.PREREQUISITES,
    catalog.ITEMS,
    xapi.STATEMENTS,
)
