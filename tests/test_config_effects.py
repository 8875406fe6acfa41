"""Every setting does something: it changes the results, or what a model is asked; where it cannot, that is said."""

import json
import threading

import polars as pl
import pytest

from llm_server import (
    by_path,
    ollama,
    ollama_chat,
    ollama_error,
    ollama_generate,
    ollama_show,
    openai_chat,
    serving,
    stalled,
)
from loganomaly import LogAnalyzer
from loganomaly.config import load_config
from loganomaly.config.settings import Config
from loganomaly.errors import ConfigError, UsageError
from loganomaly.retry import with_retries
from loganomaly.workflow.from_config import steps_of

WORDS = ("turbine", "ledger", "harbour", "violin", "copper", "meadow")
LOGS = [f"2026-03-14 09:{i // 60:02d}:{i % 60:02d} INFO request {i} for page done in {i % 9} ms" for i in range(300)]
LOGS += [f"2026-03-14 09:05:{i:02d} INFO request {i} for asset done in {i % 9} ms" for i in range(30)]
LOGS += [f"2026-03-14 09:06:{i:02d} ERROR the {word} of {word}s has {word}ed" for i, word in enumerate(WORDS)]
LOGS += [f"2026-03-14 09:07:{i // 40:02d} WARN pool of {i} is full, retry" for i in range(400)]
LOGS += [f"2026-03-14 09:08:{i // 40:02d} INFO {'page' if i % 2 else 'asset'} {i} sent" for i in range(600)]


def analyze(**overrides):
    settings = {f"detectors.{key.replace('__', '.')}": value for key, value in overrides.items()}
    return LogAnalyzer(load_config(overrides=settings)).analyze(pl.DataFrame({"log": LOGS}))


def leaks_of(settings, text="at 10.0.0.7, badge EMP-123456, mail ada@acme.dev, password=hunter2x"):
    """Return the kinds that leak, the pseudonyms, and all that is told of a log."""
    log = [*LOGS[:200], f"2026-03-14 09:05:31 CRITICAL panic {text}"]
    results = LogAnalyzer(load_config(overrides=settings)).analyze(pl.DataFrame({"log": log}))
    told = json.dumps([results.summary, results.anomalies, results.leaks, results.template_file])
    return {leak["kind"] for leak in results.leaks}, [leak["pseudonyms"] for leak in results.leaks], told


def said_by(results, detector):
    """Return what a detector says in the findings."""
    found = [evidence for anomaly in results.anomalies for evidence in anomaly["evidence"]]
    return [evidence["text"] for evidence in found if evidence["detector"] == detector]


def test_lof_enabled():
    assert said_by(analyze(), "lof")
    assert not said_by(analyze(lof__enabled=False), "lof")


@pytest.mark.parametrize("name", ["lof", "rarity"])
def test_detectors_left_out_say_nothing(name):
    frame = pl.DataFrame({"log": LOGS})
    everything, less = LogAnalyzer().analyze(frame), LogAnalyzer(without=[name]).analyze(frame)
    assert said_by(everything, name)
    assert not said_by(less, name)


def test_detectors_left_out_of_files_say_nothing(tmp_path):
    log = tmp_path / "app.log"
    log.write_text("".join(f"{line}\n" for line in LOGS), encoding="utf-8")
    assert said_by(LogAnalyzer().analyze(log), "rarity")
    assert not said_by(LogAnalyzer(without=["rarity"]).analyze(log), "rarity")


def test_what_was_left_out_is_said():
    results = LogAnalyzer(without=["rarity", "lof"]).analyze(pl.DataFrame({"log": LOGS[:9]}))
    assert results.notices == ("detectors left out: lof, rarity",)
    settings = results.summary["settings"]
    assert (settings["lof"]["enabled"], settings["rolling_window"]["enabled"]) == (False, True)


def test_an_unknown_detector_cannot_be_left_out():
    with pytest.raises(UsageError, match="no detectors named 'lov'; did you mean 'lof'"):
        LogAnalyzer(without=["lov"])


def test_lof_neighbors():
    few, many = analyze(lof__neighbors=1), analyze(lof__neighbors=20)
    assert few.templates["score"].to_list() != many.templates["score"].to_list()


def test_lof_contamination():
    assert not said_by(analyze(lof__contamination=0.0001), "lof")
    assert said_by(analyze(lof__contamination=0.1), "lof")


def test_contamination():
    free, bound = analyze(), analyze(contamination=0.002)
    assert len(free.anomalies) == 2
    # What falls silent is worst: it is about the last line before.
    assert [anomaly["classification"] for anomaly in bound.anomalies] == ["silence"]
    assert bound.summary["settings"]["contamination"] == 0.002
    (told,) = bound.notices
    assert told.endswith("a larger share of the records than detectors.contamination allows")
    assert free.notices == ()


