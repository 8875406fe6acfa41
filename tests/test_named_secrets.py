"""Values that only the name of their column tells: nothing in the row says what they are."""

import json
import re
from collections import Counter

import pytest
from typer.testing import CliRunner

from loganomaly.cli import app
from loganomaly.redact_command import redact_app
from loganomaly.redaction.names import hide_value, is_telling, named_value
from written import written

ROWS = range(60)


def moment(n):
    return f"2026-03-14T09:00:{n:02d}Z"


def table(header, row):
    return header + "\n" + "".join(row(n) + "\n" for n in ROWS)


FILES = {
    "last.csv": table("id,time,user,password", lambda n: f"{n},{moment(n)},u{n},swordfish"),
    "empty-message.csv": table(
        "time,msg,password,host", lambda n: f"{moment(n)},{'' if n % 2 else 'log in'},swordfish,h{n % 3}"
    ),
    "between.csv": table("time,user,password,action,host", lambda n: f"{moment(n)},u{n},swordfish,open,h{n % 3}"),
    "first.csv": table(
        "password,time,ssn,host,pesel", lambda n: f"swordfish,{moment(n)},536904399,h{n % 3},44051401359"
    ),
    "tabs.tsv": table("time\tlevel\tpesel\tphone", lambda n: f"{moment(n)}\tINFO\t44051401359\t0171 555{n:04d}"),
    "nothing-else.csv": table("password,pin", lambda n: f"swordfish,471108{n:02d}"),
    "quoted.csv": table('time;"password";note', lambda n: f'{moment(n)};"sword;fish {n}";"x ""y"" z"'),
    "w3c.log": table(
        "#Fields: date time cs-username password sc-status", lambda n: f"2026-03-14 09:00:{n:02d} u{n} swordfish 200"
    ),
    "objects.jsonl": "".join(
        json.dumps({
            "time": moment(n),
            "msg": "in",
            "pesel": "44051401359",
            "user": {"phone": f"0171 555{n:04d}", "ssn": "536904399"},
            "pin": f"471108{n:02d}",
        })
        + "\n"
        for n in ROWS
    ),
    "pairs.log": "".join(
        f'time={moment(n)} level=info msg="in {n}" pesel=44051401359 phone="0171 555{n:04d}"\n' for n in ROWS
    ),
}  # fmt: skip
VALUES = ("swordfish", "sword;fish", "536904399", "44051401359", "0171 555", "471108")
NAME = re.compile(r"<[a-z-]+-[0-9a-f]{8}>")  # of a value: digits of chance, which may be any


@pytest.mark.parametrize("name", FILES)
def test_what_a_column_tells_is_found_and_written_nowhere(name, tmp_path):
    log = tmp_path / name
    log.write_text(FILES[name])
    analysed = CliRunner().invoke(app, ["--input", str(log), "--output", str(tmp_path / "out"), "--verbose"])
    assert analysed.exit_code == 0, analysed.output
    told = written(tmp_path / "out", analysed.output.encode())
    assert [value for value in VALUES if value.encode() in told] == []
    leaks = json.loads((tmp_path / "out" / "leaks.json").read_text())
    counts = Counter[str]()
    for leak in leaks:
        counts[leak["kind"]] += leak["count"]
        assert leak["sample"]
    assert counts
    assert set(counts.values()) == {len(ROWS)}
    copied = CliRunner().invoke(redact_app, [str(log), "--output", str(tmp_path / "copy")])
    assert copied.exit_code == 0, copied.output
    copy = NAME.sub("<>", (tmp_path / "copy" / name).read_text())
    assert [value for value in VALUES if value in copy] == []
    assert copy.count("\n") == FILES[name].count("\n")


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("db.password", "correct horse battery", "password"),
        ("pin", "4711", "password"),
        ("authorization", "Basic dXNlcjpodW50ZXIyeA==", "authorization"),
        ("sessionid", "Zk81qpWm4Tx7Rv2nQe5b", "session-cookie"),
        ("tax_id", "36 574 261 809", "de-tax-id"),
        ("mobile", "0171 2345000", "phone"),
        ("password", 'a"b\nc', "password"),
    ],
)
def test_names_tell_what_values_are(name, value, kind):
    assert named_value(name, value.encode()) == (kind, 0, len(value))
    assert hide_value(name, value) == f"<{kind}>"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "<redacted>"),
        ("max_tokens", "512"),
        ("is_mobile", "true"),
        ("tax_id", "36 574 261 808"),
        ("id", "44051401359"),
        ("user", "hunter2x"),
        ("ssn", "536-90-4399"),  # found by its own looks
    ],
)
def test_other_values_are_not_told_by_their_names(name, value):
    assert named_value(name, value.encode()) is None


def test_ordinary_names_tell_nothing():
    names = "id user host key status hotel destination winner spin session_id max_retries passed time level message"
    assert [name for name in names.split() if is_telling(name)] == []
