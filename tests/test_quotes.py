"""Text in quotes: a value of a key or free text is one parameter, a request line is not."""

import pytest

from loganomaly.mining.miner import mine
from loganomaly.mining.shape import Counted, make_shapes


def templates(*messages):
    counted = [Counted(id=i, sample=message.encode(), records=9) for i, message in enumerate(messages)]
    found = mine(make_shapes(counted))
    for template in found:
        for shape in template.shapes:
            values = template.parameters(messages[shape].encode(), shape=shape)
            assert template.fill(values) == messages[shape]
    return sorted(template.text for template in found)


def test_a_quoted_value_of_a_key_is_one_parameter_whatever_its_words():
    tags = ["View Lock", "*launch*", "sync", "a b c d", "job 7 of 9", ""]
    assert templates(*(f'acquire tag="{tag}" flags=1' for tag in tags)) == ['acquire tag="<*>" flags=<*>']


def test_a_quoted_value_that_is_always_the_same_is_text():
    assert templates('lock tag="View Lock" by 1', 'lock tag="View Lock" by  2') == ['lock tag="View Lock" by <*>']


SENTENCES = ["no", "it broke", "x y z", "all is well", "one two three four", "left at dawn", "why not now", "ok then"]


def test_quoted_free_text_is_one_parameter():
    assert templates(*(f'user said "{text}" to us' for text in SENTENCES)) == ['user said "<*>" to us']


def test_few_quoted_texts_are_different_events():
    assert len(templates(*(f'user said "{text}" to us' for text in SENTENCES[:4]))) == 4


def test_quoted_texts_of_one_length_are_no_free_text():
    methods = ("GET", "PUT", "POST", "HEAD", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
    found = templates(*(f'"{method} /x HTTP/1.1" took 7' for method in methods))
    assert len(found) == len(methods)


@pytest.mark.parametrize("message", ['say "', '"', '""', 'a="" b', 'x="open', '" a " b "c d"', '="a b" c="d e"'])
def test_odd_quotes_lose_nothing(message):
    assert len(templates(message)) == 1
