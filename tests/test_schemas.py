"""The published schemas of summary.json and anomalies.json are strict, complete and kept to."""

import copy
import json
from importlib import resources

import polars as pl
import pytest
from jsonschema import Draft202012Validator, ValidationError

from llm_server import ollama, ollama_error, ollama_generate, serving
from loganomaly import LogAnalyzer
from loganomaly.classify import CLASSES
from loganomaly.reports.summary import SCHEMA_VERSION
from loganomaly.traces.language import load_languages
from loganomaly.workflow import LogAnalysisWorkflow, WorkflowStep
from loganomaly.workflow.policy import BY_EVIDENCE, BY_MODEL, BY_WORKFLOW

NAMES = ("summary", "anomalies", "leaks", "templates")
LOGS = [f"2026-03-14 09:{i // 60:02d}:{i % 60:02d} INFO [web] request {i} done" for i in range(120)]
LOGS += ["2026-03-14 09:02:01 ERROR [db] connecting with password=hunterxx failed"]


def schema(name):
    folder = resources.files("loganomaly.reports").joinpath("schemas")
    return json.loads(folder.joinpath(f"{name}.schema.json").read_text(encoding="utf-8"))


def validate(value, name):
    # As it is written: what is no JSON must not pass.
    text = json.dumps(value, allow_nan=False)
    Draft202012Validator(schema(name)).validate(json.loads(text))


@pytest.fixture(scope="module")
def results():
    return LogAnalyzer().analyze(pl.DataFrame({"log": LOGS}))


