import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loganomaly.errors import InputError
from loganomaly.pattern_miner import TemplateMiner, mine_templates

PIECES = [
    "took ",
    "a",
    "<*>",
    "7 ",
    "= ",
    "(",
    "\n",
    " ",
    "  ",
    "\t",
    "..",
    ", ",
    "x=",
    "00:1a:2b:3c:4d:5e",
    "https://example.org/a?b=c ",
    "<",
    ">",
    "*",
    "é",
    "10.0.0.1 ",
    "2026-03-14 09:00:00 ",
    "INFO ",
    "[c] ",
    "",
]
MESSAGES = st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), min_size=1, max_size=25)


def test_varying_words_are_parameters_in_order():
    logs = [f"user {i} took {i * 3} ms" for i in range(5)]
    mined = mine_templates(pl.DataFrame({"log": logs}))
    assert mined.columns == [
        "log",
        "log_template",
        "template_id",
        "parameters",
        "parameter_types",
        "fields",
        "log_message",
    ]
    assert mined["parameter_types"].to_list() == [["number", "number"]] * 5
    assert set(mined["log_template"]) == {"user <*> took <*> ms"}
    assert mined["parameters"].to_list() == [[str(i), str(i * 3)] for i in range(5)]


def test_timestamp_severity_and_component_are_no_part_of_the_template():
    logs = [f"2026-03-14 09:00:{i:02d} INFO [web] job {i} done" for i in range(30)]
    mined = mine_templates(pl.DataFrame({"log": logs}))
    assert mined["log_template"].unique().to_list() == ["job <*> done"]


def test_whole_lines_are_mined_as_they_are():
    logs = [f"2026-03-14 09:00:{i:02d} INFO [web] job {i} done" for i in range(30)]
    mined = TemplateMiner(whole_lines=True).mine(pl.DataFrame({"log": logs}))
    assert mined["log_template"].unique().to_list() == ["<*> <*>:<*>:<*> INFO [web] job <*> done"]


def test_another_column_can_hold_the_lines():
    frame = pl.DataFrame({"msg": ["took 12 ms", "took 9 ms"]})
    assert mine_templates(frame, column="msg")["parameters"].to_list() == [["12"], ["9"]]
    with pytest.raises(InputError, match="no column 'log'"):
        mine_templates(frame)


@settings(max_examples=150, deadline=None)
@example(["a <*> b", "a 1 b", "a b", "<*>", "<<*>>", "*", "<*", "*>"])
@example(["10.0.0.1 2026-03-14 09:00:00 ", "2026-03-14 09:00:00 10.0.0.1 "])
@example(["a  b 1", "a b 1", "a b  1", "a b 1  ", "a...b 1", "a....b 1"])
@example(["a \ufdd0 1", "a \ufdd1 10.0.0.1:8 \ufdd2", "\ud7ff \ue000 1"])
@example(["f(1, 2)", "f(1, 2, 3, 4)", "f()", "x=", "x=1", "x=1,2,3"])
@example(["9" * 20_000, "a " * 10_000, "(" * 20_000, "a 1 " * 5_000, "a 1  " * 5_000, "é" * 20_000])
@given(MESSAGES)
def test_a_template_with_its_parameters_is_the_message_to_the_character(messages):
    mined = TemplateMiner(whole_lines=True).mine(pl.DataFrame({"log": messages}))
    assert mined["log_message"].to_list() == mined["log"].to_list() == messages
    assert rebuilt(mined) == messages


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=10))
def test_any_text_is_given_back(messages):
    mined = TemplateMiner(whole_lines=True).mine(pl.DataFrame({"log": messages}))
    assert rebuilt(mined) == messages


@settings(max_examples=40, deadline=None)
@given(MESSAGES)
def test_the_message_of_a_line_is_a_part_of_it_and_given_back(messages):
    mined = mine_templates(pl.DataFrame({"log": messages}))
    assert rebuilt(mined) == mined["log_message"].to_list()
    assert all(message in line for line, message in mined.select("log", "log_message").iter_rows())


def rebuilt(mined):
    return [fill(template, values) for template, values in mined.select("log_template", "parameters").iter_rows()]


def fill(template, values):
    first, *rest = template.split("<*>")
    return first + "".join(value + part for value, part in zip(values, rest, strict=True))


@settings(max_examples=30, deadline=None)
@given(MESSAGES)
def test_template_ids_are_one_to_one_with_templates_and_the_same_for_pandas(messages):
    mined = mine_templates(pl.DataFrame({"log": messages}))
    assert mined["log_template"].n_unique() == mined["template_id"].n_unique()
    assert mined.select("log_template", "template_id").unique().height == mined["template_id"].n_unique()
    index = pd.Index([3] * len(messages))
    other = mine_templates(pd.DataFrame({"log": pd.Series(messages, dtype=object, index=index)}))
    assert other["template_id"].tolist() == mined["template_id"].to_list()
    assert other["parameters"].tolist() == mined["parameters"].to_list()
    assert other.index.tolist() == [3] * len(messages)


JSON_LOG = [
    '{"msg": "took 12 ms", "user": "ada", "at": {"ip": "10.0.0.1"}, "n": 5, "db_password": "hunter2x"}',
    '{"msg": "took 9 ms", "key": "AKIAZ5Q7RMB3XK2LPW4T", "ok": true, "url": "https://u:s3cr3tX@x.net/a", "e": ""}',
    "plain",
]
DESCRIBED = [
    [("user", "text", "ada"), ("at.ip", "ip", "10.0.0.1"), ("n", "number", "5"), ("db_password", "text", "<password>")],
    [
        ("key", "text", "<aws-access-key>"),
        ("ok", "text", "true"),
        ("url", "text", "https://u:<url-credentials>@x.net/a"),
        ("e", "text", ""),
    ],
    [],
]


@pytest.mark.parametrize("frame", [pl.DataFrame, pd.DataFrame])
def test_fields_have_names_types_and_values_and_no_secrets(frame):
    mined = mine_templates(frame({"log": JSON_LOG}))
    found = [[tuple(field.values()) for field in fields] for fields in mined["fields"]]
    assert found == DESCRIBED
    assert list(mined["fields"][0][0]) == ["name", "type", "value"]
    assert list(mined["log_message"]) == ["took 12 ms", "took 9 ms", "plain"]


def test_the_column_of_fields_has_its_type_where_there_are_none():
    text = pl.String()
    mined = mine_templates(pl.DataFrame({"log": ["took 12 ms"]}))
    assert mined.schema["fields"] == pl.List(pl.Struct({"name": text, "type": text, "value": text}))
    assert mined["fields"].to_list() == [[]]


def test_columns_of_a_table_are_fields():
    lines = ["time,level,message,user", *[f"2026-03-14T12:00:0{i}Z,info,hello,u{i}" for i in range(5)]]
    mined = mine_templates(pl.DataFrame({"log": lines}))
    assert mined["fields"].to_list()[1:] == [[{"name": "user", "type": "id", "value": f"u{i}"}] for i in range(5)]
