"""Tags of what is the same for everybody, so that it is sent once (RFC 9110, sections 8.8.3 and 13.1.2)."""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from typing import Any

from serving.request_head import sent_header


def entity_tag(content: bytes) -> str:
    """Return the tag of some content: another one when that changes.

    >>> entity_tag(b"a")
    '"ca978112ca1bbdcafac231b39a23dc4d"'
    """
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_held(scope: MutableMapping[str, Any], tag: str) -> bool:
    """Whether whoever asks has what the tag is of.

    >>> is_held({"headers": [(b"if-none-match", b'"b", W/"a"')]}, '"a"')
    True
    """
    held = sent_header(scope, b"if-none-match").split(",")
    return not {"*", tag}.isdisjoint(one.strip().removeprefix("W/") for one in held)
