"""``report``: what the programme brings, for people in charge, as pages in MLflow."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from rich.console import Console

from recommender.bundle import ModelBundle
from recommender.domain.simulation import labelled
from recommender.errors import ConfigurationError
from recommender.pointer import read_pointer
from training.commands.moments import moment_of, parsed
from training.commands.outputs import check_writable
from training.datasets import load_dataset
from training.datasets.dataset import Dataset
from training.programme.programme import Programme
from training.reports.page import overview, write_report
from training.reports.sheet import About, NotShown, Report
from training.tracking import OUTCOMES, REPORTS_FOLDER, STORE, RunRecord, log_run, run_name

Maker = Callable[[Programme], Sequence[Report | NotShown]]


def run(
    data: Path,
    *,
    bundle: Path | None = None,
    now: str | None = None,
    value_per_unit: float | None = None,
    measure: str | None = None,
    anticipation: int | None = None,
    importance: Path | None = None,
    seed: int = 0,
    out: Path | None = None,
    json_file: Path | None = None,
    store: Path = STORE,
) -> list[Report | NotShown]:
    """Make every report that a dataset allows and keep them in one MLflow run.

    Parameters
    ----------
    data : Path
        Directory of the dataset.
    bundle : Path, optional
        Bundle that mastery is read with, or the pointer file that names it; without one, reports that need
        mastery say so.
    now : str, optional
        Moment the reports are of, ISO 8601, without a zone UTC; by default that of the last event.
    value_per_unit : float, optional
        Worth of one unit of an outcome, in the money of its costs.
    measure : str, optional
        The outcome that is of; needed where there are several.
    anticipation : int, optional
        Periods before the start in which there may be an effect; see `returns_reports`.
    importance : Path, optional
        CSV file for the table `role_skills`, its importance moved by what postings of the last year ask for;
        see `importance_from_demand`. To be used, it takes the place of the table in the dataset.
    seed : int
        Of resamples.
    out : Path, optional
        Folder that the pages are put into too; it must not exist, or be empty.
    json_file : Path, optional
        Where findings are written for machines.
    store : Path
        See `training.tracking.connect`.

    Raises
    ------
    InputError
        The dataset or an option is wrong, or a place is taken; nothing was written.
    BundleError
        The bundle cannot be used.
    """
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"--out {out} exists; name a directory that does not, or remove it first")
    check_writable(out and out / "overview.html", "--out")
    check_writable(json_file, "--json")
    check_writable(importance, "--importance")
    if now is not None:
        parsed(now)
    returns = {"value_per_unit": value_per_unit, "measure": measure, "ahead": anticipation}
    started, console = datetime.now(UTC), Console(markup=False, emoji=False, highlight=False)
    opened = None if bundle is None else _opened(bundle)
    dataset = _loaded(data, opened)
    programme = Programme(dataset, moment_of(dataset, now)[0], opened, seed=seed)
    blended = None if importance is None else _importance(programme)
    simulated = dataset.simulated or (opened is not None and opened.simulated)
    about = About(
        dataset.name,
        dataset.fingerprint,
        programme.now,
        simulated,
        None if opened is None else _named(opened),
    )
    if simulated:
        console.print(labelled("no figure below is of real people.", True))
    made = _made(programme, _makers(returns), console)
    first = overview(made)
    with TemporaryDirectory(prefix="reports-") as name:
        folder = Path(name)
        _write([first, *made], about, folder)
        run_id = log_run(_record(first, made, programme, about, folder, started), store)
        if out is not None:
            shutil.copytree(folder, out, dirs_exist_ok=True)
    for line in (*first.answer, *(f"Not shown: {line}" for line in first.cannot_show)):
        console.print(line, soft_wrap=True)
    console.print(f"In MLflow: {OUTCOMES}, run {run_id}, {REPORTS_FOLDER}/overview.html", soft_wrap=True)
    if importance is not None and blended is not None:
        blended.to_csv(importance, index=False)
        console.print(f"Importance moved by demand: {importance}", soft_wrap=True)
    if json_file is not None:
        _write_json(json_file, made, about, None if opened is None else opened.id, run_id)
    return made


def _makers(returns: Mapping[str, Any]) -> Mapping[str, Maker]:
    """Return what makes the reports, by topic."""
    # Each topic brings libraries that take seconds to import.
    from training.reports.demand import demand_reports
    from training.reports.engagement import engagement_reports
    from training.reports.equity import equity_reports
    from training.reports.gaps import gaps_reports
    from training.reports.growth import growth_reports
    from training.reports.mentors import mentors_reports
    from training.reports.returns import returns_reports

    return {
        "skill gaps": gaps_reports,
        "learning": growth_reports,
        "engagement": engagement_reports,
        "mentors": mentors_reports,
        "demand": demand_reports,
        "returns": partial(returns_reports, **returns),
        "equity": equity_reports,
    }


def _made(programme: Programme, makers: Mapping[str, Maker], console: Console) -> list[Report | NotShown]:
    made: list[Report | NotShown] = []
    for name, make in makers.items():
        began = time.perf_counter()
        made += make(programme)
        console.print(f"  {name} {time.perf_counter() - began:.1f} s")
    return made


def _write(reports: Sequence[Report | NotShown], about: About, folder: Path) -> None:
    for report in reports:
        if isinstance(report, Report):
            if (folder / f"{report.name}.html").exists():
                raise AssertionError(f"two reports are called {report.name}")
            write_report(report, about, folder)


def _opened(bundle: Path) -> ModelBundle:
    if bundle.suffix == ".json":
        bundle = bundle.parent / read_pointer(bundle).bundle
    return ModelBundle.open(bundle)


def _loaded(data: Path, bundle: ModelBundle | None) -> Dataset:
    if bundle is None:
        return load_dataset(data)
    dataset = load_dataset(data, pass_mark=bundle.difficulty.pass_mark)
    _check_catalog(bundle, dataset)
    return dataset


def _named(bundle: ModelBundle) -> str:
    """Name a model and its day: one that was made later than the moment of the reports knows more."""
    made = bundle.manifest.get("created_at")
    return bundle.id if made is None else f"{bundle.id}, made on {datetime.fromisoformat(made):%d %B %Y}"


def _check_catalog(bundle: ModelBundle, dataset: Dataset) -> None:
    """Refuse a bundle that knows nothing of what the data is about."""
    skills = dataset.tables.get("skills")
    if skills is not None and not set(skills["skill_id"]) & set(bundle.catalog.skill_ids):
        raise ConfigurationError(
            f"--bundle {bundle.id} knows none of the {len(skills)} skills of {dataset.path}; name one "
            "that was trained on this data, or leave it out"
        )


def _importance(programme: Programme) -> pd.DataFrame:
    """Return the table role_skills with the importance that postings of the last year move."""
    from training.programme.demand import RECENT
    from training.programme.demand_importance import importance_from_demand
    from training.programme.demand_mentions import read_mentions

    tables = {name: programme.table(name) for name in ("role_skills", "skills", "postings")}
    missing = [name for name, table in tables.items() if table is None]
    if missing:
        raise ConfigurationError(
            f"--importance needs role_skills, skills and postings; {programme.dataset.path} has no "
            f"{' and no '.join(missing)}: add them, or leave the option out"
        )
    role_skills, skills, postings = (table for table in tables.values() if table is not None)
    recent = postings[postings["posted_at"] > pd.Timestamp(programme.now - RECENT)]
    blended = importance_from_demand(role_skills, read_mentions(skills, recent))
    return role_skills.assign(importance=blended["importance"])


def _record(
    first: Report,
    made: Sequence[Report | NotShown],
    programme: Programme,
    about: About,
    folder: Path,
    started: datetime,
) -> RunRecord:
    shown = [one for one in made if isinstance(one, Report)]
    lines = [
        "What the programme brings, as of "
        f"{programme.now:%d %B %Y}. To read more: tab **Artifacts**, then "
        f"**{REPORTS_FOLDER}**, then **overview.html**, or the page of one report.",
        *(f"- {line}" for line in first.answer),
        *(f"- Not shown: {line}" for line in first.cannot_show),
    ]
    return RunRecord(
        name=run_name(started, about.dataset, f"outcomes as of {programme.now:%Y-%m-%d}"),
        description="\n".join(lines),
        params={
            "now": programme.now.isoformat(),
            "bundle_id": "none" if programme.bundle is None else programme.bundle.id,
        },
        metrics={
            "reports": {"shown": len(shown), "not_shown": len(made) - len(shown)},
            "groups_withheld": first.n_withheld,
        },
        dataset_name=about.dataset,
        dataset_fingerprint=about.fingerprint,
        dataset_path=programme.dataset.path,
        bundle=None,
        simulated=about.simulated,
        reports=folder,
        started_at=started,
        ended_at=datetime.now(UTC),
        experiment=OUTCOMES,
    )


def _write_json(
    file: Path, made: Sequence[Report | NotShown], about: About, bundle_id: str | None, run_id: str
) -> None:
    result: dict[str, Any] = {
        "dataset": about.dataset,
        "fingerprint": about.fingerprint,
        "now": about.now.isoformat(),
        "simulated": about.simulated,
        "bundle_id": bundle_id,
        "run_id": run_id,
        "reports": {
            one.name: {"answer": list(one.answer), "n_withheld": one.n_withheld}
            for one in made
            if isinstance(one, Report)
        },
        "not_shown": {one.name: one.reason for one in made if isinstance(one, NotShown)},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
