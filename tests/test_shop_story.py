"""Which findings are about the planted story: decided on a story made by hand."""

import pytest
from shop_story import covers, false_ones, off_story, rank_of

EVENTS = {
    "slow": {
        "files": {"a.log": [[10, 12], [20, 20]]},
        "start": "2026-03-14T10:00:00+00:00",
        "end": "2026-03-14T10:10:00+00:00",
    },
    "silence": {
        "files": {"b.log": [[5, 5]]},
        "start": "2026-03-14T10:20:00+00:00",
        "end": "2026-03-14T11:00:00+00:00",
        "silent_from": "2026-03-14T10:20:00+00:00",
    },
}


def finding(line, time, *, source="shop/a.log", stretch=(None, None)):
    first, last = stretch
    evidence = [{"first_line": first, "last_line": last}]
    return {"source": source, "line_number": line, "timestamp": f"2026-03-14T{time}Z", "evidence": evidence}


@pytest.mark.parametrize(
    ("anomaly", "covered"),
    [
        (finding(11, "10:05:00"), True),
        (finding(15, "10:05:00"), False),
        (finding(15, "10:05:00", stretch=(10, 20)), True),
        (finding(15, "10:05:00", stretch=(10, 21)), False),
        (finding(11, "10:05:00", source="shop/b.log"), False),
        (finding(11, "10:05:00", source="other/a.log"), False),
    ],
)
def test_a_finding_covers_an_event_by_its_line_or_by_a_stretch_of_lines(anomaly, covered):
    assert covers(anomaly, EVENTS["slow"]) is covered


def test_the_rank_of_an_event_is_that_of_the_first_finding_that_covers_it():
    anomalies = [finding(15, "10:05:00"), finding(20, "10:09:00"), finding(10, "10:00:00")]
    assert rank_of(EVENTS["slow"], anomalies) == 2
    assert rank_of(EVENTS["silence"], anomalies) is None


@pytest.mark.parametrize(
    ("anomaly", "off", "false"),
    [
        (finding(11, "09:00:00"), 0, 0),
        (finding(15, "10:05:00"), 1, 0),
        (finding(15, "10:15:00"), 1, 1),
        (finding(15, "10:40:00"), 1, 1),  # while one is silent, others are not part of it
        (finding(15, "10:15:00", source="other/a.log"), 0, 0),
        (finding(15, "10:15:00") | {"timestamp": None}, 1, 1),
    ],
)
def test_a_finding_is_false_if_neither_its_line_nor_its_time_is_of_an_event(anomaly, off, false):
    assert len(off_story([anomaly], events=EVENTS)) == off
    assert len(false_ones([anomaly], events=EVENTS)) == false
