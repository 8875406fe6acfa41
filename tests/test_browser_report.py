"""The report in a real browser: one file that needs no network, shows everything, and runs nothing that a log says."""

import re

import pytest

from browser import PHONE, Visitor, screenshot
from page_checks import accessibility_faults, attacked, scrolls_sideways
from planted import ATTACKS, FORMULA, HOSTILE_FILE, SECRET
from planted_runs import results_of

DRAWN = ".plot svg.main-svg"
AXIS = "#timeline .plot .xtick text"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def results(folder):
    return results_of(folder, "logs")


@pytest.fixture
def report(results, visit):
    """Return a function that opens the report of the planted logs: from the file, without a network."""

    def opened(**options):
        return visit((results / "report.html").as_uri(), network=False, **options)

    return opened


@pytest.fixture(scope="module")
def _opened(results, chromium):
    visitor = Visitor(chromium)
    page = visitor((results / "report.html").as_uri(), network=False, to=DRAWN)
    screenshot(page, "report-light")
    unfold(page)
    wait_for_charts(page)
    yield visitor, page
    visitor.leave()


@pytest.fixture
def page(_opened):
    """Return a page that shows all of the report: for tests that only look."""
    visitor, page = _opened
    yield page
    visitor.check()


def unfold(page):
    """Open all that is folded, and wait for the charts in it."""
    page.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true }")


def wait_for_charts(page):
    """Scroll through the page, so that all charts are drawn, whether they wait to be seen or not."""
    for each in page.locator("figure.chart:visible").all():
        each.scroll_into_view_if_needed()
        each.locator(DRAWN).first.wait_for()


def test_the_file_opens_without_a_network_and_draws_its_charts(page):
    assert page.locator("h1").inner_text()
    assert page.locator(DRAWN).count() >= 3
    assert page.locator("#timeline .scatterlayer, #timeline .barlayer").count()


def test_what_broke_first_is_on_the_first_screen_and_leads_to_its_finding(report):
    page = report(to=DRAWN)
    cause = page.get_by_text("What broke first")
    assert cause.bounding_box()["y"] < page.viewport_size["height"]
    link = page.locator("header a[href^='#finding-']").first
    target = link.get_attribute("href")
    link.click()
    finding = page.locator(target)
    assert finding.evaluate("each => each.open")
    assert page.evaluate("() => location.hash") == target
    assert "connection pool exhausted" in finding.inner_text()


def test_all_links_lead_to_places_of_the_page(page):
    links = page.locator("a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert links
    assert [link for link in links if not re.fullmatch(r"#[\w-]+", link) or not page.locator(link).count()] == []


def test_each_part_of_the_navigation_shows_its_part(page):
    for link in page.locator("nav a").all():
        link.scroll_into_view_if_needed()
        link.click()
        part = page.locator(link.get_attribute("href"))
        assert part.locator("h2").is_visible(), link.inner_text()
        assert page.evaluate("() => location.hash") == link.get_attribute("href")


def test_without_scripts_all_text_and_drawings_are_there(report):
    page = report(scripts=False)
    text = page.locator("body").inner_text()
    assert "connection pool exhausted" in text
    assert page.locator(".drawing svg:visible").count()
    page.locator("#findings summary").nth(8).click()
    assert page.locator("#findings details").nth(8).locator("pre").first.is_visible()
    assert scrolls_sideways(page) == ""
    screenshot(page, "report-without-scripts")


def test_planted_texts_stay_texts_and_secrets_are_masked(page):
    assert attacked(page) == []
    text = re.sub(r"\s+", " ", page.locator("body").text_content())
    for planted in (*ATTACKS, FORMULA, HOSTILE_FILE):
        assert planted in text, planted
    assert SECRET not in page.content()
    assert page.locator("b, sub, iframe, img, a[href*=javascript]").count() == 0


def test_texts_of_charts_are_no_links_when_they_are_hovered(page):
    for each in page.locator("figure.chart:visible").all()[:6]:
        each.scroll_into_view_if_needed()
        plot = each.locator(DRAWN).first
        plot.wait_for()
        box = plot.bounding_box()
        for part in (0.25, 0.5, 0.75):
            page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] * 0.5)
        assert each.locator("svg a").count() == 0
    assert attacked(page) == []


def test_dark_and_light_follow_the_system_at_once_and_so_do_charts(report):
    page = report(colours="dark", to=DRAWN)
    assert luminance(page, "body", "backgroundColor") < 0.2
    assert luminance(page, "h1", "color") > 0.6
    assert luminance(page, AXIS, "fill") > 0.4
    screenshot(page, "report-dark")
    page.emulate_media(color_scheme="light")
    assert luminance(page, "body", "backgroundColor") > 0.8
    assert luminance(page, "h1", "color") < 0.4
    page.wait_for_function(
        f"() => getComputedStyle(document.querySelector('{AXIS}')).fill.match(/[0-9]+/g).every(each => each < 120)"
    )


def test_a_phone_shows_it_without_scrolling_sideways(report):
    page = report(viewport=PHONE, has_touch=True, is_mobile=True, to="h1")
    screenshot(page, "report-phone")
    unfold(page)
    wait_for_charts(page)
    assert scrolls_sideways(page) == ""


def test_print_shows_the_findings_and_no_navigation(report, tmp_path):
    page = report(to=DRAWN)
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("#findings details pre").first.is_visible()
    assert page.locator("#timeline").locator(".drawing:visible, .plot:visible").count()
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
    screenshot(page, "report-print")


def test_a_keyboard_reaches_the_findings_and_unfolds_one(report):
    page = report()
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.get_attribute("href") == "#findings"
    assert skip.is_visible()
    page.keyboard.press("Enter")
    finding = page.locator("#findings details").nth(5)
    finding.locator("summary").focus()
    page.keyboard.press("Enter")
    assert finding.evaluate("each => each.open")
    page.keyboard.press("Space")
    assert not finding.evaluate("each => each.open")


def test_names_headings_and_landmarks_are_there(page):
    assert accessibility_faults(page) == []


def test_a_policy_forbids_all_requests_and_all_other_scripts(page):
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert "default-src 'none'" in policy
    assert not re.search(r"script-src[^;]*'unsafe", policy)
    assert not re.search(r"https?:", policy)


@pytest.mark.parametrize("name", ["clean", "timeless"])
def test_logs_without_findings_or_times_have_a_report(folder, visit, name):
    results = results_of(folder, name)
    page = visit((results / "report.html").as_uri(), network=False, to="h1")
    unfold(page)
    assert attacked(page) == []
    assert accessibility_faults(page) == []
    assert page.locator("#findings").is_visible()
    assert page.locator("#findings details").count() == (0 if name == "clean" else 2)
    page.set_viewport_size(PHONE)
    wait_until_it_fits(page)
    screenshot(page, f"report-{name}")


def wait_until_it_fits(page):
    """Wait until charts have followed the width of the window."""
    for _ in range(50):
        if not scrolls_sideways(page):
            break
        page.wait_for_timeout(100)
    assert scrolls_sideways(page) == ""


def luminance(page, selector, attribute):
    """Return how light a colour of an element is, 0..1."""
    colour = page.locator(selector).first.evaluate(f"each => getComputedStyle(each).{attribute}")
    parts = [float(each) for each in re.findall(r"[\d.]+", colour)]
    return sum(parts[:3]) / 3 / 255
