import re
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len

from loganomaly.legible import plain_text
from loganomaly.reports.terminal import render


def summary(**changes):
    return {
        "original_log_count": 12345,
        "processed_log_count": 12345,
        "input_files": [{"name": "app.log"}, {"name": "web.log"}],
        "template_diversity": {"unique_templates": 42},
        "time_metrics": {"first_time": "2024-05-01T10:00:00Z", "last_time": "2024-05-01T12:00:00Z"},
        "incidents": [],
        "leaks": [],
        "records": 12000,
        "log_severity_summary": {"CRITICAL": 0, "ERROR": 0, "INFO": 12000},
        "skipped_files": [],
        "stages": {"scan": 1.25, "judge": 0.5},
    } | changes


def anomaly(**changes):
    return {
        "subject": {"kind": "template", "name": "FATAL out of memory: killed process <*>"},
        "incident": None,
        "score": 0.97,
        "severity": "CRITICAL",
        "source": "app.log",
        "line_number": 1234,
        "count": 3120,
        "first_seen": "2024-05-01T10:02:11Z",
        "last_seen": "2024-05-01T10:05:40Z",
        "log": "2024-05-01 10:02:11 FATAL out of memory: killed process 77",
        "reason": "This is unusual: 3,120 records in 4 minutes where 2 were expected.",
    } | changes


def incident(*anomalies, **changes):
    """Return an incident of findings, the first of them its first cause candidate."""
    found = [a["id"] for a in anomalies]
    return {
        "id": "abcdefabcdef",
        "title": "log flood in web, error in db",
        "score": 0.98,
        "start": "2024-05-01T10:02:11Z",
        "end": "2024-05-01T10:05:40Z",
        "findings": found,
        "components": ["db", "web"],
        "files": ["app.log", "web.log"],
        "first_cause": {"finding": found[0], "reason": "The first unusual thing here; seen once."},
        "timeline": [{"time": a["first_seen"], "finding": a["id"], "text": f"error: {a['id']}"} for a in anomalies],
    } | changes


def members(count):
    return [anomaly(id=f"{n:012x}", incident="abcdefabcdef") for n in range(count)]


def lines(*anomalies, width=100, colour=False, saved=(), most=20, **changes):
    text = render(summary(**changes), anomalies, width=width, colour=colour, saved=saved, most=most)
    return text.splitlines()


def test_the_header_counts_what_was_read_and_found():
    first, second = lines(anomaly(), leaks=[{}, {}])[:2]
    assert first == "12,345 lines in 2 files, 2024-05-01 10:00:00 to 12:00:00 UTC"
    assert second == "42 templates, 1 finding, 2 leaks, 1.8 s"


def test_the_header_says_what_sessions_there_are():
    groups = [
        {"key": "request_id", "sessions": 3041, "unusual": 12},
        {"key": "blk_\x1b[2J*", "sessions": 1, "unusual": 0},
    ]
    assert lines(sessions=groups)[2] == "3,041 sessions by request_id, 12 unusual; 1 session by blk_*"
    assert lines(sessions=[])[2] == ""
    assert "x" * 40 not in lines(sessions=[{"key": "x" * 5000, "sessions": 9, "unusual": 0}])[2]


def test_the_header_says_when_only_a_part_was_read():
    assert lines(processed_log_count=1000)[0].startswith("1,000 of 12,345 lines in 2 files")


def test_a_log_without_times_has_no_span():
    times = {"first_time": None, "last_time": None}
    found = lines(anomaly(first_seen=None, last_seen=None), time_metrics=times)
    assert found[0] == "12,345 lines in 2 files"
    assert found[4].endswith("3,120  -")


def test_a_finding_is_a_row_then_its_line_then_its_reason():
    assert lines(anomaly())[3:8] == [
        "#  Score  Severity  Where         Count  When",
        "1  0.97   CRITICAL  app.log:1234  3,120  10:02:11 to 10:05:40",
        "   2024-05-01 10:02:11 FATAL out of memory: killed process 77",
        "   This is unusual: 3,120 records in 4 minutes where 2 were expected.",
        "",
    ]


