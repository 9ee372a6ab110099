"""Weeks of study: what is begun ends, in order, and what it leaves behind is what was done."""

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.datasets.sample.lives import BUSY, Lives, lived
from tests.unit.training.datasets.sample.shipped import Organisation
from training.datasets.dataset import Dataset
from training.datasets.sample import SampleConfig
from training.datasets.sample.learner_models import NEVER, PRACTISED
from training.datasets.sample.parameters import ResponseParameters
from training.datasets.sample.state import ABANDONED, COMPLETED, STARTED
from training.datasets.sample.world import World

pytestmark = pytest.mark.usefixtures("interpreted")

MODELS = ("growth", "states")
LEVELS = ("beginner", "intermediate", "advanced")


@pytest.fixture(scope="module")
def both(interpreted: None, full_dataset: Dataset, full_world: World) -> dict[str, Lives]:
    return {model: lived(full_dataset, full_world, SampleConfig(10, 18, 1, model, BUSY)) for model in MODELS}


@pytest.fixture(params=MODELS)
def lives(request: pytest.FixtureRequest, both: dict[str, Lives]) -> Lives:
    return both[request.param]


def modules_of(lives: Lives, learner: int) -> np.ndarray:
    rows = lives.record.completions[: lives.record.n_rows[1]]
    return rows[rows["learner"] == learner]


def test_there_is_something_to_look_at(lives: Lives) -> None:
    rows = lives.record.completions[: lives.record.n_rows[1]]
    assert (np.bincount(rows["status"], minlength=3) > 4).all()
    assert lives.record.n_rows[2] > 0
    assert lives.record.attempts["is_retry"][: lives.record.n_rows[0]].sum() > 10


def test_one_module_at_a_time_each_begun_before_it_ends(lives: Lives) -> None:
    for learner in range(len(lives.people.team)):
        on_desk, before = -1, -1.0
        for row in modules_of(lives, learner):
            assert row["second"] >= before
            before = row["second"]
            if row["status"] == STARTED:
                on_desk = row["module"]
            else:
                assert row["module"] == on_desk
                on_desk = -1


def test_what_is_not_known_of_a_row_is_left_open(lives: Lives) -> None:
    rows = lives.record.completions[: lives.record.n_rows[1]]
    begun, done = rows[rows["status"] == STARTED], rows[rows["status"] == COMPLETED]
    given_up = rows[rows["status"] == ABANDONED]
    assert np.isnan([begun["score"], begun["rating"], begun["seconds"]]).all()
    assert (begun["progress"] == 0).all()
    assert (done["progress"] == 1).all()
    assert ((given_up["progress"] >= 0) & (given_up["progress"] < 1)).all()
    assert (given_up["seconds"] > 0).all()
    assert (done["seconds"] > 0).all()
    assert np.isnan(rows["choice_probability"][rows["status"] != STARTED]).all()
    assert (rows["choice_rank"][rows["status"] != STARTED] == 0).all()
    rated = done["rating"][np.isfinite(done["rating"])]
    assert set(rated) <= {1.0, 2.0, 3.0, 4.0, 5.0}


def test_a_module_without_items_gives_no_score(lives: Lives) -> None:
    rows = lives.record.completions[: lives.record.n_rows[1]]
    done = rows[rows["status"] == COMPLETED]
    without = lives.world.modules["n_items"][done["module"]] == 0
    assert without.any()
    assert np.isnan(done["score"][without]).all()
    assert np.isfinite(done["score"][~without]).mean() > 0.5


def test_a_test_asks_every_item_once(lives: Lives) -> None:
    test = int(np.flatnonzero(lives.world.modules["is_test"])[0])
    items = lives.world.module_items[test]
    answers = lives.record.attempts[: lives.record.n_rows[0]]
    checked = 0
    for learner in range(len(lives.people.team)):
        rows = modules_of(lives, learner)
        for done in rows[(rows["module"] == test) & (rows["status"] == COMPLETED)]:
            begun = rows[(rows["module"] == test) & (rows["status"] == STARTED)]["second"]
            since = begun[begun < done["second"]].max()
            here = answers[(answers["learner"] == learner) & ~answers["is_retry"]]
            here = here[(here["second"] > since) & (here["second"] < done["second"])]
            asked = here["item"][np.isin(here["item"], items)]
            assert asked.tolist() == items[items >= 0].tolist()
            assert done["score"] == pytest.approx(here["score"][np.isin(here["item"], items)].mean())
            checked += 1
    assert checked


