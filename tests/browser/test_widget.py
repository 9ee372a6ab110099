"""The widget in the page of a learning platform: a real browser, two origins, a strict policy."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from serving.security.tokens import Tokens
from tests.browser.axe import grave_faults
from tests.browser.host_page import LEARNER, TITLES, cards, heard, running_platform, titles, until, wait_for
from tests.unit.serving.world import KEY_SECRET, MODULES, NOW, bundle, completion

__all__ = ["bundle"]

pytestmark = pytest.mark.browser
PHONE, SMALL, DESKTOP = (390, 844), (280, 653), (1280, 900)


@pytest.fixture
def platform(tmp_path, bundle):
    with running_platform(tmp_path, bundle) as running:
        yield running


@pytest.fixture
def look(browser, platform):
    """Opens the platform's page with something in it; what must hold of every page is checked at the end."""
    opened = []

    def open_page(body, size=DESKTOP, path="/", **options):
        context = browser.new_context(viewport=dict(zip(("width", "height"), size, strict=True)), **options)
        page = context.new_page()
        page.asked, page.broken = [], []
        page.on("request", lambda request: page.asked.append(request))
        page.on("pageerror", lambda error: page.broken.append(error))
        opened.append((context, page))
        page.goto(platform.page(body, path))
        return page

    yield open_page
    for context, page in opened:
        assert page.evaluate("window.violations ?? []") == []
        assert page.broken == []
        origins = {"{0.scheme}://{0.netloc}".format(urlsplit(request.url)) for request in page.asked}
        assert origins <= {platform.host, platform.engine}
        # The platform's own, and none beside.
        assert {(kept["domain"], kept["name"]) for kept in context.cookies()} == {("127.0.0.1", "session")}
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        context.close()
    # As it arrived, which a browser does not always tell.
    assert [path for path, headers in platform.received if "cookie" in headers] == []
    calls = [(path, headers) for path, headers in platform.received if path.startswith("/v1/")]
    assert [path for path, headers in calls if "referer" in headers] == []


def test_modules_are_shown_with_all_that_is_known_of_them(look, platform):
    answer = platform.post("/v1/recommendations", {"learner_id": LEARNER, "k": 12})
    asked = answer["recommendations"]
    page = look(platform.script(k="12"))
    expect(cards(page)).to_have_count(11)
    assert titles(page) == [module["title"] for module in asked]
    assert "<img src=x onerror=alert(1)>" in titles(page)
    words = {"review": "Easy for you", "on_level": "Right for you", "stretch": "A stretch for you"}
    for module, card in zip(asked, cards(page).all(), strict=True):
        minutes = module["duration_minutes"]
        assert card.locator(".facts li").all_inner_texts() == [
            "10 hr" if minutes == 600 else f"{minutes:.0f} min",
            words[module["difficulty_fit"]],
            f"{module['success_probability']:.0%} chance of success",
        ]
        strongest = max(module["reasons"], key=lambda reason: reason["weight"])
        expect(card.locator(".reason")).to_have_text(strongest["text"])
        link = card.get_by_role("link", name=f"Start: {module['title']}")
        expect(link).to_have_attribute("href", f"{platform.host}/course/{module['module_id']}")
    (loaded,) = heard(page, "loaded")
    assert loaded["module_ids"] == [module["module_id"] for module in asked]
    assert (loaded["learner_id"], loaded["fallback"]) == (LEARNER, answer["fallback"])
    assert page.locator("[data-token]").count() == 0


def test_what_is_not_known_is_left_out(look, platform):
    platform.post("/v1/modules", {"rows": [{"module_id": "bare", "title": "Bare"}]}, "PUT")
    page = look(platform.script(k="20"))
    bare = cards(page).filter(has=page.get_by_role("heading", name="Bare", exact=True))
    expect(bare).to_have_text("BareStartNot for me")
    assert grave_faults(page) == []


def test_what_comes_of_simulated_data_says_so(browser, bundle, tmp_path):
    simulated = tmp_path / "simulated"
    shutil.copytree(bundle, simulated)
    manifest = json.loads((simulated / "manifest.json").read_text())
    manifest["dataset"]["simulated"] = True
    (simulated / "manifest.json").write_text(json.dumps(manifest))
    with running_platform(tmp_path, simulated) as platform:
        page = browser.new_page()
        page.goto(platform.page(platform.script()))
        expect(page.get_by_text("From simulated data: for trying out only.")).to_be_visible()
        page.close()


