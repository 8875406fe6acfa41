"""What a person needs to believe a finding: the nearest normal template, and where lines stand that show it."""

from dataclasses import dataclass

import pytest

from loganomaly import LogAnalyzer
from loganomaly.findings import MOST_SAMPLES, Evidence, Location
from loganomaly.judge import judge
from loganomaly.testing import case_of, log_line

ROUTINE = "".join(
    log_line(i, ("upstream {} answered promptly", "cache hit for {}", "mail sent to {}")[i % 3].format(i))
    for i in range(600)
)


@dataclass(frozen=True)
class Fixed:
    """Says of the templates with these texts that they are unusual."""

    texts: tuple[str, ...]
    locations: tuple[Location | None, ...] = (None,)
    name: str = "fixed"
    weight: float = 1.0
    aspect: str = "fixed"

    def detect(self, case):
        return [
            Evidence(detector="fixed", subject=case.subject(n), strength=1.0, text="odd", location=location)
            for n, template in enumerate(case.templates)
            if template.text in self.texts
            for location in self.locations
        ]


def findings(case, *texts, locations=(None,)):
    found = judge(case, [Fixed(texts=texts, locations=locations)]).findings
    return {finding.template: finding for finding in found}


def test_the_nearest_is_the_normal_template_with_the_most_similar_words():
    case = case_of(ROUTINE + log_line(601, "upstream 7 answered late") * 6)
    found = findings(case, "upstream <*> answered late")["upstream <*> answered late"].nearest
    assert (found.template, found.count) == ("upstream <*> answered promptly", 200)
    assert found.template_id == next(t.id for t in case.templates if t.text == found.template)
    assert 0.5 <= found.similarity < 1


def test_what_is_a_finding_itself_is_nearest_to_none():
    case = case_of(ROUTINE + log_line(601, "upstream 7 answered late") * 6)
    found = findings(case, "upstream <*> answered late", "upstream <*> answered promptly")
    assert found["upstream <*> answered late"].nearest is None


def test_the_nearest_is_more_frequent():
    case = case_of(ROUTINE + log_line(601, "upstream 7 answered late") * 6)
    assert findings(case, "upstream <*> answered promptly")["upstream <*> answered promptly"].nearest is None


def test_where_nothing_is_worded_alike_there_is_no_nearest():
    case = case_of(ROUTINE + log_line(601, "disk full") * 6)
    assert findings(case, "disk full")["disk full"].nearest is None


def test_the_places_are_the_first_the_named_and_the_last():
    case = case_of(ROUTINE + log_line(601, "disk full") * 6)
    offset = len(ROUTINE.encode()) + 3 * len(log_line(601, "disk full"))
    named = Location(source=0, line=603, offset=offset)
    found = findings(case, "disk full", locations=(None, named))["disk full"]
    assert sorted(place.line for place in found.places) == [600, 603, 605]
    assert found.location == named == found.places[0]


def test_there_are_at_most_five_places():
    named = tuple(Location(source=0, line=n, offset=n) for n in range(20))
    case = case_of(ROUTINE + log_line(601, "disk full") * 6)
    places = findings(case, "disk full", locations=named)["disk full"].places
    assert len(places) == len(set(places)) == MOST_SAMPLES


def test_what_was_folded_into_a_finding_is_among_its_places():
    case = case_of(ROUTINE + log_line(601, "disk full") + log_line(602, "queue stalled"))
    (found,) = findings(case, "disk full", "queue stalled").values()
    assert {place.line for place in found.places} == {600, 601}


def test_the_first_and_last_lines_are_those_of_all_sources_by_time():
    late, early = log_line(900, "disk full") * 3, log_line(601, "disk full") * 3
    case = case_of(ROUTINE, late, early)
    found = findings(case, "disk full")["disk full"]
    assert [(place.source, place.line) for place in found.places] == [(1, 0), (2, 0), (1, 2)]


def test_findings_of_a_file_have_samples_and_their_nearest_template(tmp_path):
    path = tmp_path / "app.log"
    path.write_text(
        ROUTINE + "".join(log_line(601 + i, f"upstream {i} answered late", level="ERROR") for i in range(3))
    )
    (found,) = LogAnalyzer().analyze(path).anomalies
    assert found["nearest"]["template"] == "upstream <*> answered promptly"
    assert (found["nearest"]["added"], found["nearest"]["missing"]) == (["late"], ["promptly"])
    assert [(s["source"], s["line_number"]) for s in found["samples"]] == [(str(path), 601), (str(path), 603)]
    assert found["samples"][0]["log"] == found["log"]


@pytest.mark.parametrize("secret", ["hunterxx", "correcthorse"])
def test_no_secret_is_in_what_findings_say_of_words(tmp_path, secret):
    path = tmp_path / "app.log"
    path.write_text(
        ROUTINE
        + "".join(log_line(601 + i, f"login of user {i} with token ok") for i in range(90))
        + log_line(700, f"login of user 3 with password={secret} ok", level="ERROR")
    )
    assert secret not in repr(LogAnalyzer().analyze(path))
