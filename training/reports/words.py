"""A training in plain words, for people who read the run and never a metric's definition."""

from __future__ import annotations

from collections.abc import Mapping

from recommender.domain.simulation import LABEL
from training.evaluation.module_report import ENGINE, ModuleReport
from training.evaluation.skills import SkillReport
from training.pipeline import Trained

_NOBODY_REAL = (
    f"{LABEL}: no learner in it is a real person, and no figure below says how well real people are served."
)
_PROTOCOLS: Mapping[str, str] = {
    "leave-last-out": "the last module each learner started",
    "temporal": "what each learner started next after a date",
}


def describe(trained: Trained, dataset: str) -> str:
    """Say what a training is of, how good it is beside simple baselines, and what it lacks.

    Parameters
    ----------
    trained : Trained
    dataset : str
        Name of the dataset.

    Returns
    -------
    str
        Markdown; begins with what it is where the data is simulated.
    """
    n = trained.counts
    lines = [_NOBODY_REAL] if trained.bundle.simulated else []
    lines += [
        f"Trained on **{dataset}**: {n['learners']:,} learners, {n['attempts']:,} attempts on "
        f"{n['items']:,} items, {n['completions']:,} completions of {n['modules']:,} modules.",
    ]
    if trained.skills is not None:
        lines.append(_skills(trained.skills))
    lines.extend(_modules(report) for report in trained.modules if not report.unavailable)
    if trained.gain.report is not None:
        lines.append(f"**What modules teach.** {trained.gain.sentence()}")
    lines.extend(f"Not there: {what}, because {why}." for what, why in trained.absent.items())
    return "\n\n".join(lines)


def _skills(report: SkillReport) -> str:
    ours, plain = report.models["skill_model"], report.models["item_mean"]
    return (
        "**What learners can do.** Given one attempt that passed and one that did not, the model tells "
        f"which in {_share(ours['auc'])} of cases on learners it has not seen (looking at the item alone: "
        f"{_share(plain['auc'])}). Its probabilities are off by {_share(ours['ece'])} on average."
    )


def _modules(report: ModuleReport) -> str:
    ours = report.models[ENGINE].metrics["hr@10"]
    best = max(
        (name for name in report.models if name != ENGINE),
        key=lambda name: report.models[name].metrics["hr@10"] or 0.0,
    )
    return (
        f"**What to take next.** {_PROTOCOLS.get(report.protocol, report.protocol).capitalize()} is among "
        f"the ten recommended for {_share(ours)} of them (best single model, {best}: "
        f"{_share(report.models[best].metrics['hr@10'])})."
    )


def _share(value: float | None) -> str:
    return "an unknown share" if value is None else f"{value:.1%}"
