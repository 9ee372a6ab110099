"""The page to try the engine with, for everybody: by axe-core, on a phone, with less motion, by keyboard."""

from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.serving_world import everything_finished, history, served
from tests.browser.test_try_page import (
    EVERYTHING,
    agree,
    first_module,
    look_at,
    sign_in,
    stays_with_the_service,
    world,
)

__all__ = ["stays_with_the_service", "world"]

pytestmark = pytest.mark.browser
WIDTHS = {"desktop": 1280, "phone": 360}
SCHEMES = ("light", "dark")
# How far what moved, without anybody having asked for it.
SHIFTS = """() => new Promise(done => {
    const told = [];
    const named = source => source.node && (source.node.id || source.node.className || source.node.nodeName);
    new PerformanceObserver(seen => {
        for (const entry of seen.getEntries()) told.push([entry.value, entry.sources.map(named)]);
    }).observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(told), 500);
})"""
ONCE = pytest.mark.parametrize("page", [("desktop", "light")], indirect=True, ids=["desktop-light"])


@pytest.fixture(params=product(WIDTHS, SCHEMES), ids="-".join)
def page(request, browser):
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": WIDTHS[width], "height": 800},
        color_scheme=scheme,
        # Colours are looked at, which must not be on their way to others.
        reduced_motion="reduce",
    )
    opened = context.new_page()
    opened.asked = []
    context.on("request", lambda asked: opened.asked.append(asked.url))
    yield opened
    context.close()


def is_fine(page) -> None:
    """No serious fault by axe-core, and nothing wider than the window."""
    found = Axe().run(page).response["violations"]
    assert [
        (f["id"], [n["target"] for n in f["nodes"]]) for f in found if f["impact"] in ("serious", "critical")
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_every_state_is_fine(page, world, request):
    learner = f"eve-{request.node.name}"
    world.post(*history(learner))
    page.goto(world.url)
    page.get_by_label("API key", exact=True).fill("wrong")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This key is unknown")).to_be_visible()
    is_fine(page)

    sign_in(page, world)
    is_fine(page)
    page.get_by_label("Target role", exact=True).select_option(label="Analyst")
    look_at(page, learner)
    is_fine(page)
    agree(page)
    page.get_by_role("button", name=f"Failed: {first_module(page)}").click()
    expect(page.get_by_role("heading", name="What changed")).to_be_focused()
    is_fine(page)

    page.get_by_role("button", name="Somebody new").click()
    expect(page.get_by_role("heading", name="Somebody new")).to_be_focused()
    is_fine(page)
    look_at(page, "done")
    is_fine(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Somebody new").click()
    expect(page.get_by_role("alert")).to_be_visible()
    is_fine(page)


def test_long_words_do_not_widen_a_phone(page, tiny_bundle, tmp_path):
    with served(tmp_path, tiny_bundle) as own:
        title = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
        row = {"module_id": "x" * 200, "title": title, "skill_ids": ["python"], "duration_minutes": 20.0}
        assert own.client.put("/v1/modules", json={"rows": [row]}).json()["new"] == 1
        others = [
            event for event in everything_finished("all-but-one") if event["module_id"] != row["module_id"]
        ]
        own.post(*others)
        sign_in(page, own, *EVERYTHING)
        look_at(page, "all-but-one")
        expect(page.locator(".module h4")).to_have_text([title])
        is_fine(page)
        look_at(page, "y" * 200)
        is_fine(page)


@ONCE
def test_nothing_moves_for_who_wants_less_motion(page, world):
    sign_in(page, world)
    page.get_by_label("Target role", exact=True).select_option(label="Analyst")
    page.get_by_role("button", name="Somebody new").click()
    expect(page.get_by_role("heading", name="Somebody new")).to_be_focused()
    page.get_by_role("button", name=f"Passed: {first_module(page)}").click()
    expect(page.get_by_role("heading", name="What changed")).to_be_focused()
    seconds = "element => getComputedStyle(element).transitionDuration"
    marks = page.locator(".bar .mark").all()
    assert marks
    assert {mark.evaluate(seconds) for mark in marks} == {"0s"}


def test_nothing_jumps_while_the_page_opens(page, world):
    sign_in(page, world)
    page.reload()
    expect(page.get_by_label("Learner id")).to_be_focused()
    shifts = page.evaluate(SHIFTS)
    assert sum(shift for shift, _ in shifts) < 0.01, shifts


@ONCE
def test_the_page_has_its_landmarks_and_can_be_skipped_into(page, world):
    page.goto(world.url)
    for landmark in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    page.get_by_role("link", name="Skip to the content").press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
