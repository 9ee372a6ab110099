"""The script for other pages: how it is served, and what is not in it."""

import re
from pathlib import Path
from typing import Any

import pytest

from serving.api import make_api
from serving.routers import widget
from tests.unit.serving.world import Service, running_service

SCRIPT = widget.script().decode()
LMS = "https://lms.example.org"


@pytest.fixture
def without_key(service: Service) -> Service:
    service.client.headers.pop("X-API-Key")
    return service


def test_anybody_may_load_it_and_keep_it_for_an_hour(without_key: Service) -> None:
    answer = without_key.client.get("/widget.js")
    assert answer.status_code == 200
    assert answer.content == widget.script()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers


def test_what_the_browser_has_is_not_sent_again(without_key: Service) -> None:
    tag = without_key.client.get("/widget.js").headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = without_key.client.get("/widget.js", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b""), known
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == "public, max-age=3600"
    for other in ('"other"', tag.strip('"'), ""):
        answer = without_key.client.get("/widget.js", headers={"If-None-Match": other})
        assert (answer.status_code, answer.content) == (200, widget.script()), other


def test_its_head_is_answered_too(without_key: Service) -> None:
    asked, got = (without_key.client.request(method, "/widget.js") for method in ("HEAD", "GET"))
    assert (asked.status_code, asked.headers["etag"]) == (200, got.headers["etag"])
    assert without_key.client.post("/widget.js").status_code == 405


def test_it_is_no_part_of_the_api() -> None:
    assert "/widget.js" not in make_api().openapi()["paths"]


def test_a_page_of_a_named_origin_may_send_what_the_script_sends(tmp_path: Path, bundle: Path) -> None:
    with running_service(tmp_path, bundle, cors_origins=LMS) as service:
        allowed: Any = service.client.options(
            "/v1/recommendations/0b0c5f0e-5d5c-4b51-9d42-0f6a0c1b2d3e/feedback",
            headers={
                "Origin": LMS,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
                "X-API-Key": "",
            },
        )
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == LMS
        assert "accept-language" in allowed.headers["access-control-allow-headers"].lower()
        loaded = service.client.get("/widget.js", headers={"Origin": LMS})
        assert loaded.headers["access-control-allow-origin"] == LMS


def test_it_is_small_and_its_source_can_be_read_in_one_go() -> None:
    assert len(widget.script()) < 20_000
    source = Path(widget.__file__).parents[1] / "widget" / "widget.js"
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 350


def test_its_style_is_in_it() -> None:
    assert "widget.css" not in SCRIPT
    assert "--recommender-accent" in SCRIPT
    assert "/*" not in re.findall(r'replaceSync\("(.*)"\);', SCRIPT)[0]


def test_it_names_no_address_and_loads_nothing() -> None:
    assert SCRIPT.count('credentials: "omit"') == 1
    assert len(re.findall(r"\bfetch\(", SCRIPT)) == 2  # the service, and the page's own server for a token
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w", SCRIPT) == []
    assert re.findall(r"@import|url\(|import\(|importScripts|\.src\s*=|createElement\(.script", SCRIPT) == []


@pytest.mark.parametrize(
    "never",
    [
        r"\beval\b", r"\bFunction\(", r"set(?:Timeout|Interval)\(", r"innerHTML", r"outerHTML",
        r"insertAdjacentHTML", r"document\.write", r"DOMParser", r"createContextualFragment", r"srcdoc",
        r"cookie", r"localStorage", r"sessionStorage", r"indexedDB", r"caches\b",
        r'"style"', r"\bon\w+\s*=\s*\"",
    ],
)  # fmt: skip
def test_it_makes_no_code_or_markup_of_text_and_keeps_nothing(never: str) -> None:
    assert re.findall(never, SCRIPT) == []


def named_in_guide(found: set[str]) -> set[str]:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "widget.md").read_text(encoding="utf-8")
    return {name for name in found if re.search(rf"`{re.escape(name)}`", guide)}


def test_the_guide_names_every_word_with_its_english() -> None:
    table = re.findall(r"const WORDS = {\n(.*?)\n  };", SCRIPT, flags=re.S)[0]
    words = dict(re.findall(r'(\w+): "([^"]+)"', table))
    assert len(words) > 15
    assert named_in_guide(set(words)) == set(words)
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "widget.md").read_text(encoding="utf-8")
    assert [text for text in words.values() if text not in guide] == []


def test_the_guide_names_every_attribute_property_and_event() -> None:
    attributes = {"token", "target"}
    attributes |= {one or other for one, other in re.findall(r'dataset\.(\w+)|whole\("(\w+)"', SCRIPT)}
    attributes |= set(re.findall(r"const { (\w+), (\w+) } = this.dataset", SCRIPT)[0])
    spelled = {"data-" + re.sub(r"([A-Z])", r"-\1", name).lower() for name in attributes if name}
    assert {"data-learner", "data-token-url", "data-role", "data-level"} <= spelled
    assert named_in_guide(spelled) == spelled
    properties = set(re.findall(r"--recommender-[\w-]+", SCRIPT))
    assert len(properties) == 9
    assert named_in_guide(properties) == properties
    events = {f"recommender:{name}" for name in re.findall(r'fire\("([\w-]+)"', SCRIPT)}
    assert len(events) == 5
    assert named_in_guide(events) == events
