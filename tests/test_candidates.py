import itertools
import json
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.reading.moulds import moulds_of
from loganomaly.redaction.kinds import all_kinds, own_kind
from loganomaly.redaction.samples import filled
from loganomaly.redaction.secrets import personal_redactor
from loganomaly.redaction.views import views
from loganomaly.rules import default_rules
from loganomaly.scan.anchors import anchor_tables
from loganomaly.scan.candidates import candidates
from loganomaly.scan.forms import have_escapes
from loganomaly.scan.leaks import LeakSearch

KINDS = all_kinds()
TABLES = anchor_tables(KINDS)
SAMPLES = [(kind.name, filled(sample)) for kind in KINDS for sample in kind.samples]
PARTS = st.sampled_from(
    [
        *("password", "Passwd", "PWD", "passphrase", "secret", "api", "key", "token", "access", "bearer", "basic"),
        *("authorization", "BEGIN ", "ghp_", "eyJ", "AKIA", "db", "my", "cookie", "ssn", "pesel", "tel"),
        *("=", ":", "_", "-", ".", " ", "  ", "'", '"', "://", "@", "/", "Zk81qpWm", "é", "\u00a0", "\t", "\n", "--"),
        *("%3D", "%22", "\\n", "\\u003d", "+", "(", ")", "4539", "5787", "6362", "1486", "536-90-4399", "44051401359"),
    ]
)


def picked(*texts, tables=TABLES):
    data = [text if isinstance(text, bytes) else text.encode() for text in texts]
    ends = np.cumsum([len(text) for text in data], dtype=np.int64)
    starts = ends - np.array([len(text) for text in data], np.int64)
    rows, owners = candidates(np.frombuffer(b"".join(data), np.uint8), starts, ends, tables)
    return [(row, KINDS[owner].name) for row, owner in zip(rows.tolist(), owners.tolist(), strict=True)]


def found_in(text):
    return {leak.kind.name for leak in personal_redactor().find(text)}


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_every_sample_is_picked_for_its_kind_and_no_other_record_is(kind, sample):
    assert (1, kind) in (rows := picked("nothing here", sample, "nor here"))
    assert {row for row, _ in rows} == {1}


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_every_sample_is_picked_in_json_and_in_urls(kind, sample):
    for text in (
        json.dumps({"m": sample}),
        json.dumps({"m": json.dumps({"m": sample})}),
        quote(sample),
        quote(quote(sample)),
    ):
        if kind in found_in(text):
            assert (0, kind) in picked(text), text


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
        "beginning",
        "pam_unix(sshd:session): session opened for user root",
        "ip-172-31-27-153 sshd[21882]: Accepted publickey",
        "2026-11-27 10:00:00,123 [main] took 4012 ms, 81 of 1023",
        "blk_-1608999687919862906 of size 91178",
        "task-12 pattern path=/x keyboard",
    ],
)
def test_text_without_an_anchor_where_it_counts_is_not_picked(text):
    assert [kind for _, kind in picked(text) if kind != "ip"] == []  # which looks at every number


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
        "run --db-password hunter2x",
        "PASSWORD 'hunter2x'",
        "password%22%3A%22hunter2x",
        "password\\u0022\\u003a",
        "nats://u:hunter2x@h",
        "s3://u:hunter2x@h",
        "mysql+pymysql://:hunter2x@h",
        "x://" + "é" * 80 + ":" + "ß" * 120 + "@h",
        "xx://u:" + "k" * 1000 + "@h",
        "mail%40acme.dev ada%40acme.dev",
        "ada%2540acme.dev",
        "4539%205787%206362%201486",
        "card=4539+5787+6362+1486",
        "%2B49%2030%20901820",
    ],
)
def test_secrets_in_other_dress_are_picked(text):
    assert {row for row, _ in picked(text)} == {0}


def test_a_record_is_searched_within_its_bounds():
    data = np.frombuffer(b"password=hunter2x", np.uint8)
    one = np.ones(1, np.int64)
    assert len(candidates(data, 0 * one, 8 * one, TABLES)[0]) == 0
    assert len(candidates(data, 1 * one, 17 * one, TABLES)[0]) == 0
    assert set(candidates(data, 0 * one, 9 * one, TABLES)[0].tolist()) == {0}


