import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from loganomaly.config import Config, LLMConfig, load_config, parse_file_config_map, set_keys
from loganomaly.config.document import MAX_BYTES
from loganomaly.errors import ConfigError

DEFAULTS = """
detectors:
  lof: {enabled: true, neighbors: 20, contamination: 0.1}
  rolling_window: {enabled: true, window_size: 1000, repetition_threshold: 0.75}
  contamination: null
leaks: {enabled: true, ip_addresses: false, without: [], key_env: null}
additional_security_patterns: []
llm: {provider: auto, model: "mistral:instruct", endpoint: "http://localhost:11434/api/generate", timeout: 30,
      max_retries: 3, deadline: 90, api_key_env: null, max_calls: 20, max_seconds: 300, max_tokens: null,
      answer_tokens: 512, concurrency: null, redact_personal: true, cache: true, cache_file: null}
masks: []
behavioral_rules: []
reading: {timezone: UTC, day_first: null, year: null}
rules: {enabled: true, without: [], sigma: []}
additional_rule_based_patterns: []
suppress: []
suppress_file: null
workflow:
  order: null
  retry: {max_attempts: 3, initial_delay: 1.0, max_delay: 10.0, backoff_factor: 2.0, jitter: 0.1, max_retry_after: 60.0}
  steps:
    thinking: {enabled: true}
    prompt: {template: enhanced, custom_template: null}
    llm_call: {provider: null, model: null}
"""

# key, a valid value that is not the default, wrong values as (value, what the message says was expected)
STEP_NAMES = "a list of texts such as ['thinking', 'prompt', 'llm_call', 'evaluation'] or null"
FLAG = [(1, "true or false"), ("x", "true or false"), (None, "true or false")]
TEXT = [(5, "non-empty text"), ("", "non-empty text"), (True, "non-empty text"), (["a"], "non-empty text")]
TEXT_SUCH_AS_BERLIN = [(5, "non-empty text such as 'Europe/Berlin'"), ("", "non-empty text such as 'Europe/Berlin'")]
NO_TEXT = [
    (5, "non-empty text or null"),
    ("", "non-empty text or null"),
    ({"a": 1}, "non-empty text or null"),
]


def whole(low: int) -> list[tuple[object, str]]:
    wrong = [low - 1, True, "20", 20.0, None, [20]]
    return [(value, f"a whole number, at least {low}") for value in wrong]


def number(bounds: str, *outside: float) -> list[tuple[object, str]]:
    wrong = [*outside, True, "0.3", None, float("nan"), float("inf")]
    return [(value, f"a finite number, {bounds}") for value in wrong]


