"""The page and the Markdown of a run: what they tell, that nothing of a log is markup there, and how large they are."""

import base64
import gzip
import hashlib
import json
import re
import unicodedata
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from loganomaly.charts.over_time import rate_figure, timeline_figure
from loganomaly.charts.parts import distribution_figure
from loganomaly.legible import plain_lines
from loganomaly.reports.markdown import code, fenced, prose
from loganomaly.reports.page.elements import Markup, el
from loganomaly.reports.page.page import report_page
from loganomaly.reports.page.plotly_script import packed_plotly
from loganomaly.reports.renewed_report import renewed_report
from loganomaly.reports.report_files import report_files
from loganomaly.reports.story import Clock, Told
from loganomaly.reports.writer import to_json
from page_reading import Page
from report_parts import at, finding, incident, leak, summary, template, timeline, whole

SECTIONS = {
    "timeline", "incidents", "findings", "leaks", "floods", "templates", "components", "severities", "sessions",
    "rules", "llm", "inputs", "notices", "settings",
}  # fmt: skip
HOSTILE = {
    "element": "<script>alert(1)</script><b>",
    "attribute": "\"><img src=x onerror=alert(1)> ' onclick='x",
    "end of script": "</script><!-- <script> ]]> --!>",
    "link": "javascript:alert(1) http://evil.example/ www.evil.example [a](javascript:alert(1))",
    "direction": "a\u202eb\u2066c\u200bd\ufeffe\u00adf",
    "escape": "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07x\x9b2J\x00",
    "surrogate": "\ud800 and \udfff",
    "backticks": "``` ````` ` ~~~\n```\n# heading",
    "mentions": "@root #1 !2 ~bug $3 %4 &5 GH-6 ABC-7 a/b#8 :boom: deadbeefcafe x@example.org",
    "Markdown": "**a** _b_ | c | \\ <b> &amp; ![x](y) \n\n# d\n- e\n> f\n1. g",
    "separators": "a\u2028b\u2029c\r\nd\x85e",
    "template": "${1} {{2}} {%3%} %s {0}",
}
MOST = 6_000_000


def page(**parts):
    return Page(report_files(**parts)["report.html"])


def markdown(**parts):
    return report_files(**parts)["report.md"].decode()


@pytest.fixture(scope="module")
def benign():
    return page(**whole())


@pytest.fixture(scope="module", params=sorted(HOSTILE))
def hostile(request):
    """A text, and the page and Markdown of results all of whose texts it is."""
    text = HOSTILE[request.param]
    files = report_files(**whole(hostile=text))
    return text, Page(files["report.html"]), files


def empty():
    return {"summary": {}, "anomalies": [], "leaks": [], "template_file": {}, "timeline": timeline(0).clear()}


# The page as a page.


def test_every_section_is_there_and_named(benign):
    assert set(benign.values("id")) >= SECTIONS
    regions = [attributes for tag, attributes in benign.elements if tag == "section" and "id" in attributes]
    assert {each["aria-labelledby"] for each in regions} <= set(benign.values("id"))
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in benign.elements}


@pytest.mark.parametrize("parts", [whole(), empty()], ids=["whole", "empty"])
def test_ids_are_unique_and_links_lead_to_them(parts):
    read = page(**parts)
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    assert {f"#{name}" for name in ids} >= set(read.values("href"))
    assert read.values("href")