TRACE = {
    "language": "java",
    "exception": "java.io.IOException",
    "message": "disk full",
    "line": 7,
    "function": "shop.Store.save",
    "file": "Store.java",
    "file_line": 42,
    "own": True,
}


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "root cause: java.io.IOException: disk full at shop.Store.save (Store.java:42)"),
        ({"own": False}, "root cause: java.io.IOException: disk full at shop.Store.save (Store.java:42), library code"),
        ({"message": ""}, "root cause: java.io.IOException at shop.Store.save (Store.java:42)"),
        ({"function": None}, "root cause: java.io.IOException: disk full at Store.java:42"),
        ({"file_line": None}, "root cause: java.io.IOException: disk full at shop.Store.save (Store.java)"),
        (
            {"file": None, "file_line": None, "message": "\x1b[2J\u202edisk\nfull"},
            "root cause: java.io.IOException: disk full at shop.Store.save",
        ),
        ({"function": None, "file": None, "file_line": None}, "root cause: java.io.IOException: disk full"),
        ({"exception": None, "message": ""}, "root cause: java at shop.Store.save (Store.java:42)"),
    ],
)
def test_the_root_cause_of_a_stack_trace_stands_below_the_reason(changes, shown):
    assert lines(anomaly(trace=TRACE | changes))[6:9] == [
        "   This is unusual: 3,120 records in 4 minutes where 2 were expected.",
        f"   {shown}",
        "",
    ]


def test_a_long_message_of_an_exception_leaves_room_for_the_place():
    shown = " ".join(lines(anomaly(trace=TRACE | {"message": "x" * 5_000}))).split()
    assert shown[-2:] == ["shop.Store.save", "(Store.java:42)"]


def test_an_incident_stands_before_the_findings_with_its_span_cause_ranks_and_places():
    one, other = anomaly(id="1" * 12, incident="abcdefabcdef"), anomaly(id="2" * 12, incident="abcdefabcdef")
    found = lines(anomaly(), other, one, incidents=[incident(one, other)])
    assert found[1] == "42 templates, 3 findings, 1 incident, 0 leaks, 1.8 s"
    assert found[3:9] == [
        "Incident 1, score 0.98, 10:02:11 to 10:05:40: log flood in web, error in db",
        "  10:02:11  #3  error: 111111111111",
        "                The first unusual thing here; seen once.",
        "  10:02:11  #2  error: 222222222222",
        "  In db, web; app.log, web.log",
        "",
    ]
    assert found[9].startswith("#  Score")


def test_an_incident_without_times_names_places():
    only = anomaly(id="1" * 12, incident="abcdefabcdef", first_seen=None, last_seen=None)
    found = lines(only, incidents=[incident(only, start=None, end=None, first_cause=None)])
    assert found[3:5] == [
        "Incident 1, score 0.98: log flood in web, error in db",
        "  app.log:1234  #1  error: 111111111111",
    ]


def test_of_an_incident_of_many_findings_the_worst_and_the_cause_are_shown_and_the_others_counted():
    many = members(40)
    found = lines(*many, incidents=[incident(*many, first_cause={"finding": many[30]["id"], "reason": "Early."})])
    events = [line.split()[1] for line in found if line.startswith("  10:02:11")]
    assert events == ["#1", "#2", "#3", "#4", "#5", "#6", "#7", "#31"]
    assert "  and #8, #9, #10, #11, #12, #13, #14, #15, #16, #17, #18, #19 and 20 more" in found


def test_incidents_beyond_the_third_are_counted():
    found = lines(*members(1), incidents=[incident(*members(1))] * 5)
    assert [line[:10] for line in found if line.startswith("Incident")] == ["Incident 1", "Incident 2", "Incident 3"]
    assert "and 2 more incidents, listed in summary.json" in found


@pytest.mark.parametrize("width", [40, 80, 140])
def test_no_line_of_an_incident_is_wider_than_the_terminal_nor_obeyed_by_it(width):
    bad = "\x1b[2J\u202e漢字 [bold]x[/bold] " * 50
    hostile = incident(
        *members(3),
        title=bad,
        components=[bad] * 9,
        files=[bad.replace(" ", "")] * 9,
        first_cause={"finding": members(1)[0]["id"], "reason": bad},
        timeline=[{"time": a["first_seen"], "finding": a["id"], "text": bad} for a in members(3)],
    )
    found = lines(*members(3), width=width, incidents=[hostile])
    assert max(cell_len(line) for line in found) <= width
    assert not any("\x1b" in line or "\u202e" in line for line in found)
    assert any("[bold]x[/bold]" in line for line in found) or width == 40
    # Title and places take two lines each, a reason five, each finding one, and an empty line is behind.
    begin, end = (next(n for n, line in enumerate(found) if line.startswith(s)) for s in ("Incident", "#  Score"))
    assert end - begin <= 2 + 3 + 5 + 2 + 1


