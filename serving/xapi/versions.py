"""Which version of xAPI a request is of (Communication 3.3)."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, Final

from serving.problems import XAPI_REFUSED as REFUSED
from serving.problems import Fault, Problem
from serving.request_head import sent_header
from serving.xapi.checks import V1, V2

HEADER: Final = "X-Experience-API-Version"
SUPPORTED: Final = ("1.0.0", "1.0.1", "1.0.2", V1, V2)
_ONE, _TWO = re.compile(r"1\.0(\.\d+)?"), re.compile(r"2\.0(\.\d+)?")


def version_of(told: str) -> str | None:
    """Return the version by which a request is answered, `V1` or `V2`; None where it asks for neither.

    >>> version_of("1.0"), version_of("2.0.1"), version_of("1.1.0")
    ('1.0.3', '2.0.0', None)
    """
    return V1 if _ONE.fullmatch(told) else V2 if _TWO.fullmatch(told) else None


def asked_version(scope: MutableMapping[str, Any]) -> str:
    """Return the version of a request, or answer 400."""
    told = sent_header(scope, HEADER.lower().encode())
    version = version_of(told)
    if version is None:
        what = f"the header {HEADER} is {told!r}" if told else f"the header {HEADER} is missing"
        fault = Fault(HEADER, what, f"send {V1} or {V2}", told or None)
        raise Problem(REFUSED, f"{what}; send {V1} or {V2}", (fault,))
    return version


def answered_version(scope: MutableMapping[str, Any]) -> str:
    """Return the version that the answer to any request names."""
    return version_of(sent_header(scope, HEADER.lower().encode())) or V1


def told_versions(scope: MutableMapping[str, Any]) -> list[str]:
    """Return the versions that ``about`` names.

    Who asks in 1.0 is told of that alone: its conformance tests (XAPI-00316) allow no other, and TinCanPython
    reads no answer with one. Who names no version, or 2.0, is told of all.
    """
    asked = version_of(sent_header(scope, HEADER.lower().encode()))
    return [told for told in SUPPORTED if asked != V1 or version_of(told) == V1]
