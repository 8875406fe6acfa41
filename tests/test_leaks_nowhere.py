"""One secret of each kind is planted in every field of every format: its value is in nothing that is written."""

import csv
import gzip
import io
import json
import re
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from leaks_generated import positives
from llm_server import ollama, ollama_generate, serving
from loganomaly.cli import app
from loganomaly.redact_command import redact_app
from loganomaly.redaction.kinds import all_kinds
from loganomaly.redaction.samples import filled
from loganomaly.redaction.secrets import personal_redactor
from loganomaly.redaction.views import unescaped
from written import written

# Of each kind a text that has one and its value; text of a single line, which each field of a log can hold.
PLANTED = {
    kind.name: next(
        (text, text[leak.start : leak.end])
        for text in map(filled, kind.samples)
        for leak in personal_redactor().find(text)
        if leak.kind.name == kind.name and "\n" not in text
    )
    for kind in all_kinds()
}
KEY_LINES = [filled("«base64 64»", seed=n) for n in range(4)]
FIELDS = ("component", "message", "field", "nested", "name")


def record(number, **fields):
    values = {"component": "web", "message": f"request {number} done", "field": "blue", "nested": "x", "name": "color"}
    return {"second": f"{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}", **values, **fields}


def row(cells):
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().strip("\r\n")


def as_json(r):
    return json.dumps({
        "time": f"2026-03-14T{r['second']}Z", "level": "ERROR", "logger": r["component"], "message": r["message"],
        r["name"]: r["field"], "http": {"headers": [r["nested"]]},
    })  # fmt: skip


FORMATS = {
    "app.log": lambda r: f"2026-03-14 {r['second']} ERROR [{r['component']}] {r['message']} {r['name']} {r['field']}",
    "syslog": lambda r: f"Mar 14 {r['second']} host {r['component']}[12]: {r['message']} {r['name']}={r['field']}",
    "api.jsonl": as_json,
    "twice.jsonl": lambda r: json.dumps({"time": f"2026-03-14T{r['second']}Z", "level": "ERROR", "msg": as_json(r)}),
    "svc.logfmt": lambda r: (
        f"time=2026-03-14T{r['second']}Z level=error component={json.dumps(r['component'])} "
        f"msg={json.dumps(r['message'])} note={json.dumps(r['field'])} {r['nested']}"
    ),
    "table.csv": lambda r: row(
        [f"2026-03-14 {r['second']}", "ERROR", r["component"], r["message"], r["field"], r["nested"]]
    ),
    "access.log": lambda r: (
        f"192.168.0.7 - - [14/Mar/2026:{r['second']} +0000] "
        f'"GET /shop?q={quote(r["message"])}&{quote(r["name"])}=1 HTTP/1.1" 500 12 '
        f'"https://a.dev/?r={quote(quote(r["field"]))}" "x"'
    ),
    "glog.log": lambda r: f"E0314 {r['second']}.000000    12 main.go:7] {r['message']} {r['component']} {r['field']}",
    "plain.txt": lambda r: f"{r['component']} / {r['message']} / {r['field']} / {r['nested']}",
}


def planted_log(name):
    """Return a quiet log of a format, in which each field holds a secret of each kind once."""
    lines = ["time,level,component,message,note,more"] if name == "table.csv" else []
    number = 0
    for field in FIELDS:
        for text, _ in PLANTED.values():
            lines += [FORMATS[name](record(number)), FORMATS[name](record(number + 1, **{field: text}))]
            number += 2
    key = ["-----BEGIN RSA PRIVATE KEY-----", *KEY_LINES, "-----END RSA PRIVATE KEY-----"]
    return "".join(f"{line}\n" for line in [*lines, *key])


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    for name in FORMATS:
        (folder / name).write_text(planted_log(name), encoding="utf-8")
    with gzip.open(folder / "packed.log.gz", "wt", encoding="utf-8") as packed:
        packed.write(planted_log("app.log"))
    generated = {}
    for line in positives(seed=3, variants=1):
        generated.setdefault(line.format, []).append(line.text)
    for number, lines in enumerate(generated.values()):
        (folder / f"generated-{number}.log").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / "people.csv").write_text(
        "time,user,password,api_key,pesel,telephone\n"
        + "".join(
            f"2026-03-14 09:00:{n:02d},user{n},{'swordfish' if n % 7 == 0 else 'xxxx'},Zq81kpWm4Tx7R{n},"
            f"44051401359,0171 555{n:04d}\n"
            for n in range(60)
        )
    )
    return folder


VALUES = {name: value for name, (_, value) in PLANTED.items()} | {
    "key line 1": KEY_LINES[0],
    "key line 4": KEY_LINES[3],
    "column": "swordfish",
    "key in column": "Zq81kpWm4Tx7R7",
    "number in column": "44051401359",
    "telephone in column": "0171 5550007",
}


def leaked(data, *, ips):
    """Return the kinds whose value is in some data, as it is or escaped."""
    values = {name: value for name, value in VALUES.items() if ips or name != "ip"}
    texts = [data, unescaped(data)]
    return {
        name
        for name, value in values.items()
        if any(
            re.search(rb"(?<![0-9A-Za-z])" + re.escape(unescaped(value.encode())) + rb"(?![0-9A-Za-z])", t)
            for t in texts
        )
    }


def echo(asked):
    return ollama_generate(
        json.dumps({"classification": "error", "reason": asked.json["prompt"][:400], "tags": [], "quote": ""})
    )


@pytest.mark.parametrize("compliance", [False, True])
def test_no_value_is_in_results_output_logs_cache_or_what_a_model_is_sent(logs, tmp_path, compliance):
    with serving(ollama(echo)) as server:
        settings = tmp_path / "settings.yaml"
        llm = {"provider": "ollama", "endpoint": f"{server.url}/api/generate", "max_calls": 40}
        settings.write_text(json.dumps({"llm": {**llm, "cache_file": str(tmp_path / "cache")}}))
        options = ["--compliance-mode"] if compliance else []
        names = ("app.log", "api.jsonl", "table.csv", "people.csv") if compliance else ("",)  # all of them
        inputs = [option for name in names for option in ("--input", str(logs / name))]
        result = CliRunner().invoke(
            app,
            [*inputs, "--output", str(tmp_path / "out"), "--config", str(settings), "--verbose", *options],
        )
        assert result.exit_code == 0, result.output[-2000:]
        assert server.requests
        sent = b"\n".join(asked.body for asked in server.requests)
    data = written(tmp_path, result.output.encode(), repr(result.exception).encode(), sent)
    assert leaked(data, ips=compliance) == set()
    leaks = json.loads((tmp_path / "out" / "leaks.json").read_text())
    assert {leak["kind"] for leak in leaks} >= set(PLANTED) - {"ip"}


def test_no_value_is_in_a_redacted_copy_and_its_lines_are_those_of_the_original(logs, tmp_path):
    result = CliRunner().invoke(redact_app, [str(logs), "--output", str(tmp_path / "shared"), "--ip-addresses"])
    assert result.exit_code == 0, result.output[-2000:]
    copies = {path.name: path.read_bytes() for path in (tmp_path / "shared").iterdir()}
    copies["packed.log.gz"] = gzip.decompress(copies["packed.log.gz"])
    assert leaked(b"\n".join([result.output.encode(), *copies.values()]), ips=True) == set()
    for path in logs.iterdir():
        original = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert copies[path.name].count(b"\n") == original.count(b"\n"), path.name