def test_findings_keep_their_order():
    found = lines(anomaly(log="the worse"), anomaly(log="the better"))
    assert found.index("   the worse") < found.index("   the better")


SEVERAL_DAYS = {"first_time": "2024-04-30T10:00:00Z", "last_time": "2024-05-02T12:00:00Z"}
SEVERAL_YEARS = {"first_time": "2023-12-31T10:00:00Z", "last_time": "2024-05-02T12:00:00Z"}


@pytest.mark.parametrize(
    ("times", "last_seen", "shown"),
    [
        (SEVERAL_DAYS, "2024-05-01T10:02:59Z", "  05-01 10:02"),
        (SEVERAL_DAYS, "2024-05-01T10:05:40Z", "  05-01 10:02 to 10:05"),
        (SEVERAL_DAYS, "2024-05-02T10:02:11Z", "  05-01 10:02 to 05-02 10:02"),
        (SEVERAL_YEARS, "2024-05-01T10:05:40Z", "  2024-05-01 10:02 to 10:05"),
        (SEVERAL_YEARS, "2024-05-02T10:02:11Z", "  2024-05-01 to 2024-05-02"),
    ],
)
def test_times_show_as_much_of_the_date_as_the_log_needs(times, last_seen, shown):
    assert lines(anomaly(last_seen=last_seen), time_metrics=times)[4].endswith(shown)


def test_times_are_shown_in_utc():
    found = anomaly(first_seen="2024-05-01T12:02:11+02:00", last_seen="2024-05-01T12:02:11+02:00")
    assert lines(found)[4].endswith("  10:02:11")


def test_a_severity_that_is_not_known_is_a_dash():
    assert lines(anomaly(severity="UNKNOWN"))[4].startswith("1  0.97   -     ")


def test_no_finding_is_said_in_words():
    assert lines()[3] == "Nothing unusual found in 12,345 lines."


def test_errors_that_do_not_stand_out_are_no_all_clear():
    found = lines(log_severity_summary={"CRITICAL": 1, "ERROR": 20, "INFO": 11979})
    assert found[4] == "21 records of 12,000 say ERROR or worse, but none stands out."
    assert not lines(log_severity_summary={"CRITICAL": 0, "ERROR": 0, "INFO": 12000})[4]


def test_findings_beyond_the_most_are_counted():
    found = lines(*[anomaly(log=f"line {n}") for n in range(7)], most=3)
    assert "   line 2" in found
    assert "   line 3" not in found
    assert "and 4 more findings, less unusual than these" in found


def test_all_findings_shown_leaves_nothing_to_count():
    assert not any(line.startswith("and ") for line in lines(anomaly(), anomaly(), most=2))


def test_skipped_files_are_counted_and_the_first_named():
    skipped = [{"name": f"{n}.png", "reason": "a picture"} for n in range(5)]
    assert lines(skipped_files=skipped)[-5:] == [
        "5 files skipped:",
        "  0.png: a picture",
        "  1.png: a picture",
        "  2.png: a picture",
        "  and 2 more, listed in summary.json",
    ]


def test_the_files_of_the_results_are_named():
    report = Path("out/report.html")
    last = lines(saved=[Path("out/anomalies.json"), report, Path("out/summary.json")])[-2:]
    listed = f"{Path('out/anomalies.json')}, {Path('out/summary.json')}"
    assert last == [f"Report: {report}", f"Results: {listed}"]
    assert lines(saved=[Path("out/summary.json")])[-1] == f"Results: {Path('out/summary.json')}"


def test_the_files_by_input_are_counted():
    saved = [Path("out/files/a.json"), Path("out/files/b.json"), Path("out/summary.json")]
    assert lines(saved=saved)[-1] == f"Results: {saved[-1]}, and 2 files below out"


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize(
    "changes",
    [
        {"log": "x" * 5000, "reason": "y" * 500},
        {"log": "漢字" * 300, "reason": "広い 文字 " * 60},
        {"log": "z\u0301\u0302\u0303" * 3000},
        {"source": "very/deep/" * 30 + "app.log", "count": 10**12},
        {"source": "ログ" * 60 + ".log"},
    ],
    ids=["long", "wide", "combining", "far away", "wide name"],
)
def test_no_line_is_wider_than_the_terminal(width, changes):
    found = lines(anomaly(), anomaly(**changes), width=width, saved=[Path("s" * 200)])
    assert max(cell_len(line) for line in found) <= width


