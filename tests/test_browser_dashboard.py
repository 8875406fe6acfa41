"""The dashboard in a real browser: the real command serves it, and everything on its pages is clicked."""

import csv
import http.client
import io
import json
import re
import shutil
import socket
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from many_findings import multiply

from browser import PATIENCE, PHONE, free_port, screenshot, serving
from page_checks import accessibility_faults, attacked, scrolls_sideways
from planted import ATTACKS, FORMULA, SECRET
from planted_runs import results_of

PAGES = ("overview", "findings", "templates", "activity", "security", "run")
RUNS = ("logs", "many", "clean", "timeless", "summary", "damaged")
MANY = 650
FINDINGS = 15
DRAWN = "svg.main-svg"
ROW = "#finding-grid .ag-row[row-id]"
OPTION = ".dash-dropdown-content [role=option]"
COUNT = "[data-testid=count]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with results of all sorts: see `RUNS`."""
    folder = tmp_path_factory.mktemp("dashboard")
    for name in ("logs", "clean", "timeless"):
        results_of(folder, name)
    multiply(folder / "logs", into=folder / "many", findings=MANY, templates=400)
    results_of(folder, "logs", into="summary", summary_only=True)
    shutil.copytree(folder / "logs", folder / "damaged")
    for name in ("findings.parquet", "templates.parquet"):
        content = (folder / "damaged" / name).read_bytes()
        (folder / "damaged" / name).write_bytes(content[: len(content) // 2])
    return folder


@pytest.fixture(scope="module")
def served(folder):
    with serving(folder, "dashboard", *RUNS, "--port", free_port()) as served:
        yield served


@pytest.fixture
def dashboard(served, visit):
    """Return a function that opens a page of the dashboard, and waits until it is there."""

    def opened(path="", **options):
        page = visit(served.address.rstrip("/") + "/" + path.lstrip("/"), **options)
        page.locator("main h1").first.wait_for(state="attached")
        return page

    return opened


def shows(page, selector, text):
    """Wait until the first such element has exactly this text."""
    from playwright.sync_api import expect

    expect(page.locator(selector).first).to_have_text(text, timeout=PATIENCE)


def counts(page, number, of=FINDINGS):
    """Wait until the table says so many rows, and, where they fit on a screen, has them."""
    shows(page, COUNT, f"{number:,} of {of:,}")
    if number <= FINDINGS:
        page.wait_for_function(f"() => document.querySelectorAll('{ROW}').length === {number}")


def first_row(page, column, text):
    """Wait until a cell of the first row has a text."""
    shows(page, f"#finding-grid .ag-row[row-index='0'] [col-id={column}]", text)


def choose(page, name, *values):
    """Choose from the list of a filter."""
    page.locator(f"#{name}").click()
    for value in values:
        page.locator(OPTION).filter(has_text=value).first.click()
    page.keyboard.press("Escape")


def until(true):
    """Wait until something is true, while pages may change."""
    end = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def query(page):
    return parse_qs(urlsplit(page.url).query)


def ids(page):
    return page.locator(ROW).evaluate_all("all => all.map(each => each.getAttribute('row-id')).sort()")


def luminance(page, selector, attribute):
    colour = page.locator(selector).first.evaluate(f"each => getComputedStyle(each).{attribute}")
    return sum([float(each) for each in re.findall(r"[\d.]+", colour)][:3]) / 3 / 255


def test_every_page_of_the_navigation_shows_itself(dashboard):
    page = dashboard()
    for name in PAGES:
        link = page.locator(f"#nav-{name}")
        link.click()
        shows(page, "main h1", name.capitalize())
        assert link.get_attribute("aria-current") == "page"
        assert page.url.endswith("/" if name == "overview" else f"/{name}")
        if name in {"findings", "templates"}:
            page.locator(".ag-row[row-id]").first.wait_for()
        elif name != "run":
            page.locator(f"main {DRAWN}").first.wait_for()
        assert attacked(page) == []
        assert accessibility_faults(page) == []
        assert scrolls_sideways(page) == ""
        screenshot(page, f"dashboard-{name}")
    page.go_back()
    shows(page, "main h1", "Security")


def test_the_overview_says_what_broke_first_and_leads_to_it(dashboard):
    page = dashboard()
    headline = page.locator("[data-testid=headline]")
    assert "billing" in headline.inner_text()
    assert "connection pool exhausted" in headline.inner_text()
    assert headline.bounding_box()["y"] < 400
    page.locator("#first-cause-link").click()
    page.locator("[data-testid=detail]").get_by_text("connection pool exhausted").first.wait_for()
    assert query(page)["finding"]


def test_figures_are_those_of_the_run(dashboard, folder):
    summary = json.loads((folder / "logs" / "summary.json").read_bytes())
    page = dashboard()
    shown = {
        name: page.locator(f"[data-testid=tile-{name}] .tile-value").inner_text()
        for name in ("lines", "templates", "findings", "leaks")
    }
    assert shown == {
        "lines": f"{summary['original_log_count']:,}",
        "templates": f"{summary['template_diversity']['unique_templates']:,}",
        "findings": f"{summary['anomalies_detected']:,}",
        "leaks": "1",
    }


def test_a_finding_opens_with_evidence_lines_and_charts_and_closes(dashboard):
    page = dashboard("findings", permissions=["clipboard-read", "clipboard-write"])
    page.locator(ROW).filter(has_text="connection pool exhausted").click()
    detail = page.locator("[data-testid=detail]")
    detail.locator("[data-testid=evidence-rule]").wait_for()
    detail.locator(DRAWN).first.wait_for()
    assert "waited 1000 ms" in detail.locator("[data-testid=finding-log]").inner_text()
    assert detail.locator("[data-testid=evidence-burst]").is_visible()
    assert accessibility_faults(page) == []
    screenshot(page, "dashboard-detail")
    finding = query(page)["finding"][0]
    assert copied(page, "#copy-text").startswith("0.8")
    assert json.loads(copied(page, "#copy-json"))["id"] == finding
    assert copied(page, "#copy-link") == page.url
    page.locator("#detail-close").click()
    detail.wait_for(state="hidden")
    assert "finding" not in query(page)


def copied(page, button):
    page.evaluate("() => navigator.clipboard.writeText('nothing')")
    page.locator(button).click()
    page.wait_for_function("async () => await navigator.clipboard.readText() !== 'nothing'")
    return page.evaluate("() => navigator.clipboard.readText()")


def test_searching_for_text_and_patterns(dashboard):
    page = dashboard("findings")
    counts(page, FINDINGS)
    search = page.locator("#filter-q")
    search.fill("DIED of signal")
    counts(page, 1)
    search.fill("[click](javascript:")
    counts(page, 1)
    page.locator("#filter-regex").get_by_text("Regex").click()
    page.locator("#filter-error").get_by_text("not a regular expression").wait_for()
    search.fill("^spreadsheet|^worker .* died")
    counts(page, 2)
    assert page.locator("#filter-error").inner_text() == ""
    assert query(page)["regex"] == ["1"]
    search.fill("nothing has this")
    counts(page, 0)
    page.locator("#filters-clear").click()
    counts(page, FINDINGS)
    assert query(page) == {}
    assert search.input_value() == ""


def test_filters_narrow_the_rows_and_are_part_of_the_address(dashboard):
    page = dashboard("findings")
    counts(page, FINDINGS)
    choose(page, "filter-severity", "ERROR", "INFO")
    counts(page, 3)
    choose(page, "filter-component", "billing")
    counts(page, 1)
    assert query(page)["severity"] == ["ERROR", "INFO"]
    page.go_back()
    counts(page, 3)
    page.locator("#filters-clear").click()
    counts(page, FINDINGS)
    choose(page, "filter-component", FORMULA)
    counts(page, 1)
    assert attacked(page) == []
    page.locator("#filters-clear").click()
    counts(page, FINDINGS)
    page.locator("#filter-score").fill("0.8")
    counts(page, 2)


def test_rows_are_sorted_by_the_head_of_a_column(dashboard):
    page = dashboard("findings")
    first_row(page, "score", "0.98")
    page.locator("#finding-grid .ag-header-cell[col-id=count]").click()
    first_row(page, "count", "120")
    page.locator("#finding-grid .ag-header-cell[col-id=count]").click()
    first_row(page, "count", "1")
    page.locator("#finding-grid .ag-header-cell[col-id=severity]").click()
    first_row(page, "severity", "CRITICAL")
    page.locator("#finding-grid .ag-header-cell[col-id=severity]").click()
    first_row(page, "severity", "INFO")


def test_a_long_table_comes_in_pages_to_its_last_row(dashboard):
    page = dashboard("findings?run=1")
    counts(page, MANY, of=MANY)
    rows = page.locator("#finding-grid .ag-body-viewport")
    for _ in range(30):
        rows.evaluate("each => each.scrollBy(0, 1e6)")
        if page.locator(f"{ROW}[row-index='{MANY - 1}'] [col-id=score] .score").count():
            break
        page.wait_for_timeout(200)
    last = page.locator(f"{ROW}[row-index='{MANY - 1}']")
    assert last.is_visible()
    first_score, last_score = 1.0, float(last.locator("[col-id=score]").inner_text())
    assert last_score < first_score
    last.click()
    page.locator("[data-testid=finding-log]").wait_for()


def drag(page, *, start, end):
    """Zoom a timeline to a part of it, as a hand does."""
    plot = page.locator("#timeline .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (start + end) / 2, y, steps=4)
    page.mouse.move(box["x"] + box["width"] * end, y, steps=4)
    page.mouse.up()


def test_zooming_the_timeline_narrows_tiles_and_tables_and_can_be_undone(dashboard):
    page = dashboard()
    page.locator(f"#timeline {DRAWN}").first.wait_for()
    lines = page.locator("[data-testid=tile-lines] .tile-value")
    assert lines.inner_text() == "4,606"
    drag(page, start=0.62, end=0.75)  # around 09:20, and before 09:31
    page.wait_for_function(
        "() => document.querySelector('[data-testid=tile-lines] .tile-value')?.textContent !== '4,606'"
    )
    assert int(lines.inner_text().replace(",", "")) < 1500
    assert set(query(page)) == {"from", "to"}
    shows(page, "[data-testid=tile-findings] .tile-value", "3")
    assert page.locator("[data-testid=worst-finding]").count() == 3
    assert page.locator("[data-testid=incident-card]").count() == 1
    screenshot(page, "dashboard-zoomed")
    page.locator("#nav-findings").click()
    counts(page, 3)
    page.locator("#zoom-reset").click()
    counts(page, FINDINGS)
    page.locator("#nav-overview").click()
    shows(page, "[data-testid=tile-lines] .tile-value", "4,606")


def test_a_span_can_be_typed(dashboard):
    page = dashboard("findings")
    counts(page, FINDINGS)
    page.locator("#from").fill("2026-03-14 09:15")
    page.locator("#from").press("Enter")
    counts(page, 3)
    page.locator("#to").fill("2026-03-14 09:18")
    page.locator("#to").press("Enter")
    counts(page, 1)
    page.locator("#from").fill("no time")
    page.locator("#from").press("Enter")
    page.wait_for_timeout(300)
    assert page.locator("main h1").inner_text() == "Findings"


def test_a_link_shows_the_same_to_somebody_else(dashboard):
    page = dashboard("findings")
    counts(page, FINDINGS)
    choose(page, "filter-severity", "CRITICAL")
    counts(page, 12)
    page.locator("#filter-q").fill("pwned")
    page.wait_for_function("() => location.search.includes('q=pwned')")
    page.wait_for_function(f"() => document.querySelector('{COUNT}').textContent !== '12 of {FINDINGS}'")
    page.locator(ROW).nth(2).click()
    log = page.locator("[data-testid=finding-log]").inner_text()
    other = dashboard(page.url.split("/", 3)[3])
    shows(other, "[data-testid=finding-log]", log)
    shows(other, COUNT, page.locator(COUNT).inner_text())
    other.wait_for_function(f"() => document.querySelectorAll('{ROW}').length === {page.locator(ROW).count()}")
    assert ids(other) == ids(page)
    assert other.locator("#filter-q").input_value() == "pwned"
    assert "CRITICAL" in other.locator("#filter-severity").inner_text()


def test_files_hold_what_is_filtered_and_no_formula(dashboard):
    page = dashboard("findings")
    choose(page, "filter-severity", "ERROR", "INFO")
    counts(page, 3)
    wanted = ids(page)
    page.wait_for_function("() => document.querySelector('#download-csv').href.includes('severity=INFO')")
    text = downloaded(page, "#download-csv", "findings.csv").decode()
    rows = [*csv.DictReader(io.StringIO(text, newline=""))]
    assert sorted(row["id"] for row in rows) == wanted
    entries = json.loads(downloaded(page, "#download-json", "findings.json"))
    assert sorted(entry["id"] for entry in entries) == wanted
    assert SECRET not in text + json.dumps(entries)
    page.locator("#filters-clear").click()
    counts(page, FINDINGS)
    page.wait_for_function("() => !document.querySelector('#download-csv').href.includes('severity')")
    text = downloaded(page, "#download-csv", "findings.csv").decode()
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert len(cells) > FINDINGS * 10
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert any("HYPERLINK" in cell for cell in cells)


def downloaded(page, link, name):
    with page.expect_download() as waiting:
        page.locator(link).click()
    assert waiting.value.suggested_filename == name
    return waiting.value.path().read_bytes()


def test_planted_texts_stay_texts_in_every_finding(dashboard):
    page = dashboard("findings")
    counts(page, FINDINGS)
    text = ""
    for finding in ids(page):
        page.locator(f"#finding-grid .ag-row[row-id='{finding}'] [col-id=begin]").click()
        page.wait_for_function(f"() => document.querySelector('#finding-json')?.textContent.includes('{finding}')")
        assert attacked(page) == []
        text += page.locator("#detail").text_content()
    for planted in (*ATTACKS, FORMULA):
        assert planted in text, planted
    assert SECRET not in text
    assert page.locator("#detail b, #detail sub, #detail iframe, #detail img").count() == 0


def test_hovering_charts_shows_texts_and_no_links(dashboard):
    for path, chart in (("activity", "#component-pie"), ("", "#timeline")):
        page = dashboard(path)
        page.locator(f"{chart} {DRAWN}").first.wait_for()
        page.locator(chart).scroll_into_view_if_needed()
        box = page.locator(chart).bounding_box()
        for part in range(1, 12):
            page.mouse.move(box["x"] + box["width"] * part / 12, box["y"] + box["height"] * (0.1 if not path else 0.5))
        assert page.locator("main svg a").count() == 0
        assert attacked(page) == []


def test_templates_are_searched_and_open(dashboard):
    page = dashboard("templates")
    page.locator("#template-grid .ag-row[row-id]").first.wait_for()
    assert attacked(page) == []
    page.locator("#filter-q").fill("payment")
    shows(page, COUNT, "1 of 29")
    page.locator("#template-grid .ag-row[row-id] [col-id=log_template]").first.click()
    page.locator("#detail").get_by_text("Parameters").wait_for()
    assert "payment" in page.locator("#detail-title").inner_text()
    assert query(page)["template"]
    assert attacked(page) == []


def test_security_lists_the_leak_without_its_value(dashboard):
    page = dashboard("security")
    page.locator("#leak-table").wait_for()
    assert "Slack" in page.locator("#leak-table").inner_text()
    assert SECRET not in page.content()


def test_another_run_is_chosen_and_is_part_of_the_address(dashboard):
    page = dashboard("findings")
    counts(page, FINDINGS)
    choose(page, "run", "many")
    counts(page, MANY, of=MANY)
    assert query(page) == {"run": ["1"]}
    choose(page, "run", "clean")
    page.get_by_text("Nothing unusual was found").wait_for()
    assert accessibility_faults(page) == []
    page.locator("#nav-overview").click()
    page.locator("[data-testid=headline]").get_by_text("Nothing unusual").wait_for()
    screenshot(page, "dashboard-clean")


@pytest.mark.parametrize(
    ("run", "told"),
    [("timeless", "no times"), ("summary", "15 findings|findings.parquet|not listed"), ("damaged", "damaged")],
)
def test_every_page_of_less_than_whole_results_says_what_is_amiss(dashboard, run, told):
    number = RUNS.index(run)
    page = dashboard(f"?run={number}")
    assert re.search(told, page.locator("body").inner_text())
    screenshot(page, f"dashboard-{run}")
    for name in PAGES[1:]:
        page.locator(f"#nav-{name}").click()
        shows(page, "main h1", name.capitalize())
        page.wait_for_load_state("networkidle")
        assert page.locator("main").inner_text().strip() != name.capitalize()
        assert attacked(page) == []
    assert query(page) == {"run": [str(number)]}


def test_results_that_are_damaged_as_a_whole_are_said_to_be(folder, visit):
    (folder / "broken").mkdir()
    (folder / "broken" / "summary.json").write_text('{"schema_version": 1, "filename"', encoding="utf-8")
    (folder / "broken" / "findings.parquet").write_bytes(b"PAR1 no")
    with serving(folder, "dashboard", "broken", "--port", free_port()) as served:
        page = visit(served.address, to="main h1")
        assert "cannot be shown" in page.locator("main").inner_text()
        visit.leave()


def test_results_that_are_renewed_are_shown_anew(folder, visit):
    shutil.copytree(folder / "clean", folder / "renewed")
    with serving(folder, "dashboard", "renewed", "--port", free_port()) as served:
        page = visit(served.address + "findings", to="main h1")
        assert "Nothing unusual" in page.locator("main").inner_text()
        shutil.rmtree(folder / "renewed")
        shutil.copytree(folder / "logs", folder / "renewed")
        page.reload()
        counts(page, FINDINGS)
        visit.leave()


def test_dark_and_light_follow_the_system_and_so_do_charts_and_tables(dashboard):
    page = dashboard(colours="dark")
    axis = "#timeline .xtick text"
    page.locator(axis).first.wait_for()
    assert luminance(page, "html", "backgroundColor") < 0.25
    assert luminance(page, axis, "fill") > 0.5
    screenshot(page, "dashboard-dark")
    page.locator("#nav-findings").click()
    page.locator(ROW).first.wait_for()
    assert luminance(page, "#finding-grid .ag-cell", "color") > 0.5
    assert luminance(page, "#finding-grid .ag-root-wrapper", "backgroundColor") < 0.3
    screenshot(page, "dashboard-dark-findings")
    page.locator("#nav-overview").click()
    page.locator(axis).first.wait_for()
    page.emulate_media(color_scheme="light")
    until(lambda: luminance(page, axis, "fill") < 0.4)
    assert luminance(page, "html", "backgroundColor") > 0.75


def test_a_phone_shows_every_page_without_scrolling_sideways(dashboard):
    page = dashboard(viewport=PHONE, has_touch=True, is_mobile=True)
    for name in PAGES:
        page.locator(f"#nav-{name}").tap()
        shows(page, "main h1", name.capitalize())
        page.wait_for_load_state("networkidle")
        assert scrolls_sideways(page) == "", name
        screenshot(page, f"dashboard-phone-{name}")
    page.locator("#nav-findings").tap()
    page.locator(f"{ROW} [col-id=name]").first.tap()
    page.locator("[data-testid=finding-log]").wait_for()
    assert scrolls_sideways(page) == ""
    screenshot(page, "dashboard-phone-detail")
    page.locator("#detail-close").tap()
    page.locator("[data-testid=detail]").wait_for(state="hidden")


def reach(page, selector, *, key="Tab", presses=40):
    """Press a key until an element, or one in it, has the focus."""
    for _ in range(presses):
        page.keyboard.press(key)
        if page.evaluate("to => Boolean(document.activeElement?.closest(to))", selector):
            return
        page.wait_for_timeout(50)  # a person is no faster
    raise AssertionError(f"{presses} times {key} do not reach {selector}")


def test_a_keyboard_alone_reaches_pages_search_filters_rows_and_detail(dashboard):
    page = dashboard()
    page.locator("#nav-findings").wait_for()
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("href") == "#page"
    reach(page, "#nav-findings")
    page.keyboard.press("Enter")
    counts(page, FINDINGS)
    reach(page, "#filter-q")
    page.keyboard.type("pwned")
    page.wait_for_function(f"() => document.querySelector('{COUNT}').textContent !== '{FINDINGS} of {FINDINGS}'")
    reach(page, ".filter:has(#filter-severity)")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement?.closest('.dash-dropdown-content')")
    reach(page, OPTION, key="ArrowDown")
    page.keyboard.press("Home")  # a slow machine went further than it showed
    page.wait_for_function("of => document.activeElement?.closest(of)?.innerText.includes('CRITICAL')", arg=OPTION)
    page.keyboard.press("Space")
    page.wait_for_function("() => location.search.includes('severity=')")
    page.keyboard.press("Escape")
    page.locator(OPTION).first.wait_for(state="hidden")
    reach(page, "#finding-grid")
    page.locator(ROW).first.wait_for()
    reach(page, "#finding-grid .ag-cell", key="ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("[data-testid=finding-log]").wait_for()
    page.wait_for_function("() => document.activeElement?.closest('#detail')")
    reach(page, "#copy-text")
    page.keyboard.press("Escape")
    page.locator("[data-testid=detail]").wait_for(state="hidden")


@pytest.mark.parametrize(("page_of", "field"), [("findings", "#filter-q"), ("", "#from")])
def test_fast_typing_stays_in_order_on_a_slow_machine(dashboard, page_of, field):
    page = dashboard(page_of)
    page.locator(field).wait_for()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 8})
    page.locator(field).click()
    page.keyboard.type("2026-03-14 10:05")
    page.wait_for_timeout(1000)  # what a page does after typing it has done
    assert page.locator(field).input_value() == "2026-03-14 10:05"


def answer(address, path="/", *, method="GET", body=None, to=None, **headers):
    """Return the status, headers and text of an answer, asked for without a browser."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(to or parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        got = connection.getresponse()
        return got.status, dict(got.getheaders()), got.read().decode("utf-8", "replace")
    finally:
        connection.close()


def test_a_server_is_asked_by_its_own_name_only(served):
    port = urlsplit(served.address).port
    for path in ("/", "/findings", "/_dash-layout", "/download/findings.csv"):
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", f"localhost.:{port}@evil"):
            assert answer(served.address, path, Host=host)[0] == 403, (path, host)
        for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
            assert answer(served.address, path, Host=host)[0] == 200, (path, host)


def test_other_pages_cannot_ask_and_cannot_frame(served):
    status, headers, _ = answer(served.address)
    assert status == 200
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]
    refused = {"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}
    for more in refused:
        got = answer(
            served.address,
            "/_dash-update-component",
            method="POST",
            body="{}",
            Content_Type="application/json",
            **more,
        )
        assert got[0] == 403, more


def test_on_another_address_a_token_is_asked_for_and_leaves_the_address_bar(folder, visit):
    with serving(folder, "dashboard", "logs", "--host", "0.0.0.0", "--port", free_port()) as served:
        parts = urlsplit(served.address)
        (token,) = parse_qs(parts.query)["token"]
        assert len(token) >= 20
        own = f"http://127.0.0.1:{parts.port}/"
        for path in (
            "/",
            "/findings",
            "/_dash-layout",
            "/_dash-dependencies",
            "/download/findings.json",
            "/assets/x.js",
        ):
            assert answer(own, path)[0] == 403, path
        assert answer(own, "/?token=wrong")[0] == 403
        assert answer(own, f"/?token={token}", Host="evil.example")[0] == 403
        assert answer(own, "/", Cookie=f"loganomaly_{parts.port}=wrong")[0] == 403
        page = visit(f"{own}?token={token}", to="#timeline svg.main-svg")
        assert "token" not in page.url
        assert token not in page.content()
        assert token not in page.evaluate("() => document.cookie")
        page.reload()
        page.locator("#timeline svg.main-svg").first.wait_for()
        visit.leave()


def test_another_address_of_this_machine_needs_no_more_than_itself(folder, visit):
    with serving(folder, "dashboard", "clean", "--host", "127.0.0.2", "--port", free_port("127.0.0.2")) as served:
        assert served.address.startswith("http://127.0.0.2:")
        with pytest.raises(ConnectionRefusedError):
            answer(served.address, to="127.0.0.1")
        visit(served.address, to="[data-testid=headline]")
        visit.leave()


def test_ctrl_c_ends_it_at_once_also_while_a_page_is_open(folder, visit):
    with serving(folder, "dashboard", "clean", "--port", free_port()) as served:
        page = visit(served.address, to="[data-testid=headline]")
        page.wait_for_load_state("networkidle")
        visit.check()
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", urlsplit(served.address).port), timeout=5)
    page.close()
    visit.troubles.clear()  # what it asked of a server that had ended
    visit.leave()