def test_styles_leak_neither_in_nor_out(look, platform):
    page = look(platform.script() + '<p class="reason">Outside</p>')
    expect(cards(page)).to_have_count(3)
    style = "(found) => [getComputedStyle(found).textTransform, getComputedStyle(found).letterSpacing]"
    assert cards(page).first.locator(".title").evaluate(style) == ["none", "normal"]
    size = "(found) => getComputedStyle(found).fontSize"
    assert page.locator("main > p.reason").evaluate(size) == "16px"


def test_what_was_seen_and_taken_is_in_the_store(look, platform):
    page = look(platform.script())
    expect(cards(page)).to_have_count(3)
    assert wait_for(page, platform, 1) == [("shown", None)]
    taken = heard(page, "loaded")[0]["module_ids"][1]
    cards(page).nth(1).get_by_role("link").click()
    page.wait_for_url(f"{platform.host}/course/{taken}")
    assert wait_for(page, platform, 2) == [("shown", None), ("accepted", taken)]


def test_what_is_out_of_sight_was_not_shown(look, platform):
    page = look("<p>A long page.</p>" * 200 + platform.script())
    expect(cards(page)).to_have_count(3)
    page.wait_for_timeout(500)
    assert platform.feedback() == []
    cards(page).first.scroll_into_view_if_needed()
    assert wait_for(page, platform, 1) == [("shown", None)]


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
def test_what_is_not_wanted_gives_way_to_something_else(look, platform, tmp_path, name, size):
    page = look(platform.script(), size)
    expect(cards(page)).to_have_count(3)
    wait_for(page, platform, 1)
    page.wait_for_timeout(400)  # the cards have faded in
    page.screenshot(path=tmp_path / f"widget-{name}-before.png", full_page=True)
    first, *_ = heard(page, "loaded")[0]["module_ids"]
    title = titles(page)[0]
    cards(page).first.get_by_role("button", name=f"Not for me: {title}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(f"“{title}” will not be suggested for now.")
    expect(cards(page)).to_have_count(3)
    assert title not in titles(page)
    assert wait_for(page, platform, 3)[1:] == [("dismissed", first), ("shown", None)]
    assert [event["module_id"] for event in heard(page, "dismissed")] == [first]
    # Whoever uses the keyboard goes on where they were.
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == titles(page)[0]
    page.wait_for_timeout(400)
    page.screenshot(path=tmp_path / f"widget-{name}-after.png", full_page=True)
    assert grave_faults(page) == []


def test_everything_can_be_reached_by_keyboard_in_reading_order(look, platform):
    page = look(platform.script(k="2"))
    expect(cards(page)).to_have_count(2)
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        found = "(document.activeElement.shadowRoot?.activeElement ?? document.activeElement)"
        reached.append(page.evaluate(f"{found}.ariaLabel ?? {found}.textContent"))
    one, two = titles(page)
    on_cards = [f"{word}: {title}" for title in (one, two) for word in ("Start", "Not for me")]
    assert reached == ["Northwind Academy", *on_cards]


@pytest.mark.parametrize("how", ["function", "address"])
def test_a_token_that_has_ended_is_renewed_through_the_page(look, platform, how):
    more = {} if how == "function" else {"token_url": f"/token?learner={LEARNER}"}
    page = look(platform.script(**more), path="/?renews" if how == "function" else "/")
    expect(cards(page)).to_have_count(3)
    wait_for(page, platform, 1)
    assert not [request for request in page.asked if "/token" in request.url]
    platform.clock.advance(seconds=901)
    before = titles(page)
    cards(page).first.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text(f"“{before[0]}” will not be suggested for now.")
    assert len(heard(page, "token-expired")) == 1
    assert heard(page, "error") == []
    assert len([request for request in page.asked if "/token" in request.url]) == 1
    assert [kind for kind, _ in wait_for(page, platform, 3)] == ["shown", "dismissed", "shown"]


def test_a_token_need_not_be_in_the_page(look, platform):
    page = look(platform.script(None, token_url=f"/token?learner={LEARNER}"))
    expect(cards(page)).to_have_count(3)


def test_without_a_new_token_the_learner_is_told_and_a_later_one_helps(look, platform):
    ended = Tokens(KEY_SECRET).issue("any", ["recommend"], now=0, seconds=1, learner_id=LEARNER)
    page = look(platform.script(ended))
    expect(page.get_by_role("status")).to_have_text("Your session has ended. Reload the page to go on.")
    assert [event["learner_id"] for event in heard(page, "token-expired")] == [LEARNER]
    (error,) = heard(page, "error")
    assert (error["state"], error["status"]) == ("expired", 401)
    widget = page.locator("recommender-modules")
    widget.evaluate("(widget, token) => widget.setToken(token)", platform.token(LEARNER))
    expect(cards(page)).to_have_count(3)
    expect(page.get_by_role("status")).to_be_empty()


def test_a_token_for_another_learner_shows_nothing_of_anybody(look, platform, tmp_path):
    page = look(platform.script(platform.token("somebody-else")))
    expect(page.get_by_role("status")).to_have_text(
        "These suggestions are for somebody else. Reload the page, or sign in again."
    )
    expect(cards(page)).to_have_count(0)
    (error,) = heard(page, "error")
    assert (error["state"], error["status"]) == ("forbidden", 403)
    assert error["message"] == "this token is for another learner; use one for this learner"
    page.screenshot(path=tmp_path / "widget-forbidden.png")
    assert grave_faults(page) == []


def test_a_key_in_a_page_is_not_even_tried(look, platform):
    everybody = Tokens(KEY_SECRET).issue("any", ["recommend"], now=NOW.timestamp(), seconds=60)
    for wrong in (platform.key, everybody):
        page = look(platform.script(wrong))
        expect(page.get_by_role("status")).to_have_text("The suggestions could not be loaded.")
        assert "keys stay on servers" in heard(page, "error")[0]["message"]
        assert not [request for request in page.asked if "/v1/" in request.url]


def test_another_learner_in_the_same_page(look, platform):
    page = look(platform.script(), path="/?renews")
    expect(cards(page)).to_have_count(3)
    page.evaluate("document.querySelector('recommender-modules').dataset.learner = 'bob'")
    until(page, lambda: len(heard(page, "loaded")) == 2)
    assert [event["learner_id"] for event in heard(page, "loaded")] == [LEARNER, "bob"]
    assert heard(page, "error") == []


def test_who_is_offline_is_told_and_goes_on_by_itself(look, platform):
    page = look(platform.script())
    expect(cards(page)).to_have_count(3)
    page.context.set_offline(True)
    page.evaluate("document.querySelector('recommender-modules').reload()")
    expect(page.get_by_role("status")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    expect(cards(page)).to_have_count(3)


def test_what_failed_can_be_tried_again(look, platform, tmp_path):
    page = look(platform.script(role="role-unknown"), PHONE)
    expect(page.get_by_role("status")).to_have_text("The suggestions could not be loaded.")
    (error,) = heard(page, "error")
    assert (error["state"], error["status"]) == ("failed", 422)
    page.screenshot(path=tmp_path / "widget-failed.png")
    assert grave_faults(page) == []
    role = {"role_id": "role-unknown", "title": "Now it is known"}
    platform.post("/v1/roles", {"rows": [role]}, "PUT")
    page.get_by_role("button", name="Try again").click()
    expect(cards(page)).to_have_count(3)
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "heading"


def test_a_dismissal_that_did_not_arrive_is_not_shown_as_one(look, platform):
    page = look(platform.script())
    expect(cards(page)).to_have_count(3)
    wait_for(page, platform, 1)
    before = titles(page)
    page.context.set_offline(True)
    cards(page).first.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("You are offline.")
    assert titles(page) == before
    page.context.set_offline(False)
    cards(page).first.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("will not be suggested for now")


def test_nothing_to_recommend_is_said(look, platform):
    done = [completion(f"c{i}", module_id, learner_id=LEARNER) for i, module_id in enumerate(MODULES)]
    assert platform.post("/v1/events", {"events": done})["stored"] == len(MODULES)
    page = look(platform.script(), PHONE)
    expect(page.get_by_role("status")).to_have_text("There is nothing to suggest right now.")
    assert heard(page, "loaded")[0]["module_ids"] == []


def test_the_page_may_have_its_own_words(look, platform):
    page = look(platform.script(lang="de-AT"))
    expect(page.get_by_role("heading", name="Als Nächstes")).to_be_visible()
    first = cards(page).first
    expect(first.get_by_role("button", name="Nichts für mich")).to_be_visible()
    assert re.search(r"\d Min\.", first.inner_text())
    # What it has none for is in English.
    expect(first.locator(".facts")).to_contain_text("chance of success")
    (asked,) = [request for request in page.asked if request.url.endswith("/recommendations")]
    assert asked.all_headers()["accept-language"] == "de-AT"
    assert page.locator("recommender-modules section").get_attribute("lang") == "de"


@pytest.mark.parametrize("template", ["", "javascript:alert('{module_id}')", "data:text/html,{module_id}"])
def test_without_an_address_that_is_one_the_page_hears_what_was_chosen(look, platform, template):
    page = look(platform.script(link=template))
    expect(cards(page)).to_have_count(3)
    expect(page.locator("recommender-modules a")).to_have_count(0)
    wait_for(page, platform, 1)
    cards(page).first.get_by_role("button", name="Choose").click()
    expect(cards(page).first.get_by_role("button", name="Chosen")).to_be_visible()
    chosen = heard(page, "loaded")[0]["module_ids"][0]
    assert wait_for(page, platform, 2)[1] == ("accepted", chosen)
    (event,) = heard(page, "accepted")
    assert (event["module_id"], event["href"]) == (chosen, None)


def test_the_page_may_open_modules_itself(look, platform):
    page = look(platform.script())
    expect(cards(page)).to_have_count(3)
    page.evaluate("document.addEventListener('recommender:accepted', (event) => event.preventDefault())")
    cards(page).first.get_by_role("link").click()
    assert [kind for kind, _ in wait_for(page, platform, 2)] == ["shown", "accepted"]
    assert page.url == f"{platform.host}/"


def test_it_stands_where_the_page_wants_it(look, platform):
    script = platform.script(target="#here", heading="For Zoë", level="3")
    page = look('<div id="here"></div><p>Between</p>' + script)
    here = page.locator("#here recommender-modules")
    expect(here.get_by_role("heading", name="For Zoë", level=3)).to_be_visible()
    expect(here.get_by_role("heading", level=4)).to_have_count(3)


def test_an_image_called_like_the_script_leads_nobody_astray(look, platform):
    image = f'<img name="currentScript" alt="" src="{platform.engine}/elsewhere/widget.js">'
    page = look(image + platform.script())
    until(page, lambda: page.evaluate("violations.length") == 1)  # the policy keeps the image out
    page.evaluate("violations.pop()")
    assert [str(error) for error in page.broken] == ["recommender: load widget.js by a classic script tag"]
    page.broken.clear()
    assert not [request for request in page.asked if "/v1/" in request.url]


@pytest.mark.parametrize("size", [SMALL, PHONE, DESKTOP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(look, platform, tmp_path, size, scheme):
    page = look(platform.script(), size, color_scheme=scheme, reduced_motion="reduce")
    expect(cards(page)).to_have_count(3)
    assert cards(page).first.evaluate("(card) => getComputedStyle(card).animationName") == "none"
    assert grave_faults(page) == []
    wide = "(top) => top.scrollWidth <= top.clientWidth"
    assert page.locator("html").evaluate(wide)
    assert page.locator("recommender-modules section").evaluate(wide)
    targets = page.locator("recommender-modules .actions > *").all()
    assert min(target.bounding_box()["height"] for target in targets) >= 40
    page.screenshot(path=tmp_path / f"widget-{size[0]}-{scheme}.png", full_page=True)
    assert set(titles(page)) <= set(TITLES)


def in_guide(language):
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "widget.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", guide, flags=re.S | re.M)


def test_what_the_guide_shows_works(look, platform):
    (mint,) = in_guide("python")
    exec(mint, minted := {})  # noqa: S102
    (page_source,) = in_guide("html")
    tag = re.search(r"<script.*</script>", page_source, flags=re.S)[0]
    for example, real in (
        ("https://engine.example.org", platform.engine),
        ("https://lms.example.org", platform.host),
        ("learner-4711", LEARNER),
        ("THE_TOKEN", minted["learner_token"](platform.engine, platform.key, LEARNER)),
    ):
        assert example in tag
        tag = tag.replace(example, real)
    page = look(tag)
    expect(cards(page)).to_have_count(3)
    expect(page.get_by_role("heading", name="Next for you", level=2)).to_be_visible()
    # And as a page that is built by scripts does it.
    (made,) = (block for block in in_guide("js") if "createElement" in block)
    page = look(f'<div id="next"></div><script src="{platform.engine}/widget.js"></script>')
    page.evaluate("(token) => { window.token = token; }", platform.token("learner-4711"))
    page.evaluate(f"() => {{ {made} }}")
    expect(cards(page)).to_have_count(3)
