"""Sigma rules: what they ask for, in lines as JSON, logfmt, key=value and XML write them; what cannot be is listed."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import yaml

from loganomaly import LogAnalyzer
from loganomaly.config import load_config
from loganomaly.errors import ConfigError
from loganomaly.rules.sigma import load_sigma
from loganomaly.scan.anchors import anchor_tables
from loganomaly.scan.candidates import candidates


def document(detection, condition="asked", **more):
    return {
        "title": "Odd shell",
        "id": "5f2b1c1e-0000-4000-8000-000000000001",
        "logsource": {"product": "linux"},
        "detection": {**detection, "condition": condition},
        **more,
    }


@pytest.fixture
def read(tmp_path):
    def read_documents(*documents):
        path = tmp_path / "rules.yml"
        path.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
        return load_sigma([str(path)])

    return read_documents


@pytest.fixture
def rule(read):
    def only(detection, condition="asked", **more):
        found = read(document(detection, condition, **more))
        assert found.untranslated == ()
        return found.rules[0]

    return only


@pytest.fixture
def refused(read):
    def reason(detection, condition="asked", **more):
        found = read(document(detection, condition, **more))
        assert found.rules == ()
        return found.untranslated[0].reason

    return reason


def held(rule, *lines):
    data = [line.encode() for line in lines]
    found = [rule.holds(line) for line in data]
    if rule.anchors:  # where a rule holds, compiled code hands the record on
        ends = np.cumsum([len(line) for line in data])
        starts = ends - [len(line) for line in data]
        rows, _ = candidates(np.frombuffer(b"".join(data), np.uint8), starts, ends, anchor_tables([rule]))
        assert {n for n, each in enumerate(found) if each} <= set(rows.tolist())
    return found


@pytest.mark.parametrize(
    "line",
    [
        '{"EventID":4625,"x":1}',
        '{"EventID": "4625"}',
        '{"Event": {"EventID": 4625}}',
        "time=9 EventID=4625 user=ada",
        'EventID="4625"',
        "EventID: 4625",
        "<EventID>4625</EventID>",
        "<EventID Qualifiers='0'>4625</EventID>",
        "<Data Name='EventID'>4625</Data>",
        '<Data Name="EventID">4625</Data>',
        '{"EventID":[4624,4625]}',
    ],
)
def test_a_field_is_found_however_a_line_writes_it(rule, line):
    assert held(rule({"asked": {"EventID": 4625}}), line) == [True]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "4625",
        "EventID=46251",
        "EventID=14625",
        '{"EventID":4624,"x":4625}',
        "MyEventID=4625",
        "EventID_old=4625",
        '{"EventID":"x4625"}',
    ],
)
def test_another_value_or_field_is_not(rule, line):
    assert held(rule({"asked": {"EventID": 4625}}), line) == [False]


@pytest.mark.parametrize(
    ("detection", "yes", "no"),
    [
        ({"Image|endswith": "\\cmd.exe"}, '{"Image":"C:\\\\Win\\\\CMD.exe","a":1}', '{"Image":"C:\\\\cmd.exe.bak"}'),
        ({"Image|endswith": "\\cmd.exe"}, 'Image="C:\\a b\\cmd.exe" y=1', '{"ParentImage":"C:\\\\cmd.exe"}'),
        ({"Image|startswith": "/tmp/"}, '{"Image":"\\/tmp\\/x"}', '{"Image":"/var/tmp/x"}'),
        ({"Line|contains": "curl "}, "Line='x' Line=\"sudo curl -s\"", 'Line="x" Other="curl "'),
        ({"Line|contains": 'say "hi"'}, '{"Line":"say \\"hi\\" now"}', '{"Line":"say hi"}'),
        ({"Line|contains|all": ["curl", "http"]}, '{"Line":"http curl"}', '{"Line":"curl"}'),
        ({"Line": "a*z"}, '{"Line":"abcz"}', '{"Line":"abc","b":"z"}'),
        ({"Line": "a?z"}, "Line=abz", "Line=abbz"),
        ({"Line": "a\\*z"}, "Line=a*z", "Line=abz"),
        ({"Line|cased": "Root"}, "Line=Root", "Line=root"),
        ({"Line": "root"}, "LINE=ROOT", "Line=toor"),
        ({"Line": ""}, '{"Line":""}', '{"Line":"x"}'),
        ({"Line": True}, '{"Line":true}', '{"Line":false}'),
        ({"Line|re": "^a[0-9]+z$"}, '{"Line":"a12z"}', '{"Line":"xa12z"}'),
        ({"Line|re": "a.*z"}, '{"Line":"1abz2"}', '{"Line":"a","b":"z"}'),
        ({"Line|re": "C:\\\\x"}, '{"Line":"C:\\\\x"}', '{"Line":"C:/x"}'),
        ({"Line|re": "[\\\\/]x$"}, '{"Line":"a\\\\x"}', '{"Line":"ax"}'),
        ({"Line|re|i": "abc"}, "Line=xABCx", "Line=xABx"),
        ({"Line|exists": True}, '{"Line":null}', '{"Other":1}'),
        ({"Ip|cidr": "10.1.0.0/16"}, "Ip=10.1.7.7", "Ip=10.2.7.7"),
        ({"Line|windash|contains": " -enc"}, 'Line="x /enc y"', 'Line="x enc y"'),
        ({"Line|base64offset|contains": "foo"}, "Line=xxZm9vxx", "Line=foo"),
        ({"user.type": "Root"}, '{"user":{"a":{"b":1},"type":"Root"}}', '{"user":{"type":"User"},"type":"Root"}'),
        ({"user.type": "Root"}, "user.type=Root", "type=Root"),
        ({"Line": "<a & b>"}, "<Line>&lt;a &amp; b&gt;</Line>", "<Line>a b</Line>"),
        ({"Line": "<a & b>"}, '{"Line":"\\u003ca \\u0026 b\\u003e"}', '{"Line":"a b"}'),
        ({"Line": "Zürich"}, '{"Line":"Z\\u00fcrich"}', '{"Line":"Zurich"}'),
        ({"Line": "Zürich"}, "Line=Zürich", "Line=Zurich"),
        (["mimikatz", "rm -rf"], "x Mimikatz y", "rm -r"),
        (["mimikatz", "rm -rf"], "sudo rm -rf /", "rm rf"),
        (["/etc/shadow"], "cat \\/etc\\/shadow", "/etc/shade"),
        ([{"A": 1}, {"B": 2}], "B=2", "A=2 B=1"),
        ({"A": 1, "B": None}, "A=1 B=-", "A=1 B=x"),
        ({"A": 1, "B": None}, "A=1", "B=1"),
    ],
)
def test_what_a_detection_asks_for(rule, detection, yes, no):
    assert held(rule({"asked": detection}), yes, no) == [True, False]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a and b", [False, False, True, False]),
        ("a or b", [True, True, True, False]),
        ("a and not b", [True, False, False, False]),
        ("1 of sel*", [True, True, True, False]),
        ("all of sel*", [False, False, True, False]),
        ("1 of them", [True, True, True, False]),
        ("(a or sel_b) and not (a and b)", [True, True, False, False]),
    ],
)
def test_what_a_condition_joins(rule, condition, expected):
    detection = {"a": {"X": 1}, "b": {"Y": 2}, "sel_a": {"X": 1}, "sel_b": {"Y": 2}}
    assert held(rule(detection, condition), "X=1", "Y=2", "X=1 Y=2", "Z=3") == expected


def test_a_rule_takes_title_level_and_tags_with_it(rule):
    found = rule({"asked": {"X": 1}}, level="critical", tags=["attack.t1059", "attack.execution"])
    assert (found.name, found.reason, found.severity) == ("odd-shell", "Odd shell", "critical")
    assert found.tags == ("sigma", "security", "attack.t1059", "attack.execution")


@pytest.mark.parametrize(
    ("level", "severity"),
    [("informational", "low"), ("low", "low"), ("medium", "medium"), ("high", "high"), (None, "medium")],
)
def test_levels_are_severities(rule, level, severity):
    assert rule({"asked": {"X": 1}}, **({} if level is None else {"level": level})).severity == severity


def test_rules_of_one_title_have_names_of_their_own(read):
    found = read(document({"asked": {"X": 1}}), document({"asked": {"Y": 1}}))
    assert [rule.name for rule in found.rules] == ["odd-shell", "odd-shell-2"]


@pytest.mark.parametrize(
    ("detection", "anchors"),
    [
        ({"Image|endswith": "\\cmd.exe"}, ("cmd.exe",)),  # what begins a word
        ({"Image|contains": "shell"}, ("Image",)),  # may be part of one
        ({"Image": ["bash", "dash"]}, ("bash", "dash")),
        ({"X": 1}, ()),  # too short
        ({"Name": "a", "Image": "powershell.exe"}, ("powershell.exe",)),
        (["rm -rf /srv", "/etc/shadow"], ("-rf", "shadow")),
        (["mimikatz"], ()),
    ],
)
def test_what_a_rule_is_told_by(rule, detection, anchors):
    assert rule({"asked": detection}).anchors == anchors


@pytest.mark.parametrize(
    ("detection", "condition", "reason"),
    [
        ({"asked": {"X|gt": 5}}, "asked", "the field X is compared as a number, which a pattern cannot do"),
        ({"asked": {"X|fieldref": "Y"}}, "asked", "the field X is compared with another field"),
        ({"asked": {"X|cidr": "fe80::/10"}}, "asked", "a network of IPv6 addresses"),
        ({"asked": {"X|re": "(?<=a)b"}}, "asked", "RE2 cannot read the regular expression '(?<=a)b'"),
        ({"asked": {"X|re": "(a)\\1"}}, "asked", "RE2 has no look-around and no back-references"),
        ({"asked": {"X|expand": "%admins%"}}, "asked", "there is a placeholder"),
        ({"asked": {"X": 1}}, "not asked", "it holds for every line that has none of its fields"),
        ({"asked": {"X": None}}, "asked", "it holds for every line that has none of its fields"),
        ({"asked": ["*"]}, "asked", "a keyword is empty"),
        ({"asked": {"X": 1}}, "asked | count() > 5", "pipe syntax"),
        ({"asked": {"X": 1}}, "asked and missing", "missing"),
        ({"asked": {"X|unheardof": 1}}, "asked", "unheardof"),
    ],
)
def test_what_cannot_be_translated_says_why(refused, detection, condition, reason):
    assert reason in refused(detection, condition)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("foo: [", "it is no YAML"),
        ("- a\n- b\n", "it is no Sigma rule"),
        ("title: x\n", "log source"),
        ("just text\n", "just text"),
        (
            "title: Many\ncorrelation: {type: event_count, rules: [x], timespan: 5m}\n",
            "a correlation of several events",
        ),
        ("title: F\nfilter: {rules: any}\n", "a filter of other rules"),
        ("title: x\nlogsource: 7\ndetection: 8\n", ""),
        ("title: x\nlogsource: {product: linux}\ndetection: {a: {B: 1}, condition: [a, a]}\n", "2 conditions"),
    ],
)
def test_a_file_that_holds_no_such_rule_is_listed(tmp_path, text, reason):
    path = tmp_path / "odd.yml"
    path.write_text(text)
    found = load_sigma([str(path)])
    assert found.rules == ()
    assert found.untranslated[0].file == str(path)
    assert reason in found.untranslated[0].reason


def test_one_that_is_wrong_does_not_keep_others_from_being_read(read):
    found = read(document({"asked": {"X|gt": 5}}), document({"asked": {"X": 5}}))
    assert (len(found.rules), len(found.untranslated)) == (1, 1)
    (left_out,) = found.untranslated
    assert (left_out.title, left_out.id) == ("Odd shell", "5f2b1c1e-0000-4000-8000-000000000001")


def test_folders_are_walked(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.yml", "deep/a.yaml", "readme.md"):
        (tmp_path / name).write_text(yaml.safe_dump(document({"asked": {"X": 1}}, title=name)))
    assert [rule.reason for rule in load_sigma([str(tmp_path)]).rules] == ["b.yml", "deep/a.yaml"]


def test_a_path_that_there_is_not_is_refused():
    with pytest.raises(ConfigError, match="there is no file or folder 'nowhere'"):
        load_sigma(["nowhere"])


def test_without_pysigma_the_error_says_how_to_install_it():
    code = (
        "import sys; sys.modules['sigma'] = None\n"
        "from loganomaly.rules.sigma import load_sigma\n"
        "try:\n    load_sigma(['x'])\nexcept Exception as error:\n    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'loganomaly[sigma]'" in run.stdout


def test_what_was_not_translated_is_in_the_summary_and_among_the_notices(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump_all([document({"asked": {"X|gt": 5}}), document({"asked": {"user": "mallory"}})]))
    config = load_config(overrides={"rules.sigma": [str(path)]})
    results = LogAnalyzer(config).analyze(pl.DataFrame({"log": ["user=ada", "user=mallory"]}))
    assert [each["rule"] for each in results.summary["rules"]["held"]] == ["odd-shell"]
    (left_out,) = results.summary["rules"]["untranslated"]
    assert left_out["title"] == "Odd shell"
    assert any(notice.startswith("1 Sigma rule was not translated") for notice in results.notices)


def test_a_rule_of_sigma_can_be_switched_off_by_name(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump(document({"asked": {"user": "mallory"}})))
    frame = pl.DataFrame({"log": ["user=ada", "user=mallory"]})
    off = load_config(overrides={"rules.sigma": [str(path)], "rules.without": ["odd-shell"]})
    assert LogAnalyzer(off).analyze(frame).summary["rules"]["held"] == []
    wrong = load_config(overrides={"rules.sigma": [str(path)], "rules.without": ["odd-shel"]})
    with pytest.raises(ConfigError, match="did you mean 'odd-shell'"):
        LogAnalyzer(wrong)
