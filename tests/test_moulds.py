"""Records that differ in digits alone: told exactly, and patterns that tell no digit from another as well."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.behaviours.built_in import built_in_rules
from loganomaly.patterns import compiled, of_any_digits, tells_digits
from loganomaly.reading.breaks import line_bounds
from loganomaly.reading.moulds import are_alike, moulds_of, number_lines

FOLDED = bytes.maketrans(b"123456789", b"000000000")
TEXTS = st.lists(st.text("019/:;aé \x00\n", max_size=20).map(str.encode), max_size=60)


LINE_PARTS = [b"0", b"9", b":", b"a", b"aaaaaaa", b"\xb0", b"\x8a", b"\x0b", b"\r", b"\n", b"\r\n"]


def moulds(texts):
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    starts = ends - [len(text) for text in texts]
    return moulds_of(np.frombuffer(b"".join(texts), np.uint8), starts, ends)


@settings(deadline=None)
@given(TEXTS)
def test_texts_have_one_mould_if_they_differ_in_digits_alone(texts):
    found = moulds(texts)
    folded = [text.translate(FOLDED) for text in texts]
    first = list(dict.fromkeys(folded))
    assert [first[i] for i in found.ids] == folded
    assert [folded[i] for i in found.first] == first


def test_all_bytes_are_told_apart():
    texts = [bytes([byte]) * 8 for byte in range(256)]
    assert moulds(texts).ids.tolist() == [n if n < 48 else 48 if n < 58 else n - 9 for n in range(256)]


@settings(deadline=None, max_examples=500)
@given(st.lists(st.tuples(*[st.sampled_from(b"0189:/a\xb0\xb9\x00")] * 2), max_size=40), st.integers(0, 40))
def test_texts_are_alike_if_they_differ_in_digits_alone(pairs, change):
    one = bytes(pair[0] for pair in pairs)
    other = bytes(pair[1] if place == change else pair[0] for place, pair in enumerate(pairs))
    data = np.frombuffer(one + other, np.uint8)
    assert are_alike(data, 0, len(one), len(one)) == (one.translate(FOLDED) == other.translate(FOLDED))


@pytest.mark.parametrize("length", [1, 8, 11])
def test_of_two_bytes_only_digits_are_alike(length):
    everything = bytes(range(256))
    data = np.frombuffer(b"".join(byte.to_bytes() * length for byte in everything), np.uint8)
    found = [are_alike(data, one * length, other * length, length) for one in everything for other in everything]
    assert found == [one == other or {one, other} <= set(b"0123456789") for one in everything for other in everything]


@settings(deadline=None, max_examples=500)
@given(
    st.lists(
        st.sampled_from([b"0", b"9", b":", b"a", b"aaaaaaa", b"\xb0", b"\x8a", b"\x0b", b"\r", b"\n", b"\r\n"]),
        max_size=90,
    )
)
def test_lines_are_found_and_numbered_in_one_walk(pieces):
    whole = b"".join(pieces)
    data = np.frombuffer(whole, np.uint8)
    starts, ends, ids, first = number_lines(data)
    for found, expected in zip((starts, ends), line_bounds(data), strict=True):
        assert found.tolist() == expected.tolist()
    texts = [whole[start:end].translate(FOLDED) for start, end in zip(starts, ends, strict=True)]
    assert [texts[first[number]] for number in ids] == texts
    assert first.tolist() == [ids.tolist().index(number) for number in range(len(first))]
    endings = [whole[end : end + 1] for end in ends]
    of_lines = {}
    for line in zip(texts, endings, strict=True):
        of_lines.setdefault(line, len(of_lines))
    numbers = list(zip(ids.tolist(), zip(texts, endings, strict=True), strict=True))
    assert len(set(numbers)) == len(of_lines)


def test_there_may_be_many_lines():
    lines = [format(n, "b").replace("0", "a").replace("1", "b").encode() for n in range(30_000)]
    *_, ids, first = number_lines(np.frombuffer(b"\n".join(lines + lines), np.uint8))
    assert ids.tolist() == [*range(30_000)] * 2
    assert first.tolist() == [*range(30_000)]


def test_there_may_be_many():
    texts = [format(n, "b").replace("0", "a").replace("1", "b").encode() for n in range(30_000)]
    assert moulds(texts + texts).ids.tolist() == [*range(30_000)] * 2


@pytest.mark.parametrize(
    "pattern",
    [r"\d+ ms", "[a-z0-9]{2,3}", "(?P<a1>x)", "[0-9]{4}", r"[^0-9\]]", "[!-~]", "[[:alpha:]0-9_]", r"\x22"],
)
def test_patterns_that_tell_no_digit_from_another(pattern):
    assert not tells_digits(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["50", "0-9", "[1-9]", "[]{3}]", "[^]{3}]", "x{,3}", r"\{3}", r"\x31", r"\061", r"\Q7\E", "[+-0-9]", "[[:x]5]",
     r"\x{31}", "(?:a|b7)", "(?P<a>4)", r"[\d5]", "[a{3}]", r"[\-0-9]"],
)  # fmt: skip
def test_patterns_that_may_tell_digits_apart(pattern):
    assert tells_digits(pattern)


PIECES = st.sampled_from(
    ["a", "[", "]", "^", "-", "0-9", "0", "9", "{2}", "{1,}", "{", "}", "\\d", "\\", "\\x30", "\\x22", "(", ")",
     "(?P<g1>", "[^", "[:digit:]", "[]", "|", "+", "?", ".", "\\b", "$", "[a-z]", "(?i)", "\\Q", "\\E", "/-:", "\\-"]
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=8).map("".join), st.text("a0159-]{} ", max_size=12))
def test_a_pattern_that_tells_no_digit_from_another_matches_what_has_others(pattern, text):
    try:
        made = compiled(pattern)
    except ValueError:
        return

    def spans(data):
        match = made.search(data)
        return None if match is None else [match.span(group) for group in range(made.groups + 1)]

    assert tells_digits(pattern) or spans(text.encode()) == spans(text.encode().translate(FOLDED))


@pytest.mark.parametrize(
    ("pattern", "loose"),
    [("50", "[0-9][0-9]"), ("[^a]7", "[^a][0-9]"), ("x[1-9]{2}", "x(?:[0-9]|[1-9]){2}"), ("[]3]+", "(?:[0-9]|[]3])+"),
     ("(?P<a1>4)", "(?P<a1>[0-9])"), ("[^1]", None), (r"\x31", None), (r"\Q7\E", None)],
)  # fmt: skip
def test_a_pattern_is_loosened_where_it_tells_digits(pattern, loose):
    assert of_any_digits(pattern) == loose


@settings(max_examples=3000, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=8).map("".join), st.text("a0159-]{} ", max_size=12))
def test_a_loose_pattern_matches_whatever_other_digits_would_match(pattern, text):
    loose = of_any_digits(pattern)
    try:
        made = compiled(pattern)
    except ValueError:
        return
    if loose is not None:
        folded = compiled(loose).search(text.encode().translate(FOLDED)) is not None
        assert (compiled(loose).search(text.encode()) is not None) == folded
        assert folded or made.search(text.encode()) is None


def test_built_in_rules_of_behaviour_tell_no_digits():
    assert not any(tells_digits(rule.pattern) for rule in built_in_rules() if rule.pattern)
