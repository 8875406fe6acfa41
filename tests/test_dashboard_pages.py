import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard_client import Browser, by_id, components, text
from loganomaly.dashboard.address import PAGES
from results_folders import entry, incident, template, write_folder

PATHS = ["/", *(f"/{name}" for name in PAGES[1:])]
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> \x1b[31m\u202e {{7*7}}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    entries = [
        entry(0, first=60, incident="1111aaaa2222", component="db", text="pool is empty"),
        entry(1, first=120, last=400, incident="1111aaaa2222", classification="log_flood"),
        entry(2, severity=None, component=None),
        entry(3, first=500, text="value", template_id="aaaaaaaaaa", kinds=["value_out_of_range/parameter-1"],
              evidence=[{"detector": "value", "strength": 1.0, "text": "9,000", "observed": 9000.0, "expected": 3.0,
                         "probability": 0.1, "first_line": 1, "last_line": 1, "count": 1}]),
        entry(4, first=500, local={"classification": "error", "reason": "as before", "tags": []},
              llm={"provider": "ollama", "model": "small", "cached": True, "attempts": 1, "failure": None, "found": {},
                   "opinion": {"classification": "error", "reason": "The model says so.", "tags": ["disk"],
                               "quote": "pool", "quote_found": True, "unheard": False}}),
    ]  # fmt: skip
    folder = write_folder(
        tmp_path_factory.mktemp("d") / "results",
        entries,
        templates=[template(n) for n in range(3)],
        incidents=[incident(f"{0:012x}", f"{1:012x}", start=60, end=400)],
    )
    return Browser(folder)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", ["", "?from=2026-03-14T09:02&to=2026-03-14T09:05", "?from=2030-01-01"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_shown(browser, path, query, theme):
    page = browser.page(path, query, theme=theme)
    assert "cannot be shown" not in text(page)
    assert any(kind == "H1" for kind, _ in components(page))


def test_the_first_screen_says_what_broke_first_when_and_where(browser):
    headline = text(by_id(browser.page(), "headline")["children"])
    assert "What broke first" in headline
    assert "2026-03-14 09:01:00" in headline
    assert "db" in headline
    assert "pool is empty" in headline


def test_tiles_say_what_there_is_in_the_span_of_time(browser):
    def tiles(query):
        page = browser.page("/", query)
        return {name: text(by_id(page, f"tile-{name}")["children"][1]) for name in
                ("lines", "templates", "findings", "leaks", "floods", "error-rate", "peak")}  # fmt: skip

    assert tiles("") == {
        "lines": "1,000", "templates": "2", "findings": "5", "leaks": "1", "floods": "1", "error-rate": "10%",
        "peak": "300",
    }  # fmt: skip
    zoomed = tiles("?from=2026-03-14T09:05&to=2026-03-14T09:06:30")
    assert (zoomed["lines"], zoomed["findings"], zoomed["leaks"], zoomed["floods"]) == ("224", "1", "0", "1")
    assert (zoomed["peak"], zoomed["error-rate"]) == ("122", "50%")


def test_the_timeline_marks_findings_and_incidents(browser):
    figure = by_id(browser.page(), "timeline")["figure"]
    marks = next(trace for trace in figure["data"] if trace["type"] == "scatter")
    assert f"{1:012x}" in marks["customdata"]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["incident 1"]


def test_the_charts_have_the_colours_of_the_theme(browser):
    colours = {
        theme: by_id(browser.page(theme=theme), "timeline")["figure"]["layout"]["font"]["color"]
        for theme in ("light", "dark")
    }
    assert colours["light"] != colours["dark"]


def test_a_page_waits_for_the_theme_of_the_browser(browser):
    assert browser.page(theme=None) == [None, None]


def test_rows_of_findings_come_a_page_at_a_time(browser):
    answer, count, wrong = browser.rows("?class=error", {"startRow": 1, "endRow": 3, "sortModel": []})
    assert [row["id"] for row in answer["rowData"]] == [f"{2:012x}", f"{3:012x}"]
    assert (answer["rowCount"], count, wrong) == (4, "4 of 5", "")


def test_a_list_of_one_incident_says_so(browser):
    page = browser.page("/findings", "?incident=1111aaaa2222")
    assert "Only those of incident 1: error in checkout" in text(by_id(page, "incident-filter")["children"])
    assert browser.rows("?incident=1111aaaa2222")[0]["rowCount"] == 2
    assert by_id(browser.page("/findings"), "incident-filter") is None


def test_a_bad_regular_expression_is_told(browser):
    for grid in ("finding-grid", "template-grid"):
        answer, _, wrong = browser.rows("?q=(&regex=1", grid=grid)
        assert answer["rowCount"] == 0
        assert wrong == "This is not a regular expression: unclosed group."


def test_rows_of_templates_have_their_rate_over_time(browser):
    answer, _, _ = browser.rows("?q=refused+by+0", grid="template-grid")
    (row,) = answer["rowData"]
    assert (row["template_id"], row["count"], row["share"]) == ("aaaaaaaaaa", "100", "50%")
    assert sum(row["spark"]) == sum(10 * minute + 1 for minute in range(10))


def test_templates_of_a_span_of_time_are_those_that_occur_in_it(browser):
    assert browser.rows("?from=2026-03-14T09:01", grid="template-grid")[0]["rowCount"] == 1
    assert browser.rows("?from=2030-01-01", grid="template-grid")[0]["rowCount"] == 0


@given(
    request=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["startRow", "endRow", "sortModel", "colId", "sort"]), inner, max_size=4)
        ),
        max_leaves=8,
    ).filter(lambda value: value is not None),
    query=st.text(max_size=30),
)
@settings(max_examples=40, deadline=None)
def test_whatever_a_table_asks_for_it_gets_rows_or_none(browser, request, query):
    answer, _, _ = browser.rows(query, request)
    assert len(answer["rowData"]) <= 500


