"""The page to try the engine with: a few files, the same for everybody, that hold nothing of anybody.

What it shows it asks of the API, with a key that whoever looks at it enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

from serving.entity_tags import entity_tag, is_held
from serving.problems import NOT_FOUND, Problem

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_START: Final = "index.html"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page as it is sent."""

    content: bytes
    media_type: str
    etag: str


@cache
def page_files() -> Mapping[str, PageFile]:
    """Return the files of the page by name, as they were when the first was asked for."""
    found = {}
    for file in files("serving").joinpath("page").iterdir():
        media_type = _TYPES.get(file.name[file.name.rfind(".") :])
        if media_type is not None:
            content = file.read_bytes()
            found[file.name] = PageFile(content, media_type, entity_tag(content))
    return found


@router.api_route("/", methods=["GET", "HEAD"])
def start(request: Request) -> Response:
    """Answer with the page."""
    return _sent(page_files()[_START], request)


@router.api_route("/page/{name}", methods=["GET", "HEAD"])
def part(name: str, request: Request) -> Response:
    """Answer with a file that the page loads."""
    file = page_files().get(name)
    if file is None or name == _START:
        raise Problem(NOT_FOUND, "the page has no file of this name; open /")
    return _sent(file, request)


def _sent(file: PageFile, request: Request) -> Response:
    """Answer with a file, or that whoever asks has it already."""
    headers = {
        "ETag": file.etag,
        # Kept, and asked for again each time: after an update no old file meets a new one.
        "Cache-Control": "no-cache",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    }
    if is_held(request.scope, file.etag):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
