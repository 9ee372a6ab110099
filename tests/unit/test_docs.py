"""The documentation says what the code does: links, tables, calls, examples, settings, commands, targets."""

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
DOCS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("data/**/*.md"),
        ROOT / "mlruns" / "README.md",
    ]
)
EVERY_DOC = pytest.mark.parametrize("doc", DOCS, ids=lambda doc: str(doc.relative_to(ROOT)))


def text_of(*docs: Path) -> str:
    return "\n".join(doc.read_text(encoding="utf-8") for doc in docs)


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def links(doc: Path) -> list[str]:
    prose = without_code(text_of(doc))
    found = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'(?:src|href)="([^"]+)"', prose)
    return [link for link in found if not re.match(r"(https?|mailto):", link)]


def anchors(doc: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    prose = re.sub(r"^```.*?^```", "", text_of(doc), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", prose, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table_rows(text: str) -> list[list[str]]:
    rows = re.findall(r"^\|(.+)\|$", text, flags=re.M)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows]


def row_of(rows: list[list[str]], first: str) -> list[str]:
    found = [row for row in rows if row[0] == first]
    assert len(found) == 1, f"{first} has {len(found)} rows"
    return found[0]


# Between pages


@EVERY_DOC
def test_every_link_resolves(doc: Path) -> None:
    for link in links(doc):
        name, _, anchor = link.partition("#")
        target = (doc.parent / name).resolve() if name else doc
        assert target.exists(), f"{link} leads to nothing"
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


def test_every_page_is_linked_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    pages = {doc for doc in DOCS if doc.is_relative_to(index.parent) and doc != index}
    assert pages - linked == set()


@EVERY_DOC
def test_every_file_that_is_named_exists(doc: Path) -> None:
    named = re.findall(r"`((?:recommender|training|serving|tests|docs|data)/[\w./-]+)`", text_of(doc))
    assert [name for name in named if not (ROOT / name).exists() and "NAME" not in name] == []


def test_every_term_of_the_glossary_is_defined_once() -> None:
    rows = table_rows(text_of(ROOT / "docs" / "glossary.md"))
    terms = Counter(term for row in rows for term in row[0].split(", ") if term not in ("term", "---"))
    assert len(terms) > 50
    assert [term for term, n in terms.items() if n > 1] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name[:4]) for page in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    for page in (ROOT / "docs" / "adr").glob("*.md"):
        assert text_of(page).startswith(f"# {page.name[:4]}: ")
        assert {"context", "decision", "consequences", "sources"} <= anchors(page), page.name


# The dataset format


def test_every_table_and_column_of_the_format_is_documented_as_it_is() -> None:
    from recommender.domain.dataset_format import TABLES

    sections = re.split(r"^#### `(\w+)`$", text_of(GUIDES / "data.md"), flags=re.M)[1:]
    documented = dict(zip(sections[::2], sections[1::2], strict=True))
    assert documented.keys() == TABLES.keys()
    for name, table in TABLES.items():
        rows = [row for row in table_rows(documented[name]) if row[0].startswith("`")]
        assert [row[0] for row in rows] == [f"`{column.name}`" for column in table.columns], name
        for column, (_, kind, required, meaning) in zip(table.columns, rows, strict=True):
            members = ", ".join(f"`{member}`" for member in column.members)
            assert kind == (f"one of {members}" if members else column.kind.value), (name, column.name)
            assert required == ("yes" if column.required else ""), (name, column.name)
            assert meaning, (name, column.name)
            if column.default is not None:
                assert f"empty means `{column.default}`" in meaning, (name, column.name)


def test_every_kind_of_column_is_explained() -> None:
    from recommender.domain.dataset_format import Kind

    explained = {
        kind
        for row in table_rows(text_of(GUIDES / "data.md"))
        if len(row) == 2
        for kind in row[0].split(", ")
    }
    assert {kind.value for kind in Kind if kind is not Kind.CHOICE} <= explained


# The API


def openapi() -> dict:
    from serving.api import make_api

    return make_api().openapi()


