"""The page in a browser: charts are drawn, nothing is fetched, and hostile text runs nowhere."""

import shutil

import pytest

from loganomaly.reports.report_files import report_files
from report_parts import whole

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield opened
        opened.close()


@pytest.fixture
def shown(browser, tmp_path):
    """Show results in a browser; return the page, and what it asked for, said and warned of."""
    contexts = []

    def show(parts, **options):
        path = tmp_path / "report.html"
        path.write_bytes(report_files(**parts)["report.html"])
        context = browser.new_context(**options)
        contexts.append(context)
        page, asked, said = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        return page, asked, said, path.as_uri()

    yield show
    for context in contexts:
        context.close()


@pytest.mark.parametrize("hostile", [None, HOSTILE], ids=["plain", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn_and_nothing_is_fetched_or_said(shown, scheme, hostile):
    page, asked, said, address = shown(whole(hostile=hostile), color_scheme=scheme)
    page.wait_for_selector("#timeline .drawn .plot svg.main-svg", state="attached")
    page.locator("#findings details[open] .chart").first.scroll_into_view_if_needed()
    page.wait_for_selector("#findings .drawn .plot svg.main-svg", state="attached")
    assert not page.locator("#timeline .drawing").is_visible()
    assert (asked, said) == ([address], [])


def test_without_scripts_drawings_are_in_the_place_of_charts(shown):
    page, asked, said, address = shown(whole(), java_script_enabled=False)
    assert page.locator("#timeline .drawing svg").is_visible()
    assert not page.locator("#timeline .plot").is_visible()
    assert (asked, said) == ([address], [])


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_the_page_is_no_wider_than_the_window(shown, width):
    parts = whole(hostile="a_word_without_an_end" * 40)
    page, *_ = shown(parts, viewport={"width": width, "height": 800})
    page.locator("#timeline").scroll_into_view_if_needed()
    page.wait_for_selector("#timeline .drawn .xtick text", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_link_to_a_folded_finding_unfolds_it(shown):
    parts = whole()
    parts["anomalies"] *= 3
    page, *_ = shown(parts)
    folded = page.locator("details.finding:not([open])").first
    anchor = folded.get_attribute("id")
    page.evaluate(f"location.hash = '{anchor}'")
    page.wait_for_selector(f"#{anchor}[open]")


def test_a_change_of_the_theme_changes_the_charts(shown):
    page, *_ = shown(whole(), color_scheme="light")
    colour = "getComputedStyle(document.querySelector('#timeline .plot .xtick text')).fill"
    page.wait_for_selector("#timeline .drawn .xtick text", state="attached")
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    # The policy of the page forbids what a browser's own waiting for a condition needs.
    for _ in range(200):
        if page.evaluate(colour) != light:
            break
        page.wait_for_timeout(50)
    assert page.evaluate(colour) != light


def test_what_is_printed_of_the_worst_findings_is_unfolded_and_dark_on_light(shown):
    parts = whole()
    parts["anomalies"] *= 3
    page, *_ = shown(parts, color_scheme="dark")
    assert page.locator("details.finding:not([open])").count() > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details.finding:not([open])").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.finding:not([open])").count() > 0