def test_a_detail_has_lines_evidence_numbers_and_what_is_similar(browser):
    panel = browser.detail(f"?finding={1:012x}")
    told = text(panel["children"])
    assert panel["hidden"] is False
    for part in ("before", "line of order 1 refused", "after", "burst", "observed 3", "Seen often."):
        assert part in told
    assert "pool is empty" in text(by_id(panel, "similar")["children"])
    assert json.loads(by_id(panel, "finding-json")["children"])["id"] == f"{1:012x}"
    assert by_id(panel, "rate") is not None


def test_evidence_on_a_value_is_drawn_among_the_others(browser):
    panel = browser.detail(f"?finding={3:012x}")
    figures = [props["figure"] for kind, props in components(panel) if kind == "Graph"]
    assert any("here: 9,000" in str(figure["layout"].get("annotations")) for figure in figures)


def test_what_a_model_said_is_told(browser):
    told = text(by_id(browser.detail(f"?finding={4:012x}"), "llm")["children"])
    assert "The model says so." in told
    assert "from the cache" in told


def test_a_detail_of_a_template_has_its_parameters(browser):
    told = text(browser.detail("?template=aaaaaaaaaa")["children"])
    assert "order <*> refused by 0" in told
    assert "<b>1</b>" in told


@pytest.mark.parametrize("query", ["?finding=nobody", "?template=nobody", "?finding=..%2Fsummary.json"])
def test_what_there_is_not_is_told(browser, query):
    assert "No such" in text(browser.detail(query)["children"])


def test_nothing_is_open_without_being_asked_for(browser):
    assert browser.detail("")["hidden"] is True


def test_downloads_are_what_is_filtered(browser):
    answer = browser.get("/download/findings.json?class=log_flood")
    assert [each["id"] for each in answer.get_json()] == [f"{1:012x}"]
    assert answer.headers["Content-Disposition"] == "attachment; filename=findings.json"
    rows = list(csv.DictReader(io.StringIO(browser.get("/download/findings.csv?severity=ERROR").text)))
    assert [row["id"] for row in rows] == [f"{number:012x}" for number in (0, 1, 3, 4)]
    assert browser.get("/download/findings.json?q=nothing+at+all").get_json() == []


def test_downloads_that_cannot_be_are_told(browser):
    assert browser.get("/download/findings.exe").status_code == 404
    assert browser.get("/download/findings.csv?q=(&regex=1").status_code == 400


def test_the_page_asks_nobody_else_for_anything(browser):
    page = browser.get("/").text
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert '"disable_version_check":true' in page
    layout = browser.get("/_dash-layout").text
    assert "cdn" not in layout


def test_scripts_in_the_page_are_those_that_the_policy_allows(browser):
    answer = browser.get("/")
    policy = next(p for p in answer.headers["Content-Security-Policy"].split("; ") if p.startswith("script-src"))
    assert policy.count("sha256-") == 1
    assert "unsafe" not in policy


def test_text_of_a_log_is_shown_as_text(tmp_path):
    entries = [
        entry(0, first=1, text=HOSTILE, log=HOSTILE, reason=HOSTILE, component=HOSTILE, tags=[HOSTILE], source=HOSTILE,
              files=[HOSTILE], context={"before": [HOSTILE], "after": []}, incident="1111aaaa2222"),
    ]  # fmt: skip
    hostile = Browser(write_folder(
        tmp_path / "r", entries, templates=[template(log_template=HOSTILE, component=HOSTILE)],
        incidents=[{**incident(f"{0:012x}"), "title": HOSTILE, "components": [HOSTILE]}], notices=[HOSTILE],
        skipped_files=[{"name": HOSTILE, "reason": HOSTILE}],
    ))  # fmt: skip
    pages = [hostile.page(path) for path in PATHS]
    pages += [hostile.detail(f"?finding={0:012x}"), hostile.detail("?template=aaaaaaaaaa")]
    kinds = set()
    for page in pages:
        for kind, props in components(page):
            kinds.add(kind)
            assert not props.get("dangerously_allow_html")
            href = props.get("href", "/")
            assert href.startswith(("/", "?"))
            assert not href.startswith("//")
            for name, value in props.items():
                if name == "figure":
                    assert "<script" not in json.dumps(value["data"])
    assert not kinds & {"Markdown", "Script", "Iframe", "ObjectEl", "Embed"}
    assert "\x1b" not in json.dumps([text(page) for page in pages])
    assert "\\u202e" not in json.dumps([text(page) for page in pages[:-2]])
    rows, _, _ = hostile.rows()
    assert "\\u202e" not in json.dumps(rows)
