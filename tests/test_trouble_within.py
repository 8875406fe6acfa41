"""How much the records of a level, a component or a window tell of trouble: on average, and in the time that counts."""

import pytest

from loganomaly.findings import Evidence, Subject
from loganomaly.testing import case_of, log_line
from loganomaly.trouble_within import trouble_within

START = 1_773_478_800_000_000  # 2026-03-14 09:00:00 UTC, when log lines begin
HOUR, SECOND = 3_600, 1_000_000
STRENGTHS = {"disk lost": 0.8, "low on disk": 0.4}


@pytest.fixture(scope="module")
def case():
    """An hour of ticks; in its first minute 10 errors of db, in its last one 30 warnings of web."""
    lines = [(second, f"tick {second} done", "INFO", "web") for second in range(0, HOUR, 60)]
    lines += [(second, "disk lost", "ERROR", "db") for second in range(10)]
    lines += [(HOUR - 40 + second, "low on disk", "WARNING", "web") for second in range(30)]
    return case_of("".join(log_line(s, text, level=level, component=name) for s, text, level, name in sorted(lines)))


def trouble(case, kind, name, *, span=None):
    subject = Subject(kind=kind, name=name)
    strengths = {case.subject(n): STRENGTHS[t.text] for n, t in enumerate(case.templates) if t.text in STRENGTHS}
    said = Evidence(detector="said", subject=subject, strength=1.0, text="odd", span=span)
    return trouble_within(case, subject, [said], strengths)


@pytest.mark.parametrize(("level", "expected"), [("ERROR", 0.8), ("WARNING", 0.4), ("INFO", 0.0), ("DEBUG", 0.0)])
def test_of_a_level_it_is_that_of_its_templates(case, level, expected):
    assert trouble(case, "level", level) == pytest.approx(expected)


def test_of_a_component_it_is_the_average_of_its_records(case):
    assert trouble(case, "component", "db") == pytest.approx(0.8)
    assert trouble(case, "component", "web") == pytest.approx(30 * 0.4 / 90)
    assert trouble(case, "component", "nobody") == 0


def test_only_the_time_that_evidence_speaks_of_counts(case):
    # The last minute, in one or two watched buckets of 30 s or so: warnings, and a tick at most.
    late = (START + (HOUR - 40) * SECOND, START + HOUR * SECOND)
    assert trouble(case, "component", "web", span=late) >= 30 * 0.4 / 31
    assert trouble(case, "window", "any", span=late) >= 30 * 0.4 / 31
    assert trouble(case, "level", "ERROR", span=late) == 0


def test_of_a_window_it_is_that_of_all_records_in_it(case):
    assert trouble(case, "window", "any") == pytest.approx((10 * 0.8 + 30 * 0.4) / 100)


@pytest.mark.parametrize("kind", ["template", "session"])
def test_of_others_nothing_is_known(case, kind):
    assert trouble(case, kind, "disk lost") == 0


def test_an_empty_span_is_the_bucket_that_it_lies_in(case):
    assert trouble(case, "level", "ERROR", span=(START, START)) == pytest.approx(0.8)
