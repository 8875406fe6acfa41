"""Rows of delimited text: cells, times in one column or two, ragged rows, quotes, headers in the middle."""

import csv
import datetime as dt
import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loganomaly.errors import FormatError
from loganomaly.reading.columns import Column, Table, parse_table, write_table
from loganomaly.reading.formats import Layout
from loganomaly.reading.lines import record_lines, time_of
from loganomaly.reading.program import Role, Tables
from loganomaly.reading.records import LONGEST_RECORD, Records, read_heads, read_records
from loganomaly.reading.tables import build_tables
from loganomaly.testing import ReadRecord, read_text
from test_chunks import check

ISO = "%Y-%m-%dT%H:%M:%S%f%z"
SHOP = f"comma:{ISO}=Time,level=Level,component=App,message=Message"
NOON = "2026-03-14T12:00:00Z"
MOMENT = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)


def tables(*texts: str, loose: bool = False) -> Tables:
    return build_tables([Layout(format="t", text=f"{{delimited:{text}}}") for text in texts], loose=loose)


def read(text: str, *layouts: str, loose: bool = False) -> list[ReadRecord]:
    return read_text(text.encode(), tables=tables(*layouts, loose=loose))


def row(text: str, layout: str = SHOP) -> ReadRecord:
    (record,) = read(text, layout)
    return record


# --- cells


def test_cells_go_to_the_roles_of_their_columns():
    record = row(f"{NOON},warn,shop,order is late")
    assert (record.time, record.level, record.component, record.message) == (MOMENT, "WARNING", "shop", "order is late")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ('"a, b"', "a, b"),
        ('"a ""b"" c"', 'a ""b"" c'),
        ('  "a"  ', "a"),
        ("  a  ", "a"),
        ('a "b", c', 'a "b", c'),
        ('5" disk', '5" disk'),
        ('"a" b', '"a" b'),
        ('"a', "a"),
        ("a, b, c", "a, b, c"),
    ],
)
def test_quotes_and_blanks_around_a_cell_are_not_part_of_it(cell, message):
    assert row(f"{NOON},info,shop,{cell}").message == message


@pytest.mark.parametrize("cell", ["", '""', "-", "  "])
def test_an_empty_cell_says_nothing(cell):
    record = row(f"{NOON},{cell},{cell},stopped")
    assert (record.level, record.component, record.message) == (None, None, "stopped")


def test_without_a_message_the_row_is_the_message():
    assert row(f"{NOON},info,shop,").message == f"{NOON},info,shop,"


def test_a_column_of_higher_rank_is_the_message_where_the_first_is_empty():
    layout = f"comma:{ISO}=t,message2=text,message=json"
    assert [record.message for record in read(f"{NOON},a,b\n{NOON},a,\n{NOON},,b\n", layout)] == ["b", "a", "b"]


def test_neighbours_of_one_role_are_one_text():
    layout = f"comma:{ISO}=t,message=method,message=path,message=query,status=status"
    record = row(f'{NOON},GET,"/a,b",-,404', layout)
    assert (record.message, record.status, record.level) == ('GET,"/a,b",-', 404, "WARNING")


def test_the_last_word_of_a_level_of_several_counts():
    layout = f"comma:level=Keywords,{ISO}=t,message=m"
    records = read(f"Audit Failure,{NOON},a\nAudit Success,{NOON},b\n", layout)
    assert [record.level for record in records] == ["ERROR", None]


@pytest.mark.parametrize(("name", "delimiter"), [("semicolon", ";"), ("pipe", "|"), ("tab", "\t"), ("blanks", "  ")])
def test_other_delimiters(name, delimiter):
    line = delimiter.join([NOON, "error", "shop", '"a ; b | c"'])
    record = row(line, SHOP.replace("comma", name, 1))
    assert (record.time, record.level, record.message) == (MOMENT, "ERROR", "a ; b | c")


def test_a_quote_that_is_never_closed_is_a_byte_like_any_other_between_blanks():
    assert row(f'{NOON} GET /a"b "c 200', f"blanks:{ISO}=t,message=m,message=u,message=q,status=s").status == 200


# --- times


@pytest.mark.parametrize(
    "layout", ["%Y-%m-%d=Date,%H:%M:%S%f=Time,message=m", "%H:%M:%S%f=Time,%Y-%m-%d=Date,message=m"]
)
def test_a_date_and_a_time_of_day_are_one_timestamp(layout):
    cells = {"%Y": "2026-03-14", "%H": "09:26:53.5"}
    first, second = (cells[part[:2]] for part in layout.split(",")[:2])
    assert row(f"{first},{second},x", f"comma:{layout}").time == dt.datetime(
        2026, 3, 14, 9, 26, 53, 500_000, tzinfo=dt.UTC
    )


