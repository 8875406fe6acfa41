"""The miner: every shape in one template, the same in any order, and templates that give their messages back."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.mining.miner import mine
from loganomaly.mining.shape import MOST_TOKENS, PARAMETER, Counted, make_shapes
from loganomaly.mining.template import template_id
from loganomaly.mining.tokenise import tokenise
from loganomaly.pattern_miner import TemplateMiner, mine_templates

WORDS = st.sampled_from(["disk", "full", "user", "login", "12", "7ms", "/tmp/x", "10.0.0.1", "from", "to", "a@b", "ok"])
MESSAGES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
SHAPES = st.lists(
    st.tuples(MESSAGES, st.integers(1, 50), st.sampled_from([0, 0, 200, 503])), min_size=1, max_size=20, unique=True
).map(
    lambda rows: [
        Counted(id=number, sample=text.encode(), records=records, status=status)
        for number, (text, records, status) in enumerate(rows)
    ]
)
SAMPLES = settings(max_examples=100, deadline=None)


def mined(counted):
    return mine(make_shapes(counted))


def texts(*messages):
    return [t.text for t in mined([Counted(id=i, sample=m.encode(), records=9) for i, m in enumerate(messages)])]


@given(SHAPES, st.randoms(use_true_random=False))
@SAMPLES
def test_the_order_of_shapes_does_not_matter(shapes, order):
    shuffled = list(shapes)
    order.shuffle(shuffled)
    assert mined(shuffled) == mined(shapes)


@given(SHAPES)
@SAMPLES
def test_every_shape_is_in_exactly_one_template(shapes):
    members = [shape for template in mined(shapes) for shape in template.shapes]
    assert sorted(members) == [shape.id for shape in shapes]


@given(SHAPES)
@SAMPLES
def test_templates_differ_in_text_and_come_most_frequent_first(shapes):
    templates = mined(shapes)
    assert len({t.text for t in templates}) == len(templates)
    records = {shape.id: shape.records for shape in shapes}
    weights = [sum(records[shape] for shape in t.shapes) for t in templates]
    assert weights == sorted(weights, reverse=True)


@given(SHAPES)
@SAMPLES
def test_a_template_id_is_that_of_its_text(shapes):
    assert all(t.id == template_id(t.text) for t in mined(shapes))


def test_template_ids_are_the_same_in_every_run():
    assert template_id("took <*> ms") == "f837df0213"


def rebuilt(template, parameters):
    filled = iter(parameters)
    pieces = template.split(PARAMETER)
    return pieces[0] + "".join(next(filled) + piece for piece in pieces[1:])


@given(st.lists(MESSAGES, min_size=1, max_size=30))
@SAMPLES
def test_a_template_with_its_parameters_filled_in_is_the_message(messages):
    mined = TemplateMiner(whole_lines=True).mine(pl.DataFrame({"log": messages}))
    assert [rebuilt(t, p) for t, p in mined.select("log_template", "parameters").iter_rows()] == messages


def test_rows_get_the_parameters_that_rebuild_their_lines():
    lines = [f"user {name} signed in from 10.0.0.{i}, took {i} ms" for i, name in enumerate("abcdefgh")]
    mined = mine_templates(pl.DataFrame({"log": lines}))
    assert mined["log_template"].n_unique() == 1
    assert [rebuilt(t, p) for t, p in mined.select("log_template", "parameters").iter_rows()] == lines


def test_no_shapes_are_no_templates():
    assert mined([]) == []


def test_few_values_of_a_word_name_different_events():
    assert sorted(texts("state up now", "state down now")) == ["state down now", "state up now"]


def test_many_values_of_a_word_are_a_parameter():
    assert texts(*(f"user {name} signed in today" for name in ("ada", "bob", "cy", "dan", "eve"))) == [
        "user <*> signed in today"
    ]


def test_the_first_word_names_the_event_unless_it_is_a_name_of_something():
    verbs = [f"{verb} the order of today" for verb in ("open", "close", "pay", "ship", "drop")]
    assert len(texts(*verbs)) == 5
    settings = [f"{name} is deprecated now" for name in ("job.id", "task.id", "map.tip", "conf.dir", "a.b.c")]
    assert texts(*settings) == ["<*> is deprecated now"]


def test_messages_of_different_length_are_different_events():
    assert sorted(texts("disk full", "disk full again")) == ["disk full", "disk full again"]


def test_a_status_parts_messages_that_read_the_same_up_to_it():
    shapes = [
        Counted(
            id=n, sample=f'"GET /x{n}" {status} 7'.encode(), records=9, status=status, constant_slots=frozenset({1})
        )
        for n, status in enumerate((200, 503))
    ]
    assert sorted(t.text for t in mined(shapes)) == ['"GET <*>" 200 <*>', '"GET <*>" 503 <*>']


@pytest.mark.parametrize(("records", "text"), [(4, "GET <*>"), (5, "GET HTTP/1.1")])
def test_a_slot_that_never_varies_is_a_constant_once_seen_often_enough(records, text):
    (template,) = mined([Counted(id=0, sample=b"GET HTTP/1.1", records=records, constant_slots=frozenset({0}))])
    assert template.text == text


def test_messages_that_differ_in_padding_alone_are_one_template_and_the_padding_is_a_part_of_the_value():
    shapes = make_shapes([Counted(id=i, sample=m, records=9) for i, m in enumerate([b"size   7 kB", b"size 12 kB"])])
    (template,) = mine(shapes)
    assert template.text == "size <*> kB"
    assert template.parameters(b"size   8 kB", shape=0) == ["  8"]


def test_parameters_have_the_type_of_their_mask_and_the_name_of_their_key():
    (template,) = mined([Counted(id=1, sample=b"user=ada from 10.0.0.1:22 at /tmp/x, took 3ms", records=1)])
    assert template.text == "user=ada from <*>:<*> at <*>, took <*>"
    assert template.types == ("ip", "port", "path", "duration")
    (template,) = mined([Counted(id=n, sample=f"user={name} in".encode(), records=1) for n, name in enumerate("abcd")])
    assert (template.text, template.types, template.names) == ("user=<*> in", ("text",), ("user",))


def test_splitting_ends_however_many_positions_vary():
    rows = [" ".join("b" if j == i else "a" for j in range(60)) for i in range(60)]
    templates = mined([Counted(id=i, sample=row.encode(), records=1) for i, row in enumerate(rows)])
    assert sorted(shape for template in templates for shape in template.shapes) == list(range(60))


def test_what_goes_on_beyond_the_tokens_that_are_looked_at_is_one_parameter():
    messages = [" ".join(["word"] * MOST_TOKENS + [str(i), "x" * i]) + "  " for i in range(1, 4)]
    shapes = make_shapes([Counted(id=i, sample=m.encode(), records=1) for i, m in enumerate(messages)])
    (template,) = mine(shapes)
    assert template.text == " ".join(["word"] * (MOST_TOKENS - 1) + ["<*>"])
    for i, message in enumerate(messages):
        assert template.fill(template.parameters(message.encode(), shape=i)) == message


def test_templates_beyond_the_limit_are_one_and_lose_nothing(monkeypatch):
    monkeypatch.setattr("loganomaly.mining.miner.MOST_TEMPLATES", 3)
    counted = [Counted(id=i, sample=b"event " + b"x " * i, records=10 - i) for i in range(1, 8)]
    templates = mined(counted)
    (rest,) = [template for template in templates if template.cut]
    assert (len(templates), rest.text, rest.cut, rest.shapes) == (4, "<*>", 4, (4, 5, 6, 7))
    assert rest.parameters(b"event x x x x", shape=4) == ["event x x x x"]


def test_units_are_kept_apart_from_other_numbers():
    assert tokenise(b"took 12 ms at 10:05").texts == ("took", "12", "ms", "at", "10", "05")
    assert tokenise(b"took 12 ms at 10:05").slots == (False, True, False, False, True, True)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("from 00:1a:2b:3c:4d:ee up", ("from", "00:1a:2b:3c:4d:ee", "up")),
        ("from [fe80::1]:22 up", ("from", "fe80::1", "22", "up")),
        ("at 2001:db8:0:0:8:800:200c:417a", ("at", "2001:db8:0:0:8:800:200c:417a")),
        ("at 10:05:07 dead:beef", ("at", "10", "05", "07", "dead", "beef")),
        ("std::abc a::b2c::x", ("std", "abc", "a", "b2c", "x")),
        ("GET /find?user=ada&n=[1,2] HTTP", ("GET", "/find?user=ada&n=[1,2]", "HTTP")),
        ("why?a=b /p=q", ("why?a", "b", "/p", "q")),
    ],
)
def test_addresses_and_queries_are_one_token(message, words):
    assert tokenise(message.encode()).texts == words


@given(st.binary(max_size=60))
@SAMPLES
def test_tokens_and_gaps_laid_end_to_end_are_the_message(message):
    tokens = tokenise(message)
    assert len(tokens.gaps) == len(tokens.texts) + 1 == len(tokens.slots) + 1
    together = tokens.gaps[0] + "".join(t + g for t, g in zip(tokens.texts, tokens.gaps[1:], strict=True))
    assert together == message.decode(errors="replace")