@pytest.mark.parametrize("share", [0.002, 0.01, 0.05, 0.3, 0.5])
def test_contamination_bounds_the_rows_that_are_anomalies(share):
    free, bound = analyze(), analyze(contamination=share)
    assert bound.lines["is_anomaly"].mean() <= share
    assert bound.lines["anomaly_score"].equals(free.lines["anomaly_score"])


def test_contamination_of_some_files_holds_for_these_only(tmp_path):
    # The words differ, so that no finding is about both files.
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("\n".join(LOGS).replace("pool", f"{name}pool") + "\n")
    bound = load_config(overrides={"detectors.contamination": 0.002})
    results = LogAnalyzer(file_configs={"a.log": bound}).analyze(tmp_path)
    found = {name.rpartition("/")[2]: len(report.anomalies) for name, report in results.files.items()}
    assert found == {"a.log": 1, "b.log": 2}


def test_rolling_window_enabled():
    assert said_by(analyze(rolling_window__window_size=200), "rolling_window")
    off = analyze(rolling_window__window_size=200, rolling_window__enabled=False)
    assert not said_by(off, "rolling_window")


def test_rolling_window_window_size():
    # 400 alike in a row flood windows of 200, and make up less than three quarters of any 1,000.
    assert said_by(analyze(rolling_window__window_size=200), "rolling_window")
    assert not said_by(analyze(rolling_window__window_size=1000), "rolling_window")


def test_rolling_window_repetition_threshold():
    assert said_by(analyze(rolling_window__repetition_threshold=0.39), "rolling_window")
    assert not said_by(analyze(rolling_window__repetition_threshold=0.41), "rolling_window")


def first_time(line, **reading):
    config = load_config(overrides={f"reading.{key}": value for key, value in reading.items()})
    return LogAnalyzer(config).analyze(pl.DataFrame({"log": [line] * 5})).summary["input_files"][0]["first_time"]


def test_reading_timezone():
    line = "2026-07-01 12:00:00 INFO started"
    assert first_time(line) == "2026-07-01T12:00:00Z"
    assert first_time(line, timezone="Europe/Berlin") == "2026-07-01T10:00:00Z"
    assert first_time(line, timezone="-03:30") == "2026-07-01T15:30:00Z"


def test_reading_timezone_of_a_column_of_times():
    frame = pl.DataFrame({"log": ["started"], "timestamp": ["2026-07-01 12:00:00"]})
    config = load_config(overrides={"reading.timezone": "Europe/Berlin"})
    summary = LogAnalyzer(config).analyze(frame).summary
    assert summary["input_files"][0]["first_time"] == "2026-07-01T10:00:00Z"


def test_reading_day_first():
    line = "03/04/2020 12:00:00 INFO started"
    assert first_time(line, day_first=True) == "2020-04-03T12:00:00Z"
    assert first_time(line, day_first=False) == "2020-03-04T12:00:00Z"


def test_reading_year():
    assert first_time("Jun 14 15:16:01 combo sshd[1]: x", year=2005) == "2005-06-14T15:16:01Z"


def test_reading_timezone_for_some_files(tmp_path):
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("2026-07-01 12:00:00 INFO started\n" * 5)
    berlin = load_config(overrides={"reading.timezone": "Europe/Berlin"})
    files = LogAnalyzer(file_configs={"b.log": berlin}).analyze(tmp_path).summary["input_files"]
    times = {file["name"].rpartition("/")[2]: file["first_time"] for file in files}
    assert times == {"a.log": "2026-07-01T12:00:00Z", "b.log": "2026-07-01T10:00:00Z"}


def test_dates_whose_order_is_assumed_are_told():
    logs = pl.DataFrame({"log": ["03/04/2020 12:00:00 INFO started"] * 5})
    (told,) = LogAnalyzer().analyze(logs).notices
    assert told.startswith("<frame>: nothing tells whether dates such as 03/04/2026 begin with the month or the day")
    for day_first in (True, False):
        config = load_config(overrides={"reading.day_first": day_first})
        assert LogAnalyzer(config).analyze(logs).notices == ()


ORDERS = [f"order {word} paid" for word in ("abc", "def", "ghi")] * 5
ORDER = {"masks": [{"name": "order", "pattern": "order [a-z]{3}"}]}


def texts(results):
    return sorted(results.templates["log_template"])


