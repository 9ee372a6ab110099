"""Rows of a dataset become the events that they were made of."""

from datetime import UTC, datetime, timedelta

from recommender.domain.events import Attempt, Completion, CredentialEarned, SelfAssessment
from tests.unit.training.scoring.world import dataset_of
from training.evaluation.off_policy.events import events_of, profiles_of

AT = datetime(2026, 1, 5, tzinfo=UTC)


def test_events_come_back_whole():
    ada = [
        Attempt(
            event_id="a1",
            learner_id="ada",
            item_id="q1",
            score=0.8,
            passed=True,
            skill_ids=("python",),
            module_id="m1",
            occurred_at=AT,
            duration_seconds=21.5,
        ),
        SelfAssessment(
            event_id="s1", learner_id="ada", skill_id="python", level=0.4, occurred_at=AT + timedelta(days=1)
        ),
        CredentialEarned(
            event_id="c1",
            learner_id="ada",
            credential_id="pro",
            occurred_at=AT + timedelta(days=2),
            expires_at=AT + timedelta(days=732),
        ),
    ]
    bob = [Completion(event_id="d1", learner_id="bob", module_id="m1", occurred_at=AT)]
    dataset = dataset_of({"ada": ada[::-1], "bob": bob, "eve": []})
    dataset.tables["completions"][["progress", "score"]] = None
    found = events_of(dataset, ["ada", "bob", "eve"])
    named = {name: [event.event_id.partition("/")[2] for event in events] for name, events in found.items()}
    assert named == {"ada": ["a1", "s1", "c1"], "bob": ["d1"], "eve": []}
    attempt, _, credential = found["ada"]
    assert (attempt.duration_seconds, attempt.skill_ids, attempt.module_id) == (21.5, ("python",), "m1")
    assert credential.expires_at == AT + timedelta(days=732)


def test_profiles_tell_how_much_time_there_is():
    dataset = dataset_of({"ada": [], "bob": []})
    dataset.tables["learners"]["weekly_minutes"] = [90.0, None]
    found = profiles_of(dataset, ["ada", "bob"])
    assert [found[name].weekly_minutes for name in ("ada", "bob")] == [90.0, None]
