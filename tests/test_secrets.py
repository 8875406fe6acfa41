import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.redaction.kinds import all_kinds, default_kinds, own_kind
from loganomaly.redaction.samples import filled
from loganomaly.redaction.secrets import Redactor, find_leaks, personal_redactor, redact, redact_personal
from loganomaly.reports.leaks import SEVERITIES

SAMPLES = [(kind, filled(sample)) for kind in all_kinds() for sample in kind.samples]
SURROUNDINGS = st.text(alphabet=st.sampled_from(" \t,;.:=\"'{}[]()<>/-_@abz019éßЖ"), max_size=15)


def leaks(text):
    return [(leak.kind.name, text[leak.start : leak.end]) for leak in personal_redactor().find(text)]


def values_of(kind, text):
    return [value for name, value in leaks(text) if name == kind.name]


@pytest.mark.parametrize(("kind", "sample"), [pytest.param(k, s, id=f"{k.name}: {s[:40]}") for k, s in SAMPLES])
class TestSample:
    def test_it_is_found(self, kind, sample):
        assert values_of(kind, sample)

    def test_it_is_found_among_other_text(self, kind, sample):
        assert values_of(kind, f"héllo wörld {sample} bye") == values_of(kind, sample)

    def test_it_is_found_in_json_in_json_and_in_a_url(self, kind, sample):
        assert values_of(kind, json.dumps({"msg": json.dumps({"text": sample})}))
        assert values_of(kind, f"GET /?q={quote(sample)}&x=1 HTTP/1.1")

    def test_its_value_is_redacted(self, kind, sample):
        clean = redact_personal(sample)
        assert values_of(kind, sample)[0] not in clean
        assert f"<{kind.name}>" in clean

    def test_what_is_redacted_has_no_leak(self, kind, sample):
        clean = redact_personal(sample)
        assert not leaks(clean)
        assert redact_personal(clean) == clean != sample
        assert kind.severity in SEVERITIES


@pytest.mark.parametrize(
    ("kind", "text"),
    [pytest.param(k, filled(text), id=f"{k.name}: {text}") for k in all_kinds() for text in k.counterexamples],
)
def test_a_counterexample_is_no_leak(kind, text):
    assert not values_of(kind, text)


def test_the_names_of_kinds_are_distinct():
    names = [kind.name for kind in all_kinds()]
    assert len(set(names)) == len(names)


def test_only_what_is_asked_for_is_left_out():
    assert {kind.name for kind in all_kinds()} - {kind.name for kind in default_kinds()} == {"ip"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("dbPassword=Tr0ub4dor", "Tr0ub4dor"),
        ("PASSWORD : 'Tr0ub4dor'", "Tr0ub4dor"),
        ('"client_secret":"Tr0ub4dor"', "Tr0ub4dor"),
        ("my.secret_access_key = Tr0ub4dor", "Tr0ub4dor"),
        ("MY-API-KEY: Tr0ub4dor", "Tr0ub4dor"),
        ("refreshToken=Tr0ub4dor", "Tr0ub4dor"),
        ("pwd=ab$c%20d{e&user=x", "ab$c%20d{e"),
        ("password=" + "k3y" * 200, "k3y" * 200),
        ("nats://app:Tr0ub4dor@bus:4222", "Tr0ub4dor"),
        ("https://oauth2:" + "t0k" * 150 + "@git", "t0k" * 150),
    ],
)
def test_the_whole_value_is_found(text, value):
    assert [found for _, found in leaks(text)] == [value]
    assert value not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "the password is fine",
        "token=abc123def",
        "password=xxxxxxxx",
        "password: none",
        "secret=changeme",
        "password=example1",
        "pwd=abc",
        "compa\u017f\u017fword=hunter2",
    ],
)
def test_what_stands_for_a_secret_is_none(text):
    assert not leaks(text)


def test_secrets_that_overlap_are_redacted_to_the_end_of_the_last():
    text = "password=redis9x://u:aaa,bbb@h"
    assert leaks(text) == [("url-credentials", "redis9x://u:aaa,bbb")]
    assert redact(text) == "password=<url-credentials>@h"


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\\n", "\\r\\n"])
@pytest.mark.parametrize("ended", [True, False])
def test_the_body_of_a_private_key_is_redacted(separator, ended):
    body = separator.join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"])
    end = f"{separator}-----END RSA PRIVATE KEY-----" if ended else ""
    text = f"-----BEGIN RSA PRIVATE KEY-----{separator}{body}{end}, ok"
    breaks = "\n" * text.count("\n")  # lines stay where they are
    assert redact(text) == f"<private-key>{breaks}, ok"