def test_practice_is_noted_where_something_was_studied(lives: Lives) -> None:
    for learner in range(len(lives.people.team)):
        rows = modules_of(lives, learner)
        tests = lives.world.modules["is_test"][rows["module"]]
        taught = lives.world.module_skills[rows["module"][~tests]]
        practised = np.flatnonzero(lives.people.block.states[learner, :, PRACTISED] != NEVER)
        assert set(np.unique(taught[taught >= 0])) <= set(practised)


def test_finished_days_are_those_of_the_record(lives: Lives) -> None:
    for learner in range(len(lives.people.team)):
        rows = modules_of(lives, learner)
        done = rows[rows["status"] == COMPLETED]
        finished = np.flatnonzero(lives.desk.finished_day[learner] != NEVER)
        assert set(done["module"]) == set(finished)


# The same of the shipped organisation, from its files alone ------------------------------------------------


def test_nothing_happens_before_joining_or_after_leaving(shipped: Organisation) -> None:
    known = shipped.people[["learner_id", "joined_at", "leaves_at"]]
    for table in ("attempts", "completions", "credentials_earned", "self_assessments"):
        rows = shipped[table].merge(known, on="learner_id")
        assert (rows["occurred_at"] >= rows["joined_at"]).all(), table
        assert (rows["occurred_at"] <= rows["leaves_at"]).all(), table


def test_those_who_dropped_out_only_take_skill_checks(shipped: Organisation) -> None:
    gone = shipped.people[["learner_id", "dropped_out_at"]].dropna()
    for table in ("completions", "credentials_earned", "self_assessments"):
        rows = shipped[table].merge(gone, on="learner_id")
        assert (rows["occurred_at"] <= rows["dropped_out_at"]).all(), table
    later = shipped["attempts"].merge(gone, on="learner_id").query("occurred_at > dropped_out_at")
    module = shipped["items"].set_index("item_id")["module_id"].reindex(later["item_id"])
    assert len(later) > 100
    assert module.isna().all()


def test_every_end_has_its_start_and_every_start_one_end_at_most(shipped: Organisation) -> None:
    rows = shipped.modules_in_time
    assert (rows["start"] > 0).all()
    ends = rows[rows["status"] != "started"]
    assert not ends.duplicated(["learner_id", "module_id", "start"]).any()


def test_what_was_finished_is_begun_again_after_270_days_what_was_given_up_after_60(
    shipped: Organisation,
) -> None:
    rows = shipped.modules_in_time
    begun = rows[rows["status"] == "started"]
    days = begun.groupby(["learner_id", "module_id"])["occurred_at"].diff().dt.total_seconds() / 86400
    again = begun.assign(days=days)[begun["start"] > 1]
    done = rows[rows["status"] == "completed"].groupby(["learner_id", "module_id"])["occurred_at"].min()
    first = done.reindex(list(zip(again["learner_id"], again["module_id"], strict=True))).reset_index(
        drop=True
    )
    finished = (first <= again["occurred_at"].reset_index(drop=True)).to_numpy()
    assert finished.sum() > 100
    assert (~finished).sum() > 100
    assert again["days"][finished].min() > 270
    assert 60 < again["days"][~finished].min() < 270


def ended(shipped: Organisation) -> pd.DataFrame:
    """Ends of modules with the begin of each, the stated minutes and whether it is taken in one sitting."""
    rows, keys = shipped.modules_in_time, ["learner_id", "module_id", "start"]
    begun = rows[rows["status"] == "started"].set_index(keys)["occurred_at"].rename("begun_at")
    ends = rows[rows["status"] != "started"].join(begun, on=keys)
    modules = shipped["modules"].set_index("module_id")[["format", "duration_minutes"]]
    ends = ends.drop(columns=modules.columns, errors="ignore").join(modules, on="module_id")
    return ends.assign(meets=ends["format"].isin(["workshop", "mentoring", "simulation", "assessment"]))


