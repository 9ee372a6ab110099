"""What a data scientist sees in MLflow's own user interface, on a machine without internet."""

import struct
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from training.registry import MODEL
from training.tracking import EXPERIMENT, experiment_link, flatten, metric_name

pytestmark = [
    pytest.mark.browser,
    # MLflow's own use of SQLAlchemy 2.1, which this project cannot mend.
    pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated"),
]


@pytest.fixture(autouse=True)
def stays_on_this_machine(page):
    """No page may ask anybody else: behind a firewall it would stay blank, and it would tell who looks."""
    yield
    hosts = {urlsplit(url.removeprefix("blob:")).hostname for url in page.asked}
    assert hosts == {"127.0.0.1"}


def test_the_experiment_list_says_what_the_experiment_is_for(page, mlflow_url, tmp_path):
    page.goto(f"{mlflow_url}/#/experiments")
    expect(page.get_by_role("link", name=EXPERIMENT, exact=True).first).to_be_visible()
    expect(page.get_by_text("Every training of the recommendation engine").first).to_be_visible()
    page.screenshot(path=tmp_path / "experiments.png")


def test_the_link_opens_on_the_runs_not_on_prompts_and_traces(page, mlflow_url, trained, tmp_path):
    page.goto(experiment_link(mlflow_url, trained.store))
    expect(page.get_by_role("link", name=trained.run_name).first).to_be_visible()
    page.screenshot(path=tmp_path / "experiment.png")


def test_the_run_shows_description_data_parameters_and_metrics(page, mlflow_url, trained, tmp_path):
    page.goto(experiment_link(mlflow_url, trained.store))
    page.get_by_role("link", name=trained.run_name).first.click()
    for said in ("Trained on made-up data, to look at the user interface.", "toy (ffffff", "als.factors"):
        expect(page.get_by_text(said).first).to_be_visible()
    shown = dict(flatten(trained.metrics, "/"))
    for name in ("modules/temporal/ndcg@10", "skills/skill_model/auc"):
        row = page.get_by_role("row").filter(has_text=metric_name(name).split("/")[-1])
        expect(row.filter(has_text=f"{shown[name]:.4f}"[:5]).first).to_be_visible()
    page.screenshot(path=tmp_path / "run.png")


def png_size(path):
    """Width and height in pixels, which stand at a fixed place in the file's header."""
    return list(struct.unpack(">II", path.read_bytes()[16:24]))


def test_every_plot_opens(page, mlflow_url, trained, tmp_path):
    plots = sorted(trained.store.glob("artifacts/*/artifacts/plots/*.png"))
    assert len(plots) == 5
    experiment = f"{mlflow_url}/#/experiments/{trained.experiment_id}"
    page.goto(f"{experiment}/runs/{trained.run_id}/artifacts/plots/{plots[0].name}")
    for plot in plots:
        page.get_by_text(plot.name, exact=True).click()
        expect(page.get_by_text(f"plots/{plot.name}", exact=True)).to_be_visible()
        image = page.get_by_alt_text(f"plots/{plot.name}", exact=True)
        expect(image).to_be_visible()
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == png_size(plot)
        page.screenshot(path=tmp_path / plot.name)


def test_the_registered_model_shows_who_serves(page, mlflow_url, tmp_path):
    page.goto(f"{mlflow_url}/#/models/{MODEL}")
    expect(page.get_by_text("The recommendation engine: skills, modules and ranking").first).to_be_visible()
    for version, alias, description in (
        ("Version 1", "champion", "First models."),
        ("Version 2", "challenger", "Second models."),
    ):
        row = page.get_by_role("row").filter(has_text=version)
        expect(row).to_contain_text(alias)
        expect(row).to_contain_text(description)
    page.screenshot(path=tmp_path / "model.png")