def test_the_headers_of_an_encrypted_private_key_are_redacted_with_it():
    key = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
    text = f"-----BEGIN RSA PRIVATE KEY-----\n{key}\n-----END RSA PRIVATE KEY-----"
    assert redact(text) == "<private-key>\n\n\n\n\n"


def test_personal_data_is_redacted_with_secrets():
    text = "ada.b+c@mail.acme.dev at 10.0.0.7 and fe80::1 or 2001:db8:0:0:0:0:0:1 password=hunter2x v1.2.3 12:30:05"
    assert redact_personal(text) == ("<e-mail> at <ip> and <ip> or <ip> password=<password> v1.2.3 12:30:05")


@settings(max_examples=100)
@given(st.lists(st.sampled_from([sample for _, sample in SAMPLES]) | SURROUNDINGS, max_size=5))
def test_redacting_is_idempotent(parts):
    once = redact(" ".join(parts))
    assert redact(once) == once


@settings(max_examples=100)
@given(st.sampled_from([each for each in SAMPLES if "<" not in each[1]]), SURROUNDINGS, SURROUNDINGS)
def test_no_value_that_was_found_is_left_in_its_place(sample, before, after):
    text = f"{before} {sample[1]} {after}"
    kept = list(text)
    for leak in find_leaks(text):
        kept[leak.start : leak.end] = [""] * (leak.end - leak.start)
    clean = redact(text)
    for name in {kind.name for kind in default_kinds()}:
        clean = clean.replace(f"<{name}>", "")
    assert clean == "".join(kept)


PIECES = {
    "letters": "a",
    "word": "password",
    "words": "password_",
    "assignments": "password=",
    "blanks": "authorization: bearer ",
    "dots": "eyJaaaaaaaaaa.",
    "scheme": "ab://",
    "users": "ab://c:",
    "colons": "a:",
    "begins": "-----BEGIN ",
    "keys": "-----BEGIN PRIVATE KEY-----",
    "dashes": "-",
    "key lines": "\\nAAAAAAAAAAAAAAAA",
    "akia": "AKIA",
    "ghp": "ghp_",
    "at": "a@",
    "digits": "1.",
    "spaces": " ",
    "backslashes": "\\",
    "percents": "%41",
    "quotes": '""',
    "tokens": "token=",
    "cookies": "cookie: a=b; ",
    "cards": "4539 5787 ",
    "countries": "DE44 5001 ",
}


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
@pytest.mark.parametrize(
    "start", ["", "password=", "eyJ", "a://b:", "authorization: bearer ", "-----BEGIN PRIVATE KEY-----"]
)
def test_hostile_text_is_searched_to_its_end(piece, start):
    secret = "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"
    for size in (12_500, 25_000, 50_000):
        text = f"{start}{piece * (size // len(piece))} , {secret}"
        assert ("github-token", secret) in leaks(text)
        assert secret not in redact_personal(text)


def test_leaks_come_by_place_and_do_not_overlap():
    text = " ".join(sample for _, sample in SAMPLES)
    places = [place for leak in find_leaks(text) for place in (leak.start, leak.end)]
    assert places == sorted(places)


def test_places_are_those_of_characters():
    text = "größe 10 € für ada@acme.dev, naïve"
    assert leaks(text) == [("e-mail", "ada@acme.dev")]


def test_of_leaks_that_cover_each_other_the_particular_kind_is_told():
    token = filled("ghp_«alnum 36»")
    assert leaks(f"password={token}") == [("github-token", token)]


def test_a_kind_of_the_users_is_found_besides_the_others():
    redactor = Redactor((own_kind("badge", "EMP-(?P<value>[0-9]{6})"), *default_kinds()))
    assert redactor.redact("EMP-123456 password=hunter2x") == "EMP-<badge> password=<password>"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [("(?=a)b", "invalid perl operator"), ("a{1,2000}", "repetition"), ("x*", "empty text"), ("(", "missing")],
)
def test_a_pattern_that_cannot_be_used_is_an_error_that_says_why(pattern, reason):
    with pytest.raises(ValueError, match=reason):
        own_kind("badge", pattern)


@pytest.mark.parametrize("level", range(4))
def test_a_secret_in_a_url_in_a_url_is_redacted_with_its_escapes(level):
    text = '{"password":"Zk81/q+pW m"}'
    for _ in range(level):
        text = quote(text, safe="")
    assert "Zk81" not in redact(text)
    assert "W" not in redact(text)


def test_what_only_looks_like_an_escape_stands_for_itself():
    assert redact("password=%DB_PASSWORD% 100%ff") == "password=%DB_PASSWORD% 100%ff"
