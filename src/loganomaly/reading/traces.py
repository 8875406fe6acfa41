"""What stack traces look like: lines that go on with the record before them, by what the runtimes print. Compiled.

A line is judged by its own bytes, by at most `LOOK_BACK` lines before it and by the line behind it, so that where a
record begins does not depend on how a source is cut into chunks.
"""

# Numba knows no `in` on tuples, and compiled code takes its arguments by position.
from typing import Any

import numpy as np

from loganomaly.kernels import borrowing
from loganomaly.reading.characters import is_blank, is_digit, is_letter

__all__ = [
    "LOOK_BACK",
    "follows_trace",
    "goes_on",
    "goes_on_surely",
    "is_blank_line",
    "is_frame",
    "is_own_frame",
    "may_go_on",
    "opens_traceback",
]

LOOK_BACK = 5
"""Lines before a line that tell whether it goes on with a trace."""
# The two bytes with which lines begin that go on by themselves.
_PAIRS = ("at", "Ca", "Du", "Fi", "St", "Su", "Tr", "Th", "..", '"}', "--", "</", "[s", "[p", "cr", "go", "no", "st")
_OPENINGS = np.zeros((256, 256), np.bool_)
_OPENINGS[list(b" \t})]#")] = True
_OPENINGS[[ord(pair[0]) for pair in _PAIRS], [ord(pair[1]) for pair in _PAIRS]] = True
_BEFORE = np.zeros(256, np.bool_)  # with which lines begin that say so of the next
_BEFORE[list(b" \tFt")] = True


@borrowing
def is_blank_line(data: Any, start: Any, end: Any) -> Any:
    """Return whether data[start:end] is nothing but blanks."""
    for i in range(start, end):
        if data[i] != 32 and data[i] != 9:
            return False
    return True


@borrowing
def _starts_with(data: Any, start: Any, end: Any, word: Any) -> Any:
    if end - start < len(word):
        return False
    for k in range(len(word)):
        if data[start + k] != word[k]:
            return False
    return True


@borrowing
def _find(data: Any, start: Any, end: Any, word: Any) -> Any:
    """Return where `word` stands in data[start:end], or -1."""
    for i in range(start, end - len(word) + 1):
        if _starts_with(data, i, end, word):
            return i
    return -1


@borrowing
def _first_text(data: Any, start: Any, end: Any) -> Any:
    while start < end and is_blank(data[start]):
        start += 1
    return start


@borrowing
def opens_traceback(data: Any, start: Any, end: Any) -> Any:
    """Return whether a line is the first of a Python traceback."""
    return _starts_with(data, start, end, b"Traceback (")


@borrowing
def is_frame(data: Any, start: Any, end: Any) -> Any:
    """Return whether a line is a frame as Java, .NET and Node print it: indented, then ``at``; .NET's causes too."""
    if start == end or not is_blank(data[start]):
        return False
    text = _first_text(data, start, end)
    return _starts_with(data, text, end, b"at ") or _starts_with(data, text, end, b"---> ")


@borrowing
def _is_ruby_frame(data: Any, start: Any, end: Any) -> Any:
    """Whether a line, which ends with a quote, is a frame of Ruby: ``/srv/order.rb:17:in 'pay'``."""
    place = _find(data, start, end, b":in ")
    if place < 0 or (data[place + 4] != 39 and data[place + 4] != 96) or _find(data, start, place, b" ") >= 0:
        return False
    number = place
    while number > start and is_digit(data[number - 1]):
        number -= 1
    return number < place and number > start and data[number - 1] == 58


@borrowing
def _is_go_function(data: Any, start: Any, end: Any) -> Any:
    """Whether a line, which ends with a parenthesis, is a function of Go: ``net/http.(*conn).serve(0xc, {0x7f})``."""
    i, dot = start, False
    while i < end and data[i] != 40:
        if not (is_letter(data[i]) or is_digit(data[i]) or 45 <= data[i] <= 47 or data[i] == 95 or data[i] == 64):
            return False
        dot = dot or (data[i] == 46 and i > start)
        i += 1
    return dot or _starts_with(data, start, end, b"panic(")


@borrowing
def may_go_on(first: Any, second: Any, last: Any, before: Any, behind: Any) -> Any:
    """Return whether a line may go on with a record, by three of its bytes and the first ones of its neighbours."""
    return _OPENINGS[first, second] or last == 41 or last == 39 or _BEFORE[before] or behind == 32 or behind == 9


@borrowing
def goes_on_surely(first: Any) -> Any:
    """Return whether a line that begins with this byte goes on with the record before it."""
    return first == 32 or first == 9 or first == 125 or first == 41 or first == 93  # blank } ) ]


