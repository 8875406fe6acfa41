"""Answers of models: how they are read, and what stands where they and the evidence do not agree."""

import itertools
import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.classify import CLASSES, NORMAL
from loganomaly.errors import LLMUnparsedError
from loganomaly.prompts.facts import Verdict
from loganomaly.prompts.writing import class_aliases
from loganomaly.workflow.answer import MODEL_SCHEMA, ModelAnswer, parse_answer, quoted_in
from loganomaly.workflow.policy import BY_EVIDENCE, BY_MODEL, READ, Standing, standing

ANSWER = {"classification": "error", "reason": "The disk is full.", "tags": ["disk", "space"], "quote": "disk full"}
GOOD = json.dumps(ANSWER)
OTHER = json.dumps(ANSWER | {"classification": "normal"})
PROSE = "CLASSIFICATION: error\nREASON: The disk is full.\nTAGS: disk, space\nQUOTE: disk full"


def answer(**changes) -> str:
    return json.dumps(ANSWER | changes)


def without(name: str) -> str:
    return json.dumps({key: value for key, value in ANSWER.items() if key != name})


def problem(text: str) -> str:
    with pytest.raises(LLMUnparsedError) as caught:
        parse_answer(text)
    return str(caught.value)


# Answers that can be read


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        json.dumps(ANSWER, indent=2),
        f"\n\n  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"Here is my second opinion:\n\n```json\n{GOOD}\n```\nI hope that this helps {{you}}.",
        f"Sure! {GOOD}",
        f"The answer is {{well}} {GOOD} {{so}}",
        f"[{GOOD}]",
        f'{{"thought": "hm"}}\n{GOOD}',
        f"\ufeff{GOOD}",
        json.dumps({key.upper(): value for key, value in ANSWER.items()}),
        json.dumps({f" {key.title()} ": value for key, value in ANSWER.items()}),
        json.dumps(ANSWER | {"confidence": 0.9, "notes": {"a": [1]}}),
        f"<think>It might be normal.</think>{GOOD}",
        f"<THINK>\n{OTHER}\n</THINK>\n{GOOD}",
        f"<thinking>a</thinking><reasoning>b</reasoning><thought>{OTHER}</thought>{GOOD}",
        f"It might be normal: {OTHER}</think>{GOOD}",
        f"It might be normal: {OTHER}<think>a</think>b</think>{GOOD}",
        PROSE,
        PROSE.replace("CLASSIFICATION", "classification").replace("REASON", "Reason").replace("TAGS", "tags"),
        PROSE.replace("\n", "\r\n"),
        PROSE.replace("\n", "\n\n"),
        "\n".join(reversed(PROSE.split("\n"))),
        PROSE.replace(": ", " = "),
        "Let me see.\n\n" + PROSE + "\n\nBe well.",
        "**CLASSIFICATION:** error\n**REASON:** The disk is full.\n**TAGS:** disk, space\n**QUOTE:** disk full",
        "**Classification**: **error**\n* **Reason**: The disk is full.\n- Tags: `disk`, `space`\n> Quote: disk full",
        "## Classification: ERROR\n## Reason: The disk is full.\n## Tags: [disk, space]\n## Quote: disk full",
        "Classification:\nerror\nReason:\nThe disk is full.\nTags:\ndisk, space\nQuote:\ndisk full",
    ],
)
def test_an_answer_is_read_in_each_form_that_models_give_it(text):
    assert parse_answer(text).model_dump() == ANSWER


@pytest.mark.parametrize("end", ["\n", "\t"])
def test_an_answer_with_line_ends_within_its_texts_is_read(end):
    text = f"So: {GOOD.replace('The disk', f'The{end}disk')}"
    assert parse_answer(text).reason == "The disk is full."


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((name, name) for name in CLASSES),
        *((name.upper(), name) for name in CLASSES),
        ("Log Flood", "log_flood"),
        ("log-flood", "log_flood"),
        (" value  out-of range ", "value_out_of_range"),
        ("`error`", "error"),
        ("**error**", "error"),
        ("error.", "error"),
        ('"error"', "error"),
    ],
)
def test_case_blanks_and_dashes_do_not_count_in_the_name_of_a_class(written, meant):
    assert parse_answer(answer(classification=written)).classification == meant


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ("disk, space", ["disk", "space"]),
        ("disk; space", ["disk", "space"]),
        ("[disk, space]", ["disk", "space"]),
        ("['disk', \"space\"]", ["disk", "space"]),
        ("disk\nspace", ["disk", "space"]),
        ("", []),
        ([], []),
        (["Disk Space", "disk-space", "disk"], ["disk_space", "disk"]),
        (["<script>", "a\x1b[31mb", "  ", "!"], ["script", "ab"]),
        (["x" * 100], ["x" * 40]),
        ([f"t{number}" for number in range(20)], [f"t{number}" for number in range(8)]),
    ],
)
def test_tags_are_few_short_words_in_lower_case(tags, read):
    assert parse_answer(answer(tags=tags)).tags == read


