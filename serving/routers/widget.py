"""The script that shows a learner's next modules in any page."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from serving.entity_tags import entity_tag, is_held

PATH = "/widget.js"
router = APIRouter()
_KEPT_SECONDS = 3600
# In widget.js, where its style goes.
_STYLE_HERE = '"widget.css"'
_UNSEEN = re.compile(r"/\*.*?\*/|\s*([{};])\s*")


@lru_cache(maxsize=1)
def script() -> bytes:
    """Return the script with its style in it, and without what is in the style for its readers only."""
    folder = files("serving") / "widget"
    source, style = ((folder / name).read_text(encoding="utf-8") for name in ("widget.js", "widget.css"))
    short = " ".join(_UNSEEN.sub(r"\1", style).split())
    return source.replace(_STYLE_HERE, json.dumps(short), 1).encode()


@lru_cache(maxsize=1)
def _headers() -> dict[str, str]:
    return {
        "Cache-Control": f"public, max-age={_KEPT_SECONDS}",
        "ETag": entity_tag(script()),
        # The script is the same for everybody and public: any page may load it, and check it by its hash.
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
    }


@router.api_route(PATH, methods=["GET", "HEAD"], include_in_schema=False)
async def widget(request: Request) -> Response:
    """Answer with the script, or that it is the one that the browser has."""
    headers = _headers()
    if is_held(request.scope, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(script(), media_type="text/javascript", headers=headers)
