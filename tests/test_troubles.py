"""Words of trouble: what a text says that went wrong, and what takes it back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counted import calls
from loganomaly.troubles import Grade, Trouble, find_troubles, worst_trouble
from loganomaly.troubles.vocabulary import load_samples, load_vocabulary
from loganomaly.troubles.words import Join, split_words

SAMPLES = [(text, grade) for grade, texts in load_samples().items() for text in texts]
WORDS = sorted({word for word, same in load_vocabulary().phrases.items() if len(same[0].words) == 1})


def grade_of(text):
    worst = worst_trouble(text)
    return worst.grade if worst else Grade.NOTHING


@pytest.mark.parametrize(("text", "grade"), SAMPLES, ids=[text for text, _ in SAMPLES])
def test_a_sample_of_the_vocabulary_is_as_bad_as_it_says(text, grade):
    assert grade_of(text) == grade


def test_every_grade_has_samples():
    assert set(load_samples()) == set(Grade)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_speaks_in_any_case_but_not_within_another_word(word):
    assert grade_of(word) == grade_of(word.upper()) == grade_of(f"a {word.title()} b") > Grade.NOTHING
    assert grade_of(f"qu{word}") == grade_of(f"{word}qu") == Grade.NOTHING


@pytest.mark.parametrize("phrase", [p for same in load_vocabulary().phrases.values() for p in same if not p.code])
def test_a_phrase_is_as_bad_as_its_grade_with_blanks_or_as_a_name(phrase):
    assert grade_of(phrase.text) == grade_of("_".join(phrase.words)) == phrase.grade


def test_no_phrase_is_there_twice():
    texts = [phrase.text for same in load_vocabulary().phrases.values() for phrase in same]
    assert len(texts) == len(set(texts))


def test_what_is_found_has_its_word_and_its_places():
    assert find_troubles("17 errors, then a panic; lost=0") == (
        Trouble(grade=Grade.BAD, word="errors", start=3, count=(0, 2)),
        Trouble(grade=Grade.GRAVE, word="panic", start=18),
    )


def test_the_worst_is_the_first_of_the_worst():
    assert worst_trouble("missing file, read failed, write refused").word == "failed"


def test_a_count_that_is_not_known_may_be_some():
    assert worst_trouble("<*> errors") == Trouble(grade=Grade.BAD, word="errors", start=4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ConnectionTimeoutException", ["connection", "timeout", "exception"]),
        ("HTTPErrors", ["http", "errors"]),
        ("read_error-2", ["read", "error", "2"]),
        ("can\u2019t", ["can't"]),
        ("error(s) 0x1F 1,024.5 <*>", ["errors", "0x1f", "1,024.5", "<*>"]),
        ("\u00fcberFail", ["\u00fcberfail"]),
    ],
)
def test_names_are_split_to_words(text, words):
    assert split_words(text).texts == words


def test_words_are_joined_in_names_and_clauses():
    assert split_words("a readError b, c").joins == [Join.NAME, Join.CLAUSE, Join.NAME, Join.CLAUSE, Join.APART]


AROUND = [
    "no",
    "not",
    "0",
    "7",
    "<*>",
    "=",
    ":",
    ",",
    "(",
    ")",
    ".",
    "/",
    "-",
    "_",
    "if",
    "on",
    "for",
    "of",
    "handler",
    "count",
    "found",
    "was",
    "recovered",
    "none",
    '"',
    "'",
    "(s)",
    "[]",
    "x",
    "Y",
]
PIECES = st.sampled_from([*WORDS, *AROUND, " ", "  ", "\n", "\u2028", "\x00"])


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
@settings(max_examples=500, deadline=None)
def test_any_text_can_be_read_and_what_is_found_stands_in_it(text):
    for trouble in find_troubles(text):
        first = trouble.word.split()[0].rstrip("s")
        assert text[trouble.start :].lower().replace("\u2019", "'").startswith(first)
        if trouble.count:
            assert text[slice(*trouble.count)][0].isdigit()


@given(st.lists(st.sampled_from(["error", "failed", "node", "seven", "panic"]), min_size=1, max_size=8).map(" ".join))
@settings(max_examples=100, deadline=None)
def test_what_stands_apart_changes_nothing(text):
    assert grade_of(f"no news; {text}; 0") == grade_of(text)


@pytest.mark.parametrize(
    "piece", ["error ", "error_", "aA", "A", "ERRORs", "no ", "not error of ", "0 of ", "0/", "=:"]
)
def test_the_work_is_proportional_to_the_length(piece):
    def work(size):
        text = piece * (size // len(piece))
        return calls(lambda: find_troubles(text))

    work(1_000)  # the vocabulary is loaded once
    assert work(40_000) < 5 * work(10_000)