MAYBE_FLAG = [(1, "true or false or null"), ("x", "true or false or null")]
YEAR = "a whole number, at most 2200, at least 1970 or null"
A_LIST_OF_TEXTS = "a list of texts"
SOME_PATTERNS = "a list of mappings with the keys name, pattern, severity"
A_LIST = "a list of mappings with the keys name, pattern"
SOME_BEHAVIOURS = (
    "a list of mappings with the keys enabled, field, group_by, name, pattern, reason, severity, tags, threshold, "
    "threshold_ratio, type, window_minutes"
)
BEHAVIOUR = {
    "name": "guessing",
    "enabled": True,
    "type": "count",
    "pattern": "from (?P<ip>.+)",
    "group_by": ["ip"],
    "field": None,
    "window_minutes": 5.0,
    "threshold": 5,
    "threshold_ratio": None,
    "reason": "{count} of {group}",
    "severity": "low",
    "tags": ["mine"],
}
SOME_ENTRIES = "a list of mappings with the keys component, date, id, level, note, reason, session, template"
ENTRY = {
    "template": "order <*> lost",
    "component": None,
    "session": None,
    "level": None,
    "reason": "error + rare_event",
    "id": "3f2a9c01b7de",
    "note": "known",
    "date": "2026-03-14",
}
NAMES = [(value, "a list of texts") for value in (5, "x", None, True, [7])]
RULE = {"name": "paper", "pattern": "out of paper", "reason": "no paper", "tags": ["printer"], "severity": "high"}
SOME_RULES = "a list of mappings with the keys name, pattern, reason, severity, tags"
EVERY_KEY = (
    "additional_rule_based_patterns, additional_security_patterns, behavioral_rules, detectors, leaks, llm, masks, "
    "reading, rules, suppress, suppress_file, workflow"
)
KEYS: dict[str, tuple[object, list[tuple[object, str]]]] = {
    "masks": (
        [{"name": "order", "pattern": r"ORD-\d+"}, {"name": "ip", "pattern": None}],
        [(value, A_LIST) for value in (5, "x", None, True, {"name": "order"})],
    ),
    "behavioral_rules": (
        [BEHAVIOUR],
        [(value, SOME_BEHAVIOURS) for value in (5, "x", None, True, {"name": "guessing"})],
    ),
    "suppress": (
        [
            ENTRY,
            *(
                ENTRY | {"template": None, "id": None, key: name}
                for key, name in (("component", "web"), ("session", "req-* that take long"), ("level", "ERROR"))
            ),
        ],
        [(value, SOME_ENTRIES) for value in (5, "x", None, True, {"template": "order"})],
    ),
    "suppress_file": ("known.yaml", NO_TEXT),
    "leaks.enabled": (False, FLAG),
    "leaks.ip_addresses": (True, FLAG),
    "leaks.without": (["e-mail", "phone"], [(value, A_LIST_OF_TEXTS) for value in (5, "e-mail", None, [5])]),
    "leaks.key_env": ("MY_KEY", [(value, "text") for value in ("a b", "", 7)]),
    "additional_security_patterns": (
        [{"name": "badge", "pattern": "EMP-[0-9]{6}", "severity": "low"}],
        [(value, SOME_PATTERNS) for value in (5, "x", None, True, {"name": "badge"})],
    ),
    "rules.enabled": (False, FLAG),
    "rules.without": (["disk-full"], NAMES),
    "rules.sigma": (["rules/linux"], NAMES),
    "additional_rule_based_patterns": (
        [RULE],
        [(value, SOME_RULES) for value in (5, "x", None, True, {"name": "paper"})],
    ),
    "reading.timezone": ("Europe/Berlin", TEXT_SUCH_AS_BERLIN),
    "reading.day_first": (True, MAYBE_FLAG),
    "reading.year": (2024, [(1969, YEAR), (2201, YEAR), ("2024", YEAR), (2024.0, YEAR), (True, YEAR)]),
    "detectors.lof.enabled": (False, FLAG),
    "detectors.lof.neighbors": (1, whole(1)),
    "detectors.lof.contamination": (0.5, number("above 0, at most 0.5", 0, 0.51)),
    "detectors.contamination": (
        0.5,
        [(value, "a finite number, above 0, at most 0.5 or null") for value in (0, 0.51, True, "0.3", float("nan"))],
    ),
    "detectors.rolling_window.enabled": (False, FLAG),
    "detectors.rolling_window.window_size": (2, whole(2)),
    "detectors.rolling_window.repetition_threshold": (1, number("above 0, at most 1", 0, 1.01)),
    "llm.provider": ("ollama", TEXT),
    "llm.model": ("tiny", TEXT),
    "llm.endpoint": (
        "https://llm.example/v1",
        [(value, "text such as 'http://localhost:11434/api/generate'") for value in ("localhost", "", 80, None)],
    ),
    "llm.timeout": (0.5, number("above 0", 0, -1)),
    "llm.api_key_env": ("MY_KEY", [(value, "text such as 'OPENAI_API_KEY' or null") for value in ("a b", "", 7)]),
    "llm.deadline": (0.5, number("above 0", 0, -1)),
    "llm.max_retries": (0, whole(0)),
    "llm.max_calls": (0, whole(0)),
    "llm.max_seconds": (0.5, number("above 0", 0, -1)),
    "llm.max_tokens": (1, [(value, "a whole number, at least 1 or null") for value in (0, 1.5, True, "7")]),
    "llm.answer_tokens": (64, whole(64)),
    "llm.concurrency": (1, [(value, "a whole number, at least 1 or null") for value in (0, 1.5, True, "7")]),
    "llm.redact_personal": (False, FLAG),
    "llm.cache": (False, FLAG),
    "llm.cache_file": ("answers.sqlite", NO_TEXT),
    "workflow.retry.max_attempts": (1, whole(1)),
    "workflow.retry.initial_delay": (0, number("at least 0", -0.1)),
    "workflow.retry.max_delay": (1, number("at least 0", -0.1)),
    "workflow.retry.backoff_factor": (1, number("at least 1", 0.9)),
    "workflow.retry.jitter": (0, number("at least 0", -0.1)),
    "workflow.retry.max_retry_after": (0, number("at least 0", -0.1)),
    "workflow.order": (
        ["prompt", "llm_call"],
        [(value, STEP_NAMES) for value in ("prompt", 7, [7], ["prompt", None])],
    ),
    "workflow.steps.thinking.enabled": (False, FLAG),
    "workflow.steps.prompt.template": (
        "custom",
        [("fancy", "one of 'enhanced', 'custom'"), (None, "one of")],
    ),
    "workflow.steps.prompt.custom_template": ("Why: {log}", NO_TEXT),
    "workflow.steps.llm_call.provider": ("ollama", NO_TEXT),
    "workflow.steps.llm_call.model": ("tiny", NO_TEXT),
}
WITH = {
    "workflow.steps.prompt.template": {"workflow.steps.prompt.custom_template": "Why {log}?"},
}
VALID = [(key, value) for key, (value, _) in KEYS.items()]
INVALID = [(key, value, expected) for key, (_, wrong) in KEYS.items() for value, expected in wrong]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Config]:
    def load_text(text: str | bytes, **overrides: object) -> Config:
        path = tmp_path / "settings.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path, overrides={key.replace("__", "."): value for key, value in overrides.items()})

    return load_text


def problems(call: Callable[..., object], *args: object, **kwargs: object) -> list[str]:
    """Return the lines of the ConfigError the call raises, without the folder of the file."""
    with pytest.raises(ConfigError) as caught:
        call(*args, **kwargs)
    return [
        line[line.find("settings.yaml") :] if "settings.yaml" in line else line
        for line in str(caught.value).split("\n")
    ]


