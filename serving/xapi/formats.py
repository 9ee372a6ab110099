"""Texts of a particular form: addresses, ids, languages, times and durations."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

# RFC 3987, as far as one can tell without the rules of each scheme: a scheme, and no character that an
# address may not have unescaped.
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>"{}|\\^`\x00-\x1f]+')
_MAILTO = re.compile(r"mailto:[^\s@:<>\"]+@[^\s@:<>\"]+")
# RFC 4122, section 3; variant and version are checked by what they are, for older generators set neither.
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_SHA2 = re.compile(r"[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}")
# RFC 5646, section 2.1.
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+"
    r"|en-gb-oed|i-[a-z]{3,11}|sgn-(?:be-fr|be-nl|ch-de)|zh-(?:min|min-nan)|art-lojban|no-(?:bok|nyn)",
    re.IGNORECASE,
)
# ISO 8601, section 4.3.2: with hyphens and colons, or without; RFC 3339 asks for them, seconds and a zone.
_ZONE = r"(?:([Zz])|([+-][0-9]{2})(?::?([0-5][0-9]))?)?"
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})"
    rf"(?::([0-9]{{2}})(?:[.,]([0-9]+))?)?{_ZONE}"
)
_BASIC = re.compile(
    rf"([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})T([0-9]{{2}})([0-9]{{2}})(?:([0-9]{{2}})(?:[.,]([0-9]+))?)?{_ZONE}"
)
# ISO 8601, section 4.4.3.2: only the last part may have a fraction.
_N, _LAST = r"[0-9]+", r"[0-9]+(?:[.,][0-9]+)?"
_DURATION = re.compile(
    rf"P(?:{_LAST}W|(?=[0-9]|T[0-9])(?:(?:{_N}Y)?(?:{_N}M)?(?:{_N}D)?(?:T(?=[0-9])(?:{_N}H)?(?:{_N}M)?(?:{_LAST}S)?)?"
    rf"|{_LAST}Y|(?:{_N}Y)?{_LAST}M|(?:{_N}Y)?(?:{_N}M)?{_LAST}D"
    rf"|(?:{_N}Y)?(?:{_N}M)?(?:{_N}D)?T(?:{_LAST}H|(?:{_N}H)?{_LAST}M)))"
)
_PARTS = re.compile(r"([0-9.,]+)([YMWDHS])")
_DATE_SECONDS = {"Y": 365.0 * 86_400, "M": 30.0 * 86_400, "W": 7.0 * 86_400, "D": 86_400.0}
_TIME_SECONDS = {"H": 3600.0, "M": 60.0, "S": 1.0}


def is_iri(value: Any) -> bool:
    """Whether this is an address with a scheme.

    >>> is_iri("https://example.org/a"), is_iri("example.org/a"), is_iri("http://"), is_iri(5)
    (True, False, False, False)
    """
    return isinstance(value, str) and _IRI.fullmatch(value) is not None and not value.endswith("://")


def is_mailbox(value: Any) -> bool:
    """Whether this is ``mailto:`` and an address.

    >>> is_mailbox("mailto:a@example.org"), is_mailbox("a@example.org"), is_mailbox("mailto:a")
    (True, False, False)
    """
    return isinstance(value, str) and _MAILTO.fullmatch(value) is not None


def is_uuid(value: Any) -> bool:
    """Whether this is a UUID in its standard spelling.

    >>> is_uuid("6690e6c9-3ef0-4ed3-8b37-7f3964730bee"), is_uuid("6690e6c93ef04ed38b377f3964730bee")
    (True, False)
    """
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_sha1(value: Any) -> bool:
    """Whether these are 40 hexadecimal digits."""
    return isinstance(value, str) and _SHA1.fullmatch(value) is not None


def is_sha2(value: Any) -> bool:
    """Whether these are the hexadecimal digits of a hash of 224, 256, 384 or 512 bits."""
    return isinstance(value, str) and _SHA2.fullmatch(value) is not None


def is_language(value: Any) -> bool:
    """Whether this has the form of a language tag.

    >>> is_language("en-GB"), is_language("zh-Hant-TW"), is_language("eng-lish-x"), is_language("")
    (True, True, False, False)
    """
    return isinstance(value, str) and _is_tag(value)


# Few languages are spoken.
@lru_cache(maxsize=1_000)
def _is_tag(value: str) -> bool:
    if _LANGUAGE.fullmatch(value) is None:
        return False
    # No variant and no extension is there twice (RFC 5646, sections 2.2.5 and 2.2.6).
    public = value.lower().partition("-x-")[0].split("-")
    before = next((i for i, part in enumerate(public) if i and len(part) == 1), len(public))
    variants = [part for part in public[1:before] if len(part) > 4 or (part[:1].isdigit() and len(part) == 4)]
    singletons = [part for part in public[before:] if len(part) == 1]
    return all(len(set(some)) == len(some) for some in (variants, singletons))


def is_duration(value: Any) -> bool:
    """Whether this is a duration.

    >>> is_duration("PT1H30M"), is_duration("P2W"), is_duration("PT"), is_duration("P1.5DT3H")
    (True, True, False, False)
    """
    return isinstance(value, str) and _DURATION.fullmatch(value) is not None


def duration_seconds(text: str) -> float | None:
    """Return a duration in seconds, None where no number holds it; a year counts 365 days, a month 30.

    >>> duration_seconds("PT1H0.5S"), duration_seconds("P1DT1M")
    (3600.5, 86460.0)
    """
    date, _, time = text.partition("T")
    seconds = sum(
        float(number.replace(",", ".")) * of[unit]
        for part, of in ((date, _DATE_SECONDS), (time, _TIME_SECONDS))
        for number, unit in _PARTS.findall(part)
    )
    return seconds if math.isfinite(seconds) else None


def time_of(value: Any, *, exact: bool = False) -> datetime | None:
    """Return the time that a text tells, in UTC, None where it tells none; without a zone it is UTC.

    An offset of minus nothing says that the zone is not known (RFC 3339, section 4.3), and is refused.

    Parameters
    ----------
    exact : bool
        Whether seconds and zone are needed, as RFC 3339 does.

    >>> time_of("2026-01-02T03:04:05.678+01:00").isoformat()
    '2026-01-02T02:04:05.678000+00:00'
    >>> time_of("2026-01-02"), time_of("2026-01-02T03:04:05-00:00"), time_of("2026-13-02T03:04Z")
    (None, None, None)
    """
    return _moment(value, exact) if isinstance(value, str) else None


# Of each statement it is checked first, and read after that.
@lru_cache(maxsize=16)
def _moment(value: str, exact: bool) -> datetime | None:
    if (found := _TIME.fullmatch(value)) is not None:
        date, minute, second, fraction, zulu, hours, minutes = found.groups()
    elif not exact and (found := _BASIC.fullmatch(value)) is not None:
        year, month, day, hour, minute, second, fraction, zulu, hours, minutes = found.groups()
        date, minute = f"{year}-{month}-{day}", f"{hour}:{minute}"
    else:
        return None
    if exact and (second is None or (zulu is None and minutes is None)):
        return None
    if hours == "-00" and (minutes or "00") == "00":
        return None
    offset = "+00:00" if hours is None else f"{hours}:{minutes or '00'}"
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        # A leap second is the moment after it: no clock here knows one.
        leap = second == "60"
        told = datetime.fromisoformat(f"{date}T{minute}:{'59' if leap else second or '00'}.{micros}{offset}")
        return told.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
