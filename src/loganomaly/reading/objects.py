"""Finds JSON objects in blocks of bytes and writes each in one line. Compiled."""

# Numba knows no `in` on tuples, and compiled code takes its arguments by position.
from typing import Any

from loganomaly.kernels import borrowing

__all__ = ["FRESH", "write_objects"]

# What is known between two bytes: how many objects and lists are open; whether a string is, and whether its next byte
# is escaped; whether a line begins; whether the line written last is still open; whether a blank was written last.
_DEPTH, _STRING, _ESCAPED, _LINE_BEGINS, _OPEN, _SPACED = range(6)
FRESH = (0, 0, 0, 1, 0, 0)
"""The state before the first byte."""
_BREAK, _BLANK, _QUOTE, _COMMA, _BACKSLASH = 10, 32, 34, 44, 92


@borrowing
def _is_white(byte: Any) -> Any:
    return byte == 32 or byte == 9 or byte == 10 or byte == 13


@borrowing
def _opens(byte: Any) -> Any:
    return byte == 123 or byte == 91  # { [


@borrowing
def _closes(byte: Any) -> Any:
    return byte == 125 or byte == 93  # } ]


@borrowing
def _follow_string(byte: Any, state: Any) -> None:
    """Note where strings begin and end; one that is never closed ends with its line."""
    if state[_ESCAPED] == 1 and byte != _BREAK:
        state[_ESCAPED] = 0
    elif state[_STRING] == 1:
        state[_ESCAPED] = byte == _BACKSLASH
        state[_STRING] = byte != _QUOTE and byte != _BREAK
    else:
        state[_STRING] = byte == _QUOTE
    if byte == _BREAK:
        state[_ESCAPED] = 0


@borrowing
def _end_line(out: Any, size: Any, state: Any) -> Any:
    if state[_OPEN] == 1:
        out[size] = _BREAK
        size += 1
        state[_OPEN] = 0
    return size


@borrowing
def _in_record(byte: Any, out: Any, size: Any, state: Any, records: Any) -> Any:
    """Write a byte of a record; white space between its parts is one blank."""
    in_string = state[_STRING] == 1
    _follow_string(byte, state)
    if _is_white(byte) and not (in_string and state[_STRING] == 1):
        if state[_SPACED] == 0:
            out[size] = _BLANK
            size += 1
        state[_SPACED] = 1
        return size
    if not in_string:
        state[_DEPTH] += 1 if _opens(byte) else -1 if _closes(byte) else 0
    out[size] = byte
    size += 1
    state[_SPACED] = byte == _BLANK
    return _end_line(out, size, state) if state[_DEPTH] == records else size


@borrowing
def _around_records(byte: Any, out: Any, size: Any, state: Any, records: Any) -> Any:
    """Follow what stands around records, and write what is text there."""
    depth = state[_DEPTH]
    if depth > 0:
        in_string = state[_STRING] == 1
        _follow_string(byte, state)
        if not in_string and _closes(byte):
            state[_DEPTH] -= 1
            return _end_line(out, size, state)
    else:
        in_string = False
    if not in_string and _opens(byte) and (depth > 0 or (state[_OPEN] == 0 and (byte == 123 or records > 0))):
        state[_DEPTH] += 1
        if depth < records:
            return size
        size = _end_line(out, size, state)
        state[_STRING] = state[_ESCAPED] = 0
    elif byte == _BREAK or (byte == _COMMA and depth > 0 and not in_string):
        return _end_line(out, size, state)
    elif depth > 1 or (depth > 0 and records > 1) or (state[_OPEN] == 0 and (_is_white(byte) or byte == _COMMA)):
        return size
    out[size] = byte
    state[_OPEN], state[_SPACED] = 1, byte == _BLANK
    return size + 1


@borrowing
def write_objects(data: Any, out: Any, state: Any, records: Any) -> Any:
    """Write each object of `data` at depth `records` to `out` in one line; return how many bytes that are.

    At depth 0 stand those that stand alone, at 1 those in a list, at 2 those in a list in an object. Around them,
    commas, brackets, white space and the names in such an object are left out; other text becomes lines of its own.

    Parameters
    ----------
    out
        Twice as long as `data`.
    state : int64 array
        FRESH at first, then as this left it: objects may go on over blocks.
    """
    size = 0
    for i in range(len(data)):
        byte = data[i]
        # Objects that stand alone begin their line, those within them are indented: the one before was never closed.
        if records == 0 and state[_DEPTH] > 0 and state[_LINE_BEGINS] == 1 and byte == 123:
            size = _end_line(out, size, state)
            state[_DEPTH] = state[_STRING] = state[_ESCAPED] = 0
        state[_LINE_BEGINS] = byte == _BREAK
        if state[_DEPTH] > records:
            size = _in_record(byte, out, size, state, records)
        else:
            size = _around_records(byte, out, size, state, records)
    return size
