import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.mining.tokens import DELIMITERS, NUMBER, SLOT, WORD, byte_classes, read_token

UNITS = b"% ns us ms s m h d min sec b k kb mb gb tb kib mib gib".split()
NUMERIC = re.compile(rb"([+-]?[0-9]+(?:\.[0-9]+)?)(|" + b"|".join(UNITS) + rb")", re.IGNORECASE)


def read(token):
    data = np.frombuffer(token, np.uint8)
    return read_token(data, 0, len(data), np.bitwise_or.reduce(byte_classes()[data]))


def oracle_kind(token):
    if not re.search(rb"[0-9]", token):
        date = rb"Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
        is_slot = re.fullmatch(rb"/.+|[^@].*@.*[^@]|" + date, token, re.DOTALL)
        return (SLOT if is_slot else WORD), None
    number = NUMERIC.fullmatch(token)
    if number and len(number[1].lstrip(b"+-")) <= 18:
        return NUMBER, number[2].lower()
    return SLOT, None


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        (b"connected", WORD),
        (b"/", WORD),
        (b"@", WORD),
        (b"@home", WORD),
        (b"home@", WORD),
        (b"caf\xc3\xa9", WORD),
        (b"-", WORD),
        (b"%", WORD),
        (b"/var/log", SLOT),
        (b"ada@example", SLOT),
        (b"log4j", SLOT),
        (b"10.0.0.7", SLOT),
        (b"0x1f", SLOT),
        (b"12.", SLOT),
        (b".5", SLOT),
        (b"7furlongs", SLOT),
        (b"--7", SLOT),
        (b"1234567890123456789", SLOT),
        (b"12", NUMBER),
        (b"-12", NUMBER),
        (b"+1.5", NUMBER),
        (b"12ms", NUMBER),
        (b"99%", NUMBER),
        (b"4GiB", NUMBER),
        (b"123456789012345678", NUMBER),
    ],
)
def test_a_token_is_a_word_a_slot_or_a_number(token, kind):
    assert read(token)[0] == kind


def test_units_differ_whatever_their_case():
    assert read(b"900ms")[1] == read(b"12MS")[1]
    assert len({read(b"1" + unit)[1] for unit in (b"", *UNITS)}) == len(UNITS) + 1


@pytest.mark.parametrize(
    ("token", "value"), [(b"12", 12.0), (b"-3.25", -3.25), (b"+7ms", 7.0), (b"0.125%", 0.125), (b"-0", 0.0)]
)
def test_a_number_has_its_value_without_its_unit(token, value):
    assert read(token)[2] == value


@given(st.text(alphabet="0129.+-%/@skmMnixé_", min_size=1, max_size=22))
def test_the_kind_is_that_of_the_regular_expression(text):
    token = text.encode()
    kind, unit, number = read(token)
    expected, expected_unit = oracle_kind(token)
    assert kind == expected
    assert np.isnan(number) == (kind != NUMBER)
    if expected_unit is not None:
        assert unit == read(b"1" + expected_unit)[1]


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, places=4).map(lambda number: f"{number:f}"),
    st.sampled_from([b"", *UNITS]),
)
def test_the_value_of_a_number_is_that_of_float(digits, unit):
    assert read(digits.encode() + unit)[2] == pytest.approx(float(digits), rel=1e-15)


def test_every_byte_has_one_class():
    classes = byte_classes()
    assert bytes(np.flatnonzero(classes == 1).tolist()) == b"0123456789"
    assert bytes(np.flatnonzero(classes == 2).tolist()) == b"@"
    assert set(np.flatnonzero(classes == 4).tolist()) == set(DELIMITERS) - set(b":")
    assert bytes(np.flatnonzero(classes == 8).tolist()) == b".:?"
    assert set(classes.tolist()) == {0, 1, 2, 4, 8}
