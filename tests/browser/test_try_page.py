"""The page to try the engine with, in a real browser, over a real service: the story, and what goes wrong."""

import re
import sqlite3

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.serving_world import LEARNER, Served, everything_finished, history, served, simulated_copy

pytestmark = pytest.mark.browser
EVERYTHING = ("recommend", "events", "catalog")
MOST_TABS = 60


@pytest.fixture(scope="module")
def world(tiny_bundle, tmp_path_factory):
    with served(tmp_path_factory.mktemp("page"), tiny_bundle) as running:
        running.post(*everything_finished("done"))
        yield running


@pytest.fixture(autouse=True)
def stays_with_the_service(page):
    """Nothing is asked of anybody else, nothing is refused by the policy, nothing fails unseen."""
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None
    )
    yield
    if page.url == "about:blank":
        return
    origin = re.match(r"http://[^/]+/", page.url)[0]
    elsewhere = [url for url in page.asked if not url.startswith(origin)]
    assert [url for url in elsewhere if not url.startswith("data:")] == []
    assert page.url in (origin, f"{origin}#main"), "the address says whom somebody looks at"
    assert wrong == []


@pytest.fixture
def learner(world, request):
    """Somebody of this test alone, with a history."""
    name = f"{LEARNER}-{request.node.name}"
    world.post(*history(name))
    return name


def sign_in(page: Page, world: Served, *scopes: str) -> None:
    page.goto(world.url)
    page.get_by_label("API key", exact=True).fill(world.key(*(scopes or EVERYTHING)))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Learner id")).to_be_focused()


def look_at(page: Page, learner_id: str) -> None:
    page.get_by_label("Learner id").fill(learner_id)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("heading", name=learner_id, exact=True)).to_be_focused()