def as_yaml(values: dict[str, object]) -> str:
    tree: dict[str, object] = {}
    for key, value in values.items():
        section = tree
        *parents, name = key.split(".")
        for parent in parents:
            section = section.setdefault(parent, {})
        section[name] = value
    return yaml.safe_dump(tree)


def value_at(config: BaseModel, key: str) -> object:
    value: object = config
    for name in key.split("."):
        value = getattr(value, name)
    if isinstance(value, tuple):
        return [entry.model_dump(mode="json") if isinstance(entry, BaseModel) else entry for entry in value]
    return value


def leaves(section: type[BaseModel], prefix: str = "") -> list[str]:
    keys = []
    for name, field in section.model_fields.items():
        below = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        keys += leaves(field.annotation, f"{prefix}{name}.") if below else [f"{prefix}{name}"]
    return keys


def fields(section: type[BaseModel]) -> list[tuple[str, str | None]]:
    found = []
    for name, field in section.model_fields.items():
        found.append((f"{section.__name__}.{name}", field.description))
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += fields(field.annotation)
    return found


def test_the_defaults_are_those_of_the_documentation():
    assert Config().model_dump(mode="json") == yaml.safe_load(DEFAULTS)


def test_the_documented_file_loads_to_the_defaults(load):
    assert load(DEFAULTS) == Config()


def test_these_tests_cover_every_key():
    assert sorted(KEYS) == sorted(leaves(Config))


def test_every_field_has_a_description():
    assert [name for name, description in fields(Config) if not description] == []


@pytest.mark.parametrize(("key", "value"), VALID, ids=[key for key, _ in VALID])
def test_a_key_takes_a_valid_value_from_the_file(load, key, value):
    config = load(as_yaml({key: value, **WITH.get(key, {})}))
    assert value_at(config, key) == value != value_at(Config(), key)


@pytest.mark.parametrize(("key", "value"), VALID, ids=[key for key, _ in VALID])
def test_a_key_takes_a_valid_value_from_an_override(key, value):
    config = load_config(overrides={key: value, **WITH.get(key, {})})
    assert value_at(config, key) == value != value_at(Config(), key)


@pytest.mark.parametrize(("key", "value", "expected"), INVALID)
def test_a_wrong_value_in_the_file_is_named_with_its_line_and_what_was_expected(load, key, value, expected):
    text = "# settings\n" + as_yaml({key: value})
    name = key.rpartition(".")[2]
    line = next(
        n
        for n, written in enumerate(text.splitlines(), start=1)
        if written.strip().startswith((f"{name}:", f"'{name}':"))
    )
    [problem] = problems(load, text)
    assert problem.startswith(f"settings.yaml, line {line}: {key}: given ")
    assert f", expected {expected}" in problem


@pytest.mark.parametrize(("key", "value", "expected"), INVALID)
def test_a_wrong_override_is_named_with_its_value_and_what_was_expected(key, value, expected):
    [problem] = problems(load_config, overrides={key: value})
    assert problem.startswith(f"option {key}: given {value!r}, expected {expected}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "neighbors: '20'",
            "given '20', expected a whole number, at least 1; this is text in YAML, write 20 without",
        ),
        (
            "contamination: 1e-1",
            "given '1e-1', expected a finite number, above 0, at most 0.5; this is text in YAML, write 0.1 ",
        ),
        ("contamination: .inf", "given .inf, expected"),
        ("neighbors: 5 lines", "given '5 lines', expected a whole number, at least 1."),
        ("neighbors:", "given nothing, expected"),
        ("neighbors: [1, 2]", "given a list, expected"),
        ("neighbors: {a: 1}", "given a mapping, expected"),
        ("neighbors: 2020-01-01", "given 2020-01-01 tagged '!!timestamp', expected"),
        ("neighbors: 2020-99-99", "given 2020-99-99 tagged '!!timestamp', expected"),
        ("neighbors: !!int x", "given x, expected"),
        ("neighbors: !!int ''", "expected a whole number"),
        ("enabled: !!bool perhaps", "given perhaps, expected true or false"),
        ("contamination: 1" + ":1" * 200 + ".5", "given 1:1:1"),
        ("neighbors: " + "9" * 5000, "given 999999"),
        ("neighbors: !env N", "given N tagged '!env', expected"),
        (f"neighbors: {'x' * 200}", f"given '{'x' * 60}...', expected"),
    ],
)
def test_a_wrong_value_is_shown_as_it_was_written(load, text, shown):
    [problem] = problems(load, f"detectors:\n  lof:\n    {text}\n")
    assert problem.startswith("settings.yaml, line 3: detectors.lof.")
    assert shown in problem