def test_headings_descend_one_by_one_and_the_first_is_the_only_one_of_its_kind(benign):
    levels = [int(tag[1]) for tag, _ in benign.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_heads_of_tables_say_what_they_are_the_head_of(benign):
    heads = [attributes for tag, attributes in benign.elements if tag == "th"]
    assert heads
    assert {each.get("scope") for each in heads} == {"col", "row"}


def test_drawings_and_boxes_that_scroll_have_names_and_boxes_can_be_reached_by_keyboard(benign):
    assert all(attributes.get("aria-label") for tag, attributes in benign.elements if tag == "svg")
    boxes = [attributes for _, attributes in benign.elements if attributes.get("class") == "scroll"]
    assert boxes
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_the_first_thing_on_the_page_skips_to_the_findings(benign):
    links = [attributes["href"] for tag, attributes in benign.elements if tag == "a"]
    assert links[0] == "#findings"


def test_the_policy_allows_the_two_scripts_of_the_page_and_nothing_else(benign):
    (policy,) = [each["content"] for _, each in benign.elements if each.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data: blob:"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert "connect-src" not in rules
    (packed,) = benign.scripts("text/plain")
    scripts = [script.encode() for script in benign.scripts(None)] + [gzip.decompress(base64.b64decode(packed))]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(each).digest()).decode()}'" for each in scripts]
    assert len(hashes) == 2
    assert rules["script-src"].split() == hashes


def test_nothing_on_the_page_is_fetched(benign):
    assert benign.values("src") == []
    assert all(link.startswith("#") for link in benign.values("href"))
    styles = [benign.raw[place] for place, (tag, _) in enumerate(benign.elements) if tag == "style"]
    assert len(styles) == 1
    assert not re.search(r"url\(|@import|https?:", styles[0])


def test_a_link_to_elsewhere_cannot_be_made():
    with pytest.raises(ValueError, match="expected a place of the page"):
        el("a", "x", href="javascript:alert(1)")


def test_text_that_looks_like_an_element_is_text_and_an_element_is_not():
    assert el("p", "<b>", el("b", "x")) == "<p>&lt;b&gt;<b>x</b></p>"
    assert isinstance(el("p"), Markup)


# Hostile texts.


def test_no_text_adds_an_element_or_an_attribute_to_the_page(hostile):
    _, read, _ = hostile
    assert read.skeleton == page(**whole(hostile="word")).skeleton


def test_every_text_is_on_the_page_as_text(hostile):
    text, read, _ = hostile
    assert plain_lines(text) in read.text


def test_nothing_on_the_page_is_invisible_or_obeyed(hostile):
    _, _, files = hostile
    for content in files.values():
        categories = {unicodedata.category(c) for c in set(content.decode()) - {"\n"}}
        assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_figures_are_json_that_ends_no_element_and_say_text_as_it_is(hostile):
    text, read, _ = hostile
    figures = [json.loads(script) for script in read.scripts("application/json")]
    assert len(figures) > 3
    for script in read.scripts("application/json"):
        assert not re.search("[<>&\u2028\u2029]", script)
    if "<" in text:
        labels = [label for figure in figures for label in texts_of(figure.get("data", []))]
        shown = [label for label in labels if "&lt;" in label]
        assert shown
        own = re.compile(r"<(?:br|extra|/extra)>")
        assert not [label for label in labels if "<" in own.sub("", label)]