def test_masks():
    frame = pl.DataFrame({"log": [*ORDERS, *(f"from 10.0.0.{i}" for i in range(5))]})
    split = ["from <*>", "order abc paid", "order def paid", "order ghi paid"]
    assert texts(LogAnalyzer().analyze(frame)) == split
    assert texts(LogAnalyzer(load_config(overrides=ORDER)).analyze(frame)) == ["<*> paid", "from <*>"]


def known(results):
    """Return an entry that hides the worst finding."""
    worst = results.anomalies[0]
    return worst["id"], {"template": worst["template"], "reason": " + ".join(worst["kinds"])}


def test_suppress():
    worst, entry = known(analyze())
    after = LogAnalyzer(load_config(overrides={"suppress": [entry]})).analyze(pl.DataFrame({"log": LOGS}))
    assert worst not in {anomaly["id"] for anomaly in after.anomalies}
    assert [hidden["id"] for hidden in after.summary["suppressed"]["findings"]] == [worst]


def test_suppress_file(tmp_path):
    worst, entry = known(analyze())
    path = tmp_path / "known.yaml"
    path.write_text(f"suppress: [{json.dumps(entry)}]\n", encoding="utf-8")
    config = load_config(overrides={"suppress_file": str(path)})
    after = LogAnalyzer(config).analyze(pl.DataFrame({"log": LOGS}))
    assert [hidden["id"] for hidden in after.summary["suppressed"]["findings"]] == [worst]