def test_a_line_full_of_combining_marks_is_cut():
    assert max(map(len, lines(anomaly(log="z" + "\u0301" * 100_000), width=80))) < 1000


def shown(log, *, width=43):
    """Return how a log line is shown on a terminal of *width* cells, 3 of them indent."""
    found = lines(anomaly(log=log, reason="The reason."), width=width)
    row = next(index for index, line in enumerate(found) if line.startswith("1  0.97"))
    return [line[3:] for line in found[row + 1 : found.index("   The reason.")]]


def test_a_long_log_line_is_shown_in_two_lines_that_end_in_an_ellipsis():
    assert shown("x" * 5000) == ["x" * 40, "x" * 39 + "…"]
    assert shown("漢" * 5000) == ["漢" * 20, "漢" * 19 + " …"]


def test_a_log_line_of_two_lines_is_shown_whole():
    assert shown("x" * 80) == ["x" * 40, "x" * 40]
    assert shown("x" * 40) == ["x" * 40]


def test_a_log_line_is_wrapped_between_words():
    assert shown("x" * 35 + " " + "y" * 38 + " z") == ["x" * 35, "y" * 38 + " z"]
    assert shown("x" * 40 + " y") == ["x" * 40, "y"]


def test_a_long_word_is_wrapped_rather_than_a_line_left_empty():
    assert shown("INFO " + "x" * 70) == ["INFO " + "x" * 35, "x" * 35]


FIELDS = '"id": "' + "0" * 80 + '", "n": {"msg": 1}, '
START = ['{"id": "' + "0" * 32, "0" * 39 + "…"]


@pytest.mark.parametrize("key", ["message", "msg", "Message", "body"])
def test_a_message_far_inside_a_json_object_is_where_the_text_begins(key):
    log = "{" + FIELDS + f'"{key}": "disk full", "code": 7}}'
    assert shown(log) == [f'…"{key}": "disk full", "code": 7}}']


def test_a_message_that_begins_at_the_very_end_of_what_fits_is_where_the_text_begins():
    log = '{"id": "' + "0" * 55 + '", "msg": "disk full on every node of the cluster"}'
    assert shown(log) == ['…"msg": "disk full on every node of the', 'cluster"}']


@pytest.mark.parametrize("tail", ['", "code": 7}', '", "code": 7, "trace": "' + "0" * 80 + '"}'])
def test_a_message_that_is_seen_anyway_moves_nothing(tail):
    assert shown('{"id": "17", "msg": "disk full' + tail)[0].startswith('{"id": "17", "msg": "disk full"')


def test_the_best_key_is_the_message():
    assert shown("{" + FIELDS + '"text": "a", "message": "b", "event": "c"}') == ['…"message": "b", "event": "c"}']


def test_a_message_that_was_cut_off_is_still_found():
    assert shown("{" + FIELDS + '"msg": "disk fu') == ['…"msg": "disk fu']


@pytest.mark.parametrize(
    "log",
    [
        "{" + FIELDS + '"code": 7}',
        "{" + FIELDS + '"msg": 7}',
        "{" + FIELDS + '"inner": {"msg": "disk full"}}',
        "{" + FIELDS + '"quoted": "\\"msg\\": \\"disk full\\""}',
        "{" + FIELDS + 'oops "msg": "disk full"}',
        "{" + FIELDS + '"digits": ' + "7" * 5000 + ', "msg": "disk full"}',
        "{" + FIELDS + '"deep": ' + "[" * 100_000 + ', "msg": "disk full"}',
    ],
    ids=["none", "a number", "nested", "quoted", "no JSON", "too many digits", "too deep"],
)
def test_without_a_message_of_its_own_a_json_object_is_shown_from_its_start(log):
    assert shown(log) == START


def test_a_json_object_after_other_text_is_shown_from_its_start():
    assert shown("INFO {" + FIELDS + '"msg": "disk full"}')[0].startswith("INFO {")


def test_a_long_reason_is_wrapped_whole():
    reason = " ".join(f"word{n}" for n in range(50))
    found = lines(anomaly(reason=reason), width=80)
    assert " ".join(line.strip() for line in found[6:]).startswith(reason)


def test_a_long_place_keeps_its_end():
    row = lines(anomaly(source="very/deep/" * 30 + "app.log"), width=80)[4]
    assert re.search(r"  ….*/app\.log:1234  3,120  10:02:11 to 10:05:40$", row)


def test_a_terminal_narrower_than_40_gets_40():
    assert lines(anomaly(), width=1) == lines(anomaly(), width=40)


