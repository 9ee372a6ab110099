from typing import Any

import pytest

from recommender.engine import Engine
from serving.languages import preferred_language
from tests.unit.serving.world import Service


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT, en;q=0.9", "de-AT"),
        ("en;q=0.2,fr;q=0.7, es;q=0.7", "fr"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("de;q=2, ;;, <x>, nl ; q=0.1", "nl"),
    ],
)
def test_the_first_of_the_best_quality_counts(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


def test_recommendations_are_asked_for_in_the_language_of_the_header(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    recommend = Engine.recommend

    def noted(self: Engine, *args: Any, language: str = "unset", **more: Any) -> Any:
        asked.append(language)
        return recommend(self, *args, language=language, **more)

    monkeypatch.setattr(Engine, "recommend", noted)
    for headers in ({"Accept-Language": "fr;q=0.4, de"}, {}):
        answer = service.client.post("/v1/recommendations", json={"learner_id": "ann"}, headers=headers)
        assert answer.status_code == 200
    assert asked == ["de", "en"]
