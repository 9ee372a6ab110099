import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from rich.console import Console

from recommender.embeddings.histories import Interactions
from training.evaluation.modules import evaluate_modules
from training.evaluation.skills import evaluate_skills
from training.reports.plots import all_figures
from training.reports.tables import module_table, skill_table


def interactions(clock=True):
    rng = np.random.default_rng(0)
    start = np.arange(0, 201, 4)
    modules = np.concatenate([rng.choice(20, 4, replace=False) for _ in range(50)]).astype(np.int32)
    at = np.sort(rng.random((50, 4)), axis=1).ravel() if clock else np.full(200, np.nan)
    unknown = np.full(50, -1, np.int32)
    return Interactions(start, modules, at, unknown, unknown, 20)


def fit(train):
    counts = np.bincount(train.modules, minlength=train.n_modules).astype(np.float64)
    return {"popularity": lambda _: counts, "engine": lambda _: -counts}


@pytest.fixture(scope="module")
def skills():
    rng = np.random.default_rng(0)
    y, learner = rng.integers(0, 2, 500), rng.integers(0, 50, 500)
    predictions = {"item_mean": np.full(500, 0.5), "skill_model": rng.random(500)}
    return evaluate_skills(y, learner, predictions, {"attempts": 500, "learners": 50})


@pytest.fixture(scope="module")
def modules():
    return [
        evaluate_modules(fit, interactions(), protocol=name, seed=0)
        for name in ("leave-last-out", "temporal")
    ]


@pytest.fixture
def shown():
    def show(renderable) -> str:
        console = Console(width=160)
        with console.capture() as captured:
            console.print(renderable)
        return captured.get()

    return show


def test_module_table_has_values_intervals_and_counts(modules, shown):
    said = shown(module_table(modules[1], simulated=False))
    engine = modules[1].models["engine"]
    low, high = engine.ci95["ndcg@10"]
    assert f"{engine.metrics['ndcg@10']:.3f} ±{(high - low) / 2:.3f}" in said
    assert (
        f"{modules[1].n['targets']} targets of {modules[1].n['learners']} learners among 20 modules" in said
    )
    assert "known" in said
    assert said.index("engine") < said.index("popularity"), "what would be shipped comes first"


def test_ranks_without_lists_have_a_dash_for_coverage(shown):
    source = interactions()
    known = {"told": np.ones(len(source.modules), np.int64)}
    report = evaluate_modules(fit, source, protocol="temporal", seed=0, known=known)
    rows = [line.split() for line in shown(module_table(report, simulated=True)).splitlines()]
    by_model = {row[0]: row for row in rows if row}
    assert by_model["told"] == ["told", "1.000", "±0.000", "1.000", "±0.000", "1.000", "1.000", "-"]
    assert by_model["engine"][-1] == f"{report.models['engine'].metrics['coverage@10']:.3f}"


def test_skill_table_has_every_model_and_says_what_is_not_defined(skills, shown):
    said = shown(skill_table(skills, simulated=False))
    assert f"{skills.models['skill_model']['auc']:.3f}" in said
    assert "500 attempts, 50 learners" in said
    one_class = evaluate_skills(np.ones(3), np.arange(3), {"skill_model": np.full(3, 0.9)}, {"attempts": 3})
    assert "not defined" in shown(skill_table(one_class, simulated=False))


def test_a_protocol_without_clock_is_a_sentence(shown):
    report = evaluate_modules(fit, interactions(clock=False), protocol="temporal", seed=0)
    said = shown(module_table(report, simulated=False))
    assert said.startswith(
        "Predicting the next module after a cut in time: not evaluated, because 200 of 200"
    )
    assert all_figures(None, [report], simulated=False) == {}


def test_every_figure_draws_and_none_stays_with_pyplot(skills, modules):
    figures = all_figures(skills, modules, simulated=False)
    assert set(figures) == {
        "skills_auc",
        "skills_calibration_skill_model",
        "modules_ranking",
        "modules_spread_leave_last_out",
        "modules_spread_temporal",
    }
    for figure in figures.values():
        FigureCanvasAgg(figure).draw()
    assert pyplot.get_fignums() == []


def test_ranking_figure_shows_the_values(modules):
    figure = all_figures(None, modules, simulated=False)["modules_ranking"]
    for axes, report in zip(figure.axes, modules, strict=True):
        drawn = [bar.get_width() for bar in axes.patches]
        assert drawn == [result.metrics["ndcg@10"] for result in report.models.values()]
        assert [label.get_text() for label in axes.get_yticklabels()] == list(report.models)


def test_calibration_figure_shows_every_bin_with_its_count(skills):
    figure = all_figures(skills, [], simulated=False)["skills_calibration_skill_model"]
    bins = skills.calibration["skill_model"]
    curve, counts = figure.axes
    np.testing.assert_allclose(curve.lines[1].get_xydata(), np.column_stack([bins.predicted, bins.observed]))
    assert [bar.get_height() for bar in counts.patches] == bins.count.tolist()


def test_spread_ends_at_all_recommendations(modules):
    figure = all_figures(None, modules, simulated=False)["modules_spread_temporal"]
    for line in figure.axes[0].lines:
        assert line.get_ydata()[-1] == pytest.approx(100)
    popular, contrary = figure.axes[0].lines[0], figure.axes[0].lines[1]
    assert popular.get_ydata()[9] > contrary.get_ydata()[9]


def titles(figure):
    """The title of the whole, or that of the first part where the whole has none."""
    return figure.get_suptitle() or figure.axes[0].get_title()


def test_every_figure_of_simulated_data_begins_with_that_and_no_other_does(skills, modules):
    real = all_figures(skills, modules, simulated=False)
    for name, figure in all_figures(skills, modules, simulated=True).items():
        assert titles(figure) == f"Simulated data\n{titles(real[name])}"
        FigureCanvasAgg(figure).draw()
        assert "imulated" not in titles(real[name])


def test_every_table_of_simulated_data_begins_with_that_and_no_other_does(skills, modules, shown):
    untimed = evaluate_modules(fit, interactions(clock=False), protocol="temporal", seed=0)
    for table, report in ((skill_table, skills), (module_table, modules[0]), (module_table, untimed)):
        real = shown(table(report, simulated=False))
        said = shown(table(report, simulated=True))
        assert said.strip().startswith(f"Simulated data: {real.strip()[:25]}")
        assert "imulated" not in real
