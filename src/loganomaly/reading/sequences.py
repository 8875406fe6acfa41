r"""The grammar of terminal escape sequences: colours, cursor movements, titles. Compiled.

It is that of ECMA-48, 7-bit: what follows ESC is a control sequence (``ESC [ ... letter``), a command string
up to BEL or ``ESC \\``, or a few bytes. A line break ends a sequence and stays, and so does anything that does not
belong to it, so that a sequence which is cut off hides no more than itself.
"""

from typing import Any

from loganomaly.kernels import borrowing

__all__ = ["TEXT", "strip"]

TEXT = 0
"""The state outside of sequences."""
_BEGUN, _CONTROL, _FEW, _STRING, _STRING_ESC = 1, 2, 3, 4, 5
_LONGEST = 4096  # bytes of one sequence; a longer one is no sequence, and the rest of it is text


@borrowing
def strip(data: Any, out: Any, state: Any, length: Any) -> Any:
    """Copy what is text from `data` to `out`; return its size, and the state and length of a sequence begun."""
    size = 0
    for i in range(len(data)):
        byte = data[i]
        if state == TEXT:
            if byte == 27:
                state, length = _BEGUN, 1
            else:
                out[size] = byte
                size += 1
            continue
        length += 1
        if length > _LONGEST:
            state = TEXT
        if state == _STRING:
            if byte == 7 or byte == 24 or byte == 26:
                state = TEXT
                continue
            if byte == 27:
                state = _STRING_ESC
                continue
            if byte != 10 and byte != 13:
                continue
            state = TEXT
        elif state == _STRING_ESC:
            # ESC \ ends the string; any other sequence does too, and is one of its own.
            if byte == 92:
                state = TEXT
                continue
            state, length = _BEGUN, 2
        if state == _BEGUN:
            if byte == 91:  # [
                state = _CONTROL
                continue
            if byte == 93 or byte == 80 or byte == 88 or byte == 94 or byte == 95:  # ] P X ^ _
                state = _STRING
                continue
            if 32 <= byte < 48:
                state = _FEW
                continue
            state = TEXT
            if 48 <= byte < 127:
                continue
        elif state == _CONTROL:
            if 32 <= byte < 64:
                continue
            state = TEXT
            if 64 <= byte < 127:
                continue
        elif state == _FEW:
            if 32 <= byte < 48:
                continue
            state = TEXT
            if 48 <= byte < 127:
                continue
        if byte == 27:
            state, length = _BEGUN, 1
        else:
            out[size] = byte
            size += 1
    return size, state, length