@pytest.mark.parametrize("time", ["n/a", "2026-13-14T12:00:00Z", f"{NOON} and more", ""])
def test_a_row_with_all_its_cells_is_read_without_a_time_that_is_none(time):
    record = row(f"{time},error,shop,broken")
    assert (record.time, record.level, record.message) == (None, "ERROR", "broken")


# --- ragged rows


@pytest.mark.parametrize("line", [f"{NOON},error", f"{NOON},error,shop,a,b,c,d"])
def test_a_row_with_a_time_is_read_whatever_the_number_of_its_cells(line):
    record = row(line)
    assert (record.program, record.time, record.level) == (0, MOMENT, "ERROR")


@pytest.mark.parametrize("line", ["error", "a,b,c", "a,b,c,d,e"])
def test_a_line_without_a_time_and_with_another_number_of_cells_is_no_row(line):
    assert row(line).program is None


@pytest.mark.parametrize(("line", "program"), [("info,a", 0), ("info,a,b", 0), ("info", None)])
def test_where_no_column_holds_a_time_delimiters_in_a_last_message_are_text(line, program):
    assert row(line, "comma:level=l,message=m").program == program


def test_of_tables_that_take_no_rows_of_others_the_one_with_as_many_columns_reads():
    layouts = (f"comma+exact:{ISO}=t,message=a", f"comma+exact:{ISO}=t,level=l,message=a")
    assert [record.program for record in read(f"{NOON},x\n{NOON},info,y\n", *layouts)] == [0, 1]


# --- headers and comments


@pytest.mark.parametrize(
    "head", ["Time,Level,App,Message", '"Time" , "Level","App","Message"', "TIME,LEVEL,APP,MESSAGE"]
)
def test_a_header_is_part_of_no_record_wherever_it_stands(head):
    lines = [head, f"{NOON},info,shop,a", head, "", f"{NOON},info,shop,b", "more"]
    assert [(r.line, r.lines, r.message) for r in read("\n".join(lines), SHOP)] == [(1, 1, "a"), (4, 2, "b")]


def test_a_comment_is_part_of_no_record_where_there_are_comments():
    text = f"#Software: x\n{NOON} a\n#Date: y\n{NOON} b\n"
    assert [r.line for r in read(text, f"blanks+comments:{ISO}=t,message=m")] == [1, 3]
    assert [r.lines for r in read(text, f"blanks:{ISO}=t,message=m")] == [1, 2, 1]


def test_behind_a_header_any_line_begins_a_record():
    assert [r.message for r in read(f"{NOON},info,shop,a\nTime,Level,App,Message\njunk\n", SHOP)] == ["a", "junk"]


# --- quoted fields over lines


def test_a_quoted_field_goes_on_over_lines_until_it_is_closed():
    text = f'{NOON},info,"shop","a\n{NOON},error,shop,inside\n\nlast ""b"""\n{NOON},info,shop,c\n'
    assert [(r.lines, r.level, r.message) for r in read(text, SHOP)] == [(4, "INFO", "a"), (1, "INFO", "c")]


def test_cells_behind_a_field_of_several_lines_are_read():
    record = row(f'"first\r\nsecond",{NOON},error\r\n', f"comma:message=_raw,{ISO}=_time,level=level")
    assert (record.lines, record.time, record.level, record.message) == (2, MOMENT, "ERROR", "first")


@pytest.mark.parametrize("text", [f'{NOON},info,shop,"open\nmore\n', f'{NOON},info,shop,5" x\n{NOON},info,shop,6" y\n'])
def test_a_quote_that_opens_nothing_does_not_swallow_the_lines_behind_it(text):
    records = read(text, SHOP, loose=True)
    assert [record.lines for record in records] == [1, 1]


@pytest.mark.parametrize(("lines", "records"), [(LONGEST_RECORD, 1), (LONGEST_RECORD + 1, LONGEST_RECORD + 1)])
def test_a_row_has_no_more_lines_than_a_record(lines, records):
    text = f'{NOON},info,shop,"' + "x\n" * (lines - 1) + '"\n'
    assert len(read(text, SHOP, loose=True)) == records


def test_the_lines_and_the_time_of_a_record_are_those_of_its_row():
    text = f'"first\nsecond",{NOON}\n"third",{NOON}\n'.encode()
    layout = tables(f"comma:message=_raw,{ISO}=_time", loose=True)
    assert (record_lines(text, layout), time_of(text, layout)) == (2, round(MOMENT.timestamp() * 1e6))


