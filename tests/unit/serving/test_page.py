"""The page to try the engine: its files are served, are in the wheel, and load nothing from elsewhere."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from serving.routers.page import page_files
from tests.unit.serving.world import Service, running_service

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "serving" / "page"
FILES = sorted(FOLDER.iterdir())
EVERY_FILE = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


class Tags(HTMLParser):
    """Every start tag of a page, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


START = (FOLDER / "index.html").read_text(encoding="utf-8")
TAGS = Tags(START).found
LOADED = [its for tag, its in TAGS if tag in ("link", "script")]


@pytest.fixture(scope="module")
def service(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("page"), bundle) as running:
        yield running


def addressed(its: dict[str, str | None]) -> str:
    return str(its.get("href") or its.get("src"))


@EVERY_FILE
def test_every_file_is_served_to_anybody_with_its_type(service: Service, file: Path) -> None:
    path = "/" if file.name == "index.html" else f"/page/{file.name}"
    answer = service.client.get(path, headers={"X-API-Key": ""})
    assert answer.status_code == 200
    assert answer.content == file.read_bytes()
    kind = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}[file.suffix]
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    head = service.client.head(path)
    assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])


@EVERY_FILE
def test_a_file_is_kept_and_asked_for_again_by_its_etag(service: Service, file: Path) -> None:
    path = "/" if file.name == "index.html" else f"/page/{file.name}"
    first = service.client.get(path)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = service.client.get(path, headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    assert service.client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_two_files_never_share_an_etag() -> None:
    assert len({file.etag for file in page_files().values()}) == len(FILES) == len(page_files())


@EVERY_FILE
def test_a_file_may_load_from_its_own_origin_alone(service: Service, file: Path) -> None:
    path = "/" if file.name == "index.html" else f"/page/{file.name}"
    (policy,) = service.client.get(path).headers.get_list("content-security-policy")
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }


@pytest.mark.parametrize("path", ["/page/", "/page/index.html", "/page/nothing.js", "/page/..%2Fapp.py"])
def test_what_is_no_file_of_the_page_is_a_404(service: Service, path: str) -> None:
    answer = service.client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs#not-found")
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_is_no_call_of_the_api(service: Service) -> None:
    paths = service.client.get("/openapi.json").json()["paths"]
    assert [path for path in paths if path == "/" or path.startswith("/page")] == []
    assert service.client.post("/").status_code == 405


@EVERY_FILE
def test_no_file_names_an_address_elsewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:|wss?:|ftp:|url\(|@import|[\"'(]//)[^\s]*", text) == []


@EVERY_FILE
def test_no_file_makes_code_or_markup_of_text(file: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\bimport\("
    assert re.findall(forbidden, file.read_text(encoding="utf-8")) == []


def test_no_script_style_or_handler_stands_in_the_page() -> None:
    scripts = [its for tag, its in TAGS if tag == "script"]
    assert scripts == [{"type": "module", "src": "page/page.js"}]
    assert re.findall(r"<script[^>]*>([^<]*)</script>", START) == [""]
    for tag, its in TAGS:
        assert tag != "style"
        assert [name for name in its if name == "style" or name.startswith("on")] == [], tag


def test_what_the_page_loads_is_there_and_asked_for_at_once() -> None:
    addresses = [addressed(its) for its in LOADED if not addressed(its).startswith("data:")]
    assert sorted(addresses) == sorted(f"page/{file.name}" for file in FILES if file.name != "index.html")
    for file in FOLDER.glob("*.js"):
        named = re.findall(r'from "\./([\w.]+)"', file.read_text(encoding="utf-8"))
        assert [name for name in named if not (FOLDER / name).exists()] == []


def test_only_the_key_is_kept_and_only_as_long_as_the_tab() -> None:
    scripts = "\n".join(file.read_text(encoding="utf-8") for file in FOLDER.glob("*.js"))
    assert set(re.findall(r"sessionStorage\.\w+\((\w+)", scripts)) == {"KEY"}
    keeps = r"localStorage|indexedDB|\.cookie|caches\.|pushState|replaceState|\blocation\b"
    assert re.findall(keeps, scripts) == []


def test_every_id_that_a_script_names_is_in_the_page() -> None:
    ids = {str(its["id"]) for _, its in TAGS if "id" in its}
    scripts = "\n".join(file.read_text(encoding="utf-8") for file in FOLDER.glob("*.js"))
    assert set(re.findall(r'byId\("([\w-]+)"\)', scripts)) - ids == set()


def test_every_field_has_a_label() -> None:
    labelled = {its.get("for") for tag, its in TAGS if tag == "label"}
    for tag, its in TAGS:
        if tag in ("input", "select"):
            assert its["id"] in labelled or "aria-label" in its, its["id"]


def test_the_wheel_holds_the_page() -> None:
    from hatchling.builders.wheel import WheelBuilder

    packed = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {f"serving/page/{file.name}" for file in FILES} - packed == set()


@EVERY_FILE
def test_no_file_is_long(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400
