"""A learning platform with one page, which shows the widget of an engine on another origin, and that engine.

The platform is at 127.0.0.1 and the engine at localhost: two hosts, so two origins. Both really run.
"""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

import uvicorn
from starlette import types

from serving.app import create_app
from serving.security.keys import create_key
from serving.security.scopes import Scope
from serving.store.database import Database
from serving.store.migrate import open_database
from tests.unit.serving.world import (
    KEY_SECRET,
    MODULES,
    NOW,
    ROLE,
    SKILLS,
    FixedClock,
    make_settings,
    write_pointer,
)

LEARNER = "zoë-4711"
# Of four skills in turn, as the modules are; one tries to be markup.
TITLES = (
    "Fractions without fear",
    "Letters for numbers",
    "Angles and areas",
    "Reading a chart",
    "Percentages at work",
    "Solving for the unknown",
    "<img src=x onerror=alert(1)>",
    "Averages and outliers",
    "Ratios and rates",
    "Formulas in spreadsheets",
    "Maps, plans and scale",
    "Testing a hunch",
)
# What docs/guides/widget.md tells hosts to send, and as strict as it can be beside.
POLICY = (
    "default-src 'none'; script-src {engine} 'self'; connect-src {engine} 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Learning platform</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/host.css"><script src="/host.js"></script></head>
<body><header><a href="/">Northwind Academy</a></header><main><h1>Welcome back</h1>{body}</main></body></html>
"""
HOST_JS = """
window.heard = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI}`));
for (const name of ["loaded", "accepted", "dismissed", "error", "token-expired"])
  document.addEventListener(`recommender:${name}`, (event) => heard.push([name, event.detail]));
if (new URLSearchParams(location.search).has("renews"))
  window.recommenderToken = async (learner) =>
    (await (await fetch(`/token?learner=${encodeURIComponent(learner)}`)).json()).access_token;
window.recommenderWords = { de: { heading: "Als Nächstes", dismiss: "Nichts für mich", open: "Los" } };
"""
HOST_CSS = """
:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#fff, #101216);
  color: light-dark(#222, #eee); }
header { padding: 0.75rem 1.5rem; background: #20364f; } header a { color: #fff; font-weight: 600;
  text-decoration: none; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
/* What must not get into the widget. */
li, a, button, h2, h3 { text-transform: uppercase; letter-spacing: 0.3em; }
header a { text-transform: none; letter-spacing: 0; }
"""


@dataclass
class Platform:
    """The two servers, and what a test may do to them."""

    host: str
    engine: str
    key: str
    clock: FixedClock
    database: Database
    bodies: dict[str, str] = field(default_factory=dict)
    received: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def post(self, path: str, sent: dict[str, object], method: str = "POST") -> dict[str, object]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310
            f"{self.engine}{path}", json.dumps(sent).encode(), headers, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)

    def token(self, learner_id: str) -> str:
        """Mint a token as a platform's server does: with its key, for one learner."""
        basic = base64.b64encode(f"{self.key.split('_')[1]}:{self.key}".encode()).decode()
        form = {"grant_type": "client_credentials", "learner_id": learner_id}
        request = urllib.request.Request(  # noqa: S310
            f"{self.engine}/oauth2/token",
            urllib.parse.urlencode(form).encode(),
            {"Authorization": f"Basic {basic}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)["access_token"]

    def page(self, body: str, path: str = "/") -> str:
        """Put a page on the platform, and return its address."""
        self.bodies[urllib.parse.urlsplit(path).path] = body
        return f"{self.host}{path}"

    def script(self, token: str | None = "", **data: str) -> str:
        """Return the script tag; without a `token`, with one for the learner."""
        given = {"learner": LEARNER, "link": f"{self.host}/course/{{module_id}}"} | data
        if token is not None:
            given["token"] = token or self.token(LEARNER)
        attributes = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in given.items())
        return f'<script src="{self.engine}/widget.js"{attributes} defer></script>'

    def feedback(self) -> list[tuple[str, str | None]]:
        """What is in the store of feedback, in the order of its receipt: kind and module."""
        with self.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT kind, payload FROM events ORDER BY rowid")
            sent = [json.loads(row.payload) for row in rows if row.kind == "feedback"]
        return [(event["feedback"], event.get("module_id")) for event in sent]


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urllib.parse.urlsplit(self.path)
            if asked.path == "/token":
                (learner_id,) = urllib.parse.parse_qs(asked.query)["learner"]
                answer = json.dumps({"access_token": platform.token(learner_id)})
                self._send("application/json", answer)
            elif asked.path == "/host.js":
                self._send("text/javascript", HOST_JS)
            elif asked.path == "/host.css":
                self._send("text/css", HOST_CSS)
            else:
                body = platform.bodies.get(asked.path, f"<p>You are at {asked.path}.</p>")
                self._send("text/html", PAGE.replace("{body}", body))

        def _send(self, kind: str, content: str) -> None:
            sent = content.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(sent)))
            self.send_header("Content-Security-Policy", POLICY.format(engine=platform.engine))
            self.send_header("Set-Cookie", "session=of-the-platform; SameSite=Lax; HttpOnly")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _noting(app: types.ASGIApp, received: list[tuple[str, dict[str, str]]]) -> types.ASGIApp:
    """Note the address and the headers of every request that arrives."""

    async def noting(scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
            received.append((scope["path"], headers))
        await app(scope, receive, send)

    return noting


@contextmanager
def running_platform(folder: Path, bundle: Path) -> Iterator[Platform]:
    """Start both servers; the engine knows some modules by other titles, and a learner's role."""
    # Bound before the engine starts, for it must know the platform's address.
    web = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    host = f"http://127.0.0.1:{web.server_port}"
    settings, clock = make_settings(folder, cors_origins=host), FixedClock()
    write_pointer(settings.pointer, bundle)
    database = open_database(settings.database_url)
    with database.write() as connection:
        key = create_key(connection, KEY_SECRET, name="platform", scopes=list(Scope), now=NOW)
    # It looks at everything in the process, which takes longer than all the rest of a start.
    with socket.socket() as listening, patch("serving.model.set_aside"):
        listening.bind(("127.0.0.1", 0))
        platform = Platform(host, f"http://localhost:{listening.getsockname()[1]}", key, clock, database)
        app = _noting(create_app(settings, clock=clock), platform.received)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        web.RequestHandlerClass = _handler(platform)
        threads = [thread, threading.Thread(target=web.serve_forever)]
        for started in threads:
            started.start()
        try:
            # How long it takes is no matter: a thread that fails ends.
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.02)
            _furnish(platform)
            yield platform
        finally:
            server.should_exit = True
            web.shutdown()
            for started in threads:
                started.join()
            web.server_close()
            database.close()


def _furnish(platform: Platform) -> None:
    rows = [
        {
            "module_id": module_id,
            "title": title,
            "skill_ids": [SKILLS[i % len(SKILLS)]],
            "duration_minutes": 600 if i == 0 else 25 + 5 * i,
            "language": "en",
        }
        for i, (module_id, title) in enumerate(zip(MODULES, TITLES, strict=True))
    ]
    platform.post("/v1/modules", {"rows": rows}, "PUT")
    platform.post(f"/v1/learners/{urllib.parse.quote(LEARNER)}", {"target_role_id": ROLE}, "PUT")


# What the widget shows and does, as a test sees it.


def cards(page):
    return page.locator("recommender-modules .card:not(.ghost)")


def titles(page):
    return page.locator("recommender-modules .card .title").all_inner_texts()


def heard(page, name):
    return [detail for what, detail in page.evaluate("heard") if what == name]


def until(page, holds):
    """Wait for something that no locator shows; the page goes on meanwhile."""
    for _ in range(600):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError(heard(page, "error"))


def wait_for(page, platform, n_feedback):
    """Return the feedback in the store, once there is that much."""
    until(page, lambda: len(platform.feedback()) >= n_feedback)
    return platform.feedback()