def agree(page: Page) -> None:
    page.get_by_label("Record answers.").check()


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until something has the focus, which must be seen all the way."""
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert shown != "none", page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached by {key}")


def first_module(page: Page) -> str:
    return page.locator(".module h4").first.inner_text()


def percents(shown: dict) -> dict[str, str]:
    return {skill["name"]: f"{round(100 * skill['mastery'])}%" for skill in shown.values()}


def test_the_whole_story_by_keyboard_alone(page, world, learner):
    page.goto(world.url)
    expect(page.get_by_label("API key", exact=True)).to_be_focused()
    page.keyboard.type(world.key(*EVERYTHING))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Learner id")).to_be_focused()
    page.keyboard.type(learner)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=learner, exact=True)).to_be_focused()

    role = page.get_by_label("Target role", exact=True)
    tab_to(page, role, "Shift+Tab")
    page.keyboard.type("Analyst")
    expect(page.get_by_role("heading", name="Asked for by Analyst")).to_be_visible()
    gaps = world.client.get(f"/v1/learners/{learner}/gaps?role_id=analyst").json()
    expect(page.locator(".readiness")).to_contain_text(f"{round(100 * gaps['role']['readiness'])}%")
    for name, share in percents(world.mastery(learner)).items():
        row = page.locator(".skills > li").filter(has=page.get_by_text(name, exact=True))
        expect(row.locator("strong")).to_have_text(share)
    way = world.client.get(f"/v1/learners/{learner}/pathway?role_id=analyst").json()
    assert len(way["steps"]) > 0
    expect(page.locator(".steps .name")).to_have_text([step["title"] for step in way["steps"]])

    tab_to(page, page.get_by_label("Record answers."))
    page.keyboard.press("Space")
    title = first_module(page)
    before = world.mastery(learner)
    tab_to(page, page.get_by_role("button", name=f"Failed: {title}"))
    page.keyboard.press("Enter")

    changed = page.get_by_role("heading", name="What changed")
    expect(changed).to_be_focused()
    region = page.get_by_role("region", name="What changed")
    expect(region).to_contain_text(f"Answered: failed “{title}”.")
    expect(page.get_by_role("status")).to_contain_text("Mastery of")
    after = world.mastery(learner)
    moved = [name for name, share in percents(after).items() if percents(before).get(name, share) != share]
    assert moved
    for name in moved:
        row = region.locator(".moves").first.locator("li").filter(has=page.get_by_text(name, exact=True))
        expect(row).to_contain_text(f"{percents(before)[name]} then  → {percents(after)[name]}")
    (sent,) = [event for event in world.events_of(learner) if event["event_id"].startswith("page-")]
    assert (sent["kind"], sent["passed"]) == ("attempt", False)


def test_a_module_that_was_passed_leaves_the_list(page, world, learner):
    sign_in(page, world)
    page.get_by_label("Target role", exact=True).select_option(label="Analyst")
    look_at(page, learner)
    agree(page)
    title = first_module(page)
    page.get_by_role("button", name=f"Passed: {title}").click()
    region = page.get_by_role("region", name="What changed")
    expect(region.locator(".moves li").filter(has=page.get_by_text(title, exact=True))).to_contain_text(
        "finished"
    )
    expect(page.locator(".module h4").filter(has_text=re.compile(f"^{re.escape(title)}$"))).to_have_count(0)
    expect(region).to_contain_text("Readiness")
    answer = world.client.post(
        "/v1/recommendations", json={"learner_id": learner, "target_role_id": "analyst"}
    ).json()
    expect(page.locator(".module h4")).to_have_text([m["title"] for m in answer["recommendations"]])
    sent = [event["kind"] for event in world.events_of(learner) if event["event_id"].startswith("page-")]
    assert sorted(sent) == ["attempt", "completion"]


def test_what_is_said_of_a_module_is_what_the_service_answers(page, world, learner):
    sign_in(page, world)
    look_at(page, learner)
    answer = world.client.post("/v1/recommendations", json={"learner_id": learner}).json()
    cards = page.locator(".module")
    expect(cards).to_have_count(len(answer["recommendations"]))
    for number, module in enumerate(answer["recommendations"]):
        card = cards.nth(number)
        expect(card).to_contain_text(f"{round(100 * module['success_probability'])}% chance of success")
        hours, minutes = divmod(round(module["duration_minutes"]), 60)
        expect(card).to_contain_text(f"{hours} h {minutes} min" if hours else f"{minutes} min")
        expect(card.locator(".reasons li span:last-child")).to_have_text(
            [r["text"] for r in module["reasons"]]
        )
        if module["adjustment"]:
            expect(card.locator(".adjustment")).to_contain_text(module["adjustment"]["why"])


def test_a_question_is_answered_and_another_one_comes(page, world, learner):
    sign_in(page, world)
    look_at(page, learner)
    agree(page)
    check = page.get_by_role("region", name="A question that would tell most")
    asked = []
    for number in (1, 2):
        item = check.get_by_role("heading", level=4).inner_text()
        assert item not in asked
        asked.append(item)
        check.get_by_role("button", name=f"Passed: {item}").click()
        counted = f"{number} question{'s' if number > 1 else ''} answered so far."
        expect(check).to_contain_text(counted)
    sent = [event["item_id"] for event in world.events_of(learner) if event["event_id"].startswith("page-")]
    assert sent == asked


def test_answers_about_a_real_person_are_recorded_only_where_somebody_says_so(page, world, learner):
    sign_in(page, world)
    look_at(page, learner)
    button = page.get_by_role("button", name=f"Passed: {first_module(page)}")
    expect(button).to_be_disabled()
    agree(page)
    expect(button).to_be_enabled()
    page.get_by_label("Record answers.").uncheck()
    expect(button).to_be_disabled()


def test_somebody_new_starts_cold_and_warms_up(page, world):
    sign_in(page, world)
    page.get_by_label("Target role", exact=True).select_option(label="Analyst")
    page.get_by_role("button", name="Somebody new").click()
    expect(page.get_by_role("heading", name="Somebody new")).to_be_focused()
    expect(page.get_by_text("Cold start: nothing was recorded")).to_be_visible()
    expect(page.locator(".skills").get_by_text("not known").first).to_be_visible()
    page.get_by_role("button", name=f"Passed: {first_module(page)}").click()
    expect(page.get_by_role("heading", name="What changed")).to_be_focused()
    expect(page.get_by_text("Cold start: nothing was recorded")).to_have_count(0)
    made = page.get_by_label("Learner id").input_value()
    assert len(world.events_of(made)) == 2


def test_an_unknown_id_is_shown_as_somebody_of_whom_nothing_is_known(page, world):
    odd = "who/is <b>this</b>?"
    sign_in(page, world)
    look_at(page, odd)
    expect(page.get_by_text("Nothing was recorded of this id yet.")).to_be_visible()
    expect(page.get_by_text("Cold start: nothing was recorded")).to_be_visible()
    page.get_by_role("button", name=f"Failed: {first_module(page)}").click()
    expect(page.get_by_role("heading", name="What changed")).to_be_focused()
    expect(page.get_by_text("1 event recorded.")).to_be_visible()


def test_where_nothing_is_left_it_says_why(page, world):
    sign_in(page, world)
    look_at(page, "done")
    expect(page.get_by_text("Nothing is left to recommend.")).to_be_visible()
    answer = world.client.post("/v1/recommendations", json={"learner_id": "done"}).json()
    assert answer["recommendations"] == []
    finished = next(rule["removed"] for rule in answer["empty_because"] if rule["rule"] == "finished")
    expect(page.get_by_text(f"{finished} are finished")).to_be_visible()


# Keys


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "Enter a key."),
        ("alr_0000000000000000_wrong", "This key is unknown, wrong or revoked."),
        ("schlüssel", "A key has no spaces and no letters with accents."),
    ],
)
def test_a_wrong_key_is_told_beside_the_field_and_not_kept(page, world, key, said):
    page.goto(world.url)
    field = page.get_by_label("API key", exact=True)
    field.fill(key)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(said)).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(said)))
    assert page.evaluate("sessionStorage.length") == 0


def test_a_key_that_may_not_ask_is_told_what_it_lacks(page, world):
    page.goto(world.url)
    page.get_by_label("API key", exact=True).fill(world.key("events"))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This key works but lacks the scope recommend")).to_be_visible()


def test_a_key_without_events_looks_and_does_not_answer(page, world, learner):
    sign_in(page, world, "recommend", "catalog")
    look_at(page, learner)
    agree(page)
    title = first_module(page)
    page.get_by_role("button", name=f"Failed: {title}").click()
    expect(page.get_by_role("alert")).to_contain_text("This key lacks the scope events.")
    expect(page.get_by_role("button", name=f"Failed: {title}")).to_be_disabled()
    assert [event for event in world.events_of(learner) if event["event_id"].startswith("page-")] == []


def test_a_key_without_catalog_takes_a_role_by_its_id(page, world, learner):
    sign_in(page, world, "recommend", "events")
    look_at(page, learner)
    role = page.get_by_label("Target role, by its id")
    role.fill("analyst")
    role.press("Enter")
    expect(page.get_by_role("heading", name="Asked for by Analyst")).to_be_visible()
    role.fill("astronaut")
    role.press("Enter")
    expect(role).to_be_focused()
    expect(role).to_have_accessible_description(re.compile("use an id that the catalogue lists"))
    expect(page.get_by_role("heading", name="Asked for by Analyst")).to_be_visible()


def test_the_key_is_kept_in_the_tab_alone_and_can_be_forgotten(page, world, learner):
    sign_in(page, world)
    look_at(page, learner)
    kept = "Object.keys(sessionStorage).concat(Object.keys(localStorage), document.cookie)"
    assert page.evaluate(kept) == ["api-key", ""]
    page.reload()
    expect(page.get_by_label("Learner id")).to_be_focused()
    expect(page.get_by_label("Learner id")).to_have_value("")
    look_at(page, learner)
    page.get_by_role("button", name="Forget the key").click()
    expect(page.get_by_label("API key", exact=True)).to_be_focused()
    assert page.evaluate(kept) == [""]
    assert learner not in page.content()
    page.reload()
    expect(page.get_by_label("API key", exact=True)).to_be_focused()


# What can be in the way


def test_without_a_model_it_says_so_and_looks_again(page, tiny_bundle, tmp_path):
    with served(tmp_path, None) as bare:
        page.goto(bare.url)
        page.get_by_label("API key", exact=True).fill(bare.key(*EVERYTHING))
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("alert")).to_contain_text("No model is loaded")
        expect(page.get_by_text("No model", exact=True)).to_be_visible()
        page.get_by_role("button", name="Look again").click()
        expect(page.get_by_role("alert")).to_contain_text("No model is loaded")


def test_a_model_of_simulated_data_is_called_simulated(page, tiny_bundle, tmp_path):
    with served(tmp_path, simulated_copy(tiny_bundle, tmp_path / "bundle")) as made:
        sign_in(page, made)
        expect(page.get_by_text("This model was trained on simulated data.")).to_be_visible()


def test_a_model_of_real_data_is_not(page, world, learner):
    sign_in(page, world)
    look_at(page, learner)
    expect(page.get_by_text("This model was trained on simulated data.")).to_be_hidden()


def test_too_many_calls_wait_as_long_as_the_service_says(page, tiny_bundle, tmp_path):
    with served(tmp_path, tiny_bundle, rate_limit=1) as slow:
        page.goto(slow.url)
        page.get_by_label("API key", exact=True).fill(slow.key(*EVERYTHING))
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("alert")).to_contain_text("Too many calls in a short time.")
        expect(page.get_by_role("alert")).to_contain_text("It is tried again in 1 second.")
        # By itself it gives up some time; by hand it never has to.
        expect(page.get_by_role("alert")).not_to_contain_text("It is tried again")
        expect(page.get_by_role("button", name="Try again now")).to_be_visible()


def test_a_store_that_is_busy_is_waited_for_and_the_answer_recorded_once(page, tiny_bundle, tmp_path):
    with served(tmp_path, tiny_bundle) as busy:
        sign_in(page, busy)
        page.get_by_role("button", name="Somebody new").click()
        expect(page.get_by_role("heading", name="Somebody new")).to_be_focused()
        made = page.get_by_label("Learner id").input_value()
        other = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        page.get_by_role("button", name=f"Failed: {first_module(page)}").click()
        expect(page.get_by_role("alert")).to_contain_text("The service is not ready.")
        expect(page.get_by_role("alert")).to_contain_text("It is tried again in 5 seconds.")
        other.execute("ROLLBACK")
        other.close()
        expect(page.get_by_role("heading", name="What changed")).to_be_focused()
        expect(page.get_by_role("alert")).to_have_count(0)
        assert len(busy.events_of(made)) == 1


def test_a_fault_of_the_service_is_told_as_one(page, tiny_bundle, tmp_path):
    with served(tmp_path, tiny_bundle) as broken:
        sign_in(page, broken)
        with broken.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE learner_states")
        page.get_by_role("button", name="Somebody new").click()
        expect(page.get_by_role("alert")).to_contain_text("The service has a fault; its log tells which.")
        expect(page.get_by_role("button", name="Try again now")).to_be_visible()


def test_what_is_shown_stays_while_the_network_is_gone_and_an_answer_is_sent_once(page, world, learner):
    sign_in(page, world)
    look_at(page, learner)
    agree(page)
    title = first_module(page)
    page.context.set_offline(True)
    page.get_by_role("button", name=f"Failed: {title}").click()
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    expect(page.locator(".module h4").first).to_have_text(title)
    page.get_by_role("button", name="Try again now").click()
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again now").click()
    expect(page.get_by_role("heading", name="What changed")).to_be_focused()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len([e for e in world.events_of(learner) if e["event_id"].startswith("page-")]) == 1


def test_reasons_come_in_the_language_of_the_browser(browser, world):
    context = browser.new_context(locale="de-AT")
    opened = context.new_page()
    sign_in(opened, world)
    with opened.expect_request("**/v1/recommendations") as asked:
        look_at(opened, "anybody")
    assert asked.value.all_headers()["accept-language"].startswith("de-AT")
    context.close()
