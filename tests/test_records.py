"""Lines and records: which lines begin a record, which go on with it, and what a head says."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.reading.breaks import line_bounds
from loganomaly.reading.formats import Layout
from loganomaly.reading.records import (
    LONGEST_RECORD,
    UNMATCHED,
    Records,
    last_record_start,
    read_heads,
    read_records,
)
from loganomaly.reading.tables import build_tables
from loganomaly.testing import read_text

LAYOUTS = [Layout(format="text", text="{time} {level} {message}", time="%Y-%m-%d %H:%M:%S%f%z")]
STRICT, LOOSE = build_tables(LAYOUTS, loose=False), build_tables(LAYOUTS, loose=True)
BOTH = pytest.mark.parametrize("tables", [STRICT, LOOSE], ids=["strict", "loose"])
PLAIN = build_tables([])
HEAD = "2026-03-14 09:26:53 ERROR it failed\n"

# As the runtimes print them.
TRACES = {
    "java": """java.lang.IllegalStateException: no order
\tat shop.Order.pay(Order.java:17)
\tat java.base/java.lang.Thread.run(Thread.java:840)
\tSuppressed: java.io.IOException: not closed
\t\tat shop.Net.close(Net.java:9)
Caused by: java.io.IOException: broken pipe
\tat shop.Net.send(Net.java:1)
\t... 2 more
""",
    "java without tabs": "at shop.Order.pay(Order.java:17)\nCaused by: shop.Gone\nat shop.A(A.java:3)\n... 2 more\n",
    "python": """Traceback (most recent call last):
  File "/srv/shop/orders.py", line 17, in pay
    raise ValueError("no order")
    ~~~~~^^^^^^^^^^^^^^^^^^^^^^^
ValueError: no order

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop/orders.py", line 21, in main
    order.pay()
shop.errors.PaymentError

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "<frozen runpy>", line 88, in _run_code
  File "/srv/shop/orders.py", line 30, in <module>
    main()
