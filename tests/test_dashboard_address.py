import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganomaly.dashboard.address import PAGES, Address, parse, query_of
from loganomaly.dashboard.finding_query import FindingFilter

TEXT = st.text(min_size=1, max_size=40).filter(lambda text: "\0" not in text and text.isprintable())
NAMES = st.lists(TEXT, max_size=3, unique=True).map(tuple)
MOMENTS = st.datetimes(
    min_value=dt.datetime(1970, 1, 1),  # noqa: DTZ001
    max_value=dt.datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
)
SPANS = st.tuples(st.none() | MOMENTS, st.none() | MOMENTS).map(
    lambda span: tuple(sorted(span)) if None not in span else span
)
ADDRESSES = st.builds(
    lambda page, run, span, finding, template, **filters: Address(
        page=page, run=run, wanted=FindingFilter(since=span[0], until=span[1], **filters), finding=finding,
        template=template,
    ),
    page=st.sampled_from(PAGES), run=st.integers(0, 3), span=SPANS, finding=st.none() | TEXT, template=st.none() | TEXT,
    text=st.just("") | TEXT, regex=st.booleans(), severities=NAMES, components=NAMES, classifications=NAMES,
    detectors=NAMES, tags=NAMES, files=NAMES, incident=st.none() | TEXT,
    least_score=st.integers(0, 100).map(lambda share: share / 100),
)  # fmt: skip


@given(address=ADDRESSES)
def test_an_address_says_all_of_what_is_shown(address):
    path, _, query = address.href().partition("?")
    assert parse(path, query, runs=4) == address
    assert parse(path, f"?{query_of(address)}", runs=4) == address


@given(path=st.text(), query=st.text())
def test_whatever_an_address_is_it_leads_somewhere(path, query):
    address = parse(path, query, runs=2)
    assert address.page in PAGES
    assert address.run in {0, 1}
    assert parse(f"/{address.page}", query_of(address), runs=2) == address


@pytest.mark.parametrize(
    "query",
    [
        "run=7", "run=-1", "run=x", "run=99999999", "run=²", "score=nan", "score=x", "score=-inf", "from=yesterday",
        "to=9999-99-99", "from=0001-01-01T00:00:00%2B23:59", "q=" + "x" * 301, "q=%00", "x" * 20_000,
        "&".join("a=b" for _ in range(600)),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_as_if_it_was_not_there(query):
    assert parse("/", query, runs=2) == Address()


@pytest.mark.parametrize(("path", "query"), [(None, None), (1, 2), ([], {}), ("/etc/passwd", "run=0"), ("//evil", "")])
def test_paths_that_are_no_pages_are_the_overview(path, query):
    assert parse(path, query) == Address()


def test_scores_are_clamped_and_spans_put_in_order():
    wanted = parse("/", "score=7&from=2026-03-14T11:00&to=2026-03-14T10:00").wanted
    assert wanted.least_score == 1
    assert (wanted.since.hour, wanted.until.hour) == (10, 11)


def test_a_list_has_at_most_fifty_values():
    assert len(parse("/", "&".join(f"tag=t{n}" for n in range(90))).wanted.tags) == 50


def test_another_page_keeps_the_run_and_the_span_of_time_only():
    address = parse("/findings", "run=1&q=x&severity=ERROR&from=2026-03-14T10:00&finding=abc", runs=2)
    there = address.on("templates")
    assert there.href() == "/templates?run=1&from=2026-03-14T10%3A00%3A00Z"