def test_text_that_looks_like_a_number_is_asked_for_in_quotes(load):
    [problem] = problems(load, "llm:\n  model: 7\n")
    assert problem == ("settings.yaml, line 2: llm.model: given 7, expected non-empty text; put text in quotes.")


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_key(load):
    [problem] = problems(load, "detectors:\n  lof:\n    neighbours: 5\n")
    assert problem == (
        "settings.yaml, line 3: unknown key 'detectors.lof.neighbours'; did you mean 'neighbors'? "
        "Known keys here: contamination, enabled, neighbors."
    )


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("detector: {}", "did you mean 'detectors'?"),
        ("LLM: {}", "did you mean 'llm'?"),
        ("neighbors: 5", "did you mean 'detectors.lof.neighbors'?"),
        ("neighbours: 5", "did you mean 'detectors.lof.neighbors'?"),
        ("model: m", "did you mean 'llm.model' or 'workflow.steps.llm_call.model'?"),
        ("workflow: {llm_call: {}}", "did you mean 'workflow.steps.llm_call'?"),
        ("detectors.lof.neighbors: 5", "write one name a level: detectors: {lof: {neighbors: ...}}"),
    ],
)
def test_an_unknown_key_is_answered_with_the_key_that_was_meant(load, text, suggestion):
    [problem] = problems(load, text)
    assert suggestion in problem


def test_an_unknown_key_like_no_other_lists_the_known_keys_only(load):
    [problem] = problems(load, "zzz: 1\n")
    assert problem == (f"settings.yaml, line 1: unknown key 'zzz'. Known keys here: {EVERY_KEY}.")


def test_an_unknown_key_never_shows_its_value(load):
    assert "hunter2" not in "".join(problems(load, "llm: {api_key: hunter2}"))


@pytest.mark.parametrize(("text", "shown"), [("1: 2", "1"), ("? [a]\n: 2", "a list"), ("<<: {llm: {}}", "<<")])
def test_a_key_that_is_not_text_is_refused(load, text, shown):
    [problem] = problems(load, text)
    assert problem.startswith(f"settings.yaml, line 1: given {shown}")
    assert problem.endswith(f"as a key, expected one of {EVERY_KEY}.")


def test_an_unknown_override_is_named_with_the_nearest_key():
    [problem] = problems(load_config, overrides={"detectors.lof.neighbours": 5})
    assert problem == (
        "option 'detectors.lof.neighbours': unknown key; did you mean 'detectors.lof.neighbors'? "
        "Known keys in detectors.lof: contamination, enabled, neighbors."
    )


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("detector.lof.neighbors", "detectors.lof.neighbors"),
        ("timeout", "llm.timeout"),
        ("llm.model.name", "llm.model"),
        ("workflow.steps.promt.template", "workflow.steps.prompt.template"),
    ],
)
def test_an_unknown_override_is_answered_with_the_key_that_was_meant(key, nearest):
    [problem] = problems(load_config, overrides={key: 1})
    assert f"option {key!r}: unknown key; did you mean {nearest!r}" in problem


@pytest.mark.parametrize("key", ["", ".", "zzz", "llm."])
def test_an_override_like_no_key_lists_the_known_keys(key):
    [problem] = problems(load_config, overrides={key: 1})
    assert problem.startswith(f"option {key!r}: unknown key")
    assert "Known keys" in problem


def test_an_override_of_a_whole_section_names_the_keys_in_it():
    [problem] = problems(load_config, overrides={"detectors.lof": {"neighbors": 5}})
    assert problem == (
        "option detectors.lof: a section, not a value; give one of its keys: "
        "detectors.lof.contamination, detectors.lof.enabled, detectors.lof.neighbors."
    )


def test_an_override_wins_over_the_file_and_the_file_over_the_default(load):
    lof = load("detectors: {lof: {neighbors: 7, contamination: 0.2}}", detectors__lof__neighbors=5).detectors.lof
    assert (lof.enabled, lof.contamination, lof.neighbors) == (True, 0.2, 5)


@pytest.mark.parametrize("written", ["0", "[1]", "2020-01-01", "!env X"])
def test_an_override_replaces_a_wrong_value_of_the_file(load, written):
    assert load(f"llm: {{timeout: {written}}}", llm__timeout=5).llm.timeout == 5


def test_whole_numbers_are_taken_where_numbers_are_expected(load):
    timeout = load("llm: {timeout: 5}").llm.timeout
    assert (type(timeout), timeout) == (float, 5.0)


def test_all_problems_are_listed_in_the_order_of_their_lines_and_overrides_last(load):
    text = "llm:\n  timeout: 0\n  modle: m\n  model: 3\ndetectors: 7\nworkflow: {retry: {jitter: -1}}\n"
    starts = [line.split(" given")[0].split(";")[0] for line in problems(load, text, llm__max_retries=-1, x=1)]
    assert starts == [
        "settings.yaml, line 2: llm.timeout:",
        "settings.yaml, line 3: unknown key 'llm.modle'",
        "settings.yaml, line 4: llm.model:",
        "settings.yaml, line 5: detectors:",
        "settings.yaml, line 6: workflow.retry.jitter:",
        f"option 'x': unknown key. Known keys here: {EVERY_KEY}.",
        "option llm.max_retries:",
    ]


