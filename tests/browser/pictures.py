"""Pictures of MLflow's pages for the guide that HR reads.

``python -m tests.browser.pictures --out docs/pictures``, or ``make screenshots``. They are of what ``make
demo`` and ``make report`` left in ``mlruns``: a real server, a real browser, nothing made for the picture.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from mlflow import MlflowClient
from mlflow.entities import Run
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.mlflow_server import free_port, stop, wait_until_up
from training.registry import MODEL
from training.tracking import EXPERIMENT, OUTCOMES, REPORTS_FOLDER, STORE, connect

_WIDTH, _HEIGHT = 1280, 900
_COLOURS = 128
_MODE = "workflowType=machine_learning"
Shot = Callable[[Page], None]


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    out: Path = parser.parse_args().out
    # Of single reports there are many, and nobody reads them in the guide.
    beside = STORE / "pictures"
    for folder in (out, beside):
        folder.mkdir(parents=True, exist_ok=True)
    client = connect()
    with _server() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        asked: set[str | None] = set()
        for name, address, ready in _shots(client, url):
            page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
            page.on(
                "request", lambda request: asked.add(urlsplit(request.url.removeprefix("blob:")).hostname)
            )
            page.goto(address)
            page.wait_for_timeout(3_000)
            for button in page.get_by_role("button", name="Close").all():
                button.click()  # of the panel that opens beside everything on the first visit
            ready(page)
            page.wait_for_timeout(700)  # what slides into place
            file = (beside if name.startswith("report-") else out) / f"mlflow-{name}.png"
            page.screenshot(path=file)
            page.close()
            _fewer_colours(file)
            print(file)  # noqa: T201
        if asked - {"127.0.0.1", None}:
            raise SystemExit(f"pages asked others than this machine: {sorted(map(str, asked))}")


def _shots(client: MlflowClient, url: str) -> Iterator[tuple[str, str, Shot]]:
    """Name, address and what must be seen of each picture."""
    yield "experiments", f"{url}/#/experiments?{_MODE}", _sees(OUTCOMES)
    trained = _runs(client, EXPERIMENT)
    newest, home = trained[0], f"{url}/#/experiments/{trained[0].info.experiment_id}"
    yield "trainings", f"{home}/runs?{_MODE}", _sees(newest.info.run_name)
    yield "run", f"{home}/runs/{newest.info.run_id}?{_MODE}", _description_sees("What to do.")
    yield "model-card", _artifact(url, newest, "model-card.html"), _frame_sees("In short")
    if len(trained) > 1:
        two = "%22,%22".join(run.info.run_id for run in trained[:2])
        compare = f"{url}/#/compare-runs?runs=[%22{two}%22]&experiments=[%22{newest.info.experiment_id}%22]"
        compare += f"&{_MODE}"
        yield "compare", compare, _sees(newest.info.run_name)
    yield "model", f"{url}/#/models/{MODEL}?{_MODE}", _sees("champion")
    champion = client.get_model_version_by_alias(MODEL, "champion").version
    yield "version", f"{url}/#/models/{MODEL}/versions/{champion}?{_MODE}", _sees("promoted_because")
    outcomes = _runs(client, OUTCOMES)
    newest, home = outcomes[0], f"{url}/#/experiments/{outcomes[0].info.experiment_id}"
    yield "outcomes", f"{home}/runs?{_MODE}", _sees(newest.info.run_name)
    for file in client.list_artifacts(newest.info.run_id, REPORTS_FOLDER):
        name = Path(file.path).name
        if name.endswith(".html"):
            yield (
                f"report-{name.removesuffix('.html')}",
                _artifact(url, newest, name),
                _frame_sees("In short"),
            )


def _runs(client: MlflowClient, experiment: str) -> list[Run]:
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id]) if found else []
    if not runs:
        raise SystemExit(f"there are no runs of {experiment} yet; run make demo and make report first")
    return list(runs)


def _artifact(url: str, run: Run, name: str) -> str:
    place = f"{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/{REPORTS_FOLDER}/{name}"
    return f"{url}/#/experiments/{place}?{_MODE}"


def _sees(text: str) -> Shot:
    return lambda page: expect(page.get_by_text(text).first).to_be_visible(timeout=30_000)


def _description_sees(text: str) -> Shot:
    def seen(page: Page) -> None:
        page.get_by_text("Show more").first.click(timeout=30_000)
        words = page.get_by_text(text).first
        expect(words).to_be_visible(timeout=30_000)
        words.scroll_into_view_if_needed()

    return seen


def _frame_sees(text: str) -> Shot:
    def seen(page: Page) -> None:
        heading = page.frame_locator("iframe").get_by_role("heading", name=text)
        expect(heading.first).to_be_visible(timeout=30_000)

    return seen


@contextmanager
def _server() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{(STORE / 'mlflow.db').resolve()}", "--workers", "1"]
    command += ["--default-artifact-root", (STORE / "artifacts").resolve().as_uri()]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            wait_until_up(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)


def _fewer_colours(file: Path) -> None:
    """Make a picture a third as large; nobody sees it."""
    with Image.open(file) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    main()
