"""A contamination that is asked for bounds what findings are about: the worst come first, the others are none."""

from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.case import build_case
from loganomaly.findings import Evidence
from loganomaly.floods import FloodSettings
from loganomaly.frame_lines import annotate
from loganomaly.frame_scan import FrameScan
from loganomaly.judge import judge
from loganomaly.reading.dates import TimeSettings
from loganomaly.testing import case_of, log_line

# Template, records, and how strong it is: 100 records altogether.
PLANTED = (("disk lost", 10, 0.9), ("node gone", 20, 0.8), ("term expired", 6, 0.7))
LINES = [log_line(n, f"tick {n} done") for n in range(64)]
LINES += [log_line(100 + n, text) for text, records, _ in PLANTED for n in range(records)]
LOG = "".join(LINES)


@dataclass(frozen=True)
class Said:
    """Says the same of templates by their text; of each its strength, and of how many records it speaks."""

    strengths: tuple[tuple[str, float], ...] = tuple((text, strength) for text, _, strength in PLANTED)
    count: int | None = None
    name: str = "said"
    weight: float = 1.0
    aspect: str = "value"

    def detect(self, case):
        strengths = dict(self.strengths)
        return [
            Evidence(
                detector="said", subject=case.subject(n), strength=strengths[t.text], text="odd", count=self.count,
                tags=("value",),
            )
            for n, t in enumerate(case.templates)
            if t.text in strengths
        ]  # fmt: skip


@pytest.fixture(scope="module")
def case():
    return case_of(LOG)


def found(judgement):
    return [f.template for f in judgement.findings]


def test_without_one_there_are_as_many_findings_as_there_are(case):
    judgement = judge(case, [Said()])
    assert (found(judgement), judgement.beyond) == (["disk lost", "node gone", "term expired"], frozenset())


@pytest.mark.parametrize(
    ("contamination", "kept"), [(1.0, 3), (0.36, 3), (0.35, 2), (0.3, 2), (0.29, 1), (0.1, 1), (0.09, 0), (0.0, 0)]
)
def test_the_worst_stay_as_long_as_all_of_their_records_are_within_the_share(case, contamination, kept):
    judgement = judge(case, [Said()], contamination=contamination)
    assert found(judgement) == [text for text, _, _ in PLANTED[:kept]]
    assert len(judgement.beyond) == len(PLANTED) - kept


def test_nothing_milder_slips_in_behind_what_is_too_much(case):
    # "term expired" would be within a share of 0.2, but "node gone" is worse and is not.
    assert found(judge(case, [Said()], contamination=0.2)) == ["disk lost"]


def test_evidence_on_some_of_the_records_counts_for_those(case):
    assert len(found(judge(case, [Said(count=2)], contamination=0.06))) == 3
    assert len(found(judge(case, [Said(count=2)], contamination=0.05))) == 2


def test_scores_and_evidence_are_the_same_with_and_without(case):
    free, bound = judge(case, [Said()]), judge(case, [Said()], contamination=0.1)
    assert (bound.scores, bound.evidence) == (free.scores, free.evidence)


@given(st.lists(st.sampled_from([0.3, 0.5, 0.7, 0.9]), min_size=3, max_size=3), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_what_is_left_is_the_beginning_of_all_and_within_the_share(strengths, contamination):
    case = case_of(LOG)
    said = Said(strengths=tuple((text, strength) for (text, _, _), strength in zip(PLANTED, strengths, strict=True)))
    free, bound = judge(case, [said]), judge(case, [said], contamination=contamination)
    assert found(bound) == found(free)[: len(bound.findings)]
    assert sum(f.count for f in bound.findings) <= contamination * case.records + 1e-9
    assert bound.beyond == {f.subject for f in free.findings[len(bound.findings) :]}


@pytest.mark.parametrize(("contamination", "rows"), [(None, 36), (0.3, 30), (0.1, 10), (0.0, 0)])
def test_rows_beyond_it_are_no_anomalies_and_keep_score_and_reason(contamination, rows):
    frame = pl.DataFrame({"log": [line.rstrip("\n") for line in LINES]})
    scanned = FrameScan(frame, floods=FloodSettings(), times=TimeSettings(), leaks=None).batch(0, len(frame))
    case = build_case(scanned.profile)
    judgement = judge(case, [Said()], contamination=contamination)
    marked = annotate(frame, case=case, judgement=judgement, shapes=scanned.shape, clean=str)
    assert marked["is_anomaly"].sum() == rows
    assert marked["anomaly_score"].to_list() == pytest.approx([0] * 64 + [0.9] * 10 + [0.8] * 20 + [0.7] * 6)
    assert set(marked.filter(pl.col("anomaly_score") > 0)["reason"]) == {"Odd."}
    assert set(marked.filter(~pl.col("is_anomaly"))["classification"]) <= {"normal"}