def test_without_colour_there_is_no_escape_sequence():
    assert "\x1b" not in "\n".join(lines(anomaly()))


def test_with_colour_only_styles_are_added(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")  # the caller has decided
    coloured = "\n".join(lines(anomaly(), colour=True))
    assert "\x1b[1;31mCRITICAL" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == "\n".join(lines(anomaly()))


def test_markup_in_a_log_line_is_shown_as_it_is():
    text = "[bold]loud[/bold] :smile: [/] \\[x]"
    assert f"   {text}" in lines(anomaly(log=text, reason=text))


HOSTILE = "a\x1b[2J\x1b]0;title\x07\x9b31mb\u202ec\u200bd\ufeffe\ud800f\x00g\x7fh\x85i\rj\U000e0041k\u2028l"


@pytest.mark.parametrize("field", ["log", "reason", "source", "severity"])
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "coloured"])
def test_no_field_of_a_finding_reaches_the_terminal_unfiltered(field, colour):
    text = "\n".join(lines(anomaly(**{field: HOSTILE}), colour=colour, width=140))
    assert_harmless(re.sub(r"\x1b\[[\d;]*m", "", text))


def test_no_file_name_reaches_the_terminal_unfiltered():
    skipped = [{"name": HOSTILE, "reason": HOSTILE}]
    text = "\n".join(lines(skipped_files=skipped, saved=[Path(HOSTILE)]))
    assert_harmless(text)


def assert_harmless(text):
    kinds = {unicodedata.category(character) for character in text.replace("\n", "")}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "␛]0;title␇" in text


def test_control_characters_are_shown_or_removed():
    assert plain_text(HOSTILE) == "a␛]0;title␇bcde\ufffdf␀g␡h i jk l"


def test_a_sequence_made_by_removing_another_is_not_obeyed():
    assert plain_text("\x1b\x1b[0m[31mred") == "␛[31mred"


def test_letters_of_all_scripts_stay():
    text = "naïve 漢字 עברית हिन्दी 🎉"
    assert plain_text(text) == text


def test_the_id_of_a_finding_stands_behind_its_reason():
    assert lines(anomaly(id="3f2a9c01b7de", reason="Seen once."))[6].strip() == "Seen once. [3f2a9c01b7de]"


def hidden(*lists):
    return {"count": len(lists), "findings": [{"by": name} for name in lists]}


def test_findings_that_are_hidden_are_counted_and_their_lists_named():
    assert lines(suppressed=hidden("a.yaml"))[-1] == "1 finding hidden by a.yaml, listed in summary.json"
    both = "3 findings hidden by the configuration and a.yaml, listed in summary.json"
    assert lines(suppressed=hidden("the configuration", "a.yaml", "a.yaml"))[-1] == both


def test_the_name_of_a_list_is_no_command_to_the_terminal():
    assert lines(suppressed=hidden("a\x1b[2J.yaml"))[-1].startswith("1 finding hidden by a.yaml")


def test_without_hidden_findings_nothing_is_said_of_them():
    assert not [line for line in lines(anomaly(), suppressed=hidden()) if "hidden" in line]


NEAREST = {
    "template_id": "0123456789",
    "template": "upstream <*> answered 200",
    "count": 4120,
    "similarity": 0.8,
    "added": ["503"],
    "missing": ["200"],
}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "200 -> 503"),
        ({"missing": []}, "with 503"),
        ({"added": []}, "without 200"),
        ({"missing": ["\x1b[31mred\x1b[0m"]}, "red -> 503"),
    ],
)
def test_a_finding_names_the_normal_template_that_is_like_it_and_what_differs(changes, told):
    shown = lines(anomaly(nearest=NEAREST | changes))
    assert f"   like: `upstream <*> answered 200`, seen 4,120 times; differs in: {told}" in shown


@pytest.mark.parametrize("nearest", [None, NEAREST | {"added": [], "missing": []}, NEAREST | {"added": ["word"] * 20}])
def test_a_nearest_template_that_does_not_help_is_not_named(nearest):
    assert "like:" not in "\n".join(lines(anomaly(nearest=nearest)))


def test_of_a_long_nearest_template_the_beginning_is_shown_on_one_line():
    (shown,) = (
        line for line in lines(anomaly(nearest=NEAREST | {"template": "word " * 60}), width=90) if "like" in line
    )
    assert cell_len(shown) <= 90
    assert shown.endswith("…`, seen 4,120 times; differs in: 200 -> 503")