def test_masks_of_a_file(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("\n".join(ORDERS) + "\n")
    results = LogAnalyzer(load_config(overrides=ORDER)).analyze(log)
    assert texts(results) == ["<*> paid"]
    assert results.notices == ()


def test_masks_for_some_files_hold_for_their_reports_and_all_masks_for_the_report_on_all(tmp_path):
    tmp_path.joinpath("a.log").write_text("\n".join(ORDERS) + "\n")
    tmp_path.joinpath("b.log").write_text("\n".join(ORDERS) + "\n")
    results = LogAnalyzer(file_configs={"a.log": load_config(overrides=ORDER)}).analyze(tmp_path)
    kinds = {
        name.rpartition("/")[2]: report.summary["template_diversity"]["unique_templates"]
        for name, report in results.files.items()
    }
    assert kinds == {"a.log": 1, "b.log": 3}
    assert texts(results) == ["<*> paid"]
    (told,) = results.notices
    assert told.startswith("files have different masks: the templates of all files together go by all these masks")


def test_a_mask_of_a_name_that_a_built_in_one_has_takes_its_place():
    frame = pl.DataFrame({"log": [f"copied {kind}://db/a" for kind in ("jdbc", "http") for _ in range(5)]})
    web = load_config(overrides={"masks": [{"name": "url", "pattern": r"https?://\S+"}]})
    assert texts(LogAnalyzer().analyze(frame)) == ["copied <*>"]
    assert texts(LogAnalyzer(web).analyze(frame)) == ["copied <*>", "copied jdbc:<*>"]


def test_a_mask_without_pattern_switches_the_built_in_one_off():
    frame = pl.DataFrame({"log": [f"copied {i} of jdbc://db/{word}" for i, word in enumerate(["a", "b"] * 5)]})
    off = load_config(overrides={"masks": [{"name": "url", "pattern": None}]})
    assert texts(LogAnalyzer().analyze(frame)) == ["copied <*> of <*>"]
    assert texts(LogAnalyzer(off).analyze(frame)) == ["copied <*> of jdbc:<*>"]


# The model: what is asked, of whom, and how often.

ERRORS = (
    "ERROR [db] the disk is on fire",
    "ERROR [mail] relay refuses ada@acme.dev of 10.9.8.7",
    "ERROR [auth] clock runs back",
)
TROUBLE = [f"2026-03-14 09:{i // 60:02d}:{i % 60:02d} INFO request {i} done in {i % 7} ms" for i in range(240)]
TROUBLE += [f"2026-03-14 09:0{minute}:00 {text}" for minute, text in enumerate(ERRORS, start=4)]
OPINION = json.dumps({"classification": "error", "reason": "It broke.", "tags": [], "quote": ""})
BUSY = ollama_error(503, "loading the model")
COVERED = set()


def effect_of(*keys):
    """Note down that a test is about keys."""
    COVERED.update(keys)
    return lambda test: test


def settings_for(server, **overrides):
    """Return settings that ask a server of the tests at once, and keep nothing; `__` stands for a dot."""
    return load_config(
        overrides={
            "llm.provider": "ollama",
            "llm.endpoint": f"{server.url}/api/generate",
            "llm.cache": False,
            "workflow.retry.initial_delay": 0.0,
            "workflow.retry.max_delay": 0.0,
            **{key.replace("__", "."): value for key, value in overrides.items()},
        }
    )


def ask(server, **overrides):
    """Analyse logs with three findings."""
    results = LogAnalyzer(settings_for(server, **overrides)).analyze(pl.DataFrame({"log": TROUBLE}))
    assert len(results.anomalies) == 3
    return results


def questions(server):
    """Return the requests that ask something."""
    return [asked.json for asked in server.requests if asked.path in {"/api/generate", "/api/chat"}]


@pytest.fixture
def server():
    with serving(ollama(ollama_generate(OPINION))) as running:
        yield running


@pytest.fixture
def busy():
    with serving(ollama(BUSY)) as running:
        yield running


def failures(results):
    return [anomaly["llm"]["failure"]["message"] for anomaly in results.anomalies if anomaly["llm"]["failure"]]


@effect_of("leaks.enabled")
def test_without_a_search_nothing_leaks_and_all_is_masked():
    assert leaks_of({})[0] == {"e-mail", "password"}
    kinds, _, told = leaks_of({"leaks.enabled": False})
    assert kinds == set()
    assert "hunter2x" not in told
    assert "<password>" in told


@effect_of("leaks.ip_addresses")
def test_ip_addresses_are_personal_data_where_asked_for():
    assert "10.0.0.7" in leaks_of({})[2]
    kinds, _, told = leaks_of({"leaks.ip_addresses": True})
    assert "ip" in kinds
    assert "10.0.0.7" not in told


@effect_of("leaks.without")
def test_a_kind_that_is_left_out_is_neither_found_nor_masked():
    kinds, _, told = leaks_of({"leaks.without": ["e-mail"]})
    assert kinds == {"password"}
    assert "ada@acme.dev" in told
    with pytest.raises(ConfigError, match="no kind of secret is called 'mail'"):
        load_config(overrides={"leaks.without": ["mail"]})


@effect_of("leaks.key_env")
def test_with_a_key_pseudonyms_are_the_same_in_every_run(monkeypatch):
    monkeypatch.setenv("SOME_KEY", "0123456789abcdef" * 2)
    kept = [leaks_of({"leaks.key_env": "SOME_KEY"})[1] for _ in range(2)]
    assert kept[0] == kept[1]
    assert leaks_of({})[1] != leaks_of({})[1]
    monkeypatch.setenv("SOME_KEY", "short")
    with pytest.raises(ConfigError, match="SOME_KEY, which has 5 characters; expected a random key of at least 16"):
        leaks_of({"leaks.key_env": "SOME_KEY"})


@effect_of("additional_security_patterns")
def test_a_pattern_of_the_users_is_found_and_masked():
    own = [{"name": "badge", "pattern": "EMP-[0-9]{6}", "severity": "critical"}]
    kinds, _, told = leaks_of({"additional_security_patterns": own})
    assert "badge" in kinds
    assert "EMP-123456" in leaks_of({})[2]
    assert "EMP-123456" not in told
    for wrong in ({"pattern": "(?=x)"}, {"pattern": "x*"}, {"name": "Badge"}, {"name": "password"}):
        with pytest.raises(ConfigError, match=r"additional_security_patterns\.1"):
            load_config(overrides={"additional_security_patterns": [own[0] | wrong]})
    with pytest.raises(ConfigError, match="is given twice"):
        load_config(overrides={"additional_security_patterns": own * 2})


@effect_of("llm.provider")
def test_the_provider_tells_how_is_asked(server):
    with serving(openai_chat(OPINION)) as other:
        results = ask(other, llm__provider="openai", llm__endpoint=f"{other.url}/v1", llm__model="tiny")
        assert {asked.path for asked in other.requests} == {"/v1/chat/completions"}
    assert results.summary["llm"]["provider"] == "openai"
    ask(server, llm__provider="local")
    assert server.requests == []


def test_the_provider_auto_is_the_one_of_the_address_if_it_answers(server):
    assert ask(server, llm__provider="auto").summary["llm"]["provider"] == "ollama"
    assert len(questions(server)) == 3


def test_the_provider_auto_is_the_local_classifier_if_nobody_answers():
    with serving(BUSY) as gone:
        pass
    results = ask(gone, llm__provider="auto")
    assert results.summary["llm"]["provider"] == "local"
    assert results.summary["llm"]["note"] == f"no language model answers at {gone.url}"
    assert results.notices == ()


@effect_of("llm.model")
def test_the_model_is_asked_that_is_named():
    with serving(ollama(ollama_generate(OPINION), model="tiny")) as server:
        ask(server, llm__model="tiny")
        assert {question["model"] for question in questions(server)} == {"tiny"}


def test_the_model_of_other_providers_has_to_be_named(server):
    with pytest.raises(UsageError, match=r"llm\.model is not given: name one of the models of openai"):
        LogAnalyzer(settings_for(server, llm__provider="openai"))


@effect_of("llm.endpoint")
def test_the_endpoint_is_where_questions_go():
    with serving(ollama(ollama_chat(OPINION))) as server:
        ask(server, llm__endpoint=f"{server.url}/api/chat")
        assert [asked.path for asked in server.requests] == ["/api/show", *["/api/chat"] * 3]


@effect_of("llm.api_key_env")
def test_the_key_is_that_of_the_variable_that_is_named(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "zq-Correct.Horse")
    ask(server)
    ask(server, llm__api_key_env="MY_KEY")
    without, with_key = server.requests[:4], server.requests[4:]
    assert not any("authorization" in asked.headers for asked in without)
    assert {asked.headers["authorization"] for asked in with_key} == {"Bearer zq-Correct.Horse"}


def test_nothing_is_sent_without_the_key_that_is_named(server, monkeypatch):
    monkeypatch.delenv("MY_KEY", raising=False)
    (told,) = ask(server, llm__api_key_env="MY_KEY").notices
    assert told.endswith("nothing was sent, for the environment variable MY_KEY holds no key")
    assert server.requests == []


NEVER = by_path({"/api/show": ollama_show(), "/api/generate": stalled()})


@effect_of("llm.timeout")
def test_the_timeout_bounds_the_wait_for_an_answer():
    with serving(NEVER) as server:
        results = ask(server, llm__timeout=0.05, llm__max_retries=0)
    assert failures(results) == [f"{server.url} did not answer within 0.05 s"] * 3


@effect_of("llm.deadline")
def test_the_deadline_bounds_the_wait_for_all_attempts():
    with serving(NEVER) as server:
        results = ask(server, llm__deadline=0.1, llm__timeout=30)
    assert all(message.startswith(f"{server.url} did not answer within 0.") for message in failures(results))
    assert len(failures(results)) == 3


@effect_of("llm.max_retries")
@pytest.mark.parametrize(("further", "attempts"), [(0, 1), (1, 2), (2, 3), (9, 3)])
def test_max_retries_bounds_the_further_attempts(busy, further, attempts):
    ask(busy, llm__max_retries=further)
    assert len(questions(busy)) == 2 * attempts


@effect_of("workflow.retry.max_attempts")
@pytest.mark.parametrize(("most", "attempts"), [(1, 1), (2, 2), (5, 5), (9, 6)])
def test_max_attempts_bounds_the_attempts(busy, most, attempts):
    ask(busy, workflow__retry__max_attempts=most, llm__max_retries=5)
    assert len(questions(busy)) == 2 * attempts


@pytest.fixture
def waits(monkeypatch):
    """Return the waits between attempts, none of which takes any time."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setitem(with_retries.__kwdefaults__, "sleep", sleep)
    monkeypatch.setattr("loganomaly.retry.random.uniform", lambda _least, most: most)
    return waited


DELAYS = {"initial_delay": 2.0, "max_delay": 50.0, "backoff_factor": 2.0, "jitter": 0.0, "max_retry_after": 60.0}


@effect_of(*(f"workflow.retry.{name}" for name in DELAYS if name != "max_retry_after"))
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, [2, 4]),
        ({"initial_delay": 3.0}, [3, 6]),
        ({"max_delay": 3.0}, [2, 3]),
        ({"backoff_factor": 5.0}, [2, 10]),
        ({"jitter": 0.5}, [3, 6]),
    ],
)
def test_the_waits_between_attempts_are_those_of_the_settings(busy, waits, changed, expected):
    ask(busy, **{f"workflow__retry__{name}": value for name, value in (DELAYS | changed).items()})
    assert waits == expected * 2


@effect_of("workflow.retry.max_retry_after")
@pytest.mark.parametrize(("granted", "expected"), [(7.0, [7, 7] * 2), (6.9, [])])
def test_a_server_that_asks_for_a_longer_wait_than_is_granted_is_left(waits, granted, expected):
    with serving(ollama(ollama_error(429, "slow down", headers={"retry-after": "7"}))) as server:
        ask(server, workflow__retry__max_retry_after=granted)
    assert waits == expected


@effect_of("llm.max_calls")
@pytest.mark.parametrize("most", [0, 2])
def test_max_calls_bounds_the_calls(server, most):
    results = ask(server, llm__max_calls=most)
    assert len(questions(server)) == results.summary["llm"]["calls"] == most
    assert results.summary["llm"]["not_asked"] == 3 - most
    assert results.notices[0].endswith(f"all calls of this run are spent, {most} (llm.max_calls)")


@effect_of("llm.max_seconds")
def test_max_seconds_bounds_the_time(server):
    # The first question is asked at once; before the next one, some time has passed.
    results = ask(server, llm__max_seconds=1e-9, llm__concurrency=1)
    assert len(questions(server)) <= 1
    assert results.summary["llm"]["not_asked"] >= 2
    (told,) = results.notices
    assert told.endswith("the 1e-09 s of this run are spent (llm.max_seconds)")


@effect_of("llm.max_tokens")
def test_max_tokens_bounds_the_tokens():
    with serving(ollama(ollama_generate(OPINION, prompt_tokens=9_000, answer_tokens=1_000))) as server:
        results = ask(server, llm__max_tokens=20_000)
        assert len(questions(server)) == 2
    assert results.summary["llm"]["tokens"] == {"prompt": 18_000, "answer": 2_000}
    assert results.summary["llm"]["not_asked"] == 1


@effect_of("llm.answer_tokens")
def test_answer_tokens_bound_the_answer(server):
    ask(server, llm__answer_tokens=77)
    assert {question["options"]["num_predict"] for question in questions(server)} == {77}


@effect_of("llm.concurrency")
@pytest.mark.parametrize(("concurrency", "together"), [(None, 1), (1, 1), (2, 2), (3, 3)])
def test_concurrency_tells_how_many_questions_are_asked_at_the_same_time(concurrency, together):
    there, most, lock = [], [], threading.Condition()

    def answer(asked):
        with lock:
            there.append(asked)
            most.append(len(there))
            lock.notify_all()
            lock.wait_for(lambda: max(most) >= together, timeout=10)
            lock.wait_for(lambda: max(most) > together, timeout=0.05)
            there.remove(asked)
        return ollama_generate(OPINION)

    with serving(ollama(answer)) as server:
        ask(server, llm__concurrency=concurrency)
    assert max(most) == together


@effect_of("llm.redact_personal")
@pytest.mark.parametrize("hidden", [True, False])
def test_redact_personal_tells_whether_addresses_leave(server, hidden):
    ask(server, llm__redact_personal=hidden)
    sent = json.dumps(questions(server))
    assert ("10.9.8.7" in sent) == (not hidden)
    assert "ada@acme.dev" not in sent


def test_compliance_hides_addresses_whatever_redact_personal_is(server, tmp_path):
    config = settings_for(server, llm__redact_personal=False)
    LogAnalyzer(config, compliance=True, audit=tmp_path / "audit.jsonl").analyze(pl.DataFrame({"log": TROUBLE}))
    assert len(questions(server)) == 3
    assert "10.9.8.7" not in json.dumps(questions(server))


@effect_of("llm.cache", "llm.cache_file")
@pytest.mark.parametrize(("cache", "calls"), [(True, 0), (False, 3)])
def test_answers_are_kept_in_the_cache_file_if_there_is_to_be_one(server, tmp_path, cache, calls):
    path = tmp_path / "new" / "answers.sqlite"
    ask(server, llm__cache=cache, llm__cache_file=str(path))
    assert path.exists() is cache
    assert ask(server, llm__cache=cache, llm__cache_file=str(path)).summary["llm"]["calls"] == calls


def test_another_cache_file_has_other_answers(server, tmp_path):
    for name in ("a", "b"):
        assert ask(server, llm__cache=True, llm__cache_file=str(tmp_path / name)).summary["llm"]["calls"] == 3


def test_without_a_cache_file_answers_are_kept_in_the_cache_folder_of_the_user(server, tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name, **_: str(tmp_path / name))
    ask(server, llm__cache=True)
    assert (tmp_path / "loganomaly" / "llm-answers.sqlite").exists()


@effect_of("workflow.order")
def test_the_order_tells_which_steps_there_are(server):
    results = ask(server, workflow__order=["prompt", "llm_call"])
    assert len(questions(server)) == 3
    assert [anomaly["llm"]["opinion"] for anomaly in results.anomalies] == [None] * 3  # nobody reads the answers
    ask(server, workflow__order=["thinking", "prompt"])
    assert len(questions(server)) == 3


def test_a_step_that_is_not_registered_is_refused_before_any_work():
    with pytest.raises(UsageError, match="no workflow_steps named 'thinkin'; did you mean 'thinking'"):
        LogAnalyzer(load_config(overrides={"workflow.order": ["thinkin"]}))


@effect_of("workflow.steps.thinking.enabled")
@pytest.mark.parametrize("enabled", [True, False])
def test_the_thinking_step_tells_the_model_what_was_being_done(server, enabled):
    ask(server, workflow__steps__thinking__enabled=enabled)
    assert all(("\n| action: " in question["prompt"]) is enabled for question in questions(server))


@effect_of("workflow.steps.prompt.template", "workflow.steps.prompt.custom_template")
@pytest.mark.parametrize(("template", "custom"), [("custom", True), ("enhanced", False)])
def test_the_prompt_is_the_custom_template_if_that_is_wanted(server, template, custom):
    ask(
        server,
        workflow__steps__prompt__template=template,
        workflow__steps__prompt__custom_template="Judge {count} of these: {log}",
    )
    assert all(
        question["prompt"].startswith("Judge 1 of these: [BEGIN DATA ") is custom for question in questions(server)
    )


@effect_of("workflow.steps.llm_call.provider")
def test_the_provider_of_the_step_wins(server):
    results = ask(server, workflow__steps__llm_call__provider="local")
    assert (results.summary["llm"]["provider"], server.requests) == ("local", [])


@effect_of("workflow.steps.llm_call.model")
def test_the_model_of_the_step_wins():
    with serving(ollama(ollama_generate(OPINION), model="tiny")) as server:
        ask(server, llm__model="large", workflow__steps__llm_call__model="tiny")
        assert {question["model"] for question in questions(server)} == {"tiny"}


def leaves(model, prefix=""):
    for name, field in model.model_fields.items():
        below = field.annotation
        if hasattr(below, "model_fields"):
            yield from leaves(below, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_a_behavioral_rule_tells_of_what_it_counts():
    rule = {"name": "pages", "type": "count", "pattern": "for page", "threshold": 200, "window_minutes": 5}
    config = load_config(overrides={"behavioral_rules": [rule]})
    assert said_by(LogAnalyzer(config).analyze(pl.DataFrame({"log": LOGS})), "behaviour")
    assert not said_by(analyze(), "behaviour")


def test_every_setting_is_covered_here():
    tested = {f"detectors.{key}" for key in ("lof.enabled", "lof.neighbors", "lof.contamination")}
    tested |= {f"detectors.rolling_window.{key}" for key in ("enabled", "window_size", "repetition_threshold")}
    tested |= {"detectors.contamination"}
    tested |= {f"reading.{key}" for key in ("timezone", "day_first", "year")}
    tested |= {"rules.enabled", "rules.without", "rules.sigma", "additional_rule_based_patterns"}
    assert set(leaves(Config)) == tested | {"masks", "suppress", "suppress_file", "behavioral_rules"} | COVERED


TWO = pl.DataFrame({"log": ["job 1 done", "job 2 done"]})


def test_settings_of_the_model_need_no_notice():
    config = load_config(overrides={"llm.provider": "local", "llm.model": "tiny", "llm.timeout": 5})
    assert LogAnalyzer(config).analyze(TWO).notices == ()


OF_THE_MODEL = {
    "llm.provider": "openai",
    "llm.model": "tiny",
    "llm.endpoint": "http://localhost:1/api",
    "llm.api_key_env": "MY_KEY",
    "llm.timeout": 5,
    "llm.deadline": 5,
    "llm.max_retries": 1,
    "llm.max_calls": 1,
    "llm.max_seconds": 5,
    "llm.max_tokens": 1,
    "llm.answer_tokens": 100,
    "llm.concurrency": 2,
    "llm.redact_personal": False,
    "llm.cache": False,
    "llm.cache_file": "answers.sqlite",
    "workflow.order": ["thinking"],
    "workflow.retry.max_attempts": 1,
    "workflow.retry.initial_delay": 0.5,
    "workflow.retry.max_delay": 20,
    "workflow.retry.backoff_factor": 3,
    "workflow.retry.jitter": 0.5,
    "workflow.retry.max_retry_after": 1,
    "workflow.steps.thinking.enabled": False,
    "workflow.steps.prompt.custom_template": "Judge {log}",
    "workflow.steps.llm_call.provider": "openai",
    "workflow.steps.llm_call.model": "tiny",
}
LOCAL = load_config(overrides={"llm.provider": "local"})


def remark(*keys):
    return (
        "which model is asked, and how, is told by the settings for all files; without effect in those of single "
        f"files: {', '.join(sorted(keys))}"
    )


def notices_with(folder, overrides):
    folder.joinpath("a.log").write_text("job 1 done\n")
    folder.joinpath("b.log").write_text("job 1 done\n")
    return LogAnalyzer(LOCAL, file_configs={"a.log": load_config(overrides=overrides)}).analyze(folder).notices


def test_every_setting_of_the_model_is_among_those_of_single_files_that_are_tested():
    of_the_model = {
        key for key in COVERED if key.startswith(("llm.", "workflow.")) and key != "workflow.steps.prompt.template"
    }  # which is never alone
    assert set(OF_THE_MODEL) == of_the_model


@pytest.mark.parametrize("key", OF_THE_MODEL)
def test_a_setting_of_the_model_for_some_files_is_said_to_be_without_effect(tmp_path, key):
    assert notices_with(tmp_path, {key: OF_THE_MODEL[key]}) == (remark(key),)


def test_settings_of_the_model_for_some_files_are_told_in_one_notice(tmp_path):
    assert notices_with(tmp_path, {"llm.model": "tiny", "llm.timeout": 5}) == (remark("llm.model", "llm.timeout"),)


def test_settings_of_the_model_for_some_files_that_are_those_for_all_need_no_notice(tmp_path):
    assert notices_with(tmp_path, {"llm.provider": "local"}) == ()


def test_settings_of_the_model_for_some_files_ask_nobody(tmp_path, server):
    assert notices_with(tmp_path, {"llm.provider": "ollama", "llm.endpoint": f"{server.url}/api/generate"})
    assert server.requests == []


def floods_by_file(folder, file_configs):
    results = LogAnalyzer(file_configs=file_configs).analyze(folder)
    return {
        name.rpartition("/")[2]: bool([t for a in report.anomalies for t in a["tags"] if t == "flood"])
        for name, report in results.files.items()
    }


@pytest.mark.parametrize("pattern", ["a.log", "a*", "*/a.log"])
def test_settings_for_some_files_hold_for_these_only(tmp_path, pattern):
    # The words differ, so that no finding is about both files.
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("\n".join(LOGS).replace("pool", f"{name}pool") + "\n")
    small = load_config(overrides={"detectors.rolling_window.window_size": 200})
    assert floods_by_file(tmp_path, {}) == {"a.log": False, "b.log": False}
    assert floods_by_file(tmp_path, {pattern: small}) == {"a.log": True, "b.log": False}


def test_the_first_pattern_that_fits_decides(tmp_path):
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.log").write_text("\n".join(LOGS).replace("pool", f"{name}pool") + "\n")
    small = load_config(overrides={"detectors.rolling_window.window_size": 200})
    assert floods_by_file(tmp_path, {"b.log": Config(), "*": small}) == {"a.log": True, "b.log": False}


def test_a_pattern_that_no_file_fits_is_said(tmp_path):
    log = tmp_path / "app.log"
    log.write_text("one\ntwo\n")
    notices = LogAnalyzer(file_configs={"ap.log": Config()}).analyze(log).notices
    assert notices == ("no input fits 'ap.log': its configuration was not used",)


def test_defaults_that_are_written_out_are_those_of_the_default_provider(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "key-Zk81qpWm4Tx7Rv2n")
    written = {"llm.provider": "openai", "llm.endpoint": "http://localhost:11434/api/generate"}
    with pytest.raises(UsageError, match=r"llm\.model is not given"):
        LogAnalyzer(load_config(overrides={**written, "llm.model": "mistral:instruct"}))
    steps = steps_of(load_config(overrides={**written, "llm.model": "m"}))
    assert steps[2].model.choice.settings.endpoint == "https://api.openai.com/v1/chat/completions"


def test_a_custom_template_that_nothing_would_use_is_told():
    config = load_config(overrides={"llm.provider": "local", "workflow.steps.prompt.custom_template": "Judge {log}"})
    (told,) = LogAnalyzer(config).analyze(TWO).notices
    assert told.startswith("workflow.steps.prompt.custom_template is without effect")


def rules_held(**settings):
    """Return the rules that hold in a log with an event that is known and one that is not."""
    log = [*LOGS[:300], "2026-03-14 09:06:00 INFO disk full", "2026-03-14 09:06:01 INFO lp0 is out of paper"]
    results = LogAnalyzer(load_config(overrides=settings)).analyze(pl.DataFrame({"log": log}))
    return {each["rule"] for each in results.summary["rules"]["held"]}


def test_rules_enabled():
    assert rules_held() == {"disk-full"}
    assert rules_held(**{"rules.enabled": False}) == set()


def test_rules_off():
    assert rules_held(**{"rules.without": ["disk-full"]}) == set()


def test_additional_rule_based_patterns():
    rule = {"name": "paper", "pattern": "out of paper", "reason": "the printer needs paper"}
    assert rules_held(additional_rule_based_patterns=[rule]) == {"disk-full", "paper"}


def test_rules_sigma(tmp_path):
    path = tmp_path / "paper.yml"
    path.write_text(
        "title: Printer needs paper\nlogsource: {product: cups}\ndetection: {words: [out of paper], condition: words}\n"
    )
    assert rules_held(**{"rules.sigma": [str(path)]}) == {"disk-full", "printer-needs-paper"}
