"""``openapi``: the API's description, for generating clients."""

from __future__ import annotations

import json

from serving.api import make_api


def openapi_json() -> str:
    """Return the OpenAPI description as JSON; neither settings nor a model are needed."""
    return json.dumps(make_api().openapi(), indent=2, ensure_ascii=False)