@settings(max_examples=100)
@given(st.sampled_from([sample for _, sample in SAMPLES]), st.binary(max_size=20), st.binary(max_size=20))
def test_what_stands_around_a_record_does_not_count(sample, before, after):
    data = np.frombuffer(before + sample.encode() + after, np.uint8)
    bounds = np.array([len(before)]), np.array([len(before) + len(sample.encode())])
    alone = picked(sample)
    rows, owners = candidates(data, *bounds, TABLES)
    assert [(row, KINDS[owner].name) for row, owner in zip(rows.tolist(), owners.tolist(), strict=True)] == alone


def test_more_pairs_than_rows_are_all_told():
    text = " ".join(sample for _, sample in SAMPLES)
    assert {name for _, name in picked(*[text] * 2000)} >= {name for name, _ in SAMPLES}


@settings(max_examples=300)
@given(st.lists(st.lists(PARTS, max_size=8).map("".join), min_size=1, max_size=6))
def test_no_text_with_a_leak_is_passed_over(texts):
    rows = picked(*texts)
    assert {(row, kind) for row, text in enumerate(texts) for kind in found_in(text)} <= set(rows)


@settings(max_examples=200)
@given(st.sampled_from(SAMPLES), st.binary(max_size=12), st.binary(max_size=12))
def test_a_sample_is_picked_in_any_surroundings(sample, before, after):
    text = before + sample[1].encode() + after
    if sample[0] in {kind.name for kind, _, _ in personal_redactor().spans(text)}:
        assert (0, sample[0]) in picked(text)


def picked_by(search, lines, *, whole):
    """Return the lines that are picked and the kinds of what."""
    ends = np.cumsum([len(line) + 1 for line in lines], dtype=np.int64) - 1
    starts = ends - np.array([len(line) for line in lines], np.int64)
    data = np.frombuffer(b"\n".join([*lines, b""]), np.uint8)
    return [(row, kind) for row, kinds in search.picked(data, starts, ends, whole=whole) for kind in kinds]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    "pattern",
    [r"EMP-[0-9]{6}\b", "^EMP-[0-9]{6}", "EMP-[0-9]{6}$", r"\AEMP-[0-9]{6}", r"EMP-[0-9]{6}\z", "(?-m)^EMP-[0-9]{6}$",
     "(?:^|[^a-z])EMP-[0-9]{6}(?:[^0-9]|$)"],
)  # fmt: skip
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["EMP-123456", "EMP-", "\n", "x ", "EMP-1234567", "%20", "\\n", "%45MP-123456"]), max_size=12
    )
)
def test_a_pattern_of_the_users_is_found_in_the_records_that_hold_it(pattern, whole, parts):
    search = LeakSearch(kinds=(own_kind("badge", pattern),))
    (badge,) = search.kinds
    lines = "".join(parts).encode().split(b"\n")
    found = picked_by(search, lines, whole=whole)
    holding = [
        (row, badge)
        for row, line in enumerate(lines)
        if any(badge.pattern.search(view.data) is not None for view in views(line))
    ]
    assert set(holding) <= set(found)
    # With a line break that was written as an escape, ends of lines may be taken for ends of the record.
    assert [each for each in found if b"\\n" not in lines[each[0]]] == [
        each for each in holding if b"\\n" not in lines[each[0]]
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(PARTS | st.sampled_from([sample for _, sample in SAMPLES]), max_size=8), min_size=1, max_size=6)
)
def test_rows_in_which_nothing_is_found_may_be_left_out_and_no_others(rows):
    search = LeakSearch(kinds=KINDS)
    lines = [line.encode() for row in rows for line in "".join(row).split("\n")]
    picked = set(picked_by(search, lines, whole=True))
    assert picked <= set(picked_by(search, lines, whole=False))
    for row, line in enumerate(lines):
        assert {(row, kind) for kind, _, _ in personal_redactor().spans(line)} <= picked


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PARTS | st.sampled_from(["&amp;", "&#39;", '""', "a+b", "?q=a+b", "%2", "\\", "#0"]), max_size=8).map(
        "".join
    )
)
def test_a_row_that_has_another_view_may_have_an_escape(text):
    data = text.encode()
    bounds = np.zeros(1, np.int64), np.full(1, len(data))
    assert have_escapes(np.frombuffer(data, np.uint8), *bounds)[0] or len([*views(data)]) == 1