KeyboardInterrupt
""",
    "python group": """  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/orders.py", line 17, in <module>
  |     raise ExceptionGroup("orders", [ValueError("no order")])
  | ExceptionGroup: orders (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: no order
    +------------------------------------
""",
    "go": """goroutine 7 [running]:
net/http.(*conn).serve.func1()
\t/usr/lib/go/src/net/http/server.go:1898 +0xbe
panic({0x6a4ba0?, 0x7a6e10?})
\t/usr/lib/go/src/runtime/panic.go:770 +0x132
main.(*Store).Pay(0x0, {0xc00001a0a8, 0x2})
\t/srv/shop/order.go:17 +0x1b
created by net/http.(*Server).Serve in goroutine 1
\t/usr/lib/go/src/net/http/server.go:3285 +0x4b4

goroutine 1 [IO wait, 2 minutes]:
internal/poll.runtime_pollWait(0x7f1b8c0, 0x72)
\t/usr/lib/go/src/runtime/netpoll.go:345 +0x85

""",
    "zap": """main.(*Store).Pay(...)
\t/srv/shop/order.go:17
main.main
\t/srv/shop/main.go:3
runtime.main
\t/usr/lib/go/src/runtime/proc.go:271
""",
    ".net": """System.InvalidOperationException: no order
 ---> System.IO.IOException: broken pipe
   at Shop.Net.Send() in C:\\shop\\Net.cs:line 3
   --- End of inner exception stack trace ---
   at Shop.Order.Pay() in C:\\shop\\Order.cs:line 17
--- End of stack trace from previous location ---
   at Shop.Program.Main(String[] args)
""",
    "node": """Error: no order
    at Order.pay (/srv/shop/order.js:17:11)
    at async main (file:///srv/shop/main.mjs:3:5) {
  code: 'E_ORDER',
  [cause]: TypeError: undefined is not a function
      at Order.load (/srv/shop/order.js:3:9)
}
""",
    "ruby": """/srv/shop/order.rb:17:in 'Shop::Order#pay'
/srv/shop/order.rb:3:in `block in <main>'
\tfrom /srv/shop/main.rb:3:in '<main>'
""",
    "rust": """stack backtrace:
   0: rust_begin_unwind
             at /rustc/9fc6b431/library/std/src/panicking.rs:652:5
   1: shop::pay
             at ./src/order.rs:17:9
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
""",
    "php": """Stack trace:
#0 /srv/shop/order.php(17): pay()
#1 {main}
  thrown in /srv/shop/order.php on line 17
""",
    "monolog": """[stacktrace]
#0 /srv/shop/order.php(17): pay()
#1 {main}

[previous exception] [object] (RuntimeException(code: 0): no order at /srv/shop/order.php:3)
[stacktrace]
#0 {main}
"}\x20
""",
    "braces": "  {\n  }\n}\n)\n]\n",
    "closing tags": " <id>17</id>\n</order>\n",
}
# What a runtime prints where nothing catches an exception: a record of its own, and what goes on with it.
CRASHES = {
    "java": """Exception in thread "main" java.lang.IllegalStateException: no order
\tat shop.Main.main(Main.java:3)
Caused by: java.io.IOException: broken pipe
\t... 1 more
""",
    "python": """Traceback (most recent call last):
  File "/srv/shop/orders.py", line 17, in <module>
    raise ValueError("no order")
ValueError: no order
""",
    "go": """panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47b1c2]

goroutine 1 [running]:
main.main()
\t/srv/shop/main.go:3 +0x1b
""",
    ".net": """Unhandled exception. System.InvalidOperationException: no order
   at Shop.Program.Main(String[] args) in C:\\shop\\Program.cs:line 3
""",
    "node": "TypeError: undefined is not a function\n    at main (/srv/shop/main.js:3:5)\n",
    "ruby": "main.rb:3:in 'pay': no order (RuntimeError)\n\tfrom main.rb:7:in '<main>'\n",
    "rust": """thread 'main' panicked at src/main.rs:3:5:
index out of bounds: the len is 3 but the index is 5
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
""",
    "php": """PHP Fatal error:  Uncaught Error: no order in /srv/shop/order.php:17
Stack trace:
#0 {main}
  thrown in /srv/shop/order.php on line 17
""",
}


def bounds(text: bytes) -> list[bytes]:
    starts, ends = line_bounds(np.frombuffer(text, np.uint8))
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def heads(text: str, tables) -> list[tuple[str, int]]:
    """Return message and lines of each record."""
    return [(record.message, record.lines) for record in read_text(text.encode(), tables=tables)]


# --- lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\r\nb\r", [b"a", b"b"]),
        (b"\n\n", [b"", b""]),
        (b"\r\n\r\n", [b"", b""]),
        (b"a\rb\n", [b"a\rb"]),
        (b"a\r\r\n", [b"a\r"]),
    ],
)
def test_line_feeds_with_and_without_carriage_return_end_lines(text, lines):
    assert bounds(text) == lines


@settings(max_examples=80, deadline=None)
@given(lines=st.lists(st.binary(max_size=8).map(lambda b: b.translate(None, b"\r\n")), max_size=8), crlf=st.booleans())
def test_any_lines_are_found_again(lines, crlf):
    end = b"\r\n" if crlf else b"\n"
    assert bounds(b"".join(line + end for line in lines)) == lines


# --- records


@BOTH
def test_a_line_that_fits_begins_a_record(tables):
    assert heads(HEAD * 3, tables) == [("it failed", 1)] * 3


@BOTH
@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_a_stack_trace_belongs_to_its_record(trace, tables):
    assert heads(HEAD + trace + HEAD, tables) == [("it failed", 1 + trace.count("\n")), ("it failed", 1)]


@BOTH
@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_a_stack_trace_with_carriage_returns_belongs_to_its_record(trace, tables):
    text = (HEAD + trace + HEAD).replace("\n", "\r\n")
    assert heads(text, tables) == [("it failed", 1 + trace.count("\n")), ("it failed", 1)]


@pytest.mark.parametrize("crash", CRASHES.values(), ids=CRASHES)
def test_what_a_crash_prints_is_a_record_of_its_own_behind_a_head_that_reports_no_failure(crash):
    idle = HEAD.replace("ERROR it failed", "INFO it is idle")
    expected = [("it is idle", 1), (crash.partition("\n")[0].strip(), crash.count("\n")), ("it failed", 1)]
    assert heads(idle + crash + HEAD, LOOSE) == expected


@pytest.mark.parametrize("crash", CRASHES.values(), ids=CRASHES)
def test_what_a_crash_prints_belongs_to_the_record_before_it_in_a_strict_source(crash):
    assert heads(HEAD + crash + HEAD, STRICT) == [("it failed", 1 + crash.count("\n")), ("it failed", 1)]


@pytest.mark.parametrize("line", ["ValueError: no order", "main.main", "index out of bounds: 5", "shop.Gone"])
def test_a_line_that_only_a_trace_before_it_explains_begins_a_record_without_one(line):
    assert heads(f"{HEAD}{line}\n", LOOSE)[1:] == [(line, 1)]
    assert heads(f"{HEAD}  more\n{line}\n", LOOSE)[1:] == [(line, 1)]


def test_a_line_that_fits_no_layout_belongs_to_the_record_before_it_in_a_strict_source():
    assert heads(HEAD + "some text\nmore of it\n", STRICT) == [("it failed", 3)]


def test_a_line_that_fits_no_layout_begins_a_record_in_a_loose_source():
    assert heads(HEAD + "some text\nmore of it\n", LOOSE) == [("it failed", 1), ("some text", 1), ("more of it", 1)]


@pytest.mark.parametrize(
    "line",
    [
        *("attach it", "...", "# 1", "#x", "Traceback of", "Caused by:", "File x", "goroutine pool", "<order>"),
        *("[stack]", "note: x", "created", "main (x)", "pay()", "1:in a 'b'", "order.rb:in 'x'", "x y:3:in 'z'", '"x"'),
        *("thread 'main' panicked", "--- end", "-->", "Stack", "()", "'", "stack: x", "During the day"),
    ],
)
def test_a_line_that_only_resembles_a_trace_begins_a_record_in_a_loose_source(line):
    assert heads(f"{HEAD}{line}\n", LOOSE)[1:] == [(line, 1)]


@BOTH
@pytest.mark.parametrize("blank", ["\n", " \t \n", "\r\n"])
def test_a_blank_line_belongs_to_the_record_before_it(blank, tables):
    assert heads(HEAD + blank * 2 + HEAD, tables) == [("it failed", 3), ("it failed", 1)]


@BOTH
def test_blank_lines_at_the_beginning_are_in_no_record(tables):
    assert [record.line for record in read_text(("\n \n" + HEAD).encode(), tables=tables)] == [2]


@BOTH
def test_an_empty_source_has_no_records(tables):
    assert read_text(b"", tables=tables) == []


@BOTH
def test_the_last_line_needs_no_line_break(tables):
    assert heads(HEAD + HEAD.strip(), tables) == [("it failed", 1)] * 2


@BOTH
def test_carriage_returns_are_not_content(tables):
    text = (HEAD * 2).replace("\n", "\r\n")
    assert heads(text, tables) == [("it failed", 1)] * 2


@BOTH
def test_a_record_begins_at_its_first_byte_and_ends_at_its_last_content(tables):
    data = (HEAD + "  more\n\n" + HEAD).encode()
    columns, count, lines = read_records(np.frombuffer(data, np.uint8), tables)
    records = Records(*(column[:count] for column in columns))
    assert lines == 4
    assert records.line.tolist() == [0, 3]
    assert [data[a:b] for a, b in zip(records.start, records.end, strict=True)] == [
        HEAD.encode() + b"  more",
        HEAD.strip().encode(),
    ]


@BOTH
def test_a_record_has_a_longest_length(tables):
    more = "  more\n" * (2 * LONGEST_RECORD)
    assert [lines for _, lines in heads(HEAD + more + HEAD, tables)] == [LONGEST_RECORD, LONGEST_RECORD, 1, 1]


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ("WARNING: disk is full", "WARNING"),
        ("[error] disk is full", "ERROR"),
        ("<critical> disk is full", "CRITICAL"),
        ("  [ Info] disk", "INFO"),
        ("fatal: not a repository", "CRITICAL"),
        ("error disk is full", None),
        ("errors: 0", "ERROR"),
        ("disk: error", None),
        ("[]: x", None),
        ("catastrophically: x", None),
    ],
)
def test_a_level_word_in_front_of_a_message_is_its_level(message, level):
    tables = build_tables([Layout(format="t", text="{digits} {message}")])
    (record,) = read_text(f"1 {message}".encode(), tables=tables)
    assert record.level == level


def test_the_level_of_the_head_wins_over_a_word_in_front_of_the_message():
    (record,) = read_text(b"2026-03-14 09:26:53 INFO ERROR: x", tables=STRICT)
    assert record.level == "INFO"


def test_a_line_that_fits_no_layout_is_its_own_message():
    (record,) = read_text(b"error: some text  ", tables=PLAIN)
    assert (record.program, record.time, record.component, record.status) == (None, None, None, None)
    assert (record.level, record.message) == ("ERROR", "error: some text")


# --- layouts over line breaks

WHOLE = [Layout(format="t", text="# {name}\n{skipped+}at {time}\n{level}: {message}", time="%Y-%m-%d %H:%M:%S%f%z")]
ENTRY = "# shop\nbegun\n  at 2026-03-14 09:26:53\nerror: order failed\nand more\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_record_is_read_over_its_lines_and_its_message_is_one_line(end):
    tables = build_tables(WHOLE, loose=False)
    for record in read_text((ENTRY * 2).replace("\n", end).encode(), tables=tables):
        assert (record.lines, record.component, record.level, record.message) == (5, "shop", "ERROR", "order failed")
        assert record.time == dt.datetime(2026, 3, 14, 9, 26, 53, tzinfo=dt.UTC)


def test_what_the_head_says_is_kept_where_the_rest_of_the_record_does_not_fit():
    tables = build_tables(WHOLE, loose=False)
    first, second, third = read_text(f"# a\nsome text\n# b\n{ENTRY}".encode(), tables=tables)
    assert (first.component, first.lines, first.level, first.time) == ("a", 2, None, None)
    assert (second.component, second.lines) == ("b", 1)
    assert (third.component, third.level) == ("shop", "ERROR")


def test_a_row_of_a_frame_is_read_over_its_lines():
    data, records = read_rows([ENTRY, "# a"], build_tables(WHOLE, loose=False))
    messages = [data[a:b].decode() for a, b in zip(records.message_start, records.message_end, strict=True)]
    assert messages == ["order failed", ""]


# --- the last record


@BOTH
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD, 0),
        (HEAD * 2, len(HEAD)),
        (HEAD + "  more\n", 0),
        (HEAD * 2 + "  more\n\n", len(HEAD)),
        ("\n\n", 0),
        ("\n" + HEAD, 1),
    ],
)
def test_the_last_record_begins_at_the_last_line_that_begins_one(text, expected, tables):
    assert last_record_start(np.frombuffer(text.encode(), np.uint8), tables) == expected


def test_nothing_has_no_last_record():
    assert last_record_start(np.frombuffer(b"", np.uint8), STRICT) == 0


# --- rows of a frame


def read_rows(rows: list[str], tables) -> tuple[bytes, Records]:
    data = b"".join(row.encode() for row in rows)
    ends = np.cumsum([0] + [len(row.encode()) for row in rows])
    return data, Records(*read_heads(np.frombuffer(data, np.uint8), ends, tables))


def test_every_row_of_a_frame_is_a_record_whatever_it_holds():
    rows = [HEAD.strip(), "", "  indented", "some text", HEAD + "  more"]
    data, records = read_rows(rows, STRICT)
    assert records.line.tolist() == [0, 1, 2, 3, 4]
    assert records.lines.tolist() == [1] * 5
    assert records.program.tolist() == [0, UNMATCHED, UNMATCHED, UNMATCHED, 0]
    messages = [data[a:b].decode() for a, b in zip(records.message_start, records.message_end, strict=True)]
    assert messages == ["it failed", "", "indented", "some text", "it failed"]


def test_a_row_with_a_carriage_return_ends_before_it():
    _, records = read_rows([HEAD.strip() + "\r\nmore"], STRICT)
    assert (records.message_end - records.message_start).tolist() == [len("it failed")]


def test_no_rows_are_no_records():
    _, records = read_rows([], STRICT)
    assert len(records.line) == 0
