"""No secret of a log, and no key, gets anywhere by way of a language model: not into a request, a file or a message."""

import asyncio
import base64
import json
import logging
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from typer.testing import CliRunner

from llm_server import (
    anthropic_error,
    anthropic_message,
    by_path,
    json_answer,
    ollama_error,
    ollama_generate,
    ollama_show,
    openai_chat,
    openai_error,
    serving,
    stalled,
)
from loganomaly import LogAnalyzer
from loganomaly.cli import app
from loganomaly.config import load_config
from loganomaly.prompts.fields import FIELDS
from loganomaly.redaction.kinds import all_kinds
from loganomaly.redaction.secrets import find_leaks
from loganomaly.workflow import LogAnalysisWorkflow, WorkflowStep
from written import content

KEY_BODY = ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw", "ggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyji")
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI3NzMxMDA0MiJ9.Qw7xLr0vTn4sYb2mKe9u"
PLANTED = {
    "aws-access-key": ("key {} used", "AKIAQ7W5RMB8XK2LPW9Z"),
    "password": ("login password={} ok", "Vx93-kQmr/7+w"),
    "url-credentials": ("connecting to postgresql://shop:{}@db:5432/shop", "Zk77-wPmT"),
    "private-key": ("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", "\n".join(KEY_BODY)),
    "github-token": ("token {} is no good", "ghp_qR8tY2uI5oP1aS4dF7gH0jK3lZ6xC9vB2nM5"),
    "jwt": ("cookie {}", JWT),
    "authorization": ("Authorization: Bearer {}", "7d6c5b4a3f2e1d0c9b8a"),
}
"""How a secret of each kind stands in a log, and its value."""
PARTS = [part for _, value in PLANTED.values() for part in value.split("\n")] + JWT.split(".")[1:]
"""What may be found nowhere."""
ADDRESS = "ada.lovelace@acme.dev"
QUIET = [f"2026-03-14 09:{i // 60:02d}:{i % 60:02d} INFO [web] request {i} done in {i % 7} ms" for i in range(300)]


def planted(place):
    """Yield a secret of each kind as lines of a log hold it in a certain place."""
    for number, (form, value) in enumerate(PLANTED.values()):
        time, text = f"2026-03-14 09:02:0{number}", form.format(value)
        yield {
            "line": f"{time} ERROR [db] step{'abcdefg'[number]} failed: {text}",
            "context": f"{time} INFO [db] {text}\n{time} CRITICAL [db] part{'abcdefg'[number]} is on fire, {ADDRESS}",
            "record": f"{time} ERROR [db] thing{'abcdefg'[number]} failed\n  at line 1\n  with {text}\n  at line 2",
            "component": f"{time} ERROR [{text}] odd{'abcdefg'[number]} thing",
            "json": json.dumps(
                {"time": time, "level": "ERROR", "msg": f"call{'abcdefg'[number]} failed", "data": text}
            ),
            "json name": json.dumps(
                {"time": time, "level": "ERROR", "msg": f"call{'abcdefg'[number]}: {text}", "service": text}
            ),
        }[place]


PLACES = ("line", "context", "record", "component", "json", "json name")


def forms(secret):
    """Return a secret as it may be written."""
    raw = secret.encode()
    written = {secret, json.dumps(secret)[1:-1], quote(secret), quote_plus(secret), raw.hex()}
    for shift in range(3):  # Base64 of it within a longer text: its ends depend on what is around it
        text = base64.b64encode(b"\0" * shift + raw).decode()
        written |= {text[4:-4], base64.urlsafe_b64encode(b"\0" * shift + raw).decode()[4:-4]}
    return {form.encode() for form in written}


def leaked(data, secrets=tuple(PARTS)):
    """Return the secrets that are in some data, in whatever form."""
    return {secret for secret in secrets if any(form in data for form in forms(secret))}


def found_below(folder, *, without):
    """Return all that is in the files below a folder, and their names."""
    files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and path.name not in without]
    return b"\n".join(str(path).encode() + b"\n" + content(path) for path in files)