def test_a_row_without_any_sign_of_an_escape_has_none():
    data = b'took 5 ms at "web" for 100% + 3 & more #7'
    assert not have_escapes(np.frombuffer(data, np.uint8), np.zeros(1, np.int64), np.full(1, len(data)))[0]


CARDS = ("4539578763621486", "5425233430109903", "374245455400126", "36259600000004", "3530111333300000")


@pytest.mark.parametrize("between", [" ", "-", ""])
@pytest.mark.parametrize("around", [("", ""), ("pan ", " ok"), ('"', '"'), ("a-", "."), ("x=", ",1")])
@pytest.mark.parametrize("number", CARDS)
def test_card_numbers_are_picked_in_the_groups_they_are_printed_in(number, around, between):
    cuts = (0, 4, 8, 12, 16) if len(number) == 16 else (0, 4, 10, len(number))
    groups = [number[low:high] for low, high in itertools.pairwise(cuts)]
    for signs in itertools.product([between, ""], repeat=len(groups) - 1):
        text = around[0] + "".join(map("".join, zip(groups, (*signs, ""), strict=True))) + around[1]
        assert (0, "payment-card") in picked(text), text


@pytest.mark.parametrize(
    "text",
    ["4795306396 4179.07.09", "4008-09-20-11-22-33", "4539 57876362 14861", "45395 7876362 1486", "4539578763621"],
)
def test_numbers_in_other_groups_are_no_cards(text):
    assert "payment-card" not in {kind for _, kind in picked(text)}


@settings(max_examples=300)
@given(
    st.sampled_from(["4", "51", "2221", "6011", "34", "36", "30", "3528"]),
    st.text("0123456789", min_size=12, max_size=16),
    st.lists(st.tuples(st.sampled_from([4, 8, 9, 10, 12]), st.sampled_from("- ")), max_size=3),
    st.sampled_from(["", " ", "x=", "a_", "1 "]),
    st.sampled_from(["", " ", ".", "-1", "a"]),
)
def test_what_looks_like_a_card_is_picked(first, digits, signs, before, behind):
    text = first + digits
    for place, sign in sorted(signs, reverse=True):
        text = text[:place] + sign + text[place:]
    text = f"{before}{text}{behind}"
    card = next(kind for kind in KINDS if kind.name == "payment-card")
    if card.pattern.search(text.encode()) is not None:
        assert (0, "payment-card") in picked(text)


PIECES = st.sampled_from(
    ["1", "9", "4111 1111 1111 1111", "3", "30", "34", "37", "-", " ", ".", "@a.b", "AB", "&#0", "&#39;", "%20", '""',
     "x", "SK1", "us1-", "ya29.", "502 bad gateway", "dt0c01.", "078-05-1120", "(212)", "+", "password=", "Disk full",
     "\\", "e-mail ", "=a"]
)  # fmt: skip
ALL = anchor_tables((*KINDS, *default_rules()))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(PIECES, max_size=9).map("".join), min_size=1, max_size=8),
    st.lists(st.text("0123456789", min_size=40, max_size=40), min_size=1, max_size=5),
)
def test_rows_of_one_mould_have_the_owners_that_each_has_by_itself(models, digits):
    texts = []
    for replaced in digits:
        for model in models:
            given_digits = iter(replaced * 10)
            texts.append("".join(next(given_digits) if sign.isdigit() else sign for sign in model).encode())
    texts += [model.encode() for model in models]
    data = np.frombuffer(b"".join(texts), np.uint8)
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    bounds = ends - [len(text) for text in texts], ends
    expected = candidates(data, *bounds, ALL)
    found = candidates(data, *bounds, ALL, moulds=moulds_of(data, *bounds))
    assert found[0].tolist() == sorted(found[0].tolist())
    assert set(zip(*(each.tolist() for each in found), strict=True)) == set(
        zip(*(each.tolist() for each in expected), strict=True)
    )
    assert len(found[0]) == len(expected[0])
