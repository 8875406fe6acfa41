import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loganomaly.errors import InputError
from loganomaly.mining.tokens import DELIMITERS
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
    assert mined.columns == ["log", "log_template", "template_id", "parameters"]
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


@settings(max_examples=40, deadline=None)
@example(["a <*> b", "a 1 b", "a b"])
@example(["10.0.0.1 2026-03-14 09:00:00 ", "2026-03-14 09:00:00 10.0.0.1 "])
@given(MESSAGES)
def test_template_and_parameters_give_the_words_of_the_message_again(messages):
    mined = TemplateMiner(whole_lines=True).mine(pl.DataFrame({"log": messages}))
    assert mined["log"].to_list() == messages
    for message, template, parameters in mined.select("log", "log_template", "parameters").iter_rows():
        if "<*>" in message:
            continue  # text that looks like a parameter cannot be told from one
        filled = template
        for parameter in parameters:
            filled = filled.replace("<*>", parameter, 1)
        assert words(filled) == words(message)


def words(text):
    # Messages of one template may differ in the signs between their words.
    return text.translate(dict.fromkeys(DELIMITERS, " ")).split()


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