def test_a_key_given_twice_is_refused_with_both_lines(load):
    [problem] = problems(load, "llm:\n  timeout: 3\n  timeout: 4\n")
    assert problem == ("settings.yaml, line 3: llm.timeout: given twice, first on line 2; keep one of the two.")


def test_a_section_given_twice_is_refused(load):
    [problem] = problems(load, "llm: {timeout: 3}\nllm: {model: m}\n")
    assert problem.startswith("settings.yaml, line 2: llm: given twice, first on line 1")


def test_a_first_delay_above_the_longest_is_refused_at_the_line_of_the_delay(load):
    [problem] = problems(load, "workflow:\n  retry:\n    initial_delay: 20\n")
    assert problem == (
        "settings.yaml, line 3: workflow.retry.initial_delay: max_delay is 10 s, expected at least "
        "initial_delay, which is 20 s; raise max_delay or lower initial_delay."
    )


def test_an_override_that_disagrees_with_the_file_is_named(load):
    [problem] = problems(load, "workflow: {retry: {initial_delay: 2}}", workflow__retry__max_delay=1)
    assert problem.startswith("option workflow.retry.max_delay: max_delay is 1 s, expected at least initial_delay")


def test_equal_delays_are_allowed(load):
    assert load("workflow: {retry: {initial_delay: 4, max_delay: 4}}").workflow.retry.max_delay == 4


def test_the_custom_template_must_be_given_when_it_is_chosen(load):
    [problem] = problems(load, "workflow:\n  steps:\n    prompt:\n      template: custom\n")
    assert problem.startswith("settings.yaml, line 4: workflow.steps.prompt.template: template is 'custom' but")


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "{}", "\ufeff", "detectors:\n  # none\n"])
def test_an_empty_file_leaves_every_default(load, text):
    config = load(text)
    assert (config, set_keys(config)) == (Config(), frozenset())


@pytest.mark.parametrize(
    ("text", "shown"),
    [("- a", "a list"), ("hello", "'hello'"), ("null", "null"), ("!!set {a}", "a mapping tagged '!!set'")],
)
def test_a_file_that_is_not_a_mapping_is_refused(load, text, shown):
    [problem] = problems(load, text)
    assert problem == (
        f"settings.yaml, line 1: the file: given {shown}, expected a mapping with keys among {EVERY_KEY}."
    )


@pytest.mark.parametrize("written", ["5", "null", "[a]", "!!python/object/apply:os.getcwd []"])
def test_a_section_that_is_not_a_mapping_is_refused(load, written):
    [problem] = problems(load, f"detectors:\n  lof: {written}\n")
    assert problem.startswith("settings.yaml, line 2: detectors.lof: given ")
    assert problem.endswith("expected a mapping with keys among contamination, enabled, neighbors.")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: c: d\n", 2, "mapping values are not allowed here"),
        ("a: [1\n", 2, "while parsing a flow sequence, expected ',' or ']'"),
        ("a:\n\t- b\n", 2, "cannot start any token"),
        ("llm: {}\n---\nllm: {}\n", 2, "expected a single document"),
        ('llm: {}\nx: "\\UFFFFFFFF"\n', 2, "a character code or number is out of range"),
        ("%YAML 1." + "1" * 5000 + "\n---\n", 1, "a character code or number is out of range"),
    ],
)
def test_wrong_syntax_is_named_with_its_line(load, text, line, reason):
    [problem] = problems(load, text)
    assert problem.startswith(f"settings.yaml, line {line}: not valid YAML: ")
    assert reason in problem


def test_a_control_character_is_named_with_its_line(load):
    [problem] = problems(load, "llm: {}\n# \x00\n")
    assert problem == ("settings.yaml, line 2: character U+0000 is not allowed in YAML; remove it")


def test_a_file_that_is_not_utf8_is_refused_with_the_line(load):
    [problem] = problems(load, "llm:\n  model: m\xfcde\n".encode("latin-1"))
    assert problem == ("settings.yaml, line 2: byte 0xfc is not UTF-8 text; save the file as UTF-8")


def test_an_alias_is_refused_with_its_line(load):
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    [problem] = problems(load, bomb)
    assert problem == ("settings.yaml, line 2: alias *a is not allowed in a configuration; write the value out in full")


@pytest.mark.parametrize("text", ["[" * 10_000, "{a: " * 10_000, "- " * 10_000])
def test_deep_nesting_is_refused(load, text):
    [problem] = problems(load, text)
    assert problem.startswith("settings.yaml, line 1: nested more than 20 levels deep")


def test_a_tag_never_runs_anything(load, tmp_path):
    target = tmp_path / "made"
    problems(load, f"llm: {{model: !!python/object/apply:os.mkdir ['{target}']}}")
    assert not target.exists()


def test_a_file_far_larger_than_any_configuration_is_refused(load):
    [problem] = problems(load, b"#" * (MAX_BYTES + 1))
    assert problem == "settings.yaml: larger than 256 KiB; expected a YAML configuration file, is this a log?"


def test_the_largest_allowed_file_is_read(load):
    assert load(b"#" * MAX_BYTES) == Config()


