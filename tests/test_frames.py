import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.errors import InputError
from loganomaly.frames import add_columns, is_frame, lines_of, take_rows, times_of
from loganomaly.reading.program import NO_TIME

MARCH = 1_773_480_413_000_000  # 2026-03-14T09:26:53Z in microseconds
ADDED = {
    "flag": [True, False],
    "number": [1, 2],
    "share": [0.5, 1.0],
    "text": ["a", None],
    "list": [["a"], []],
}


def texts(frame):
    lines = lines_of(frame)
    return [lines.data[a:b].tobytes() for a, b in zip(lines.bounds[:-1], lines.bounds[1:], strict=True)]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["a", None, float("nan"), pd.NA, pd.NaT], dtype=object),
        pd.Series(["a", None, None, None, None], dtype="string"),
        pd.Series(["a", None, None, None, None], dtype="category"),
        pl.Series(["a", None, None, None, None]),
    ],
    ids=["object", "string", "category", "polars"],
)
def test_missing_values_are_empty_lines(column):
    frame = column.to_frame("log") if isinstance(column, pd.Series) else pl.DataFrame({"log": column})
    assert texts(frame) == [b"a", b"", b"", b"", b""]


def test_values_that_are_no_text_are_written_as_text():
    values = ["a", 5, 3.5, True, ["x"], np.array([1, 2]), b"caf\xc3\xa9", ""]
    expected = ["a", "5", "3.5", "True", "['x']", "[1 2]", "café", ""]
    assert texts(pd.DataFrame({"log": pd.Series(values, dtype=object)})) == [text.encode() for text in expected]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=20))
def test_text_of_any_kind_is_kept_byte_for_byte(values):
    frames = pl.DataFrame({"log": values}), pd.DataFrame({"log": pd.Series(values, dtype=object)})
    for frame in frames:
        assert texts(frame) == [value.encode() for value in values]
        assert lines_of(frame).texts.to_list() == values


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"msg": ["a"]}), "no column 'log'; it has: 'msg'"),
        (pd.DataFrame({1: ["a"], "msg": ["a"]}), "no column 'log'; it has: 1, 'msg'"),
        (pl.DataFrame(), "no column 'log'; it has: none"),
        (pl.DataFrame({"log": []}), "no rows"),
        (pd.DataFrame([["a", "b"]], columns=["log", "log"]), "2 columns 'log'; expected one"),
        (["a"], "expected a data frame .*, given list"),
        (pl.LazyFrame({"log": ["a"]}), r"given LazyFrame; call its collect\(\) first"),
    ],
)
def test_what_holds_no_lines_is_an_input_error(frame, message):
    with pytest.raises(InputError, match=message):
        lines_of(frame)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (pl.DataFrame({"log": ["a"]}), True),
        (pd.DataFrame([["a", "b"]], columns=["log", "log"]), True),
        (pa.table({"log": ["a"]}), True),
        ("app.log", False),
        (["app.log"], False),
        (pl.LazyFrame({"log": ["a"]}), False),
    ],
)
def test_frames_are_told_from_paths(value, expected):
    assert is_frame(value) is expected


ZONE = dt.timezone(dt.timedelta(hours=2))
MOMENT = dt.datetime(2026, 3, 14, 9, 26, 53, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([MOMENT, None]),
        pl.Series([MOMENT.replace(tzinfo=None), None]),
        pl.Series([MOMENT.replace(tzinfo=None), None], dtype=pl.Datetime("ns")),
        pl.Series(["2026-03-14T11:26:53+02:00", " "]),
        pl.Series(["2026-03-14 09:26:53", None]),
        pd.Series([pd.Timestamp(MOMENT), pd.NaT]),
        pd.Series([pd.Timestamp(MOMENT.astimezone(ZONE)), pd.NaT]),
        pd.Series([MOMENT, None], dtype=object),
        pd.Series(["2026-03-14T09:26:53Z", pd.NA], dtype="string"),
    ],
    ids=range(9),
)
def test_times_of_all_kinds_are_read_as_utc(column):
    logs = ["a", "b"]
    frame = pl.DataFrame({"log": logs, "timestamp": column}) if isinstance(column, pl.Series) else None
    frame = pd.DataFrame({"log": logs, "timestamp": column}) if frame is None else frame
    assert times_of(frame).tolist() == [MARCH, NO_TIME]