@pytest.mark.parametrize(("name", "value"), [("tags", []), ("quote", "")])
def test_tags_and_quote_may_be_left_out(name, value):
    assert getattr(parse_answer(without(name)), name) == value


def test_long_texts_of_an_answer_are_cut():
    read = parse_answer(answer(reason="x" * 5000, quote="y" * 5000))
    assert (read.reason, read.quote) == ("x" * 600 + "…", "y" * 300)


@pytest.mark.parametrize("text", [answer, lambda **changes: f"So: {answer(**changes)}"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\x1b[31mred\x1b[0m b", "ared b"),
        ("a\x00b\x07", "a␀b␇"),
        ("a\r\nb\u2028c\td", "a b c d"),
        ("a\u202eb\u200bc", "abc"),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_what_terminals_obey_is_not_left_in_reason_and_quote(text, written, read):
    said = parse_answer(text(reason=written, quote=written))
    assert (said.reason, said.quote) == (read, read)


@pytest.mark.parametrize("text", [f"{GOOD}\n{GOOD}", f"{GOOD} and again {GOOD} {GOOD}", f"{PROSE}\n\n{PROSE}"])
def test_several_answers_that_agree_are_one(text):
    assert parse_answer(text).model_dump() == ANSWER


def test_of_several_answers_that_agree_the_last_counts():
    text = f"Draft: {answer(reason='first')} Final: {answer(reason='last')}"
    assert parse_answer(text).reason == "last"


# Answers that cannot be read


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "expected one JSON object"),
        ("   \n", "expected one JSON object"),
        ("[]", "expected one JSON object"),
        ("7", "expected one JSON object"),
        ("null", "expected one JSON object"),
        ("true", "expected one JSON object"),
        ('"error"', "expected one JSON object"),
        ("error", "expected one JSON object"),
        ('["normal"]', "expected one JSON object"),
        ("The log is normal.", "expected one JSON object"),
        ("I cannot help with that.", "expected one JSON object"),
        ("{'classification': 'error', 'reason': 'x'}", "expected one JSON object"),
        ("{}", "classification: missing"),
        (without("classification"), "classification: missing"),
        (without("reason"), "reason: missing"),
        ("CLASSIFICATION: error", "reason: missing"),
        ("REASON: The disk is full.", "classification: missing"),
        (answer(reason=""), "reason: not as asked for"),
        (answer(reason=" \u200b\n"), "reason: not as asked for"),
        (answer(reason=7), "reason: not as asked for"),
        (answer(reason=["a"]), "reason: not as asked for"),
        (answer(quote=7), "quote: not as asked for"),
        (answer(tags={"a": 1}), "tags: not as asked for"),
        (answer(tags=7), "tags: not as asked for"),
        (answer(tags=["a", [1]]), "tags.1: not as asked for"),
        ("<think>It is an error. " + GOOD, "the answer ends within thoughts"),
        (f"<think>a</think>{GOOD}<think>b", "the answer ends within thoughts"),
        ("<think>" + PROSE, "the answer ends within thoughts"),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_what_is_wrong(text, wrong):
    assert problem(text) == wrong


@pytest.mark.parametrize(
    "name", ["calamity", "very_normal", "", "normal or error", "errors", "error (disk)", 3, None, ["error"]]
)
@pytest.mark.parametrize("text", [answer, lambda **changes: f"So: {answer(**changes)}"])
def test_a_class_that_there_is_not_is_an_error_that_lists_the_classes(name, text):
    assert problem(text(classification=name)) == f"classification: expected one of {', '.join(CLASSES)}"


@pytest.mark.parametrize("end", range(1, len(GOOD)))
def test_an_answer_that_is_cut_off_anywhere_cannot_be_read(end):
    problem(GOOD[:end])


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}\n{OTHER}",
        f"{OTHER}\n{GOOD}",
        f"[{GOOD}, {OTHER}]",
        f"{GOOD} {GOOD} {OTHER}",
        f"{PROSE}\n\n{PROSE.replace('error', 'normal')}",
        f"{PROSE.replace('error', 'normal')}\n\n{PROSE}",
    ],
)
def test_several_answers_that_do_not_agree_are_none(text):
    assert problem(text) == "there are several answers with different classifications"


@pytest.mark.parametrize("text", [GOOD[:-1], "{" * 200_000, '{"a":' * 100_000, "[" * 200_000, '{"a":[' * 50_000])
def test_what_is_nested_too_deep_or_never_ends_cannot_be_read(text):
    assert problem(text) == "expected one JSON object"