def test_a_missing_file_is_named(tmp_path):
    [problem] = problems(load_config, tmp_path / "settings.yaml")
    assert problem == ("settings.yaml: no such file; give the path of a YAML configuration file")


@pytest.mark.parametrize("name", ["", "a\0b"], ids=["a folder", "a NUL in the name"])
def test_a_path_that_cannot_be_read_is_refused(tmp_path, name):
    [problem] = problems(load_config, tmp_path / name)
    assert "cannot be read (" in problem


def test_the_keys_that_were_given_are_told_from_defaults(load):
    config = load("llm: {timeout: 30}\ndetectors: {lof: {}}\n", workflow__steps__llm_call__model=None)
    assert set_keys(config) == {"llm.timeout", "workflow.steps.llm_call.model"}


def test_no_key_counts_as_given_without_file_and_overrides():
    assert set_keys(load_config()) == frozenset()


def test_keys_given_in_code_count_as_given():
    assert set_keys(Config(llm=LLMConfig(model="m"))) == {"llm.model"}


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Config().llm.timeout = 1.0


ALPHABET = st.sampled_from([*"abx019 \n\t:-?[]{},#&*!|>'\"%@`~<=.\\_+U", "llm", "model", ": ", "\n  ", "---", "!!int "])


def outcome(call: Callable[..., object], *args: object, **kwargs: object) -> tuple[object, str]:
    """Return what the call returns and "", or None and the message of its ConfigError; let others through."""
    try:
        return call(*args, **kwargs), ""
    except ConfigError as error:
        return None, str(error)


@given(st.one_of(st.text(), st.lists(ALPHABET).map("".join)))
@example("llm: {timeout: 1:60.5, model: =, max_retries: 0x_}")
@example('llm: {model: "\\uD800"}')
@example("%TAG ! tag:yaml.org,2002:\n---\nllm: {model: !int ''}")
def test_any_text_loads_or_is_refused_one_problem_a_line(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode())
    config, message = outcome(load_config, path)
    assert isinstance(config, Config) or all(line.startswith(f"{path}, line ") for line in message.split("\n"))


@given(st.binary())
def test_any_bytes_load_or_are_refused_with_a_line(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    config, message = outcome(load_config, path)
    assert isinstance(config, Config) or message.startswith(f"{path}, line ")


@given(
    st.dictionaries(
        st.sampled_from(list(KEYS)) | st.text(max_size=20),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()),
        max_size=4,
    )
)
def test_any_overrides_load_or_are_refused_one_problem_a_line(overrides):
    config, message = outcome(load_config, overrides=overrides)
    if isinstance(config, Config):
        assert set_keys(config) == set(overrides)
    else:
        assert all(line.startswith("option ") for line in message.split("\n"))


@given(
    neighbors=st.integers(1, 10**6),
    contamination=st.floats(0, 0.5, exclude_min=True),
    model=st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_what_is_written_as_yaml_is_read_back(tmp_path_factory, neighbors, contamination, model):
    path = tmp_path_factory.getbasetemp() / "back.yaml"
    wanted = {
        "detectors.lof.neighbors": neighbors,
        "detectors.lof.contamination": contamination,
        "llm.model": model,
    }
    path.write_text(as_yaml(wanted), encoding="utf-8")
    config = load_config(path)
    assert {key: value_at(config, key) for key in wanted} == wanted


def test_the_file_config_map_maps_patterns_to_paths_in_order():
    text = '{"app.log": "app.yaml", "*.access.log": "conf/access.yaml"}'
    assert list(parse_file_config_map(text).items()) == [
        ("app.log", Path("app.yaml")),
        ("*.access.log", Path("conf/access.yaml")),
    ]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", "line 1, column 1: "),
        ('{"a.log": }', "line 1, column 11: "),
        ('{\n"a.log"', "line 2, column 8: "),
        ("{'a.log': 'b.yaml'}", "line 1, column 2: "),
        ("[1]", "line 1, column 1: given a list"),
        ("null", "line 1, column 1: given null"),
        ('"a.yaml"', "line 1, column 1: given a text"),
        ("[" * 100_000, "nested too deep"),
        ('{"a.log": "a.yaml", "b.log": 5}', 'entry 2 ("b.log"): given the number 5 '),
        ('{"a.log": NaN}', 'entry 1 ("a.log"): given '),
        ('{"a.log": ' + "9" * 5000 + "}", 'entry 1 ("a.log"): given the number 999'),
        ('{"a.log": true}', 'entry 1 ("a.log"): given true '),
        ('{"a.log": {"llm": {}}}', 'entry 1 ("a.log"): given an object '),
        ('{"a.log": ""}', 'entry 1 ("a.log"): given an empty text '),
        ('{"": "a.yaml"}', 'entry 1 (""): the file name or pattern is empty'),
        ('{"a.log": "a.yaml", "a.log": "b.yaml"}', 'entry 2 ("a.log"): given twice'),
    ],
)
def test_a_wrong_file_config_map_is_refused_with_the_position_and_an_example(text, position):
    with pytest.raises(ConfigError) as caught:
        parse_file_config_map(text)
    message = str(caught.value)
    assert message.startswith("file config map")
    assert position in message
    assert '{"app.log": "app.yaml", "*.access.log": "access.yaml"}' in message


