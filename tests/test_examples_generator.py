import json
import re
import subprocess
import sys
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SHOP = EXAMPLES / "shop"
LOGS = ("access.log", "api.jsonl", "orders.log", "syslog")
MARKERS = (  # what an honest grep for the incident would look for
    "2.15.0",
    "2.14.4",
    "graceful shutdown",
    "orders.service",
    "Slow query",
    "SQLTransientConnectionException",
    "maximumPoolSize",
    '" 503 ',
    "answered 503",
    "order submit",
    "aws_",
    "AKIA",
    "postgresql://",
)
LINE_OF_EVENT = {  # by event and file: what every line of that event there must match
    ("deploy", "api.jsonl"): r'"path": "/api/orders',
    ("deploy", "orders.log"): r"shutdown|Shutdown|2\.15\.0|HikariPool-1 - Start|migration|Tomcat",
    ("deploy", "syslog"): r"systemd\[1\]: (Stopping|Stopped|Started) orders\.service",
    ("leaked-db-password", "orders.log"): r"postgresql://orders_app:[A-Za-z0-9]{18}@",
    ("slow-database", "api.jsonl"): r'"path": "/api/orders.*"duration_ms": \d{4,5}}',
    ("slow-database", "orders.log"): r"took \d{4} ms|Slow query \w+: \d{4} ms|Pool stats",
    ("pool-exhausted", "access.log"): r'/api/orders\S* HTTP/1.1" 503 ',
    ("pool-exhausted", "api.jsonl"): r'"ERROR".*upstream orders answered 503.*"duration_ms": 100\d\d}',
    ("pool-exhausted", "orders.log"): r"JDBC|^\tat |^\t\.\.\. 4 more$|waiting=[1-9]\d|maximumPoolSize",
    ("retry-flood", "api.jsonl"): r'"(WARN|ERROR)", "service": "checkout", "msg": "order submit ',
    ("inventory-silence", "syslog"): r" inventory-sync\[2211\]: ",
    ("leaked-aws-key", "api.jsonl"): r"=AKIA[A-Z2-7]{16} aws_secret_access_key=[A-Za-z0-9+/]{40}\"",
    ("rollback", "api.jsonl"): r'"path": "/api/orders',
    ("rollback", "orders.log"): r"shutdown|Shutdown|2\.14\.4|2\.15\.1|HikariPool-1 - Start|migration|Tomcat",
    ("rollback", "syslog"): r"systemd\[1\]: (Stopping|Stopped|Started) orders\.service",
}
# By event and file: lines outside the event must not match, or the story misses some of its lines.
ONLY_IN_EVENT = {
    ("slow-database", "orders.log"): r"took \d{4} ms$|Slow query",
    ("pool-exhausted", "access.log"): r'" 503 ',
    ("pool-exhausted", "api.jsonl"): r"answered 503",
    ("pool-exhausted", "orders.log"): r"JDBC|HikariDataSource\.java|waiting=[1-9]",
    ("retry-flood", "api.jsonl"): r"order submit",
    ("leaked-aws-key", "api.jsonl"): r"AKIA|secret",
    ("leaked-db-password", "orders.log"): r"postgresql://",
}


