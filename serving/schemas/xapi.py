"""How OpenAPI tells of the statement resource, whose requests are judged by the xAPI specification."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from serving.examples.xapi import STATEMENT, STATEMENT_TO_PUT, STATEMENTS

_UUID = {"type": "string", "format": "uuid"}
_FLAG = {"type": "string", "enum": ["true", "false"], "default": "false"}
_TIME = {"type": "string", "format": "date-time"}
_IRI = {"type": "string", "format": "uri"}
_STATEMENT: dict[str, Any] = {
    "type": "object",
    "required": ["actor", "verb", "object"],
    "description": "A statement as xAPI 1.0.3 and 2.0 (IEEE 9274.1.1) have it.",
    "properties": {
        "id": _UUID,
        "actor": {"type": "object"},
        "verb": {"type": "object"},
        "object": {"type": "object"},
        "result": {"type": "object"},
        "context": {"type": "object"},
        "timestamp": _TIME,
    },
}


class About(BaseModel):
    """Versions of xAPI that are spoken, and extensions."""

    version: list[str]
    extensions: dict[str, Any]


def _parameter(name: str, schema: dict[str, Any], about: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema} | more


VERSION_PARAMETER = _parameter(
    "X-Experience-API-Version",
    {"type": "string", "pattern": r"^(1\.0(\.[0-9]+)?|2\.0(\.[0-9]+)?)$"},
    "Version of xAPI that is spoken.",
    required=True,
    example="1.0.3",
) | {"in": "header"}
_STATEMENT_ID = _parameter(
    "statementId", {**_UUID, "examples": [STATEMENT["id"]]}, "Id of the statement.", required=True
)


def _body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}


POST_BODY = {
    "parameters": [VERSION_PARAMETER],
    "requestBody": _body({"oneOf": [_STATEMENT, {"type": "array", "items": _STATEMENT}]}, STATEMENTS),
}
PUT_BODY = {
    "parameters": [VERSION_PARAMETER, _STATEMENT_ID],
    "requestBody": _body(_STATEMENT, STATEMENT_TO_PUT),
}
GET_PARAMETERS = [
    VERSION_PARAMETER,
    _parameter("statementId", _UUID, "The only statement."),
    _parameter("voidedStatementId", _UUID, "The only statement, one that was voided."),
    _parameter("agent", {"type": "string"}, "Whose statements, as JSON: an agent or an identified group."),
    _parameter("verb", _IRI, "Id of the verb."),
    _parameter("activity", _IRI, "Id of the activity."),
    _parameter("registration", _UUID, "Registration."),
    _parameter("related_activities", _FLAG, "Whether `activity` may be anywhere in the statement."),
    _parameter("related_agents", _FLAG, "Whether `agent` may be anywhere in the statement."),
    _parameter("since", _TIME, "Stored after this."),
    _parameter("until", _TIME, "Stored at this or before."),
    _parameter("limit", {"type": "integer", "minimum": 0}, "At most so many; 0 means 500."),
    _parameter(
        "format",
        {"type": "string", "enum": ["exact", "ids", "canonical"], "default": "exact"},
        "How agents, activities and verbs are told.",
    ),
    _parameter("attachments", _FLAG, "Whether the answer comes in parts; there are never attachments."),
    _parameter("ascending", _FLAG, "Whether the oldest comes first."),
    _parameter("cursor", {"type": "integer", "minimum": 0}, "Where a page goes on; `more` has it."),
]
FOUND = {
    "description": "Successful Response",
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    _STATEMENT,
                    {
                        "type": "object",
                        "required": ["statements", "more"],
                        "properties": {
                            "statements": {"type": "array", "items": _STATEMENT},
                            "more": {"type": "string"},
                        },
                    },
                ]
            }
        }
    },
}