@given(
    st.text()
    | st.recursive(st.none() | st.integers() | st.text(), lambda s: st.dictionaries(st.text(), s)).map(json.dumps)
)
def test_any_file_config_map_is_read_or_refused_with_a_config_error(text):
    paths, message = outcome(parse_file_config_map, text)
    if isinstance(paths, dict):
        assert paths == {name: Path(path) for name, path in json.loads(text).items()}
    else:
        assert message.startswith("file config map")


def test_importing_the_package_loads_neither_pydantic_nor_yaml():
    check = "import sys, loganomaly; sys.exit(bool({'pydantic', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


# --- time zones


def test_a_time_zone_that_does_not_exist_is_refused_with_its_line(load):
    [problem] = problems(load, "reading:\n  timezone: Berlin\n")
    assert problem == (
        "settings.yaml, line 2: reading.timezone: no time zone 'Berlin', expected an IANA name such as "
        "'Europe/Berlin', or an offset such as '+02:00'; near it is 'Europe/Berlin'."
    )


def test_an_offset_that_yaml_takes_for_a_number_is_to_be_quoted(load):
    with pytest.raises(ConfigError, match=r"reading.timezone: given \+10:00, expected .*; put text in quotes"):
        load("reading: {timezone: +10:00}")
    assert load("reading: {timezone: '+10:00'}").reading.timezone == "+10:00"


# --- masks


@pytest.mark.parametrize(
    ("entry", "line", "problem"),
    [
        ("", 2, "masks.1: given nothing, expected a mapping with keys among name, pattern."),
        ("5", 2, "masks.1: given 5, expected a mapping with keys among name, pattern."),
        ("[a]", 2, "masks.1: given a list, expected a mapping with keys among name, pattern."),
        ("{name: a}", 2, "masks.1.pattern: not given, expected non-empty text such as 'ORD-\\d+' or null."),
        (
            "{name: a, pattern: 12}",
            2,
            "masks.1.pattern: given 12, expected non-empty text such as 'ORD-\\d+' or null; put text in quotes.",
        ),
        (
            "{name: a, pattern: [a-z]}",
            2,
            "masks.1.pattern: given a list, expected non-empty text such as 'ORD-\\d+' or null; put text in quotes.",
        ),
        ("{name: '', pattern: x}", 2, "masks.1.name: given '', expected non-empty text such as 'order_id'."),
        (
            "name: a b\n   pattern: x",
            2,
            (
                "masks.1.name: mask 'a b': expected a name made of letters, digits, dots, dashes and underscores, "
                "at most 64, a letter first, such as 'order_id'."
            ),
        ),
        (
            "name: list\n   pattern: x",
            2,
            "masks.1.name: mask 'list': that is what parameters are called that no mask covers; give another name.",
        ),
        (
            "name: a\n   pattern: (",
            3,
            (
                "masks.1.pattern: mask 'a': '(' is no pattern that can be used: unclosed group; masks are regular "
                "expressions without look-around and back references."
            ),
        ),
        (
            "name: a\n   pattern: x*",
            3,
            "masks.1.pattern: mask 'a': 'x*' matches the empty text; expected a pattern for values.",
        ),
        (
            'name: a\n   pattern: "\\d"',
            3,
            (
                "not valid YAML: while scanning a double-quoted scalar, found unknown escape character 'd'; put text "
                "with backslashes, such as a pattern, in single quotes"
            ),
        ),
        (
            "name: a\n   pattern: x\n - name: b\n   pattern: y\n - name: a\n   pattern: z",
            6,
            ("masks.3.name: 'a' is given twice, first as masks.1; keep one of the two, with both patterns: this|that."),
        ),
    ],
)
def test_a_wrong_mask_is_named_with_its_line_and_what_to_do(load, entry, line, problem):
    assert problems(load, f"masks:\n - {entry}\n") == [f"settings.yaml, line {line}: {problem}"]


def test_only_a_built_in_mask_can_be_switched_off(load):
    [problem] = problems(load, "masks:\n - {name: ipp, pattern: null}\n")
    assert problem.startswith(
        "settings.yaml, line 2: masks.1.pattern: mask 'ipp' has no pattern, and there is no built-in mask of that name "
        "to be switched off; there are url, email, "
    )


def test_an_unknown_key_of_a_mask_and_the_one_that_is_missing_are_both_told(load):
    assert problems(load, "masks:\n - {name: a, patern: x}\n") == [
        "settings.yaml, line 2: unknown key 'masks.1.patern'; did you mean 'pattern'? Known keys here: name, pattern.",
        "settings.yaml, line 2: masks.1.pattern: not given, expected non-empty text such as 'ORD-\\d+' or null.",
    ]


def test_a_list_of_masks_whose_entries_are_all_comments_is_empty(load):
    assert load("masks:\n  # - {name: a, pattern: x}\n").masks == ()


