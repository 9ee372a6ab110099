"""Which language a caller wants sentences in."""

from __future__ import annotations

import re

DEFAULT_LANGUAGE = "en"
_RANGE = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?")


def preferred_language(header: str | None) -> str:
    """Return the language tag an ``Accept-Language`` header prefers; English where it names none.

    Of tags of the same quality the first counts, and one of quality 0 is unwanted (RFC 9110, sections 12.4.2
    and 12.5.4). What cannot be read is passed over: the header is a wish, not an order.

    >>> preferred_language("fr;q=0.5, de-AT, *;q=0.1")
    'de-AT'
    """
    best, most = DEFAULT_LANGUAGE, 0.0
    for part in (header or "").split(","):
        found = _RANGE.fullmatch(part.strip())
        quality = float(found[2] or 1) if found else 0.0
        if found and quality > most:
            best, most = found[1], quality
    return best
