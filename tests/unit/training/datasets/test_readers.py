"""Each kind of column, from every type that a file may hold it in."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recommender.domain.dataset_format import Kind
from training.datasets.readers import WrongTypeError, reader_of, split_lists


def read(kind: Kind, values: list[object], type_: pa.DataType | None = None) -> pd.Series:
    reading = reader_of(kind)(pa.chunked_array([pa.array(values, type_)]))
    assert not reading.bad.any()
    return reading.values


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.string_view()])
def test_texts(type_: pa.DataType) -> None:
    values = read(Kind.TEXT, ["a", "", None, " b"], type_)
    assert values.dtype == "str"
    assert values.isna().tolist() == [False, True, True, False]
    assert values[3] == " b"


@pytest.mark.parametrize("type_", [pa.float32(), pa.int8(), pa.uint64(), pa.decimal128(5, 2), pa.string()])
def test_numbers(type_: pa.DataType) -> None:
    one: object = "1" if type_ == pa.string() else Decimal(1) if pa.types.is_decimal(type_) else 1
    values = read(Kind.NUMBER, [one, None], type_)
    assert values.dtype == "float64"
    assert values[0] == 1
    assert values.isna().tolist() == [False, True]


@pytest.mark.parametrize("text", ["1", "-1.5", "1e3", ".5", "+2.", "0.1234567890123456789"])
def test_numbers_as_text_beside_one_that_is_none(text: str) -> None:
    reading = reader_of(Kind.NUMBER)(pa.chunked_array([pa.array([text, "x", None])]))
    assert reading.values[0] == float(text)
    assert reading.bad.tolist() == [False, True, False]


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1_000", "0x1", "1,5", " 1", "1e999", ""])
def test_what_is_no_number(text: str) -> None:
    reading = reader_of(Kind.NUMBER)(pa.chunked_array([pa.array([text])]))
    assert reading.bad.tolist() == [True]


def test_numbers_that_are_not_finite() -> None:
    reading = reader_of(Kind.REAL)(pa.chunked_array([pa.array([np.nan, np.inf, None, 1.0])]))
    assert reading.bad.tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            ["True", "FALSE", "1", "0", "yes", "no", None, ""],
            [True, False, True, False, True, False, None, None],
        ),
        ([1, 0, None], [True, False, None]),
        ([True, None], [True, None]),
    ],
)
def test_flags(values: list[object], expected: list[bool | None]) -> None:
    flags = read(Kind.FLAG, values)
    assert flags.dtype == "boolean"
    assert [None if pd.isna(flag) else bool(flag) for flag in flags] == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01T09:30:00Z",
        "2024-03-01 09:30:00+00:00",
        "2024-03-01T11:30:00.000+0200",
        "2024-03-01T10:30+01",
    ],
)
def test_times_with_a_zone(text: str) -> None:
    reading = reader_of(Kind.TIME)(pa.chunked_array([pa.array([text, None, ""])]))
    assert reading.values.tolist()[0] == pd.Timestamp("2024-03-01T09:30:00Z")
    assert reading.values.dtype == "datetime64[us, UTC]"
    assert not reading.bad.any()
    assert reading.count == 0


@pytest.mark.parametrize("type_", [pa.timestamp("ns"), pa.timestamp("s"), pa.date32(), pa.date64()])
def test_stored_times_without_a_zone(type_: pa.DataType) -> None:
    day = dt.date(2024, 3, 1) if pa.types.is_date(type_) else dt.datetime(2024, 3, 1)
    reading = reader_of(Kind.TIME)(pa.chunked_array([pa.array([day, None], type_)]))
    assert reading.values[0] == pd.Timestamp("2024-03-01", tz="UTC")
    assert reading.count == 1


def test_stored_times_with_a_zone() -> None:
    noon = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
    reading = reader_of(Kind.TIME)(pa.chunked_array([pa.array([noon], pa.timestamp("ms", "Europe/Madrid"))]))
    assert reading.values[0] == pd.Timestamp(noon)
    assert reading.count == 0


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["a|b", "c", "", None], pa.string()),
        ([["a", "b"], ["c"], [], None], pa.list_(pa.string())),
        ([["a", "b"], ["c"], [], None], pa.large_list(pa.large_string())),
    ],
)
def test_lists(values: list[object], type_: pa.DataType) -> None:
    assert split_lists(read(Kind.LIST, values, type_)).tolist() == [["a", "b"], ["c"], [], []]


def test_lists_of_nothing() -> None:
    assert split_lists(read(Kind.LIST, [[], []], pa.list_(pa.null()))).tolist() == [[], []]


def test_lists_of_whole_numbers() -> None:
    reading = reader_of(Kind.LIST)(pa.chunked_array([pa.array([[1, 2], None])]))
    assert split_lists(reading.values).tolist() == [["1", "2"], []]
    assert reading.count == 1


def test_members_may_hold_a_bar_in_parquet() -> None:
    assert split_lists(read(Kind.LIST, [["a|b"]])).tolist() == [["a|b"]]


def test_empty_member_in_a_later_chunk() -> None:
    column = pa.chunked_array([pa.array([["a"], ["b"]]), pa.array([["c"], [""]])])
    assert reader_of(Kind.LIST)(column).bad.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.ID, [1.5]),
        (Kind.LIST, [1]),
        (Kind.LIST, [[1.5]]),
        (Kind.FLAG, [0.5]),
        (Kind.TIME, [1]),
        (Kind.REAL, [True]),
    ],
)
def test_types_that_hold_no_cell_of_the_kind(kind: Kind, values: list[object]) -> None:
    with pytest.raises(WrongTypeError):
        reader_of(kind)(pa.chunked_array([pa.array(values)]))