def test_a_cell_of_a_frame_may_hold_line_breaks():
    data = f'"first\nsecond",{NOON}'.encode()
    bounds = np.array([0, len(data)])
    records = Records(*read_heads(np.frombuffer(data, np.uint8), bounds, tables(f"comma:message=_raw,{ISO}=_time")))
    assert records.time.tolist() == [round(MOMENT.timestamp() * 1e6)]


CELLS = st.text(alphabet='ab,;"\n #', max_size=8)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS.filter(lambda cell: cell.strip(' \n"'))), min_size=1, max_size=8))
def test_rows_of_the_csv_module_are_read_as_it_reads_them(rows):
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows((NOON, other, message) for other, message in rows)
    records = read(file.getvalue(), f"comma:{ISO}=t,other,message=m", loose=True)
    lines = [(f"{other}{message}").count("\n") + 1 for other, message in rows]
    assert [record.lines for record in records] == lines
    expected = [message.strip(" \n").split("\n")[0].strip(" ") for _, message in rows]
    assert [record.message for record in records] == [text.replace('"', '""') for text in expected]


PARTS = [
    f"{NOON},info,shop,hello",
    f'{NOON},info,shop,"open',
    f'{NOON},info,"a ""b""",c',
    f"inside {NOON},x",
    'close"',
    '"',
    f'close",{NOON},a,b',
    "Time,Level,App,Message",
    "# comment",
    "some text",
    "  indented",
    "",
]


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from([1, 1, 1, 2, 3, 999, 1000])), max_size=14),
    size=st.integers(1, 3000),
    most_lines=st.none() | st.sampled_from([1, 2, 3, 7, 999, 1001]),
    loose=st.booleans(),
)
@example(parts=[(PARTS[0], 1), ('close"', 1), ("some text", 3)], size=30, most_lines=1, loose=False)
def test_the_records_of_the_chunks_of_delimited_text_are_those_of_the_whole(parts, size, most_lines, loose):
    text = "".join(f"{part}\n" * count for part, count in parts)
    layout = tables(SHOP.replace("comma", "comma+comments", 1), loose=loose)
    check(text.encode(), layout, size=size, most_lines=most_lines)


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet='a,"\n', max_size=60), size=st.integers(1, 70), loose=st.booleans())
def test_the_records_of_the_chunks_of_any_quotes_are_those_of_the_whole(text, size, loose):
    check(text.encode(), tables("comma:level=l,message=m", loose=loose), size=size, most_lines=None)


@settings(max_examples=80, deadline=None)
@given(text=st.text(alphabet='a,"\n# 9-', max_size=80), loose=st.booleans())
def test_every_line_is_of_one_record_or_of_none(text, loose):
    data = np.frombuffer(text.encode(), np.uint8)
    columns, count, lines = read_records(data, tables("comma+comments:level=l,message=m", loose=loose))
    starts, sizes = columns[0][:count].tolist(), columns[1][:count].tolist()
    ends = [start + size for start, size in zip(starts, sizes, strict=True)]
    assert all(end <= start for end, start in zip([0, *ends], [*starts, lines], strict=True))


# --- how layouts write tables


NAMES = st.text(max_size=12)


@settings(max_examples=100, deadline=None)
@given(names=st.lists(NAMES, min_size=2, max_size=5), delimiter=st.sampled_from(",\t;| "), options=st.integers(0, 7))
def test_any_table_is_read_as_it_is_written(names, delimiter, options):
    columns = [Column(name=name) for name in names]
    columns[0] = Column(name=names[0], role=Role.TIME, time="%b %e, %Y {%H=%M}")
    columns[1] = Column(name=names[1], role=Role.MESSAGE, rank=2)
    table = Table(delimiter=delimiter, columns=tuple(columns), options=options)
    assert parse_table(write_table(table).removeprefix("{delimited:").removesuffix("}")) == table


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{delimited:colon:a,b}", "known are comma"),
        ("{delimited:comma+fast:a,b}", "known are comma"),
        ("{delimited:comma:a}", "two columns or more"),
        ("{delimited:comma:%Y=a,%m=b,%d=c}", "two columns or more"),
        ("{delimited:comma:size=a,b}", "neither a time pattern nor one of"),
        ("{delimited:comma:%Q=a,b}", "unknown directive %Q"),
        ("{level} {delimited:comma:a,b}", "nothing may stand beside it"),
    ],
)
def test_a_malformed_table_is_an_error_that_shows_it(text, said):
    with pytest.raises(FormatError, match=said):
        build_tables([Layout(format="t", text=text)])