@borrowing
def goes_on(data: Any, start: Any, end: Any) -> Any:
    """Return whether a line, which is not blank, looks by itself like the rest of the record before it."""
    first = data[start]
    if goes_on_surely(first):
        return True
    if first == 97:
        return _starts_with(data, start, end, b"at ")
    if first == 67:
        return _starts_with(data, start, end, b"Caused by: ")
    if first == 68:
        return _starts_with(data, start, end, b"During handling of the above exception, another")
    if first == 70:
        return _starts_with(data, start, end, b'File "')
    if first == 83:
        return _starts_with(data, start, end, b"Stack trace:") or _starts_with(data, start, end, b"Suppressed: ")
    if first == 84:
        return opens_traceback(data, start, end) or _starts_with(
            data, start, end, b"The above exception was the direct"
        )
    if first == 46:
        return _starts_with(data, start, end, b"... ")
    if first == 35:  # #0 of a numbered trace
        return start + 1 < end and is_digit(data[start + 1])
    if first == 34:  # the end of the JSON that Monolog writes over lines
        return _starts_with(data, start, end, b'"}')
    if first == 45:
        return _starts_with(data, start, end, b"--- End of ") or _starts_with(data, start, end, b"--> ")
    if first == 60:  # no record begins with a closing tag
        return _starts_with(data, start, end, b"</")
    if first == 91:
        return (
            _starts_with(data, start, end, b"[stacktrace]")
            or _starts_with(data, start, end, b"[previous exception] ")
            or _starts_with(data, start, end, b"[signal ")
        )
    if first == 99 and _starts_with(data, start, end, b"created by "):
        return True
    if first == 103 and _starts_with(data, start, end, b"goroutine "):
        return start + 10 < end and is_digit(data[start + 10])
    if first == 110 and _starts_with(data, start, end, b"note: run with `RUST_BACKTRACE"):
        return True
    if first == 115 and _starts_with(data, start, end, b"stack backtrace:"):
        return True
    if data[end - 1] == 41:  # )
        return _is_go_function(data, start, end)
    return data[end - 1] == 39 and _is_ruby_frame(data, start, end)


@borrowing
def _ends_python_traceback(data: Any, starts: Any, ends: Any, line: Any) -> Any:
    """Whether a line names the exception below the last frame of a Python traceback: ``ValueError: no order``."""
    i, end = starts[line], ends[line]
    while i < end and (is_letter(data[i]) or is_digit(data[i]) or data[i] == 46 or data[i] == 95):
        i += 1
    if i == starts[line] or (i < end and data[i] != 58):
        return False
    for before in range(line - 1, max(-1, line - 1 - LOOK_BACK), -1):
        text = _first_text(data, starts[before], ends[before])
        if _starts_with(data, text, ends[before], b'File "'):
            return True
        if text == starts[before]:
            return False
    return False


@borrowing
def _follows_go_frame(data: Any, starts: Any, ends: Any, line: Any) -> Any:
    """Whether a line is one word behind the place of a Go frame: zap prints functions without their arguments."""
    before, stop = starts[line - 1], ends[line - 1]
    if before == stop or not is_blank(data[before]):
        return False
    place = _find(data, before, stop, b".go:")
    if place < 0 or place + 4 >= stop or not is_digit(data[place + 4]):
        return False
    return _find(data, starts[line], ends[line], b" ") < 0 and _find(data, starts[line], ends[line], b".") > 0


@borrowing
def _follows_rust_panic(data: Any, starts: Any, ends: Any, line: Any) -> Any:
    """Whether the line before says where a Rust thread panicked: what it said stands in a line of its own."""
    before, stop = starts[line - 1], ends[line - 1]
    return (
        _starts_with(data, before, stop, b"thread '")
        and data[stop - 1] == 58
        and _find(data, before, stop, b" panicked at ") > 0
    )


@borrowing
def follows_trace(data: Any, starts: Any, ends: Any, line: Any) -> Any:
    """Return whether the lines before show that a line goes on with the trace that they are in."""
    if line == 0 or starts[line - 1] == ends[line - 1]:
        return False
    return (
        _ends_python_traceback(data, starts, ends, line)
        or _follows_go_frame(data, starts, ends, line)
        or _follows_rust_panic(data, starts, ends, line)
    )


@borrowing
def is_own_frame(data: Any, starts: Any, ends: Any, line: Any, message: Any) -> Any:
    """Return whether the message of a line with a head of its own, which begins at `message`, is a frame of a trace.

    The exception itself is none: it says what happened, so it begins a record.
    """
    end = ends[line]
    if end - message < 3 or message - starts[line] < 2:
        return False
    if _starts_with(data, message, end, b"Caused by: "):
        return True
    # One blank separates the head from the message.
    if not is_blank(data[message - 1]) or not (is_blank(data[message - 2]) or data[message - 1] == 9):
        return False
    if _starts_with(data, message, end, b"... "):
        return end - message > 4 and is_digit(data[message + 4])
    if (
        _starts_with(data, message, end, b"at ")
        or _starts_with(data, message, end, b"---> ")
        or _starts_with(data, message, end, b'File "')
    ):
        return True
    # The line of code below a frame of Python, and the marks below that.
    for before in range(line - 1, max(-1, line - 3), -1):
        if _find(data, starts[before], ends[before], b'  File "') >= 0:
            return True
    return False
