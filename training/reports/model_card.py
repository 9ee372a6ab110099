"""The model card of a trained bundle: what it is for, how good it is, for whom, and where it ends.

Its parts are those that Mitchell et al. 2019 ("Model Cards for Model Reporting") ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from recommender.domain.disclosure import LEAST
from training.datasets.dataset import Dataset
from training.evaluation.metrics import CalibrationBins
from training.evaluation.module_report import ENGINE, ModuleReport
from training.evaluation.skill_slices import SKILL_MODEL
from training.pipeline import Trained
from training.reports.plots import calibration_figure
from training.reports.sheet import Chart, Report, Section, Sheet
from training.reports.tables import PROTOCOL_TITLES

NAME: Final = "model-card"

_USE: Final = (
    "It tells what a person can do, skill by skill, proposes which module to take next and why, and plans "
    "how to get to a role. People decide: a learner may take any other module, and says so with one click.",
    "It is not made to decide on hiring, pay, promotion or dismissal, nor to rank people against each other. "
    "Mastery is an estimate from answers to items, with an interval; it is no certificate, and little "
    "evidence makes wide intervals.",
)
_OVERSIGHT: Final = (
    "A new bundle serves only after somebody promotes it; what served before is one command away "
    "(make rollback). Each answer carries the bundle's id and the reasons that weighed most.",
    "Rules are never outvoted by scores: prerequisites, retired modules, language and filters hold whatever "
    "the model says. Learners see why a module is proposed, can dismiss it, and call it too easy or too "
    "hard.",
    "Look at the equity reports of the experiment Programme outcomes before you promote, and again in three "
    "months.",
)
_PRIVACY: Final = (
    "The bundle holds what was learned of items, skills, modules, roles and segments. No learner's id, "
    "answer or history is in it.",
    "Columns group_* of the learners are used to check for disadvantage and never to predict or to rank.",
    "No figure of this card is about fewer than five people.",
)


def model_card(trained: Trained, dataset: Dataset, against: Sequence[str]) -> Report:
    """Write the card of a bundle.

    Parameters
    ----------
    trained : Trained
    dataset : Dataset
        That it was trained on.
    against : sequence of str
        What got better or worse than the model that serves; see `training.reports.against.compared`.
    """
    sections = [
        Section("What it is for", _USE),
        _data(trained, dataset),
        Section(
            "Beside the model that serves", tuple(line.replace("**", "").replace("`", "") for line in against)
        ),
        *_quality(trained),
        Section("Privacy", _PRIVACY),
        Section("Who decides", _OVERSIGHT),
    ]
    return Report(
        name=NAME,
        title=f"Model card of bundle {trained.bundle.id}",
        question="What is this model for, how good is it, for whom, and where does it end?",
        answer=tuple(_answer(trained))
        or ("Nothing could be measured on this data; see what this cannot show.",),
        sections=tuple(sections),
        cannot_show=(
            *(f"{what}: {why}" for what, why in trained.absent.items()),
            "Whether people learn more with it than without: that needs a comparison at work, or the reports "
            "on learning and on return.",
        ),
        method=(
            "Everything was measured on people, or on later events, that the model had not seen. Intervals "
            "hold 95% and come from drawing people again (Efron and Tibshirani 1993).",
            "AUC is the chance that an answer that passed was given a higher probability than one that did "
            "not (Hanley and McNeil 1982). A model that guesses has 50%.",
        ),
    )


def _answer(trained: Trained) -> Iterator[str]:
    everybody = trained.slices.get("everybody")
    if everybody is not None and everybody.auc is not None:
        yield (
            f"Given an answer that passed and one that did not, it tells which in {everybody.auc:.1%} of "
            f"cases ({_between(everybody.auc_ci95)}), on {everybody.n_learners:,} people it had not seen."
        )
        low, high = everybody.too_high_ci95
        sure = "no bias beyond chance" if low <= 0 <= high else "more than chance explains"
        yield (
            f"On average it thinks {abs(everybody.too_high):.1%} too "
            f"{'well' if everybody.too_high > 0 else 'little'} of them ({_between((low, high))}): {sure}."
        )
    for report in trained.modules:
        engine = report.models.get(ENGINE)
        if engine is None or engine.metrics["hr@10"] is None or report.n["learners"] < LEAST:
            continue
        title = PROTOCOL_TITLES[report.protocol]
        yield (
            f"{title[0].upper()}{title[1:]} is among the ten it recommends for "
            f"{engine.metrics['hr@10']:.1%} ({_between(engine.ci95.get('hr@10'))})."
        )


def _between(ends: tuple[float, float] | None) -> str:
    return "no interval" if ends is None else f"between {ends[0]:.1%} and {ends[1]:.1%}"


def _data(trained: Trained, dataset: Dataset) -> Section:
    counts = ", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in trained.counts.items() if n)
    text = [f"Trained on {dataset.name} (fingerprint {dataset.fingerprint[:12]}): {counts}."]
    times = [
        table["occurred_at"]
        for name in ("attempts", "completions")
        if (table := dataset.tables.get(name)) is not None and table["occurred_at"].notna().any()
    ]
    if times:
        first, last = min(t.min() for t in times), max(t.max() for t in times)
        text.append(f"Events from {first:%d %B %Y} to {last:%d %B %Y}.")
    warnings = [finding for finding in dataset.findings if finding.level == "warning"]
    text += [f"Found on the way: {finding.text}" for finding in warnings[:10]]
    if len(warnings) > 10:
        text.append(f"And {len(warnings) - 10} more: python -m training validate tells them.")
    return Section("Data", tuple(text))


def _quality(trained: Trained) -> Iterator[Section]:
    if trained.skills is not None:
        yield Section(
            "How well it knows what people can do",
            ("Beside it stand simpler ways to predict the next answer, on the same answers.",),
            sheet=_skill_sheet(trained),
        )
        bins = trained.skills.calibration.get(SKILL_MODEL)
        if bins is not None and _many_in_each(trained, bins):
            yield _calibration(trained, bins)
        if len(trained.slices) > 1:
            yield _slices(trained)
    for report in trained.modules:
        if report.models and report.n["learners"] >= LEAST:
            yield _modules(report)


def _skill_sheet(trained: Trained) -> Sheet:
    assert trained.skills is not None  # noqa: S101
    names = {
        SKILL_MODEL: "This model",
        "best_lr": "Counts of successes and failures",
        "item_mean": "The item alone",
    }
    rows = [
        {
            "model": names.get(name, name),
            "auc": values.get("auc"),
            "auc_first5": values.get("auc_first5"),
            "accuracy": values.get("accuracy"),
            "ece": values.get("ece"),
        }
        for name, values in trained.skills.models.items()
    ]
    return Sheet(
        "skills",
        pd.DataFrame(rows),
        {
            "model": "Model",
            "auc": "AUC",
            "auc_first5": "AUC, first five answers",
            "accuracy": "Right guesses",
            "ece": "Mean error of its chances",
        },
        dict.fromkeys(("auc", "auc_first5", "accuracy", "ece"), "share"),
        stub="model",
    )


def _many_in_each(trained: Trained, bins: CalibrationBins) -> bool:
    """Whether each group of answers is of five learners at least."""
    answered = trained.skills.answered if trained.skills is not None else None
    if answered is None:
        return False
    order = np.argsort(answered.predictions[SKILL_MODEL], kind="stable")
    parts = np.split(answered.learner[order], np.cumsum(bins.count)[:-1])
    return all(len(np.unique(part)) >= LEAST for part in parts)


def _calibration(trained: Trained, bins: CalibrationBins) -> Section:
    assert trained.skills is not None  # noqa: S101
    worst = int(np.argmax(np.abs(bins.predicted - bins.observed)))
    says = (
        f"Chances said against shares that passed, in {len(bins.count)} groups of answers. The largest "
        f"difference: {bins.predicted[worst]:.0%} said, {bins.observed[worst]:.0%} passed."
    )
    rows = pd.DataFrame({"said": bins.predicted, "passed": bins.observed, "n_answers": bins.count})
    return Section(
        "Do its chances come true?",
        ("When it says 70%, seven of ten such answers should pass.",),
        Chart(calibration_figure(trained.skills, SKILL_MODEL), says),
        Sheet(
            "calibration",
            rows,
            {"said": "Chance said", "passed": "Passed", "n_answers": "Answers"},
            {"said": "share", "passed": "share", "n_answers": "count"},
        ),
    )


def _slices(trained: Trained) -> Section:
    rows = [{"group": name, **its.metrics()} for name, its in trained.slices.items()]
    return Section(
        "For whom",
        ("Segments of people it had not seen. Above zero, it thinks too well of them.",),
        sheet=Sheet(
            "segments",
            pd.DataFrame(rows),
            {
                "group": "Segment",
                "n_learners": "People",
                "auc": "AUC",
                "auc_ci95_low": "from",
                "auc_ci95_high": "to",
                "too_high": "Too high by, points",
                "too_high_ci95_low": "from",
                "too_high_ci95_high": "to",
            },
            {
                "n_learners": "count",
                **dict.fromkeys(("auc", "auc_ci95_low", "auc_ci95_high"), "share"),
                **dict.fromkeys(("too_high", "too_high_ci95_low", "too_high_ci95_high"), "points"),
            },
            stub="group",
        ),
    )


def _modules(report: ModuleReport) -> Section:
    rows = [
        {
            "model": "This model" if name == ENGINE else name.replace("_", " "),
            "hr_at_10": result.metrics["hr@10"],
            "low": result.ci95.get("hr@10", (None, None))[0],
            "high": result.ci95.get("hr@10", (None, None))[1],
            "ndcg_at_10": result.metrics["ndcg@10"],
            "coverage_at_10": result.metrics["coverage@10"],
        }
        for name, result in sorted(
            report.models.items(), key=lambda item: (item[0] != ENGINE, -(item[1].metrics["hr@10"] or 0.0))
        )
    ]
    return Section(
        f"How well it knows {PROTOCOL_TITLES[report.protocol]}",
        (f"{report.n['targets']:,} modules of {report.n['learners']:,} people.",),
        sheet=Sheet(
            report.protocol,
            pd.DataFrame(rows),
            {
                "model": "Model",
                "hr_at_10": "Among the ten",
                "low": "from",
                "high": "to",
                "ndcg_at_10": "NDCG",
                "coverage_at_10": "Modules shown to anybody",
            },
            dict.fromkeys(("hr_at_10", "low", "high", "ndcg_at_10", "coverage_at_10"), "share"),
            stub="model",
        ),
    )
