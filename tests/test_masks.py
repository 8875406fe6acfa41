"""Masks: the samples of the data file are their tests, and a mask covers whole tokens."""

from dataclasses import replace

import pytest

from loganomaly.errors import ConfigError
from loganomaly.mining.covering import find_matches, masked
from loganomaly.mining.masks import Mask, all_of, builtin_masks, check_mask, masks_in_use
from loganomaly.mining.tokenise import tokenise_all

SAMPLES = [(mask, message, value) for mask in builtin_masks() for message, value in mask.matches.items()]
COUNTERSAMPLES = [(mask, message) for mask in builtin_masks() for message in mask.rejects]


def apply(message, *masks):
    (read,) = masked(list(tokenise_all([message.encode()])), masks)
    return [(text, kind) for text, kind in zip(read.texts, read.types, strict=True) if kind]


@pytest.mark.parametrize(("mask", "message", "value"), SAMPLES, ids=[f"{m.name}: {text}" for m, text, _ in SAMPLES])
def test_a_mask_covers_what_its_sample_says(mask, message, value):
    assert (value, mask.name) in apply(message, replace(mask, apart=None))


@pytest.mark.parametrize(("mask", "message"), COUNTERSAMPLES, ids=[f"{m.name}: {text}" for m, text in COUNTERSAMPLES])
def test_a_mask_covers_nothing_of_its_countersample(mask, message):
    assert apply(message, mask) == []


@pytest.mark.parametrize(("mask", "message", "value"), SAMPLES, ids=[f"{m.name}: {text}" for m, text, _ in SAMPLES])
def test_no_earlier_mask_takes_a_sample_away(mask, message, value):
    joined = [replace(each, apart=None) for each in builtin_masks()]
    assert (value, mask.name) in apply(message, *joined)


@pytest.mark.parametrize("mask", builtin_masks(), ids=[mask.name for mask in builtin_masks()])
def test_every_mask_works_and_has_samples(mask):
    check_mask(mask)
    assert mask.matches
    assert mask.rejects


def test_a_mask_covers_whole_tokens_only():
    order = Mask(name="order", pattern=r"ORD-\d+")
    assert apply("paid ORD-17 and ORD-17x", order) == [("ORD-17", "order")]


def test_a_mask_may_cover_words_and_several_tokens():
    name = Mask(name="name", pattern=r"by [A-Z]\w+ [A-Z]\w+")
    assert apply("signed by Ada Lovelace today", name) == [("by Ada Lovelace", "name")]


def test_the_tokens_of_a_mask_that_leaves_them_apart_have_types_of_their_own():
    assert apply("from 10.0.0.1:80 on", *builtin_masks()) == [("10.0.0.1", "ip"), ("80", "port")]
    assert apply("at 10:20:30", *builtin_masks()) == [("10", "time"), ("20", "time"), ("30", "time")]


def test_positions_count_characters_not_bytes():
    assert apply("é ü 10.0.0.1", *builtin_masks()) == [("10.0.0.1", "ip")]


@pytest.mark.parametrize("pattern", [r"a(?=b)", "(", r"(a)\1"])
def test_a_pattern_that_cannot_be_used_is_refused_with_the_reason(pattern):
    with pytest.raises(ConfigError, match=r"mask 'x': .* is no pattern that can be used"):
        check_mask(Mask(name="x", pattern=pattern))


@pytest.mark.parametrize("pattern", ["a*", "", "^", "$", r"\b", r"\B", "x?|y", "(?m)$"])
def test_a_pattern_for_nothing_is_refused(pattern):
    with pytest.raises(ConfigError, match="matches the empty text"):
        check_mask(Mask(name="x", pattern=pattern))


def test_a_pattern_that_matches_nothing_in_some_messages_only_covers_nothing_there():
    assert apply("ab 1", Mask(name="x", pattern="z*1|q*$|ab")) == [("ab", "x"), ("1", "x")]


@pytest.mark.parametrize("name", ["", "a b", "1a", "\x1b[2J", "a" * 65, "text", "list"])
def test_a_name_that_a_mask_cannot_have_is_refused(name):
    with pytest.raises(ConfigError, match=r"^mask .*(expected a name made of|that no mask covers)"):
        masks_in_use([Mask(name=name, pattern="x")])


def test_masks_of_ones_own_go_before_the_built_in_ones_and_take_the_place_of_those_of_their_name():
    own = [Mask(name="order", pattern="x"), Mask(name="ip", pattern="y"), Mask(name="url", pattern=None)]
    rest = [mask for mask in builtin_masks() if mask.name not in {"ip", "url"}]
    assert masks_in_use(own) == (*own, *rest)
    assert len(rest) < len(builtin_masks()) - 2  # there are two of "ip"
    assert masks_in_use() == builtin_masks()


def test_two_masks_of_the_same_name_are_refused():
    with pytest.raises(ConfigError, match="mask 'a' is given twice; keep one"):
        masks_in_use([Mask(name="a", pattern="x"), Mask(name="a", pattern="y")])


def test_the_masks_of_several_uses_are_each_there_once_and_off_only_where_no_use_has_them():
    first = masks_in_use([Mask(name="a", pattern="x"), Mask(name="ip", pattern=None), Mask(name="url", pattern=None)])
    second = masks_in_use([Mask(name="b", pattern="y"), Mask(name="a", pattern="x"), Mask(name="url", pattern=None)])
    together = all_of([first, second])
    assert [mask.name for mask in together[:2]] == ["a", "b"]
    assert together[2:] == tuple(mask for mask in builtin_masks() if mask.name != "url")


def test_matches_say_where_they_are_and_which_tokens_begin_and_end_there():
    messages = list(tokenise_all([b"paid ORD-1, \xc3\xa9ORD-2", b"", b"ORD-3x"]))
    found = list(find_matches(messages, Mask(name="order", pattern=r"ORD-\d")))
    assert [(match.row, match.start, match.end, match.first, match.last) for match in found] == [
        (0, 5, 10, 1, 1),
        (0, 13, 18, None, 2),
        (2, 0, 5, 0, None),
    ]
