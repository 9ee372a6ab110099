"""Reports for people in charge as they are read: inside MLflow's artifact view, and as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import grave_faults
from training.commands.report import run
from training.tracking import OUTCOMES, connect, experiment_link

pytestmark = [
    pytest.mark.browser,
    # MLflow's own use of SQLAlchemy 2.1, which this project cannot mend.
    pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated"),
]


@pytest.fixture(scope="module")
def pages(trained, tiny_dataset, tiny_bundle, tmp_path_factory) -> Path:
    """Folder of every report that the small dataset allows; they are in MLflow too."""
    folder = tmp_path_factory.mktemp("reports") / "pages"
    run(tiny_dataset, bundle=tiny_bundle, out=folder, store=trained.store)
    return folder


@pytest.fixture(autouse=True)
def stays_on_this_machine(page) -> Iterator[None]:
    """No page may ask anybody else."""
    yield
    asked = [urlsplit(url.removeprefix("blob:")) for url in page.asked]
    assert {address.hostname or address.scheme for address in asked} <= {"127.0.0.1", "file", "data", "about"}


def in_frame(page: Page) -> Page:
    """The page inside MLflow's frame, once it has something in it."""
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="In short")).to_be_visible(timeout=30_000)
    return frame


def test_every_report_opens_in_mlflow_and_no_frame_is_blank(page, pages, trained, mlflow_url, tmp_path):
    client = connect(trained.store)
    experiment = client.get_experiment_by_name(OUTCOMES)
    (made,) = client.search_runs([experiment.experiment_id])
    names = sorted(file.name for file in pages.glob("*.html"))
    assert len(names) > 4
    for name in names:
        place = f"{experiment.experiment_id}/runs/{made.info.run_id}/artifacts/reports/{name}"
        # Else MLflow would go on showing the report before: only what follows the # would differ.
        page.goto("about:blank")
        page.goto(f"{mlflow_url}/#/experiments/{place}")
        frame = in_frame(page)
        title = (pages / name).read_text().partition("<h1>")[2].partition("</h1>")[0]
        expect(frame.locator("h1")).to_have_text(title)
        for picture in frame.locator("svg").all():
            box = picture.bounding_box()
            assert box["width"] > 200, name
            assert box["height"] > 50, name
        page.screenshot(path=tmp_path / f"{name}.png")


def test_the_run_tells_the_findings_and_where_to_read_more(page, pages, trained, mlflow_url):
    page.goto(experiment_link(mlflow_url, trained.store, OUTCOMES))
    page.get_by_role("link", name="outcomes as of").first.click()
    expect(page.get_by_text("What the programme brings, as of").first).to_be_visible()
    expect(page.get_by_text("overview.html").first).to_be_visible()


def test_pages_hinder_nobody(page, pages):
    for file in sorted(pages.glob("*.html")):
        page.goto(file.as_uri())
        assert grave_faults(page) == [], file.name


def test_on_a_phone_only_tables_and_pictures_scroll_sideways(page, pages):
    page.set_viewport_size({"width": 400, "height": 800})
    for file in sorted(pages.glob("*.html")):
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, file.name
