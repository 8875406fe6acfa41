import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.redaction.secrets import find_leaks, leak_kinds
from loganomaly.scan.candidates import anchors, candidates

SAMPLES = [sample for kind in leak_kinds() for sample in kind.samples]
PARTS = st.sampled_from(
    [
        *("password", "Passwd", "PWD", "passphrase", "secret", "api", "key", "token", "access", "bearer", "basic"),
        *("authorization", "begin", "ghp", "github", "eyJ", "AKIA", "db", "my"),
        *("=", ":", "_", "-", ".", " ", "  ", "'", '"', "://", "@", "/", "Zk81qpWm", "é", "\u00a0", "\t", "\n"),
    ]
)


def picked(*texts):
    data = [text if isinstance(text, bytes) else text.encode() for text in texts]
    ends = np.cumsum([len(text) for text in data], dtype=np.int64)
    starts = ends - np.array([len(text) for text in data], np.int64)
    return candidates(np.frombuffer(b"".join(data), np.uint8), starts, ends, *anchors()).tolist()


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_is_picked(sample):
    assert picked("nothing here", sample, "nor here") == [1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "connected to db",
        "passwords are set",
        "password",
        "reset the password of ada",
        "the secret",
        "see https://example.com/a@b",
        "http://host:8080 mail a@b",
        "akin to asi",
        "api-gateway ready",
        "api_version: 2",
        "key: value",
        "beginning",
    ],
)
def test_text_without_a_word_where_it_counts_is_not_picked(text):
    assert picked(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "dbPassword=hunter2x",
        "mysqlpasswd: hunter2x",
        "ACCESSTOKEN=hunter2x",
        "myapi-key=hunter2x",
        "x.API_KEY=hunter2x",
        "secret_access_key = hunter2x",
        "password\"  = 'hunter2x",
        "nats://u:hunter2x@h",
        "s3://u:hunter2x@h",
        "mysql+pymysql://:hunter2x@h",
        "x://" + "é" * 80 + ":" + "ß" * 120 + "@h",
        "xx://u:" + "k" * 1000 + "@h",
    ],
)
def test_secrets_in_other_dress_are_picked(text):
    assert picked(text) == [0]


def test_a_record_is_searched_within_its_bounds():
    data = np.frombuffer(b"password=hunter2x", np.uint8)
    one = np.ones(1, np.int64)
    assert candidates(data, 0 * one, 8 * one, *anchors()).tolist() == []
    assert candidates(data, 1 * one, 17 * one, *anchors()).tolist() == []
    assert candidates(data, 0 * one, 9 * one, *anchors()).tolist() == [0]


def oracle(text):
    """Say by regular expressions whether a text is to be picked."""
    kinds = {kind.name: kind for kind in leak_kinds()}
    words = "|".join(word for word in kinds["password"].words if word != "api")
    if re.search(rf"(?i)(?:{words})(?:[_-]|[\"'\s]{{0,3}}[=:])|api[_-]key|://[^\s/\"]*@", text, re.ASCII | re.DOTALL):
        return True
    others = [kind for kind in kinds.values() if kind.name not in {"password", "url-credentials"}]
    ends = {word: "" if kind.prefix else "(?![a-z])" for kind in others for word in kind.words}
    return any(re.search(rf"(?i)(?<![a-z]){word}{end}", text, re.ASCII) for word, end in ends.items())


@settings(max_examples=100)
@given(st.lists(st.lists(PARTS, max_size=6).map("".join), min_size=1, max_size=6))
def test_no_text_with_a_leak_is_passed_over(texts):
    found = set(picked(*texts))
    assert found >= {row for row, text in enumerate(texts) if any(True for _ in find_leaks(text))}


@settings(max_examples=100)
@given(st.sampled_from(SAMPLES), st.binary(max_size=12), st.binary(max_size=12))
def test_a_sample_is_picked_in_any_surroundings(sample, before, after):
    text = before + sample.encode() + after
    if any(True for _ in find_leaks(text.decode(errors="replace"))):
        assert picked(text) == [0]


@settings(max_examples=100)
@given(st.lists(PARTS.filter(lambda part: part.isascii() and part not in "\t\n"), max_size=6).map("".join))
def test_what_is_picked_is_what_the_definition_says(text):
    assert bool(picked(text)) == oracle(text)