def generate(folder, *options):
    command = [sys.executable, str(EXAMPLES / "generate_shop.py"), str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read_lines(file):
    return file.read_text(encoding="utf-8").splitlines()


def event_lines(event, file):
    return [n for first, last in event["files"].get(file, []) for n in range(first, last + 1)]


@pytest.fixture(scope="module")
def logs():
    return {file: read_lines(SHOP / file) for file in LOGS}


@pytest.fixture(scope="module")
def events():
    story = json.loads((SHOP / "story.json").read_text(encoding="utf-8"))
    return {event["id"]: event for event in story["events"]}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quiet")
    generate(folder, "--without-story").check_returncode()
    return folder


def test_generator_reproduces_the_committed_files_to_the_byte(tmp_path):
    generate(tmp_path).check_returncode()
    assert {file.name for file in SHOP.iterdir()} == {*LOGS, "story.json"}
    for file in SHOP.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_another_seed_writes_other_logs(tmp_path):
    generate(tmp_path, "--seed", "7").check_returncode()
    for file in LOGS:
        assert (tmp_path / file).read_bytes() != (SHOP / file).read_bytes(), file


def test_a_target_that_is_a_file_is_refused_with_its_name(tmp_path):
    target = tmp_path / "taken"
    target.write_text("mine", encoding="utf-8")
    result = generate(target)
    assert result.returncode == 2
    assert str(target) in result.stderr
    assert target.read_text(encoding="utf-8") == "mine"


def test_shop_has_about_twenty_thousand_lines(logs):
    assert 19_000 <= sum(len(lines) for lines in logs.values()) <= 21_000


def test_every_api_line_is_a_json_object_in_order_of_time(logs):
    rows = [json.loads(line) for line in logs["api.jsonl"]]
    assert all({"ts", "level", "service", "msg"} <= row.keys() for row in rows)
    stamps = [row["ts"] for row in rows]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(("event", "file"), LINE_OF_EVENT)
def test_story_lines_say_what_the_event_says(logs, events, event, file):
    numbers = event_lines(events[event], file)
    assert numbers
    wrong = [n for n in numbers if not re.search(LINE_OF_EVENT[event, file], logs[file][n - 1])]
    assert wrong == []


def test_story_names_no_other_events_and_files(events):
    assert {(event["id"], file) for event in events.values() for file in event["files"]} == set(LINE_OF_EVENT)


@pytest.mark.parametrize(("event", "file"), ONLY_IN_EVENT)
def test_story_misses_none_of_its_lines(logs, events, event, file):
    found = {n for n, line in enumerate(logs[file], 1) if re.search(ONLY_IN_EVENT[event, file], line)}
    assert found
    assert found <= set(event_lines(events[event], file))


def test_no_line_belongs_to_two_events(events):
    pairs = [(f, n) for event in events.values() for f in event["files"] for n in event_lines(event, f)]
    assert len(pairs) == len(set(pairs))


def test_events_begin_when_the_incident_report_says(events):
    begins = {name: datetime.fromisoformat(event["start"]).strftime("%H:%M") for name, event in events.items()}
    assert begins == {
        "deploy": "10:05",
        "leaked-db-password": "10:05",
        "slow-database": "10:08",
        "pool-exhausted": "10:12",
        "retry-flood": "10:14",
        "inventory-silence": "10:19",
        "leaked-aws-key": "10:31",
        "rollback": "10:39",
    }


def test_flood_is_dense_and_long(events):
    numbers = event_lines(events["retry-flood"], "api.jsonl")
    assert len(numbers) >= 2_800
    assert len(numbers) / (numbers[-1] - numbers[0] + 1) >= 0.8


def test_heartbeat_is_regular_and_then_stops_for_good(logs, events):
    beats = [n for n, line in enumerate(logs["syslog"], 1) if "heartbeat ok" in line]
    times = [datetime.strptime(logs["syslog"][n - 1][7:15], "%H:%M:%S") for n in beats]  # noqa: DTZ007
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert 20 <= min(gaps) <= max(gaps) <= 30
    event = events["inventory-silence"]
    assert event["silent_from"][11:19] == times[-1].strftime("%H:%M:%S")
    last = max(n for n, line in enumerate(logs["syslog"], 1) if "inventory-sync" in line)
    assert last == event_lines(event, "syslog")[-1]
    assert last < len(logs["syslog"]) - 200


def test_readme_table_points_at_story_lines_of_that_time(logs, events):
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\d:\d\d:\d\d) \|.*`shop/([\w.]+):(\d+)` \|$", readme, flags=re.MULTILINE)
    assert len(rows) == len(events) + 1
    for time, file, number in rows:
        assert time in logs[file][int(number) - 1]
        assert any(int(number) in event_lines(event, file) for event in events.values())


def test_quiet_shop_has_no_events_and_no_marker_of_the_story(quiet, logs):
    assert json.loads((quiet / "story.json").read_text(encoding="utf-8")) == {"events": []}
    text = "\n".join((quiet / file).read_text(encoding="utf-8") for file in LOGS)
    story = "\n".join(line for lines in logs.values() for line in lines)
    assert [marker for marker in MARKERS if marker in text] == []
    assert [marker for marker in MARKERS if marker not in story] == []


def test_quiet_shop_has_fast_queries_and_a_heartbeat_to_the_end(quiet):
    took = [int(ms) for ms in re.findall(r"Query \w+ took (\d+) ms", (quiet / "orders.log").read_text("utf-8"))]
    assert len(took) > 1_000
    assert max(took) <= 40
    beats = [line for line in read_lines(quiet / "syslog") if "heartbeat ok" in line]
    assert beats[-1][7:12] == "10:59"


def mask_line(line):
    """Return the kind of a line: variable tokens replaced, as by eye."""
    if line.startswith("{"):
        row = json.loads(line)
        line = f"{row['level']} {row['service']} {row['msg']}"
    line = re.sub(r'"-" ".*"$', "", line)  # user agents
    line = re.sub(r"category/\w+|search\S*|(?<=search for )\w+", "*", line)
    return re.sub(r"\d+", "*", re.sub(r"\b[0-9a-f]{12}\b", "*", line))


def minute_of(line):
    """Return the minute since midnight, or None for a line of a stack trace."""
    found = re.search(r"[ T:](09|10):(\d\d):\d\d", line)
    return int(found[1]) * 60 + int(found[2]) if found else None


@pytest.mark.parametrize("file", LOGS)
def test_every_kind_of_line_in_the_quiet_shop_recurs_through_the_span(quiet, file):
    kinds = defaultdict(list)
    minute = 0
    for line in read_lines(quiet / file):
        minute = minute_of(line) or minute
        kinds[mask_line(re.sub(r"^\S+ - - ", "", line))].append(minute)
    assert len(kinds) > 10
    lonely = {kind: m for kind, m in kinds.items() if len(m) < 5 or m[0] > 9 * 60 + 30 or m[-1] < 10 * 60 + 30}
    assert lonely == {}


def test_sample_log_has_ten_lines_with_errors_among_them():
    lines = read_lines(EXAMPLES / "sample.log")
    shape = r"2026-03-14 \d\d:\d\d:\d\d (INFO |WARN |ERROR) \[\w+\] \S.*"
    assert len(lines) == 10
    assert all(re.fullmatch(shape, line) for line in lines)
    assert 1 <= sum(" ERROR " in line for line in lines) <= 2