@pytest.mark.parametrize(
    "part",
    [
        "<think>",
        "</think>",
        "<think></x>",
        "{",
        "}",
        "classification: ",
        "classification:\n",
        "| ",
        "\n",
        "<",
        "`",
        "{}",
    ],
)
def test_a_huge_answer_without_end_cannot_be_read(part):
    problem(part * (1_000_000 // len(part)))


def test_of_a_huge_text_the_beginning_is_read():
    assert parse_answer(f"{GOOD} {'x' * 2_000_000} {OTHER}").classification == "error"


SECRET = "Zk81qpWm4Tx7"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f'"{SECRET}"',
        answer(classification=SECRET),
        answer(reason=[SECRET]),
        answer(tags={SECRET: SECRET}),
        answer(tags=[SECRET, [1]]),
        json.dumps({SECRET: SECRET}),
        GOOD[:-1] + SECRET,
        f"CLASSIFICATION: {SECRET}\nREASON: {SECRET}",
        f"<think>{SECRET}",
        f"{answer(reason=SECRET)} {OTHER}",
    ],
)
def test_what_is_said_of_an_answer_repeats_nothing_of_it(text):
    assert SECRET not in problem(text)


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                *("{", "}", "[", "]", ":", ",", '"', "\n", "classification", "reason", "tags", "quote", "error", "x"),
                *('"classification"', '"reason"', ": ", "<think>", "</think>", "```", "**", GOOD, OTHER, "\ud800"),
            ]
        ),
        max_size=15,
    ).map("".join)
)
@settings(deadline=None, max_examples=300)
def test_any_text_is_an_answer_or_an_error_and_never_normal_by_itself(text):
    try:
        read = parse_answer(text)
    except LLMUnparsedError:
        return
    assert isinstance(read, ModelAnswer)
    assert read.classification in CLASSES
    assert read.reason
    assert read.classification != NORMAL or NORMAL in text.lower()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4))
@settings(deadline=None)
def test_any_value_of_any_field_is_an_answer_or_an_error(value):
    for name in ANSWER:
        for text in (answer(**{name: value}), f"So: {answer(**{name: value})}"):
            try:
                read = parse_answer(text)
            except LLMUnparsedError:
                continue
            assert read.classification in CLASSES


# What models are asked for


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(MODEL_SCHEMA)


def test_the_schema_lists_the_classes_in_their_order():
    assert MODEL_SCHEMA["properties"]["classification"]["enum"] == list(CLASSES)


def test_what_the_schema_allows_can_be_read():
    jsonschema.validate(ANSWER, MODEL_SCHEMA)
    assert parse_answer(GOOD).model_dump() == ANSWER


def test_the_schema_has_the_fields_that_are_read():
    assert MODEL_SCHEMA["properties"].keys() == ModelAnswer.model_fields.keys() == set(MODEL_SCHEMA["required"])


# Quotes


@pytest.mark.parametrize(
    "quote",
    [
        "disk full",
        "DISK Full",
        "disk   full",
        " disk\nfull ",
        "\tdisk full",
        "full on <*>",
        "| disk full",
        "on <*> CAFÉ",
    ],
)
def test_a_quote_that_stands_in_the_data_is_found(quote):
    assert quoted_in(quote, "INFO a\nERROR disk \t full on <*>\nCAFÉ")


def test_a_quote_over_the_end_of_a_line_is_found():
    assert quoted_in("full rebooting", "disk full\nrebooting")
    assert quoted_in("| full\n| rebooting", "disk full\nrebooting")


@pytest.mark.parametrize("quote", ["", " ", "\n\t", "|", "| ", "|\n|", "disk empty", "diskfull", "full disk"])
def test_a_quote_that_does_not_stand_in_the_data_is_not_found(quote):
    assert not quoted_in(quote, "disk full")


# What stands


def verdict(classification: str, reason: str = "by the evidence", tags: tuple[str, ...] = ("a",)) -> Verdict:
    return Verdict(classification=classification, reason=reason, tags=tags)


def stands(
    local: str, said: str, *, measured: tuple[str, ...] = (), suspicious: bool = False, quoted: bool
) -> Standing:
    opinion = verdict(said, "by the model", ("a", "b"))
    return standing(verdict(local), opinion, measured=measured, suspicious=suspicious, quoted=quoted)


HEARD = ("by the model", BY_MODEL, ("a", "b"), None)
LOWER = "a model can name an alarm, not lower it"
UNMEASURED = "nothing of the kind was measured"
UNQUOTED = "it quotes nothing from the log that shows it"
SPEAKS = "the log speaks to the model there"


