"""Logs made to be expensive: the work of mining grows with the log, no faster, and nothing is lost."""

import random

import polars as pl
import pytest

from loganomaly import LogAnalyzer
from loganomaly.mining import miner
from loganomaly.mining.shape import MOST_TOKENS, Counted, make_shapes
from loganomaly.pattern_miner import TemplateMiner

RANDOM = random.Random(7)
WORDS = ["".join(RANDOM.choices("abcdefghijklmnop", k=6)) for _ in range(3000)]


def every_line_different(count):
    return [" ".join(RANDOM.choices(WORDS, k=12)) for _ in range(count)]


def lines_of_500_tokens(count):
    return [" ".join(RANDOM.choices([*WORDS[:50], "12"], k=500)) for _ in range(count)]


def one_token_repeated(count):
    return ["a " * (1 + i % 400) for i in range(count)]


def all_digits(count):
    return [" ".join(str(RANDOM.randrange(10**9)) for _ in range(1 + i % 40)) for i in range(count)]


def nothing_but_punctuation(count):
    return ["".join(RANDOM.choices("(){}[]=,;:\"'<*> ", k=60)) for _ in range(count)]


def words_that_part_at_every_position(count):
    return [" ".join("b" if position == i % 150 else "a" for position in range(150)) + f" {i}" for i in range(count)]


LOGS = [
    every_line_different,
    lines_of_500_tokens,
    one_token_repeated,
    all_digits,
    nothing_but_punctuation,
    words_that_part_at_every_position,
]
ids = [make.__name__ for make in LOGS]


def work_and_words(lines, monkeypatch):
    """Return how many words splitting looked at, and how many words there are."""
    looked_at = 0

    def counting(group, known, *, splitter=miner._splitter):
        nonlocal looked_at
        looked_at += len(group) * max(1, len(group[0].words))
        return splitter(group, known)

    counted = [Counted(id=i, sample=line.encode(), records=1) for i, line in enumerate(dict.fromkeys(lines))]
    shapes = make_shapes(counted)
    with monkeypatch.context() as patch:
        patch.setattr(miner, "_splitter", counting)
        templates = miner.mine(shapes)
    assert sorted(shape for template in templates for shape in template.shapes) == [shape.id for shape in shapes]
    return looked_at, sum(max(1, len(shape.words)) for shape in shapes)


@pytest.mark.parametrize("make", LOGS, ids=ids)
def test_each_word_is_looked_at_a_bounded_number_of_times(make, monkeypatch):
    for count in (200, 800):
        looked_at, words = work_and_words(make(count), monkeypatch)
        assert looked_at <= 2 * (miner.DEEPEST + 1) * words


@pytest.mark.parametrize("make", LOGS, ids=ids)
def test_no_message_has_more_tokens_than_are_looked_at(make):
    counted = [Counted(id=i, sample=line.encode(), records=1) for i, line in enumerate(make(50))]
    assert max(len(shape.tokens.texts) for shape in make_shapes(counted)) <= MOST_TOKENS


@pytest.mark.parametrize("make", LOGS, ids=ids)
def test_templates_and_parameters_rebuild_every_line(make):
    lines = make(300)
    mined = TemplateMiner(whole_lines=True).mine(pl.DataFrame({"log": lines}))
    for line, template, values in mined.select("log", "log_template", "parameters").iter_rows():
        first, *rest = template.split("<*>")
        assert first + "".join(value + part for value, part in zip(values, rest, strict=True)) == line


@pytest.mark.parametrize("make", LOGS, ids=ids)
def test_counts_add_up_where_the_caps_take_hold(make, tmp_path, monkeypatch):
    monkeypatch.setattr(miner, "MOST_TEMPLATES", 20)
    monkeypatch.setattr("loganomaly.profile_caps.MOST_SHAPES", 100)
    monkeypatch.setattr("loganomaly.profile_caps.MOST_VALUE_ROWS", 500)
    lines = make(400)
    tmp_path.joinpath("app.log").write_text("\n".join(lines) + "\n")
    summary = LogAnalyzer().analyze(tmp_path / "app.log").summary
    assert summary["original_log_count"] == summary["processed_log_count"] == len(lines)
    assert sum(entry["count"] for entry in summary["volume_stats"]) + summary["uncounted_records"] == summary["records"]
    assert summary["template_diversity"]["unique_templates"] <= 21