def scope_of(operation: dict) -> str:
    scopes = {scope for way in operation.get("security", []) for given in way.values() for scope in given}
    return ", ".join(f"`{scope}`" for scope in sorted(scopes)) or "none"


def test_every_call_is_documented_with_its_scope_and_no_other() -> None:
    rows = table_rows(text_of(GUIDES / "api.md"))
    documented = {row[0]: row[1] for row in rows if re.match(r"`[A-Z]+ /", row[0])}
    offered = {
        f"`{method.upper()} {path}`": scope_of(operation)
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
    }
    assert documented == offered


def requests_of_examples() -> list[dict]:
    from serving import examples

    return [request["value"] for requests in examples.REQUESTS for request in requests.values()]


def test_bodies_of_commands_are_examples_of_the_api() -> None:
    sent = re.findall(r"^  -d '(.*)'$", text_of(GUIDES / "api.md"), flags=re.M)
    assert sent
    assert [body for body in sent if json.loads(body) not in requests_of_examples()] == []


def test_examples_are_those_of_the_api() -> None:
    from serving import examples
    from serving.problems import REJECTED_EVENTS
    from serving.schemas.events import EventsResponse
    from serving.schemas.service import EventsProblemResponse

    offered = [*requests_of_examples(), *examples.RESPONSES.values()]
    blocks = re.findall(r"^```json\n(.*?)^```", text_of(GUIDES / "api.md"), flags=re.M | re.S)
    shown = [json.loads(block) for block in blocks]
    (problem,) = [example for example in shown if example not in offered]
    assert len(shown) == 27
    assert (problem["type"], problem["status"]) == (REJECTED_EVENTS.type, REJECTED_EVENTS.status)
    assert problem.keys() == EventsProblemResponse.model_fields.keys()
    EventsProblemResponse.model_validate(problem)
    EventsResponse.model_validate({name: problem[name] for name in EventsResponse.model_fields})


def test_every_kind_of_problem_is_documented() -> None:
    from serving.problems import KINDS

    rows = table_rows(text_of(GUIDES / "api.md"))
    for kind in KINDS:
        assert row_of(rows, f"`{kind.slug}`")[1:] == [str(kind.status), kind.about]


def test_every_setting_of_the_service_is_documented_with_its_default() -> None:
    from serving.settings import Settings

    rows = table_rows(text_of(GUIDES / "configuration.md"))
    for name, field in Settings.model_fields.items():
        default = "none, required" if field.is_required() else f"`{field.default}`"
        assert row_of(rows, f"`SERVING_{name.upper()}`")[1:] == [default, field.description]


def test_every_scope_reason_and_rule_is_documented() -> None:
    from typing import get_args

    from recommender.domain.recommendation import Fallback, ReasonCode, Rule, Scenario
    from serving.schemas.next_item import StopReason
    from serving.security.scopes import Scope

    guide = text_of(GUIDES / "api.md")
    kinds = (Fallback, ReasonCode, Rule, Scenario, StopReason)
    words = [*(word for kind in kinds for word in get_args(kind)), *Scope]
    assert [word for word in words if f"`{word}`" not in guide] == []


# Commands


def commands(group: object, path: str) -> list[str]:
    found = []
    for name, command in group.commands.items():
        inner = f"{path} {name}"
        found += commands(command, inner) if hasattr(command, "commands") else [inner]
    return found


@pytest.mark.parametrize("package", ["training", "serving"])
def test_every_command_is_documented(package: str) -> None:
    from importlib import import_module

    from typer.main import get_command

    offered = commands(get_command(import_module(f"{package}.cli").app), f"python -m {package}")
    everything = text_of(*DOCS)
    assert len(offered) >= 5
    assert [command for command in offered if not re.search(rf"{command}(?![\w-])", everything)] == []


def test_every_make_target_is_documented() -> None:
    # Under `make test` the outer make's flags would reach this one.
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    printed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        env=quiet,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    targets = re.findall(r"^ +([a-z][a-z-]*) ", printed, flags=re.M)
    everything = text_of(*DOCS)
    assert {"setup", "demo", "test", "help"} <= set(targets)
    assert [name for name in targets if not re.search(rf"\bmake {name}(?![\w-])", everything)] == []