def told(results):
    return b"\n".join((result.stdout + result.stderr + repr(result.exception)).encode() for result in results)


def sent(server):
    return b"\n".join(
        asked.path.encode() + json.dumps(dict(asked.headers)).encode() + asked.body for asked in server.requests
    )


def echo(asked):
    """Answer with what was asked, as much of it as fits."""
    text = asked.json["prompt"]
    lines = [line.removeprefix("| ").strip() for line in text.split("\n")]
    said = {"classification": "error", "reason": text[:500], "tags": text.split()[:8], "quote": lines[-4:][0][:100]}
    return ollama_generate(json.dumps(said))


def prose(asked):
    """Answer in prose that repeats all that was asked, so that it is asked for once more."""
    return ollama_generate(asked.json["prompt"] + asked.json["system"])


def refusing(status):
    """Return the script of a server that repeats the whole request in its error."""
    return lambda asked: ollama_error(status, f"cannot do {asked.body.decode()} {json.dumps(dict(asked.headers))}")


SERVERS = {
    "echo": echo,
    "prose": prose,
    "400": refusing(400),
    "401": refusing(401),
    "429": refusing(429),
    "503": refusing(503),
}
TEMPLATES = {"enhanced": None, "custom": "Judge. " + " ".join(f"{name}: {{{name}}}" for name in FIELDS)}
OUTPUT = ("--output", "results")
INPUTS = frozenset({"app.log", "llm.yaml"})


@pytest.fixture(autouse=True)
def _at_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def generating(answer):
    return by_path({"/api/show": ollama_show(), "/api/generate": answer})


def write_log(place):
    lines = list(QUIET)
    lines[120:120] = planted(place)
    text = "\n".join(lines) + "\n"
    if place.startswith("json"):
        text = "".join(
            json.dumps({"time": line[:19], "level": "INFO", "msg": line[30:]}) + "\n" for line in QUIET[:120]
        )
        text += "".join(f"{line}\n" for line in planted(place))
    Path("app.log").write_text(text, encoding="utf-8")


def write_config(server, *, template="enhanced", **llm):
    prompt = {} if TEMPLATES[template] is None else {"template": "custom", "custom_template": TEMPLATES[template]}
    llm = {"provider": "ollama", "endpoint": f"{server.url}/api/generate", "cache_file": "answers.sqlite",
           "max_calls": 200, **llm}  # fmt: skip
    retry = {"initial_delay": 0, "max_delay": 0, "max_attempts": 2}
    settings = {"llm": llm, "workflow": {"retry": retry, "steps": {"prompt": prompt}}}
    Path("llm.yaml").write_text(json.dumps(settings), encoding="utf-8")


def call(*args):
    result = CliRunner().invoke(
        app, ["--config", "llm.yaml", *(() if "--output" in args else OUTPUT), *args], prog_name="loganomaly"
    )
    assert result.exit_code == 0, result.output
    return result


def in_all_phases(*args):
    """Analyse the log, and again with the questions written down and answered later, here and elsewhere."""
    results = [call("--input", "app.log", *args)]
    forget("at-once")
    results.append(call("--input", "app.log", "--llm-phase", "prepare", *args))
    Path("elsewhere").mkdir(exist_ok=True)
    Path("elsewhere", "questions.jsonl").write_bytes(Path("results", "questions.jsonl").read_bytes())
    results.append(call("--llm-phase", "classify", *args))
    forget("later")
    results.append(call("--llm-phase", "classify", "--output", "elsewhere", *args))
    return results


def forget(name):
    """Put the answers that are kept aside."""
    if Path("answers.sqlite").exists():
        Path("answers.sqlite").rename(f"{name}.sqlite")


def test_a_secret_of_every_kind_is_planted():
    assert set(PLANTED) <= {kind.name for kind in all_kinds()}
    for name, (form, value) in PLANTED.items():
        assert name in {leak.kind.name for leak in find_leaks(form.format(value))}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_planted_would_be_found(place):
    write_log(place)
    assert leaked(Path("app.log").read_bytes()) == set(PARTS)