def test_an_override_of_masks_takes_the_place_of_the_list_of_the_file(load):
    config = load("masks: [{name: a, pattern: (}, {name: b, pattern: x}]", masks=[{"name": "c", "pattern": "y"}])
    assert value_at(config, "masks") == [{"name": "c", "pattern": "y"}]


@pytest.mark.parametrize(
    ("masks", "problem"),
    [
        ([3], "option masks.1: expected a mapping with keys among name, pattern."),
        ([{"name": "a"}], "option masks.1.pattern: not given, expected non-empty text such as 'ORD-\\d+' or null."),
        ([{"name": "a", "pattern": 5}], "option masks.1.pattern: expected non-empty text such as 'ORD-\\d+' or null."),
        ([{"name": "a", "pattern": "x", "q": 1}], "option masks.1.q: unknown key, expected one of name, pattern."),
    ],
)
def test_a_wrong_mask_in_an_override_is_named(masks, problem):
    assert problems(load_config, overrides={"masks": masks}) == [problem]


def test_an_override_of_one_entry_of_a_list_is_refused():
    [problem] = problems(load_config, overrides={"masks.1.pattern": "x"})
    assert problem == "option masks.1.pattern: an entry of a list; give masks as a whole."


# --- suppress


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("5", f"suppress.1: given 5, expected a mapping with keys among {', '.join(sorted(ENTRY))}."),
        ("{template: a}", "suppress.1.reason: not given, expected non-empty text such as 'error + rare_event'."),
        ("{template: a, reason: [x]}", "suppress.1.reason: given a list, expected non-empty text such as"),
        ("{template: 12, reason: x}", "suppress.1.template: given 12, expected text or null; put text in quotes."),
        ("{template: a, reason: x, date: 2026-03-14}", "suppress.1.date: given 2026-03-14 tagged '!!timestamp'"),
        (
            "{template: a, reason: x, id: 123456789012}",
            "suppress.1.id: given 123456789012, expected text or null; put text in quotes",
        ),
        (
            "{reason: x}",
            "suppress.1.template: an entry is about a template, a component, a session or a level, and here none is",
        ),
        (
            "{template: a, component: b, reason: x}",
            "suppress.1.component: an entry is about a template, a component, a session or a level, and here template",
        ),
        ("{session: a, level: INFO, reason: x}", "suppress.1.level: an entry is about a template, a component,"),
        ("{level: FATAL, reason: x}", "suppress.1.level: given 'FATAL', expected one of CRITICAL, ERROR, WARN"),
        ("{template: a, reason: x + + y}", "suppress.1.reason: given 'x + + y', expected reasons such as"),
        ("{template: a, reason: x, id: 3F2A9C01B7DE}", "suppress.1.id: given '3F2A9C01B7DE', expected 12 digits"),
    ],
)
def test_a_wrong_entry_of_the_suppress_list_is_told_by_its_line(load, entry, problem):
    [told] = problems(load, f"suppress:\n - {entry}\n")
    assert told.startswith(f"settings.yaml, line 2: {problem}")


def test_a_template_may_be_the_empty_text(load):
    assert load("suppress: [{template: '', reason: burst}]").suppress[0].template == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "Paper"}, "additional_rule_based_patterns.1.name: given 'Paper', expected a small letter"),
        ({"name": "disk-full"}, "there is a built-in rule 'disk-full'; choose another name"),
        ({"pattern": "(?=x)"}, "additional_rule_based_patterns.1.pattern: given '(?=x)': invalid perl operator"),
        ({"pattern": "a*"}, "it covers the empty text, and so would be found everywhere"),
        ({"severity": "worst"}, "one of 'critical', 'high', 'medium', 'low'"),
        ({"tags": ["printer", "leak"]}, "additional_rule_based_patterns.1.tags.2: 'leak' says what was measured"),
        ({"tags": ["Two words"]}, "'Two words' is not of small letters, digits, dots and dashes"),
        ({"reason": "two\nlines"}, "expected one line of text"),
    ],
)
def test_a_rule_that_does_not_work_is_refused_with_the_reason(load, given, said):
    with pytest.raises(ConfigError) as told:
        load(as_yaml({"additional_rule_based_patterns": [RULE | given]}))
    assert said in str(told.value)


def test_two_rules_of_a_name_are_refused(load):
    with pytest.raises(ConfigError, match=r"'paper' is given twice, first as additional_rule_based_patterns\.1"):
        load(as_yaml({"additional_rule_based_patterns": [RULE, {**RULE, "tags": []}]}))


def test_a_rule_that_there_is_not_cannot_be_switched_off(load):
    with pytest.raises(ConfigError, match=r"rules\.without\.2: no rule is called 'disk-ful'; did you mean 'disk-full'"):
        load(as_yaml({"rules.without": ["oom-kill", "disk-ful"]}))


def test_off_is_a_key_like_any_other_though_yaml_reads_it_as_false(load):
    assert load("rules:\n  without: [disk-full]\n").rules.without == ("disk-full",)


def test_a_rule_of_ones_own_can_be_switched_off(load):
    assert load(as_yaml({"additional_rule_based_patterns": [RULE], "rules.without": ["paper"]})).rules.without == (
        "paper",
    )
