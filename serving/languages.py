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
    return next(iter(accepted_languages(header)), DEFAULT_LANGUAGE)


def accepted_languages(header: str | None) -> list[str]:
    """Return the language tags an ``Accept-Language`` header names, the one preferred most first.

    >>> accepted_languages("fr;q=0.5, de-AT, nl;q=0, it;q=0.5")
    ['de-AT', 'fr', 'it']
    """
    wished = [
        (float(found[2] or 1), found[1])
        for part in (header or "").split(",")
        if (found := _RANGE.fullmatch(part.strip()))
    ]
    wished.sort(key=lambda wish: -wish[0])
    return [tag for quality, tag in wished if quality > 0.0]
