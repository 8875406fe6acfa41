"""Messages for tests, and what regular expressions find in them."""

import re

import numpy as np
from hypothesis import strategies as st

from loganomaly.mining.tokens import DELIMITERS, LONGEST_MESSAGE

SIGN = rb"[" + re.escape(DELIMITERS) + rb"]"
# A dot is a delimiter at the end of a token and beside another dot.
DELIMITER = re.compile(rb"(" + SIGN + rb"|\.(?=" + SIGN + rb"|\.|\Z)|(?<=\.)\.)")
DATE_WORD = re.compile(rb"Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")
UNIT = rb"%|ns|us|ms|s|m|h|d|min|sec|b|k|kb|mb|gb|tb|kib|mib|gib|"
NUMERIC = re.compile(rb"(?i)([+-]?(?=[0-9.]{1,18}(?![0-9.]))[0-9]+(?:\.[0-9]+)?)(" + UNIT + rb")")

MESSAGES = st.lists(
    st.one_of(
        st.sampled_from([" ", "=", ":", "[", "]", ", ", "<"]),
        st.sampled_from(["took", "user", "café", "Took", "-", "/", "/tmp", "/tmp/x", "a@b", "@b"]),
        st.sampled_from(
            [
                "12",
                "-3",
                "4.5",
                "12ms",
                "900ms",
                "2s",
                "7%",
                "x7",
                "10.0.0.7",
                "1.",
                "0x1f",
                "Jan",
                "Sun",
                "sun",
                ".",
                "..",
                ".a",
            ]
        ),
    ),
    max_size=9,
).map(lambda parts: "".join(parts).encode())


def lay_out(messages):
    """Return the bytes of messages with something between them, and where each stands."""
    starts = np.cumsum([3, *(len(message) + 3 for message in messages)], dtype=np.int64)[:-1]
    data = b"9x " + b"z1@".join(messages) + b"z1@"
    return np.frombuffer(data, np.uint8), starts, starts + np.array([len(m) for m in messages], np.int64)


def is_slot(token):
    path_or_address = re.fullmatch(rb"/.+|[^@].*@.*[^@]", token, re.DOTALL)
    return bool(re.search(rb"[0-9]", token) or path_or_address or DATE_WORD.fullmatch(token))


def oracle_shape(message):
    parts = []
    for part in DELIMITER.split(message[:LONGEST_MESSAGE]):
        if is_slot(part):
            number = NUMERIC.fullmatch(part)
            parts.append(("slot", number[2].lower() if number else b""))
        elif part:
            parts.append(("text", part))
    return tuple(parts)


def slot_values(message):
    return [token for token in DELIMITER.split(message[:LONGEST_MESSAGE]) if is_slot(token)]
