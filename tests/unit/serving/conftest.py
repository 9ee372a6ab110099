"""The service's fixtures."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.unit.serving.world import bare_service, bundle, log_plainly, other_bundle, service


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Commands set up logging for their process; here the process goes on."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    log_plainly()
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


__all__ = ["bare_service", "bundle", "other_bundle", "service"]
