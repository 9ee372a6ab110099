"""A service whose modules and items have the addresses of a learning platform."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.serving.world import ITEMS, MODULES, SKILLS, Service, bundle, running_service
from tests.unit.serving.xapi.lms import ITEM, MODULE

__all__ = ["bundle"]


def with_addresses(service: Service) -> Service:
    modules = [
        {"module_id": MODULES[1], "title": "Module 1", "skill_ids": [SKILLS[1]], "framework_uri": MODULE},
    ]
    items = [{"item_id": ITEMS[0], "skill_ids": [SKILLS[0]], "module_id": MODULES[0], "framework_uri": ITEM}]
    for name, rows in (("modules", modules), ("items", items)):
        answer = service.client.put(f"/v1/{name}", json={"rows": rows})
        assert answer.status_code == 200, answer.text
    return service


@pytest.fixture
def lms(tmp_path: Path, bundle: Path, store_url: str) -> Iterator[Service]:
    with running_service(tmp_path, bundle, database_url=store_url) as service:
        yield with_addresses(service)


@pytest.fixture
def lenient_lms(tmp_path: Path, bundle: Path) -> Iterator[Service]:
    with running_service(tmp_path, bundle, xapi_mode="lenient") as service:
        yield with_addresses(service)
