"""One reader for each kind of column: from Arrow, as it lies in a file, to pandas.

While a dataset is being checked a list cell is one string, its members joined by `MEMBER_JOINT`: equal
lists are then equal cells, and every rule is one vectorised comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recommender.domain.dataset_format import LIST_SEPARATOR, NUMERIC_BOUNDS, Kind

Mask: TypeAlias = npt.NDArray[np.bool_]

MEMBER_JOINT = "\x1f"
"""Joins the members of a list while it is checked: the unit separator, which no id holds."""

TIME_DTYPE = pd.DatetimeTZDtype("us", "UTC")
"""How times are held."""

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DAY = r"^\d{4}-\d{2}-\d{2}"
_ZONE = r"(?:Z|z|[+-]\d{2}(?::?\d{2})?)$"
_CONTROL = r"\p{Cc}"
_GAP = r"(^|\|)[\s\p{Z}]*(\||$)"
# years 1 to 9999, all that Python and most of what reads a dataset can tell
_FIRST_SECOND, _END_SECOND = -62_135_596_800, 253_402_300_800
_DAY_SECONDS = 86_400
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
_FLAGS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Reading:
    """One column, read.

    Parameters
    ----------
    values : Series
        One value per row; missing where the cell was empty or could not be read.
    bad : array of bool, shape (n_rows,)
        The cells that could not be read as their kind.
    note : str
        What was turned into something else on the way.
    count : int
        In how many cells.
    """

    values: pd.Series
    bad: Mask
    note: str = ""
    count: int = 0


class WrongTypeError(Exception):
    """A Parquet column whose type can hold no cell of its kind."""


def reader_of(kind: Kind) -> Callable[[pa.ChunkedArray], Reading]:
    """Return the function that reads a column of `kind`; it may raise `WrongTypeError`."""
    return _READERS.get(kind, _numbers)


def missing_column(kind: Kind, index: pd.Index) -> pd.Series:
    """Return a column of `kind` with nothing in it, of the dtype that its reader gives."""
    if kind in NUMERIC_BOUNDS:
        return pd.Series(np.nan, index=index, dtype="float64")
    if kind is Kind.TIME:
        return pd.Series(pd.NaT, index=index, dtype=TIME_DTYPE)
    if kind is Kind.FLAG:
        return pd.Series(pd.NA, index=index, dtype="boolean")
    return pd.Series(np.nan, index=index, dtype="str")


def split_lists(joined: pd.Series) -> pd.Series:
    r"""Return the lists that `joined` stands for, ``[]`` where it is missing.

    Parameters
    ----------
    joined : Series of str
        Members joined by `MEMBER_JOINT`.

    Examples
    --------
    >>> split_lists(pd.Series(["a\x1fb", None], dtype="str")).tolist()
    [['a', 'b'], []]
    """
    codes, distinct = pd.factorize(joined)
    lists = np.empty(len(distinct) + 1, dtype=object)
    for position, text in enumerate(distinct):
        lists[position] = text.split(MEMBER_JOINT)
    lists[-1] = []
    return pd.Series(lists[codes], index=joined.index, dtype=object)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _texts(column: pa.ChunkedArray) -> Reading:
    note, count = "", 0
    if pa.types.is_integer(column.type):
        note, count = "whole numbers were read as text", len(column) - column.null_count
    elif not _is_text(column.type):
        raise WrongTypeError
    text = column.cast(pa.large_string())
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.large_string()), text)
    return Reading(_series(text, "str"), _none_bad(column), note, count)


def _ids(column: pa.ChunkedArray) -> Reading:
    reading = _texts(column)
    if not _is_text(column.type):
        return reading
    bad = _mask(_unsound(column))
    return Reading(reading.values.mask(bad), bad) if bad.any() else reading


def _unsound(texts: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Tell texts that name nothing: blank, or with a character that nobody sees or that parts members."""
    return pc.or_(pc.match_substring_regex(texts, _CONTROL), pc.utf8_is_space(texts))


def _lists(column: pa.ChunkedArray) -> Reading:
    note, count = "", 0
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        if pa.types.is_integer(column.type.value_type):
            note, count = "whole numbers were read as text", len(column) - column.null_count
        elif not (_is_text(column.type.value_type) or pa.types.is_null(column.type.value_type)):
            raise WrongTypeError
        array = column.cast(pa.large_list(pa.large_string())).combine_chunks()
        bad = _has_unsound_member(array)
        joined = pc.binary_join(array, pa.scalar(MEMBER_JOINT, pa.large_string()))
    elif _is_text(column.type):
        joined = column.cast(pa.large_string())
        gap = pc.and_(pc.match_substring_regex(joined, _GAP), pc.not_equal(joined, ""))
        bad = _mask(pc.or_(gap, pc.match_substring_regex(joined, _CONTROL)))
        joined = pc.replace_substring(joined, LIST_SEPARATOR, MEMBER_JOINT)
    else:
        raise WrongTypeError
    values = _series(joined, "str").mask(bad)
    values = values.mask(values == "")
    values, repeated = _without_repeats(values)
    if repeated:
        note, count = "members named twice in one list were kept once", repeated
    return Reading(values, bad, note, count)