def objects(node, path="$"):
    """Yield every schema of an object or value below a schema."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), (str, list)) or "const" in node:
            yield path, node
        for key, value in node.items():
            yield from objects(value, f"{path}.{key}")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_says_which_draft_it_is(name):
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described_and_no_object_is_open(name):
    found = list(objects(schema(name)))
    assert len(found) > 15
    for path, node in found:
        assert node.get("description", "").endswith("."), path
        if node.get("type") == "object":
            assert node.get("additionalProperties") is False or "properties" not in node, path


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_a_unit_or_says_what_it_counts(name):
    units = ("hare", "second", "bytes", "bits", "Records", "unit", "per ", "score", "errors / records")
    for path, node in objects(schema(name)):
        if "number" in str(node.get("type")):
            assert any(unit in node["description"] for unit in (*units, "Seconds", "ikely", "number")), path


def test_the_version_and_the_classes_are_those_of_the_code():
    assert schema("summary")["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    entry = schema("anomalies")["items"]["properties"]
    for said in (entry["local"], entry["llm"]["properties"]["opinion"]):
        assert said["properties"]["classification"]["enum"] == list(CLASSES)
    assert entry["verdict_by"]["enum"] == [BY_EVIDENCE, BY_MODEL, BY_WORKFLOW]


def test_results_of_a_frame_are_valid(results):
    assert results.anomalies
    assert results.summary["leaks"]
    validate(results.summary, "summary")
    validate(results.anomalies, "anomalies")
    validate(results.template_file, "templates")
    validate(results.leaks, "leaks")
    assert results.leaks
    assert results.template_file["templates"][0]["parameters"]


def test_what_is_saved_for_several_files_is_valid(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    folder.joinpath("a.log").write_text("\n".join(LOGS) + "\n")
    folder.joinpath("b.log").write_text("no time here\n" * 30)
    folder.joinpath("c.md").write_text("# no log\n")
    saved = LogAnalyzer().analyze(folder).save(tmp_path / "results")
    described = [path for path in saved if path.suffix == ".json"]
    assert len(described) == 8
    for path in described:
        validate(json.loads(path.read_text()), path.name.removesuffix(".json").rpartition(".")[2])


def test_an_analysis_of_nothing_but_blanks_is_valid():
    results = LogAnalyzer().analyze(pl.DataFrame({"log": ["", None]}))
    validate(results.summary, "summary")
    validate(results.anomalies, "anomalies")


@pytest.fixture(scope="module")
def broken():
    hours = [f"2026-03-14 {9 + i // 120:02d}:{i // 2 % 60:02d}:{i % 2 * 30:02d} INFO [web] request {i} done"
             for i in range(960)]  # fmt: skip
    hours[600:600] = [
        "2026-03-14 14:00:01 CRITICAL [db] disk is full",
        "2026-03-14 14:01:07 CRITICAL [web] cannot store the basket of anyone",
    ]
    return LogAnalyzer().analyze(pl.DataFrame({"log": hours}))


def test_results_with_an_incident_are_valid(broken):
    (incident,) = broken.incidents
    assert incident["first_cause"]["finding"] == incident["findings"][0]
    assert {a["incident"] for a in broken.anomalies} == {incident["id"]}
    validate(broken.summary, "summary")
    validate(broken.anomalies, "anomalies")


def test_an_incident_with_a_missing_or_an_unknown_key_or_a_wrong_value_is_refused(broken):
    good = broken.summary
    spots = [("incidents", 0), ("incidents", 0, "first_cause"), ("incidents", 0, "timeline", 0)]
    for spot in spots:
        for key in at(good, spot):
            bad = copy.deepcopy(good)
            del at(bad, spot)[key]
            with pytest.raises(ValidationError, match=f"'{key}' is a"):
                validate(bad, "summary")
        bad = copy.deepcopy(good)
        at(bad, spot)["surprise"] = 1
        with pytest.raises(ValidationError, match="surprise"):
            validate(bad, "summary")
    for key, value in [("id", "x"), ("score", 1.01), ("start", "noon"), ("findings", []), ("files", [])]:
        bad = copy.deepcopy(good)
        bad["incidents"][0][key] = value
        with pytest.raises(ValidationError):
            validate(bad, "summary")


def places(value, path=()):
    """Yield the path to each mapping with fixed keys."""
    if isinstance(value, dict):
        if path[-1:] not in {("tag_summary",), ("stages",), ("failures",), ("found",)}:
            yield path
        for key, below in value.items():
            yield from places(below, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def at(value, path):
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("name", ["summary", "anomalies"])
def test_a_missing_or_an_unknown_key_is_refused_everywhere(results, name):
    good = {"summary": results.summary, "anomalies": results.anomalies}[name]
    found = list(places(good))
    assert len(found) >= {"summary": 11, "anomalies": 3}[name]
    for path in found:
        for key in at(good, path):
            bad = copy.deepcopy(good)
            del at(bad, path)[key]
            with pytest.raises(ValidationError, match=f"'{key}' is a"):
                validate(bad, name)
        bad = copy.deepcopy(good)
        at(bad, path)["surprise"] = 1
        with pytest.raises(ValidationError, match="surprise"):
            validate(bad, name)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("summary", ("records",), -1),
        ("summary", ("records",), 1.5),
        ("summary", ("template_diversity", "top_template_ratio"), 1.01),
        ("summary", ("time_metrics", "first_time"), "14/Mar/2026"),
        ("summary", ("log_severity_summary", "ERROR"), None),
        ("summary", ("compliance_mode",), "no"),
        ("anomalies", (0, "score"), 1.01),
        ("summary", ("llm", "calls"), -1),
        ("summary", ("llm", "cache", "hits"), 0.5),
        ("summary", ("llm", "failures"), {"retry": 0}),
        ("summary", ("llm", "interrupted"), None),
        ("anomalies", (0, "classification"), None),
        ("anomalies", (0, "verdict_by"), "somebody"),
        ("anomalies", (0, "line_number"), 0),
        ("anomalies", (0, "severity"), "FATAL"),
        ("anomalies", (0, "evidence"), []),
        ("anomalies", (0, "context", "before"), ["a"] * 4),
    ],
)
def test_a_wrong_value_is_refused(results, name, path, value):
    bad = copy.deepcopy({"summary": results.summary, "anomalies": results.anomalies}[name])
    at(bad, path[:-1])[path[-1]] = value
    with pytest.raises(ValidationError):
        validate(bad, name)


class Owner(WorkflowStep):
    """Says whose it is."""

    def __init__(self):
        super().__init__("owner")

    async def execute(self, context):
        context.add_result("owner", {"team": "shop", "since": 2020})
        return True


@pytest.fixture(scope="module")
def judged():
    """Return results of which a model judged the first finding, and failed on the next one."""
    rows = [*LOGS, "2026-03-14 09:02:02 ERROR [db] disk is full"]
    said = {"classification": "error", "reason": "It broke.", "tags": ["disk"], "quote": ""}
    answers = [ollama_generate(json.dumps(said)), ollama_error(400, "no")]
    with serving(ollama(answers)) as server:
        workflow = LogAnalysisWorkflow(
            {"llm": {"provider": "ollama", "endpoint": f"{server.url}/api/generate", "cache": False}}
        )
        workflow.insert(Owner(), before="llm_call")
        return LogAnalyzer(workflow=workflow).analyze(pl.DataFrame({"log": rows}))


def test_results_with_what_a_model_says_are_valid(judged):
    assert [anomaly["llm"]["opinion"] is not None for anomaly in judged.anomalies] == [True, False]
    assert judged.summary["llm"]["failures"] == {"bad_request": 1}
    validate(judged.summary, "summary")
    validate(judged.anomalies, "anomalies")


def test_what_a_model_says_has_every_key_of_the_schema(judged):
    known = schema("anomalies")["items"]["properties"]
    first, second = judged.anomalies[:2]
    assert set(first["llm"]) == set(known["llm"]["properties"])
    assert set(first["local"]) == set(known["local"]["properties"])
    assert set(first["llm"]["opinion"]) == set(known["llm"]["properties"]["opinion"]["properties"])
    assert set(second["llm"]["failure"]) == set(known["llm"]["properties"]["failure"]["properties"])
    assert set(judged.summary["llm"]) == set(schema("summary")["properties"]["llm"]["properties"])


@pytest.mark.parametrize(
    ("number", "path"), [(0, ("llm",)), (0, ("local",)), (0, ("llm", "opinion")), (1, ("llm", "failure"))]
)
def test_what_a_model_says_with_a_missing_or_an_unknown_key_is_refused(judged, number, path):
    good = [judged.anomalies[number]]
    for key in at(good, (0, *path)):
        bad = copy.deepcopy(good)
        del at(bad, (0, *path))[key]
        with pytest.raises(ValidationError, match=f"'{key}' is a"):
            validate(bad, "anomalies")
    bad = copy.deepcopy(good)
    at(bad, (0, *path))["surprise"] = 1
    with pytest.raises(ValidationError, match="surprise"):
        validate(bad, "anomalies")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("local", "classification"), "odd"),
        (("local", "tags"), "odd"),
        (("llm", "opinion", "classification"), "odd"),
        (("llm", "opinion", "quote_found"), "no"),
        (("llm", "attempts"), -1),
        (("llm", "cached"), 1),
        (("llm", "found"), []),
    ],
)
def test_a_wrong_value_of_what_a_model_says_is_refused(judged, path, value):
    bad = [copy.deepcopy(judged.anomalies[0])]
    at(bad, (0, *path[:-1]))[path[-1]] = value
    with pytest.raises(ValidationError):
        validate(bad, "anomalies")


def test_the_classification_may_be_one_of_a_step_of_the_users(judged):
    validate([judged.anomalies[0] | {"classification": "a drill", "verdict_by": "workflow"}], "anomalies")


def test_what_steps_of_the_users_found_may_be_anything(judged):
    assert judged.anomalies[0]["llm"]["found"] == {"owner": {"team": "shop", "since": 2020}}
    bad = copy.deepcopy(judged.anomalies[0])
    bad["llm"]["found"] = {"anything": [1, {"at": None}]}
    validate([bad], "anomalies")


@pytest.fixture(scope="module")
def traced():
    trace = "java.io.IOException: disk full\n\tat shop.Store.save(Store.java:42)"
    rows = [*LOGS[:-1], f"2026-03-14 09:02:02 ERROR [db] cannot save\n{trace}"]
    anomalies = LogAnalyzer().analyze(pl.DataFrame({"log": rows})).anomalies
    return next(a for a in anomalies if "trace" in a)


def test_a_finding_with_a_stack_trace_is_valid(traced):
    validate([traced], "anomalies")
    assert traced["trace"] == {
        "language": "java",
        "exception": "java.io.IOException",
        "message": "disk full",
        "line": 121,
        "function": "shop.Store.save",
        "file": "Store.java",
        "file_line": 42,
        "own": True,
    }


def test_a_stack_trace_with_a_missing_or_an_unknown_key_is_refused(traced):
    for key in traced["trace"]:
        with pytest.raises(ValidationError, match=f"'{key}' is a"):
            validate([traced | {"trace": {k: v for k, v in traced["trace"].items() if k != key}}], "anomalies")
    with pytest.raises(ValidationError, match="surprise"):
        validate([traced | {"trace": traced["trace"] | {"surprise": 1}}], "anomalies")


def test_the_languages_of_stack_traces_are_those_of_the_code():
    trace = schema("anomalies")["items"]["properties"]["trace"]["properties"]
    assert trace["language"]["enum"] == [language.name for language in load_languages()]


def test_results_with_sessions_are_valid():
    steps = enumerate(("begins", "reads the cart", "ends"))
    told = sorted(
        (i * 2 + step * (1 + i % 3), f"request req-{i:05} {what}") for step, what in steps for i in range(300)
    )
    logs = [f"2026-03-14T09:{second // 60:02d}:{second % 60:02d}Z INFO {text}" for second, text in told]
    results = LogAnalyzer().analyze(pl.DataFrame({"log": logs}))
    (group,) = results.summary["sessions"]
    validate(results.summary, "summary")
    for wrong in (group | {"sessions": 0}, group | {"extra": 1}, {"key": "req-*"}):
        with pytest.raises(ValidationError):
            validate(results.summary | {"sessions": [wrong]}, "summary")