@pytest.mark.parametrize("form", [base64.b64encode, base64.urlsafe_b64encode, bytes.hex, quote])
@pytest.mark.parametrize("before", [b"", b"a", b"ab"])
def test_a_secret_in_another_form_would_be_found(form, before):
    for secret in PARTS:
        data = form(before + secret.encode() + b"abc")
        assert secret in leaked(data if isinstance(data, bytes) else data.encode())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_no_secret_of_a_log_gets_anywhere(place, template, caplog):
    caplog.set_level(logging.DEBUG)
    write_log(place)
    with serving(generating(echo)) as server:
        write_config(server, template=template)
        results = in_all_phases("--verbose")
    assert len(server.requests) > 5
    assert leaked(sent(server)) == set()
    assert leaked(found_below(".", without=INPUTS)) == set()
    assert leaked(told(results)) == set()
    assert leaked(caplog.text.encode()) == set()
    # There was something to be hidden, and it was there.
    assert b"-1>" in sent(server)


@pytest.mark.parametrize("behaviour", SERVERS)
@pytest.mark.parametrize("compliance", [False, True])
def test_no_secret_gets_anywhere_whatever_the_server_does(behaviour, compliance, caplog):
    caplog.set_level(logging.DEBUG)
    write_log("context")
    args = ["--compliance-mode"] if compliance else []
    with serving(generating(SERVERS[behaviour])) as server:
        write_config(server)
        results = in_all_phases("--verbose", *args)
    written = found_below(".", without=INPUTS)
    assert server.requests
    for data in (sent(server), written, told(results), caplog.text.encode()):
        assert leaked(data) == set()
    assert leaked(sent(server), [ADDRESS]) == set()
    assert leaked(written + told(results), [ADDRESS]) == set()
    if compliance:
        assert Path("results", "llm-audit.jsonl").stat().st_size > 1000
        assert Path("elsewhere", "llm-audit.jsonl").stat().st_size > 1000


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_in_a_batch_or_in_what_comes_back(provider, place):
    write_log(place)
    settings = {"llm": {"provider": provider, "model": "m"}}
    Path("llm.yaml").write_text(json.dumps(settings), encoding="utf-8")
    results = [call("--input", "app.log", "--llm-phase", "prepare")]
    assert list(Path("results").glob(f"batch.{provider}.*"))
    questions = [json.loads(line) for line in Path("results", "questions.jsonl").read_text("utf-8").splitlines()]
    lines = []
    for number, question in enumerate(questions):
        body = question["system"] + question["user"]
        said = json.dumps({"classification": "error", "reason": body, "tags": [], "quote": body[:100]})
        good = number % 2 == 0
        if provider == "openai":
            answer = openai_chat(said) if good else openai_error(400, body)
            response = {"status_code": answer.status, "body": json.loads(answer.body)}
            lines.append({"custom_id": question["custom_id"], "response": response, "error": None})
        elif good:
            result = {"type": "succeeded", "message": json.loads(anthropic_message(said).body)}
            lines.append({"custom_id": question["custom_id"], "result": result})
        else:
            result = {"type": "errored", "error": json.loads(anthropic_error(400, body).body)}
            lines.append({"custom_id": question["custom_id"], "result": result})
    Path("back.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    results.append(call("--llm-phase", "classify", "--input", "back.jsonl", "--verbose"))
    assert leaked(found_below(".", without=INPUTS)) == set()
    assert leaked(told(results)) == set()


def test_secrets_in_answers_that_are_given_are_masked():
    write_log("line")
    settings = {"llm": {"provider": "openai", "model": "m"}}
    Path("llm.yaml").write_text(json.dumps(settings), encoding="utf-8")
    call("--input", "app.log", "--llm-phase", "prepare")
    all_of_them = " ; ".join(form.format(value) for form, value in PLANTED.values())
    said = json.dumps({"classification": "error", "reason": all_of_them, "tags": [], "quote": all_of_them})
    ids = [entry["id"] for entry in json.loads(Path("results", "anomalies.json").read_text("utf-8"))]
    lines = [{"custom_id": name, "provider": "p", "model": "m", "answer": said} for name in ids[::2]]
    lines += [{"custom_id": name, "error": {"kind": "failed", "message": all_of_them}} for name in ids[1::2]]
    Path("given.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    result = call("--llm-phase", "classify", "--input", "given.jsonl", "--verbose")
    assert leaked(found_below("results", without=INPUTS)) == set()
    assert leaked(told([result])) == set()


# The workflow by itself, with lines that nobody looked through before.


class OwnPrompt(WorkflowStep):
    """Writes the line into a question, and into what the model is told to do, as a user's step may."""

    def __init__(self):
        super().__init__("own")

    async def execute(self, context):
        context.add_result("prompt", f"Is this bad? {context.get_result('log')}")
        context.add_result("system_prompt", f"You know {context.get_result('log')}")
        return True


def questions_of(server):
    return [asked for asked in server.requests if asked.path == "/api/generate"]


def lines_with_secrets():
    return [line for place in PLACES for line in planted(place)]


@pytest.mark.parametrize(("template", "own"), [("enhanced", False), ("custom", False), ("enhanced", True)])
@pytest.mark.parametrize("behaviour", ["echo", "400"])
def test_no_secret_of_a_line_leaves_or_is_kept(template, own, behaviour, caplog):
    caplog.set_level(logging.DEBUG)
    with serving(generating(SERVERS[behaviour])) as server:
        write_config(server, template=template)
        workflow = LogAnalysisWorkflow(load_config(Path("llm.yaml")))
        if own:
            workflow.replace("prompt", OwnPrompt())

        async def ask():
            for line in lines_with_secrets():
                await workflow.execute(line)  # each by itself: after a failure, it is asked again

        asyncio.run(ask())
    assert len(questions_of(server)) == len(lines_with_secrets())
    assert leaked(sent(server)) == set()
    assert leaked(found_below(".", without=INPUTS)) == set()
    assert leaked(caplog.text.encode()) == set()


def test_a_secret_in_the_text_of_a_custom_template_does_not_leave():
    form, secret = PLANTED["password"]
    with serving(generating(echo)) as server:
        write_config(server)
        settings = {"template": "custom", "custom_template": f"You know {form.format(secret)}. Judge {{log}}"}
        config = load_config(
            Path("llm.yaml"), overrides={f"workflow.steps.prompt.{name}": value for name, value in settings.items()}
        )
        asyncio.run(LogAnalysisWorkflow(config).execute("ERROR disk full"))
    assert len(questions_of(server)) == 1
    assert leaked(sent(server)) == set()


def test_addresses_that_the_server_tells_are_masked_in_compliance_mode():
    write_log("line")
    for compliance in (True, False):
        with serving(generating(ollama_error(400, f"ask {ADDRESS} for help"))) as server:
            write_config(server)
            results = in_all_phases(*(["--compliance-mode"] if compliance else []))
        written = found_below(".", without=INPUTS) + told(results)
        assert leaked(written, [ADDRESS]) == set()


@pytest.mark.parametrize("personal", [True, False])
def test_addresses_leave_only_if_they_may(personal):
    with serving(generating(echo)) as server:
        write_config(server, redact_personal=personal)
        workflow = LogAnalysisWorkflow(load_config(Path("llm.yaml")))
        asyncio.run(workflow.execute(f"ERROR mail to {ADDRESS} refused"))
    assert leaked(sent(server), [ADDRESS]) == (set() if personal else {ADDRESS})


# The key.

KEY = "zq-Correct.Horse_Battery/9+Q"


@pytest.fixture
def _key(monkeypatch):
    monkeypatch.setenv("MY_KEY", KEY)


def with_key(behaviour):
    """Return the script of a server that repeats the key in what it says."""

    def answer(asked):
        key = asked.headers["authorization"].removeprefix("Bearer ")
        if behaviour == "answer":
            said = {"classification": "error", "reason": f"your key is {key}", "tags": [key], "quote": key}
            return ollama_generate(json.dumps(said))
        if behaviour == "prose":
            return ollama_generate(f"your key is {key}")
        if behaviour == "within":
            return json_answer({"error": f"your key {key} is bad"})
        if behaviour == "fields":
            return json_answer({"error": {"message": key, "code": key, "type": key, key: key}}, status=400)
        return ollama_error(int(behaviour), f"your key {key} is bad, {json.dumps(dict(asked.headers))}")

    return by_path({"/api/show": ollama_show(), "/api/generate": answer})


def key_runs(behaviour, *args):
    with serving(with_key(behaviour)) as server:
        write_config(server, api_key_env="MY_KEY")
        results = in_all_phases(*args)
    assert {asked.headers["authorization"] for asked in server.requests} == {f"Bearer {KEY}"}
    return server, results


ECHOES = [
    "answer", "prose", "within", "fields", "400", "401", "403", "404", "429", "500",
]  # fmt: skip


@pytest.mark.usefixtures("_key")
@pytest.mark.parametrize("behaviour", ECHOES)
@pytest.mark.parametrize("compliance", [False, True])
def test_the_key_is_in_headers_alone_even_if_the_server_repeats_it(behaviour, compliance, caplog):
    caplog.set_level(logging.DEBUG)
    write_log("line")
    server, results = key_runs(behaviour, "--verbose", *(["--compliance-mode"] if compliance else []))
    for data in (
        b"".join(asked.path.encode() + asked.body for asked in server.requests),
        found_below(".", without=frozenset()),
        told(results),
        caplog.text.encode(),
    ):
        assert leaked(data, [KEY]) == set()


@pytest.mark.usefixtures("_key")
def test_the_key_is_in_no_representation():
    with serving(stalled()) as server:
        write_config(server, api_key_env="MY_KEY")
        config = load_config(Path("llm.yaml"))
        workflow = LogAnalysisWorkflow(config)
        choice = workflow.model.choice
        assert choice.settings.api_key.get_secret_value() == KEY
        held = (config, workflow, workflow.model, choice, choice.settings, LogAnalyzer(config), *workflow.steps)
        assert leaked("".join(f"{each!r} {each} {config.model_dump_json()}" for each in held).encode(), [KEY]) == set()


@pytest.mark.parametrize("key", [f"{KEY}\nx", f"{KEY}\x00", f"{KEY}\u00e9"])
def test_a_key_that_no_header_can_hold_is_not_shown(monkeypatch, key, caplog):
    caplog.set_level(logging.DEBUG)
    write_log("line")
    if "\x00" in key:
        key = key.replace("\x00", "\x01")  # no variable can hold the former
    monkeypatch.setenv("MY_KEY", key)
    with serving(generating(echo)) as server:
        write_config(server, api_key_env="MY_KEY")
        result = call("--input", "app.log", "--verbose")
    assert server.requests == []
    assert "no header can hold the key" in result.stderr
    assert leaked(told([result]) + found_below(".", without=frozenset()) + caplog.text.encode(), [KEY]) == set()


def test_a_password_in_the_endpoint_is_refused_and_not_shown():
    write_log("line")
    password = "Zq88-urlpw"
    with serving(generating(next(iter(SERVERS.values())))) as server:
        for address in (
            f"{server.url.replace('http://', f'http://me:{password}@')}/api/generate",
            f"{server.url}/api/generate?key={password}",
        ):
            write_config(server, endpoint=address)
            result = CliRunner().invoke(
                app,
                ["--config", "llm.yaml", "--input", "app.log", *OUTPUT, "--verbose", "--compliance-mode"],
                prog_name="loganomaly",
            )
            assert result.exit_code == 2
            assert "has a key or password in it" in result.stderr
            assert leaked(told([result]) + found_below(".", without=INPUTS), [password]) == set()
    assert server.requests == []
