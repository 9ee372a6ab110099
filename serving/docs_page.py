"""The API's documentation as one plain page, made from its OpenAPI description; it loads nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from serving.problems import KINDS

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f}
h2{border-top:1px solid #ccc;padding-top:1rem} pre{background:#f4f4f6;padding:.75rem;overflow-x:auto}
code{font-size:.9em} .method{display:inline-block;min-width:3.5em;font-weight:700} .muted{color:#555}
table{border-collapse:collapse} td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}
@media(prefers-color-scheme:dark){body{background:#16161a;color:#e6e6ea}pre{background:#24242a}.muted{color:#aaa}}
"""


def render(openapi: Mapping[str, Any]) -> str:
    """Return the page for an OpenAPI description."""
    info = openapi["info"]
    parts = [
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(info['title'])}</title>",
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style>",
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>",
        "<p class='muted'>The same for machines: <a href='/openapi.json'>openapi.json</a></p>",
        *(_operation(*call) for call in _calls(openapi)),
        _problems(),
        "</html>",
    ]
    return "".join(parts)


def _calls(openapi: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    scopes = [
        s for alternative in operation.get("security", ()) for some in alternative.values() for s in some
    ]
    needs = f"needs the scope {scopes[0]}" if scopes else "needs no key"
    return "".join(
        [
            f"<h2 id='{escape(operation['operationId'])}'><code><span class='method'>{method}</span> ",
            f"{escape(path)}</code></h2><p><b>{escape(operation.get('summary', ''))}</b> ",
            f"<span class='muted'>({escape(needs)})</span></p>",
            f"<p>{escape(operation.get('description', ''))}</p>",
            *_requests(operation),
            *_responses(operation),
        ]
    )


def _requests(operation: Mapping[str, Any]) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {})
    for media in content.values():
        for example in media.get("examples", {}).values():
            yield f"<p>{escape(example['summary'])}:</p>{_json(example['value'])}"


def _responses(operation: Mapping[str, Any]) -> Iterator[str]:
    rows = []
    for status, response in operation["responses"].items():
        rows.append(f"<tr><td>{escape(status)}</td><td>{escape(response['description'])}</td></tr>")
        for media in response.get("content", {}).values():
            if "example" in media:
                yield f"<p>Answer:</p>{_json(media['example'])}"
    yield f"<table>{''.join(rows)}</table>"


def _problems() -> str:
    rows = "".join(
        f"<tr id='{kind.slug}'><td>{kind.status}</td><td><code>{escape(kind.type)}</code></td>"
        f"<td>{escape(kind.about)}</td></tr>"
        for kind in KINDS
    )
    return f"<h2>Problems</h2><table><tr><th>Status<th>Type<th>Meaning</tr>{rows}</table>"


def _json(value: object) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