def test_a_date_is_its_midnight():
    frame = pl.DataFrame({"timestamp": [dt.date(2026, 3, 14)]})
    assert times_of(frame).tolist() == [MARCH - (9 * 3600 + 26 * 60 + 53) * 1_000_000]


@pytest.mark.parametrize("values", [[None, None], [float("nan")] * 2, ["", ""]])
def test_a_column_without_any_time_has_missing_times(values):
    assert times_of(pd.DataFrame({"timestamp": values})).tolist() == [NO_TIME, NO_TIME]
    if values[0] is None:
        assert times_of(pl.DataFrame({"timestamp": values})).tolist() == [NO_TIME, NO_TIME]


@pytest.mark.parametrize("year", [1, 1969, 2106, 9999])
def test_years_that_stand_for_none_or_never_are_missing_times(year):
    frame = pl.DataFrame({"timestamp": [dt.datetime(year, 6, 1, tzinfo=dt.UTC)]})
    assert times_of(frame).tolist() == [NO_TIME]


def test_a_frame_without_a_column_of_times_has_none():
    assert times_of(pl.DataFrame({"log": ["a"]})) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["2026-03-14", "soon"], r"row 1: 'soon' \(str\) is no date; expected dates, or ISO 8601"),
        ([5], r"row 0: '5' \(int\)"),
    ],
)
def test_times_that_cannot_be_read_are_an_input_error_that_names_the_row(values, message):
    with pytest.raises(InputError, match=message):
        times_of(pl.DataFrame({"timestamp": values}))


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([7, 7]),
        pd.Index(["b", "a"], name="host"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 1)]),
        pd.date_range("2026-03-14", periods=2),
    ],
    ids=["duplicated", "named", "multi", "dates"],
)
def test_pandas_keeps_rows_index_and_columns_of_any_kind(index):
    frame = pd.DataFrame({"log": ["a", "b"], 0: [[1], {}], ("t", 1): [np.array([1, 2]), None]}, index=index)
    frame["i"] = pd.array([1, None], dtype="Int64")
    before = frame.copy(deep=True)
    result = add_columns(frame, ADDED)
    assert list(result.columns) == [*frame.columns, *ADDED]
    pd.testing.assert_frame_equal(result[list(frame.columns)], before)
    pd.testing.assert_frame_equal(frame, before)
    assert result["list"].tolist() == [["a"], []]
    assert result["flag"].tolist() == [True, False]
    assert result["text"].isna().tolist() == [False, True]


def test_pandas_columns_of_one_name_are_kept():
    frame = pd.DataFrame([["a", 1, 2]], columns=["log", "x", "x"])
    result = add_columns(frame, {"n": [1]})
    assert result.to_numpy().tolist() == [["a", 1, 2, 1]]


def test_polars_keeps_rows_and_columns_of_any_kind():
    frame = pl.DataFrame({"log": ["a", "b"], "s": [{"x": 1}, {"x": 2}], "l": [[1], []]}).with_columns(
        o=pl.Series([object(), 1], dtype=pl.Object)
    )
    result = add_columns(frame, ADDED)
    assert result.columns == [*frame.columns, *ADDED]
    assert result.select("log", "s", "l").equals(frame.select("log", "s", "l"))
    assert [result[name].to_list() for name in ADDED] == list(ADDED.values())
    assert result["o"].to_list() == frame["o"].to_list()


def test_arrow_gives_arrow():
    result = add_columns(pa.table({"log": ["a", "b"]}), ADDED)
    assert isinstance(result, pa.Table)
    assert result.to_pydict() == {"log": ["a", "b"], **ADDED}


def test_a_column_that_is_there_already_is_replaced():
    for frame in (pl.DataFrame({"log": ["a"], "tags": ["x"]}), pd.DataFrame({"log": ["a"], "tags": ["x"]})):
        result = add_columns(frame, {"tags": ["y"]})
        assert list(result.columns) == ["log", "tags"]
        assert list(result["tags"]) == ["y"]


def test_rows_are_taken_in_the_order_asked_for_with_their_labels():
    rows = np.array([2, 0])
    taken = take_rows(pd.DataFrame({"log": ["a", "b", "c"]}, index=[9, 9, 4]), rows)
    assert (taken["log"].tolist(), taken.index.tolist()) == (["c", "a"], [4, 9])
    assert take_rows(pl.DataFrame({"log": ["a", "b", "c"]}), rows)["log"].to_list() == ["c", "a"]