def _has_unsound_member(array: pa.LargeListArray) -> Mask:
    bad = np.zeros(len(array), dtype=bool)
    members = pc.list_flatten(array)
    # null means null: a member that is not there is unsound too
    unsound = pc.fill_null(pc.or_(_unsound(members), pc.equal(members, "")), True)
    bad[pc.list_parent_indices(array).filter(unsound).to_numpy()] = True
    return bad


def _without_repeats(joined: pd.Series) -> tuple[pd.Series, int]:
    mended: dict[str, str] = {}
    for text in joined.dropna().unique():
        members = text.split(MEMBER_JOINT)
        if len(set(members)) < len(members):
            mended[text] = MEMBER_JOINT.join(dict.fromkeys(members))
    if not mended:
        return joined, 0
    repeated = joined.isin(list(mended))
    return joined.where(~repeated, joined.map(mended)).astype("str"), int(repeated.sum())


def _numbers(column: pa.ChunkedArray) -> Reading:
    kind = column.type
    if _is_text(kind):
        try:
            values = column.cast(pa.float64())
        except pa.ArrowInvalid:
            is_number = pc.match_substring_regex(column, _NUMBER)
            values = pc.if_else(is_number, column, pa.scalar("nan", kind)).cast(pa.float64())
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = column.cast(pa.float64(), safe=False)
    else:
        raise WrongTypeError
    series = _series(values, "float64")
    finite = np.isfinite(series.to_numpy())
    return Reading(series.where(finite), ~finite & _mask(column.is_valid()))


def _flags(column: pa.ChunkedArray) -> Reading:
    kind = column.type
    if pa.types.is_boolean(kind):
        return Reading(_series(column, "boolean"), _none_bad(column))
    if not (_is_text(kind) or pa.types.is_integer(kind)):
        raise WrongTypeError
    words = _series(column.cast(pa.large_string()), "str").str.lower()
    words = words.mask(words == "")
    values = words.map(_FLAGS).astype("boolean")
    return Reading(values, (values.isna() & words.notna()).to_numpy())


def _times(column: pa.ChunkedArray) -> Reading:
    kind = column.type
    note = "times without a zone were read as UTC"
    if _is_text(kind):
        text = _series(column.cast(pa.large_string()), "str")
        text = text.mask(text == "")
        dated = text.where(text.str.match(_DAY, na=False))
        values = pd.to_datetime(dated, format="ISO8601", utc=True, errors="coerce").astype(TIME_DTYPE)
        values = values.where(_within_years(values))
        # a day alone, or a clock time without a zone; the first ten characters are the day
        zoned = dated.str.slice(10).str.contains(_ZONE, regex=True, na=False)
        zoneless = int((values.notna() & ~zoned).sum())
        return Reading(values, (values.isna() & text.notna()).to_numpy(), note, zoneless)
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        raise WrongTypeError
    far = _outside_years(column)
    # before the cast: it would make another time of one that microseconds cannot hold
    column = pc.if_else(pa.array(far), pa.scalar(None, kind), column)
    values = _series(column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False), None)
    zoneless = 0
    if values.dt.tz is None:
        values, zoneless = values.dt.tz_localize("UTC"), int(values.notna().sum())
    return Reading(values.astype(TIME_DTYPE), far, note, zoneless)


def _within_years(values: pd.Series) -> Mask:
    seconds = values.astype("int64").to_numpy() // 1_000_000
    return np.asarray((seconds >= _FIRST_SECOND) & (seconds < _END_SECOND))


def _outside_years(column: pa.ChunkedArray) -> Mask:
    kind = column.type
    if pa.types.is_date32(kind):
        first, end = _FIRST_SECOND // _DAY_SECONDS, _END_SECOND // _DAY_SECONDS
        numbers = column.cast(pa.int32())
    elif pa.types.is_timestamp(kind) and kind.unit == "ns":
        # nanoseconds reach from 1677 to 2262
        return _none_bad(column)
    else:
        per_second = _PER_SECOND["ms" if pa.types.is_date64(kind) else kind.unit]
        first, end = _FIRST_SECOND * per_second, _END_SECOND * per_second
        numbers = column.cast(pa.int64())
    return _mask(pc.or_(pc.less(numbers, first), pc.greater_equal(numbers, end)))


def _series(column: pa.ChunkedArray | pa.Array, dtype: Any) -> pd.Series:
    series: pd.Series = column.to_pandas()
    return series.astype(dtype) if dtype else series


def _mask(flags: pa.ChunkedArray | pa.Array) -> Mask:
    return np.asarray(pc.fill_null(flags, False), dtype=bool)


def _none_bad(column: pa.ChunkedArray) -> Mask:
    return np.zeros(len(column), dtype=bool)


_READERS: Mapping[Kind, Callable[[pa.ChunkedArray], Reading]] = {
    Kind.ID: _ids,
    Kind.TEXT: _texts,
    Kind.CHOICE: _texts,
    Kind.LIST: _lists,
    Kind.FLAG: _flags,
    Kind.TIME: _times,
}
