"""Why a cell could not be read as its kind, in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from recommender.domain.dataset_format import LIST_SEPARATOR, Column, Kind

_YEAR = re.compile(r"^([+-]\d{4,}|\d{5,}|0000)-\d{2}-\d{2}")
# the first and the last day may lie outside once their zone is taken off
_EDGE = re.compile(r"^(0001-01-01|9999-12-31)[T ].*[+-]\d{2}(:?\d{2})?$")


def fault_of(spec: Column, value: object) -> str:
    r"""Return what is wrong with a cell; it continues a sentence that starts with the value.

    Parameters
    ----------
    spec : Column
        What the cell should hold.
    value : object
        What it holds, which its reader refused.

    Examples
    --------
    >>> fault_of(Column("item_id", Kind.ID), "q\t1")
    'holds a control character (a tab, a line break or the like), which no id may hold'
    >>> fault_of(Column("occurred_at", Kind.TIME), "12024-01-01")
    'lies outside the years 1 to 9999 (UTC)'
    """
    if spec.kind in (Kind.ID, Kind.LIST):
        texts = _texts(value)
        what = "id" if spec.kind is Kind.ID else "member of a list"
        if any(unicodedata.category(letter) == "Cc" for text in texts for letter in text):
            return f"holds a control character (a tab, a line break or the like), which no {what} may hold"
        if any(text and not text.strip() for text in texts):
            return f"has nothing but white space for {'an' if what == 'id' else 'a'} {what}"
    if spec.kind is Kind.TIME and _is_far(value):
        return "lies outside the years 1 to 9999 (UTC)"
    return f"is not {spec.expected}"


def _texts(value: object) -> Sequence[str]:
    if isinstance(value, list):
        return [member for member in value if isinstance(member, str)]
    return str(value).split(LIST_SEPARATOR)


def _is_far(value: object) -> bool:
    # of stored times only those that are too far away cannot be read
    return not isinstance(value, str) or bool(_YEAR.match(value) or _EDGE.match(value))