def texts_of(value):
    """Return every text in a value."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts_of(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts_of(each)]
    return [value] if isinstance(value, str) else []


def test_values_of_leaks_are_not_in_the_report():
    files = report_files(**{**whole(), "leaks": [leak(sample="the line with it", pseudonyms={"name-of-it": 1})]})
    for content in files.values():
        assert b"Password in a URL" in content
        assert b"name-of-it" not in content


# What is told.


def test_the_headline_says_what_when_and_where_it_began():
    told = Told.of(whole()["summary"], whole()["anomalies"])
    assert told.headline() == "1 incident: error in db, 2 more findings. It began at 09:00:00 in db."


def test_of_many_incidents_the_headline_tells_the_worst():
    parts = whole()
    incidents = [incident(0, parts["anomalies"][:2]), {**incident(1, parts["anomalies"]), "title": "other"}]
    told = Told.of(summary(incidents=incidents), parts["anomalies"])
    assert told.headline().startswith("2 incidents; the worst: error in db, 2 more findings. It began")


def test_without_a_first_cause_the_headline_says_how_long_it_went_on():
    parts = whole()
    parts["summary"]["incidents"][0]["first_cause"] = None
    told = Told.of(parts["summary"], parts["anomalies"])
    assert told.headline().endswith("It went on from 09:00:00 to 09:05:00.")
    assert "What broke first" not in page(**parts).text


def test_without_incidents_the_headline_tells_the_worst_finding():
    told = Told.of(summary(), [finding(0)])
    assert told.headline() == "1 finding, no incident. The worst: value out of range in db at 09:00:00."


def test_a_clean_log_is_called_clean_but_errors_in_it_are_told():
    assert "80 records of 800 say ERROR or worse" in Told.of(summary(), []).headline()
    clean = summary(log_severity_summary={"INFO": 800})
    assert Told.of(clean, []).headline() == "Nothing unusual found in 900 lines."


def test_the_page_tells_first_what_broke_first(benign):
    before, after = benign.text.split("What broke first")
    assert "Timeline" not in before
    told = after[: after.index("Incidents")]
    assert all(part in told for part in ("09:00:00", "db", "error: disk <*> failed", "app.log:1"))


def test_the_events_of_an_incident_lead_to_their_findings(benign):
    links = benign.values("href")
    assert {f"#finding-{n:012x}" for n in range(2)} <= set(links)
    assert "#incident-1" in links


def test_evidence_is_told_with_its_numbers(benign):
    for told in ("value", "0.90", "900", "1e-12", "< 1e-300", "took_ms: 2 values up to 900"):
        assert told in benign.text


def test_the_verdict_of_a_model_is_told_with_why_it_does_not_count():
    text = page(**whole()).text
    assert "small says error: The disk broke. Does not count: it quotes nothing of the log." in text
    failed = finding(
        0,
        llm={
            "provider": "ollama",
            "model": "small",
            "cached": False,
            "attempts": 1,
            "opinion": None,
            "failure": {"step": "llm_call", "kind": "retry", "message": "it slept"},
            "found": {},
        },
    )
    files = report_files(**{**whole(), "anomalies": [failed]})
    assert "small gave no opinion: it slept" in Page(files["report.html"]).text


def test_a_value_is_drawn_among_those_of_its_parameter(benign):
    assert "Values of took_ms" in benign.text
    assert "90 values from 1 to 900: 50% up to 4, 90% up to 9, 99% up to 800; here 900." in benign.text


def test_what_a_rate_was_is_told_without_scripts_too(benign):
    assert "At most 5 records in 60 s, from 2026-03-14 09:04:00 UTC on." in benign.text


def test_lines_around_a_finding_stand_before_and_after_it(benign):
    assert re.search(r"disk 7 is slow\n.*disk 7 failed\n    at store\.Disk\.write\(Disk\.java:7\)bye\n", benign.text)


def test_findings_of_one_id_have_anchors_of_their_own():
    parts = {**whole(), "anomalies": [finding(7), finding(7), finding(7)]}
    parts["summary"]["incidents"] = []
    ids = page(**parts).values("id")
    assert {"finding-000000000007", "finding-000000000007-2", "finding-000000000007-3"} <= set(ids)


def test_the_worst_findings_are_open_and_more_of_them_printed():
    parts = {**whole(), "anomalies": [finding(n) for n in range(30)]}
    parts["summary"]["incidents"] = []
    details = [each for tag, each in page(**parts).elements if tag == "details"]
    assert ["open" in each for each in details] == [True] * 3 + [False] * 27
    assert ["printed" in each["class"].split() for each in details] == [True] * 20 + [False] * 10


def test_where_there_are_more_findings_that_is_told_with_where_they_are():
    parts = {**whole(), "anomalies": [finding(n) for n in range(1000)]}
    parts["summary"]["incidents"] = []
    read = page(**parts)
    assert "800 more findings, listed in findings.csv and anomalies.json." in read.text
    assert sum(tag == "details" for tag, _ in read.elements) == 200
    assert "990 more findings, listed in `findings.csv` and `anomalies.json`." in markdown(**parts)


def test_the_first_cause_is_on_the_page_even_where_it_is_not_among_the_worst():
    findings = [finding(n) for n in range(900)] + [finding(900, incident=f"{0:012x}")]
    parts = {**whole(), "anomalies": findings, "summary": summary(incidents=[incident(0, findings[-1:])])}
    read = page(**parts)
    assert f"finding-{900:012x}" in read.values("id")
    assert f"#finding-{900:012x}" in read.values("href")


def test_without_times_that_is_said_in_the_place_of_the_timeline():
    found = [finding(n, timed=False) for n in range(2)]
    read = page(**{**empty(), "summary": summary(timed=False), "anomalies": found})
    assert "There are no times in these logs." in read.text
    assert "figure" not in {tag for tag, _ in read.elements}
    assert read.scripts("text/plain") == []
    assert "Plotly" not in read.text


def test_without_anything_there_is_a_page_all_the_same():
    files = report_files(**empty())
    assert "Nothing unusual found in 0 lines." in Page(files["report.html"]).text
    assert files["report.md"].decode().startswith("# Log analysis\n\n**Nothing unusual found")


def test_without_plotly_the_page_has_drawings_and_says_so(monkeypatch, benign):
    monkeypatch.setattr("loganomaly.reports.page.plotly_script.find_spec", lambda _: None)
    packed_plotly.cache_clear()
    try:
        content = report_page(Told.of(**told_parts(whole())))
    finally:
        packed_plotly.cache_clear()
    read = Page(content)
    assert "Plotly is not installed" in read.text
    assert "Plotly is not installed" not in benign.text
    assert read.scripts("text/plain") == []
    assert [tag for tag, _ in read.elements].count("svg") == [tag for tag, _ in benign.elements].count("svg") > 3
    assert len(content) < 200_000


def told_parts(parts):
    return {
        **{k: v for k, v in parts.items() if k != "template_file"},
        "templates": parts["template_file"]["templates"],
    }


def test_the_same_results_at_the_same_time_give_the_same_page():
    made = datetime(2026, 3, 15, tzinfo=UTC)
    first, second = (report_page(Told.of(**told_parts(whole()), made=made)) for _ in range(2))
    assert first == second
    assert "Made 2026-03-15 00:00 UTC" in Page(first).text


def test_times_are_told_with_the_date_where_the_log_has_several():
    clock = Clock("2026-03-14T23:00:00Z", "2026-03-15T01:00:00Z")
    assert clock.between("2026-03-14T23:10:00Z", "2026-03-14T23:20:00Z") == "2026-03-14 23:10:00 to 23:20:00"
    assert clock.between("2026-03-14T23:10:00Z", "2026-03-15T00:20:00Z") == "2026-03-14 23:10:00 to 2026-03-15 00:20:00"
    assert Clock("2026-03-14T23:00:00Z", "2026-03-14T23:30:00Z").between("2026-03-14T23:10:00Z", None) == "23:10:00"


# Size.


@pytest.mark.parametrize("letter", ["x", "&", "中", "'", "`", "\x01", "😀"])
def test_reports_have_a_bound_whatever_was_found(letter):
    long = letter * 5000
    shown = [
        finding(n, incident=f"{n % 300:012x}", log=long, reason=long,
                context={"before": [long] * 3, "after": [long] * 3}, tags=[long] * 30,
                related=[long] * 500, files=[long] * 500, component=long, template=long,
                subject={"kind": "template", "name": long}, source=long,
                evidence=[{**finding(0)["evidence"][0], "text": f"took_ms{long}"}] * 40,
                samples=[{"source": long, "line_number": 4, "log": long}] * 5)
        for n in range(300)
    ]  # fmt: skip
    incidents = [{**incident(n, shown[n:n + 1]), "title": long, "components": [long] * 200, "files": [long] * 200}
                 for n in range(300)]  # fmt: skip
    for each in incidents:
        each["timeline"] = [{"time": at(1), "finding": "0", "text": long}] * 300 + each["timeline"]
    entries = [template(n, log_template=long, component=long) for n in range(300)]
    named = [{"name": long, "reason": long}] * 3000
    files = report_files(
        summary=summary(
            incidents=incidents, skipped_files=named, notices=[long] * 3000,
            input_files=[{**summary()["input_files"][0], "name": long, "format": long}] * 3000,
            sessions=[{"key": long, "sessions": 1, "unusual": 1}] * 3000,
            settings={f"{long}{n}": long for n in range(20)},
            component_metrics={"unique_components": 9,
                               "top_components": [{"component": long, "count": 1, "errors": 1}] * 50},
            rules={"in_use": 1, "untranslated": [], "held": [{**summary()["rules"]["held"][0], "reason": long}] * 3000},
        ),
        anomalies=shown * 334,
        leaks=[leak(title=long, source=long, template=long)] * 5000,
        template_file={"templates": entries * 70},
        timeline=timeline(50),
    )  # fmt: skip
    assert len(files["report.html"]) < MOST
    assert len(files["report.md"]) < 60_000
    Page(files["report.html"])


def test_the_charts_of_many_findings_have_a_bound_too():
    parts = {**whole(), "anomalies": [finding(n) for n in range(100_000)], "timeline": timeline(50)}
    parts["template_file"] = {"templates": [template(n) for n in range(20_000)]}
    files = report_files(**parts)
    assert len(files["report.html"]) < MOST
    assert sum(tag == "details" for tag, _ in Page(files["report.html"]).elements) == 200


# Markdown.


def without_code(text):
    """Return Markdown without what stands in blocks and spans of code, as CommonMark reads it."""
    left, fence = [], None
    for line in text.split("\n"):
        mark = re.match("`{3,}", line)
        if fence is None and mark and "`" not in line[mark.end() :]:
            fence = mark[0]
        elif fence is not None:
            if line.strip() and set(line.strip()) == {"`"} and len(line.strip()) >= len(fence):
                fence = None
        else:
            left.append(line)
    assert fence is None
    return "\n".join(re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "C", line) for line in left)


def test_no_text_of_a_log_is_markup_in_the_markdown(hostile):
    _, _, files = hostile
    left = without_code(files["report.md"].decode())
    assert "`" not in left
    assert not re.search(r"[@~$&<>\\_\[\]]|#\S*\d|!\[|://|www\.|javascript|GH-|ABC-|deadbeef|:boom:", left)
    assert re.findall(r"^#+ .*$", left, re.MULTILINE)[0] == "# Log analysis"
    assert {line.split()[0] for line in left.split("\n") if line.startswith("#")} <= {"#", "##", "###"}


def test_headings_of_the_markdown_are_those_of_the_report_alone(hostile):
    _, _, files = hostile

    def outline(content):
        left = without_code(content.decode()).split("\n")
        return [re.match(r"(#+ (?:Log analysis|Incidents|Incident \d+|Worst findings|\d+\.|Leaks))", line)[1]
                for line in left if line.startswith("#")]  # fmt: skip

    assert outline(files["report.md"]) == outline(report_files(**whole(hostile="word"))["report.md"])


def test_the_markdown_tells_the_story():
    told = markdown(**whole())
    assert "**1 incident: error in db, 2 more findings. It began at 09:00:00 in db.**" in told
    assert "- First cause candidate at 09:00:00 in `db`: error: disk `<*>` failed (3 times) (`app.log:1`)" in told
    assert "  - 09:00:00 error: disk `<*>` failed (3 times)" in told
    assert "```text\n2026-03-14 09:00:00 ERROR [db] disk 7 failed\n    at store.Disk.write(Disk.java:7)\n```" in told
    assert "- high: Password in a URL in `app.log:3`, twice" in told
    assert "`small` says error (does not count: it quotes nothing of the log): The disk broke." in told


@pytest.mark.parametrize("text", ["a", "```", "a\n````\nb", "`" * 50])
def test_a_fence_is_longer_than_any_run_of_backticks_in_it(text):
    first, *lines, last = fenced(text).split("\n")
    assert "\n".join(lines) == text
    assert first == f"{last}text"
    assert last not in text


@pytest.mark.parametrize("text", ["a", "`", "``a` b", "a`", "`" * 9])
def test_a_code_span_begins_and_ends_as_no_run_in_it(text):
    span = code(text)
    fence = re.match("`+", span)[0]
    inner = span[len(fence) : -len(fence)]
    assert span.endswith(fence)
    assert fence not in re.findall("`+", inner)
    assert inner.strip() == text.strip()


def test_words_and_numbers_stay_what_they_are_and_all_else_is_code():
    told = '88 records within 14 min (rule pool-exhausted, twice): "synced", 95% at 10:05:14.'
    assert prose(told) == told
    assert prose("by a@b.org, of org/repo#12.") == "by `a@b.org`, of `org/repo#12`."
    assert prose("12. x") == "`12`. x"


# Completed results.


@pytest.fixture
def folder(tmp_path):
    """A folder with results and a report that tells something else."""
    parts = whole()
    for name, value in (("leaks.json", parts["leaks"]), ("templates.json", parts["template_file"])):
        tmp_path.joinpath(name).write_bytes(to_json(value))
    parts["timeline"].write_parquet(tmp_path / "timeline.parquet")
    for name in ("report.html", "report.md"):
        tmp_path.joinpath(name).write_text("before")
    return tmp_path


def test_a_report_is_made_anew_of_what_the_folder_holds(folder, benign):
    parts = whole()
    files, notes = renewed_report(folder, parts["summary"], parts["anomalies"])
    assert notes == []
    assert Page(files["report.html"]).skeleton == benign.skeleton
    assert files["report.md"].startswith(b"# Log analysis")


def test_only_what_is_there_is_made_anew(folder):
    parts = whole()
    folder.joinpath("report.html").unlink()
    files, _ = renewed_report(folder, parts["summary"], parts["anomalies"])
    assert list(files) == ["report.md"]
    folder.joinpath("report.md").unlink()
    assert renewed_report(folder, parts["summary"], parts["anomalies"]) == ({}, [])


@pytest.mark.parametrize("name", ["leaks.json", "templates.json", "timeline.parquet"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b'{"templates": [{"count": 1}]}', b'[{"kind": "x"}]'])
def test_what_is_missing_or_damaged_is_a_remark_and_the_report_does_without(folder, name, content):
    folder.joinpath(name).unlink()
    if content is not None:
        folder.joinpath(name).write_bytes(content)
    parts = whole()
    files, notes = renewed_report(folder, parts["summary"], parts["anomalies"])
    (note,) = notes
    assert note.startswith(f"{name} is {'missing' if content is None else 'damaged'}")
    assert note in Page(files["report.html"]).text


def test_damaged_findings_leave_the_report_and_say_so(folder):
    files, notes = renewed_report(folder, summary(), [{"id": "x"}])
    assert files == {}
    assert notes == ["report.html, report.md: not made anew, for the results are damaged or of another version"]


# Charts.


def test_titles_of_axes_are_objects_as_plotly_wants_them():
    rows = timeline()
    figures = [
        timeline_figure(rows.filter(of="severity")),
        rate_figure(rows.filter(of="template"), name="x"),
        distribution_figure(template(0)["parameters"][0]["numbers"], name="x", observed=900.0),
    ]
    for figure in figures:
        titles = [axis["title"] for axis in figure["layout"].values() if isinstance(axis, dict) and "title" in axis]
        assert titles
        assert all(title["text"] for title in titles)


def test_labels_of_incidents_that_would_overlap_are_those_of_the_worst():
    incidents = [{"start": at(60), "end": at(70)}, {"start": at(61), "end": at(62)}, {"start": at(100), "end": at(101)}]
    layout = timeline_figure(timeline().filter(of="severity"), incidents=incidents)["layout"]
    assert [label["text"] for label in layout["annotations"]] == ["incident 1", "incident 3"]
    assert len(layout["shapes"]) == 3


def test_a_rate_is_drawn_over_the_whole_log():
    rows = timeline().filter(of="template")
    assert rate_figure(rows, name="x", span=(at(-60), at(300)))["layout"]["xaxis"]["range"] == [at(-60), at(300)]
