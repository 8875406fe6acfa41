"""Reads JSON documents as lines, one for each record in them: objects over many lines, in a list, or in an envelope."""

import json
import re
from collections.abc import Iterator

import numpy as np

__all__ = ["document_lines", "record_depth"]

# The envelopes of CloudTrail and of Azure's diagnostic logs.
_ENVELOPE = re.compile(r'\{\s*"[Rr]ecords"\s*:\s*\[\s*\{')
_LIST = re.compile(r"\[\s*\{")


def record_depth(text: str, *, complete: bool) -> int | None:
    """Tell in how many lists and objects the records of a JSON document stand, by its beginning.

    0: they are objects over several lines, one behind the other; 1: they are in a list; 2: in a list in an object. None
    where it is no such document, or has an object in each line.
    """
    text = text.removeprefix("\ufeff").lstrip()
    if text[:1] not in {"{", "["}:
        return None
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        # What is cut off fails where it ends; a long text that is cut off, where it begins.
        if complete or error.pos < len(text) // 2:
            return None
        end = len(text)
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        return None
    if _ENVELOPE.match(text):
        return 2
    if _LIST.match(text):
        return 1
    follows = text[end:].lstrip()[:1]
    return 0 if text[0] == "{" and "\n" in text[:end] and follows in {"", "{"} else None


def document_lines(blocks: Iterator[bytes], *, depth: int) -> Iterator[bytes]:
    """Yield the records of a JSON document, which stand at this `record_depth`, one in each line.

    Text that is no JSON is delivered as it is, so that nothing is lost where a document is damaged.
    """
    # Few sources are documents: compiled code is loaded for those alone.
    from loganomaly.reading.objects import FRESH, write_objects

    state = np.array(FRESH, np.int64)
    for block in blocks:
        data = np.frombuffer(block, np.uint8)
        out = np.empty(2 * len(data), np.uint8)
        if size := write_objects(data, out, state, depth):
            yield out[:size].tobytes()