@pytest.mark.parametrize(
    ("local", "said", "measured", "quoted", "unheard"),
    [
        # the same
        ("error", "error", (), False, None),
        ("normal", "normal", (), False, None),
        ("burst", "burst", (), False, None),
        ("security_leak", "security_leak", (), False, None),
        # graver, and measured besides
        ("error", "log_flood", ("log_flood",), False, None),
        ("rare_event", "burst", ("burst", "rare_event"), False, None),
        ("warning", "error", ("error",), False, None),
        ("normal", "rare_event", ("rare_event",), False, None),
        # graver, and can be read
        ("warning", "error", (), True, None),
        ("normal", "error", (), True, None),
        ("normal", "warning", (), True, None),
        ("normal", "security_leak", (), True, None),
        ("silence", "security_leak", ("silence",), True, None),
        ("warning", "error", (), False, UNQUOTED),
        ("normal", "error", (), False, UNQUOTED),
        ("normal", "security_leak", (), False, UNQUOTED),
        ("error", "security_leak", ("error",), False, UNQUOTED),
        # graver, but neither
        ("error", "log_flood", (), True, UNMEASURED),
        ("warning", "burst", ("warning",), True, UNMEASURED),
        ("normal", "rare_event", (), True, UNMEASURED),
        ("normal", "silence", (), True, UNMEASURED),
        # less grave
        ("error", "warning", (), True, LOWER),
        ("error", "warning", ("warning",), True, LOWER),
        ("security_leak", "error", ("error",), True, LOWER),
        ("burst", "rare_event", ("rare_event",), True, LOWER),
        ("error", "normal", (), True, LOWER),
        ("security_leak", "normal", ("normal",), True, LOWER),
        ("unusual_mix", "normal", (), True, LOWER),
    ],
)
def test_what_stands_is_what_the_model_says_only_if_it_may_say_so(local, said, measured, quoted, unheard):
    found = stands(local, said, measured=measured, quoted=quoted)
    assert found.unheard == unheard
    assert found.verdict.classification == (said if unheard is None else local)
    assert found.by == (BY_MODEL if unheard is None else BY_EVIDENCE)
    assert found.verdict.reason == ("by the model" if unheard is None else "by the evidence")


def test_the_tags_of_both_stand_where_the_model_is_heard():
    assert stands("error", "error", quoted=True).verdict.tags == ("a", "b")


def test_the_tags_of_the_evidence_stand_where_the_model_is_not_heard():
    assert stands("error", "warning", quoted=True).verdict.tags == ("a",)


def test_what_a_model_calls_normal_is_tagged():
    assert stands("error", "normal", quoted=True).verdict.tags == ("a", "model_says_normal")


def test_what_both_call_normal_is_not_tagged():
    assert stands("normal", "normal", quoted=True).verdict.tags == ("a", "b")


@pytest.mark.parametrize(("local", "said"), list(itertools.product(CLASSES, CLASSES)))
def test_where_the_log_speaks_to_the_model_it_is_never_heard(local, said):
    found = stands(local, said, measured=CLASSES, suspicious=True, quoted=True)
    assert found.verdict == verdict(local, tags=("a", "instructions_in_log"))
    assert (found.by, found.unheard) == (BY_EVIDENCE, SPEAKS)


@given(
    local=st.sampled_from(CLASSES),
    said=st.sampled_from(CLASSES),
    measured=st.lists(st.sampled_from(CLASSES), unique=True),
    suspicious=st.booleans(),
    quoted=st.booleans(),
)
@settings(deadline=None, max_examples=500)
def test_what_stands_is_never_less_grave_than_what_the_evidence_says(local, said, measured, suspicious, quoted):
    gravest_first = [*CLASSES[1:], NORMAL]
    found = stands(local, said, measured=tuple(measured), suspicious=suspicious, quoted=quoted)
    assert gravest_first.index(found.verdict.classification) <= gravest_first.index(local)
    assert found.verdict.classification in {local, said}
    assert set(found.verdict.tags) >= {"a"}
    assert (found.by == BY_EVIDENCE) == (found.unheard is not None)


@given(
    local=st.sampled_from(CLASSES),
    said=st.sampled_from(CLASSES),
    measured=st.lists(st.sampled_from(CLASSES), unique=True),
    quoted=st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_a_class_that_neither_was_measured_nor_is_quoted_never_comes_from_a_model(local, said, measured, quoted):
    found = stands(local, said, measured=tuple(measured), quoted=quoted)
    assert found.verdict.classification in {local, *measured} or (quoted and found.verdict.classification in READ)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Anomaly", "anomaly"),
        ("CRITICAL", "error"),
        ("benign", "normal"),
        ("data leak", "security_leak"),
        ("warn", "warning"),
    ],
)
def test_what_models_say_in_the_place_of_a_class_is_understood(said, meant):
    assert parse_answer(answer(classification=said)).classification == meant


def test_no_alias_is_a_class_and_each_means_one():
    aliases = class_aliases()
    assert not set(aliases) & {*CLASSES, "anomaly"}
    assert set(aliases.values()) <= {*CLASSES, "anomaly"}