def test_meetings_are_taken_in_one_sitting_and_not_given_up(shipped: Organisation) -> None:
    ends = ended(shipped)
    elapsed = (ends["occurred_at"] - ends["begun_at"]).dt.total_seconds()
    # beyond the minutes of study there are those of answers
    pause = (elapsed - ends["duration_seconds"]) / 3600
    assert ends["meets"].sum() > 1000
    assert pause[ends["meets"]].max() < 2
    assert (ends["status"][ends["meets"]] == "completed").all()
    assert (pause[~ends["meets"]] > 12).mean() > 0.1
    assert (ends["status"][~ends["meets"]] == "abandoned").any()


def test_time_taken_is_what_is_stated_times_the_tempo(shipped: Organisation) -> None:
    done = ended(shipped).query("status == 'completed'").merge(shipped["truth/learners"], on="learner_id")
    tempo = np.log(done["duration_seconds"] / 60 / done["duration_minutes"])
    noise = tempo + 0.5 * np.log(done["pace"])
    # the last answer adds a little
    assert 0 < noise.mean() < 0.04
    assert noise.std() == pytest.approx(ResponseParameters().tempo_deviation, rel=0.05)
    assert np.polyfit(np.log(done["pace"]), tempo, 1)[0] == pytest.approx(-0.5, abs=0.03)


def test_hard_prerequisites_are_finished_first(shipped: Organisation) -> None:
    needs = shipped["prerequisites"].query("strength == 'hard'").dropna(subset="prerequisite_module_id")
    rows = shipped["completions"]
    done = rows[rows["status"] == "completed"].groupby(["learner_id", "module_id"])["occurred_at"].min()
    begun = rows[rows["status"] == "started"].merge(
        needs[["module_id", "prerequisite_module_id"]], on="module_id"
    )
    first = done.reindex(list(zip(begun["learner_id"], begun["prerequisite_module_id"], strict=True)))
    assert len(begun) > 1000
    assert (begun["occurred_at"].to_numpy() >= first.to_numpy()).all()


def test_only_what_is_published_and_not_retired_is_started(shipped: Organisation) -> None:
    modules = shipped["modules"][["module_id", "published_at", "retired_at"]]
    begun = shipped["completions"].query("status == 'started'").merge(modules, on="module_id")
    assert modules["retired_at"].notna().any()
    assert not (begun["occurred_at"] < begun["published_at"]).any()
    assert not (begun["occurred_at"] >= begun["retired_at"]).any()


def test_a_score_is_the_mean_of_first_answers(shipped: Organisation) -> None:
    keys = ["learner_id", "module_id", "start"]
    answered = shipped.first_answers.groupby(keys)["score"].mean()
    done = shipped.modules_in_time.query("status == 'completed'").set_index(keys)["score"]
    expected = answered.reindex(done.index)
    assert done.notna().sum() > 10_000
    assert (done.isna() == expected.isna()).all()
    assert (done - expected).abs().max() < 0.0051


def test_credentials_are_earned_by_passing_once_for_each_time(shipped: Organisation) -> None:
    gives = shipped["modules"].set_index("module_id")["credential_id"].dropna()
    done = shipped["completions"].query("status == 'completed'")
    done = done[done["module_id"].isin(gives.index)].assign(
        credential_id=lambda rows: rows["module_id"].map(gives),
        earned_at=lambda rows: rows["occurred_at"].dt.floor("s"),
    )
    earned = shipped["credentials_earned"]
    expected = done[done["score"] > 0.605]
    possible = done[done["score"] >= 0.595]
    keys = ["learner_id", "credential_id"]
    found = earned.merge(possible, on=keys, suffixes=("", "_done"))
    after = (found["occurred_at"] - found["occurred_at_done"]).dt.total_seconds()
    found = found[(after > 50) & (after < 70)]
    assert len(earned) == len(found) == found["event_id"].nunique() == found["event_id_done"].nunique()
    assert set(expected["event_id"]) <= set(found["event_id_done"])
    assert ((earned["expires_at"] - earned["occurred_at"]).dt.days == 730).all()
