"""The generated logs are what they are said to be: values by public rules, spans that hold them, all that is asked."""

import base64
import json
import shlex
from collections import Counter
from csv import reader
from random import Random
from urllib.parse import unquote

import phonenumbers
import pytest
from stdnum import iban as stdnum_iban
from stdnum import luhn

from leaks_generated import FORMATS, HARMLESS, KINDS, negatives, positives
from leaks_generated.kinds import Whole
from leaks_generated.national import CHECKS, NATIONAL
from leaks_generated.personal import iban, no_country_code, payment_card, phone

VARIANTS = 50
POSITIVES = [*positives(seed=1, variants=VARIANTS)]
NEGATIVES = [*negatives(seed=1, variants=VARIANTS)]


def values(kind, count=200):
    """Return values of a kind, of all its forms in turn."""
    forms = KINDS[kind]
    drawn = [forms[i % len(forms)].make(Random(i)) for i in range(count)]
    return [one.value if isinstance(one, Whole) else one for one in drawn]


def in_format(name, lines):
    return [line for line in lines if line.format == name]


def test_there_are_forty_kinds_of_fifty_variants_in_eight_formats():
    counts = Counter((line.kind, line.format) for line in POSITIVES)
    assert len(KINDS) >= 40
    assert len(FORMATS) == 8
    assert counts == {(kind, name): VARIANTS for kind in KINDS for name in FORMATS}


def test_there_are_sixty_sorts_of_harmless_lines_and_as_many_lines_as_leak():
    assert len(HARMLESS) >= 60
    assert {line.kind for line in NEGATIVES} == {*HARMLESS}
    assert len(NEGATIVES) >= len(POSITIVES)


def test_the_same_seed_gives_the_same_lines_and_another_seed_others():
    again = [*positives(seed=1, variants=2)], [*negatives(seed=1, variants=2)]
    assert again == ([*positives(seed=1, variants=2)], [*negatives(seed=1, variants=2)])
    assert again[0] != [*positives(seed=2, variants=2)]


def test_every_span_holds_a_value_and_every_kind_accepts_its_own_name():
    for line in POSITIVES:
        assert 0 < line.start < line.end <= len(line.text)
        assert line.kind in line.accepts


def test_the_value_in_the_span_is_the_one_that_was_drawn():
    # Of these nothing is escaped in any format.
    for kind, prefix in {
        "npm-token": "npm_",
        "aws-access-key": "A",
        "anthropic-key": "sk-ant-",
        "age-key": "AGE-",
    }.items():
        spans = [line.text[line.start : line.end] for line in POSITIVES if line.kind == kind]
        assert all(span.startswith(prefix) and "%" not in span for span in spans)


def test_a_message_has_the_same_value_in_every_format():
    tokens = [line.text[line.start : line.end] for line in POSITIVES if line.kind == "github-token"]
    assert all(len({*tokens[i : i + len(FORMATS)]}) == 1 for i in range(0, len(tokens), len(FORMATS)))


def test_no_line_holds_a_line_break():
    assert not any("\n" in line.text or "\r" in line.text for line in (*POSITIVES, *NEGATIVES))


def test_no_harmless_line_holds_a_planted_value():
    # Values of six characters and more: a shorter one stands in any long number.
    planted = {line.text[line.start : line.end] for line in positives(seed=2, variants=8)}
    joined = "\n".join(line.text for line in negatives(seed=2, variants=8))
    assert not [value for value in planted if len(value) >= 6 and value in joined]


def test_no_harmless_line_has_a_span():
    assert not any(line.end or line.accepts for line in NEGATIVES)


def test_json_lines_are_json():
    for line in in_format("json", [*POSITIVES, *NEGATIVES]):
        assert {"timestamp", "level", "message"} <= json.loads(line.text).keys()


def test_lines_of_csv_have_the_columns_of_the_header():
    columns = len(FORMATS["csv"].header.split(","))
    lines = in_format("csv", [*POSITIVES, *NEGATIVES])
    assert {len(row) for row in reader([line.text for line in lines], strict=True)} == {columns}


def test_logfmt_quotes_what_has_blanks():
    for line in in_format("logfmt", POSITIVES):
        pairs = [pair.partition("=")[0] for pair in shlex.split(line.text)]
        assert pairs[:3] == ["time", "level", "component"]
        assert "msg" in pairs


def test_access_logs_encode_what_is_in_an_address():
    for line in in_format("nginx", [*POSITIVES, *NEGATIVES]):
        request, referrer = line.text.split('"')[1], line.text.split('"')[3]
        assert request.count(" ") == 2
        assert " " not in referrer
        assert line.text.isascii()


@pytest.mark.parametrize("kind", CHECKS)
def test_numbers_of_states_pass_the_checks_of_python_stdnum(kind):
    assert all(CHECKS[kind].is_valid(value) for value in values(kind))


def test_only_the_british_number_has_no_module_in_python_stdnum():
    assert {*NATIONAL} - {*CHECKS} == {"uk-nino"}


def test_cards_have_luhn_digits():
    assert all(luhn.is_valid(payment_card(Random(i)).replace(" ", "").replace("-", "")) for i in range(200))


def test_accounts_pass_the_checks_of_python_stdnum():
    assert all(stdnum_iban.is_valid(iban(Random(i))) for i in range(200))


def test_telephone_numbers_are_ones_that_are_given_out():
    drawn = [phone(Random(i)) for i in range(300)]
    assert not [number for number in drawn if not phonenumbers.is_valid_number(phonenumbers.parse(number))]


def test_telephone_numbers_without_a_country_code_are_ones_of_their_country():
    for i in range(200):
        country, number = no_country_code(Random(i))
        assert phonenumbers.is_valid_number(phonenumbers.parse(number, country)), number


def test_order_numbers_that_look_like_cards_fail_the_luhn_check():
    forms = HARMLESS["no cards"]
    assert not any(luhn.is_valid(forms[0].make(Random(i))) for i in range(200))


def test_json_web_tokens_hold_claims():
    for token in values("jwt"):
        head, claims, _ = token.split(".")
        assert "alg" in json.loads(base64.urlsafe_b64decode(head + "=="))
        assert "sub" in json.loads(base64.urlsafe_b64decode(claims + "=="))


def test_basic_authorization_holds_a_user_and_a_password():
    basic = KINDS["authorization"][0]
    for i in range(50):
        assert b":" in base64.b64decode(basic.make(Random(i)).value)


def test_urls_are_encoded_twice_where_a_log_writes_one_into_another():
    spans = [line.text[line.start : line.end] for line in in_format("nginx", POSITIVES) if line.kind == "azure-sas"]
    assert all(len(base64.b64decode(unquote(unquote(span)))) == 32 for span in spans)
