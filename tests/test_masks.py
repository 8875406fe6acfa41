"""Masks: the samples of the data file are their tests, and a mask covers whole tokens."""

from dataclasses import replace

import pytest

from loganomaly.errors import ConfigError
from loganomaly.mining.masks import Mask, builtin_masks, check_mask, masked
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


def test_a_pattern_for_nothing_is_refused():
    with pytest.raises(ConfigError, match="matches the empty text"):
        check_mask(Mask(name="x", pattern="a*"))
