"""The methods of HTTP that this service knows by name."""

from __future__ import annotations

from typing import Final

METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
