"""What is suppressed: by template and reason, in no case more, and found again in the summary."""

import json
import random
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from loganomaly import LogAnalyzer
from loganomaly.classify import classify, kind_of, kinds_of
from loganomaly.config import load_config
from loganomaly.errors import ConfigError
from loganomaly.findings import CONTEXT, Evidence, Subject
from loganomaly.fusion import THRESHOLD
from loganomaly.judge import judge
from loganomaly.redaction.secrets import redact, redact_personal
from loganomaly.registry import DETECTORS, load, names
from loganomaly.suppression import Suppression, finding_id, join_reasons, remarks, sort_out, split_reasons
from loganomaly.testing import case_of, log_line

TEMPLATE = Subject(kind="template", name="t")
WEIGHTS = {"severity": 0.45, "rarity": 0.5, "lof": 0.25, "burst": 0.5, "value": 0.6, "leak": 0.97, "session": 0.6}
ASPECTS = {"severity": "trouble", "rarity": "kind", "lof": "kind", "burst": "time"}  # others have their own
TAGS = {"severity": "error", "rarity": "rare", "lof": "outlier", "burst": "burst", "value": "value", "leak": "leak"}
SAMPLES = settings(max_examples=100, deadline=None)


def said(detector, strength=1.0, *, about="", subject=TEMPLATE, tags=None):
    tags = (TAGS[detector],) if tags is None else tags
    return Evidence(detector=detector, subject=subject, strength=strength, text="odd", tags=tags, about=about)


def kinds(*evidence):
    return kinds_of(evidence, [WEIGHTS[e.detector] * e.strength for e in evidence])


# Kinds and ids


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [
        (said("rarity"), "rare_event"),
        (said("lof", 0.1), "rare_event"),
        (said("leak", about="aws-access-key"), "security_leak/aws-access-key"),
        (said("session", tags=("unfinished",)), "unfinished"),
        (said("session", tags=()), "session"),
        (said("value", about="a + b/c,\n"), "value_out_of_range/a_b_c_"),
    ],
)
def test_a_kind_is_the_class_the_tag_or_the_detector_and_what_it_is_about(evidence, kind):
    assert kind_of(evidence) == kind
    assert split_reasons(join_reasons([kind, "burst"])) == (kind, "burst")


def test_evidence_that_counts_for_half_of_the_strongest_carries_as_worked_by_hand():
    # Counts are 0.45, 0.24 and 0.2: half of the strongest is 0.225.
    assert kinds(said("severity"), said("rarity", 0.48), said("burst", 0.4)) == ("error", "rare_event")


def test_the_class_that_names_a_finding_is_always_one_of_its_kinds():
    evidence = (said("burst"), said("severity", 0.5))  # 0.5 and 0.225
    assert classify(evidence) == "error"
    assert kinds(*evidence) == ("error", "burst")


EVIDENCE = st.builds(
    lambda detector, strength, about: said(detector, strength, about=about),
    st.sampled_from(sorted(TAGS)),
    st.floats(0.01, 1),
    st.sampled_from(["", "took"]),
)
MANY = st.lists(EVIDENCE, min_size=1, max_size=8)


@given(MANY, st.randoms(use_true_random=False))
@SAMPLES
def test_kinds_do_not_depend_on_the_order_of_evidence(evidence, order):
    shuffled = list(evidence)
    order.shuffle(shuffled)
    assert kinds(*shuffled) == kinds(*evidence)


@given(st.lists(st.sampled_from(["error", "burst", "rare_event"]), unique=True))
@SAMPLES
def test_an_id_is_of_the_set_of_kinds(names):
    assert finding_id(TEMPLATE, names) == finding_id(TEMPLATE, names[::-1])


# Sorting out


def entry(*reasons, text="cannot open table orders", **more):
    return Suppression(subject="template", text=text, reasons=reasons, origin="list.yaml", **more)


@pytest.fixture(scope="module")
def finding():
    case = case_of(log_line(0, "cannot open table orders"))
    evidence = said("leak", subject=case.subject(0), tags=("rare",))
    (found,) = judge(case, [_Fixed(evidence=(evidence,))]).findings
    return replace(found, kinds=("error", "rare_event"), id=finding_id(found.subject, ("error", "rare_event")))


class _Fixed:
    """Says the same of every case."""

    name, weight, aspect = "leak", 1.0, "leak"

    def __init__(self, *, evidence):
        self.evidence = evidence

    def detect(self, _case):
        return list(self.evidence)


@pytest.mark.parametrize(
    ("reasons", "hidden", "besides"),
    [
        (("error", "rare_event"), 1, 0),
        (("rare_event", "burst", "error"), 1, 0),
        (("error",), 0, 1),
        (("burst",), 0, 0),
    ],
)
def test_a_finding_is_hidden_if_one_entry_knows_all_its_kinds(finding, reasons, hidden, besides):
    found = sort_out([finding], [entry(*reasons)], clean=redact)
    assert (len(found.hidden), len(found.besides), len(found.shown)) == (hidden, besides, 1 - hidden)


def test_entries_do_not_add_up_to_another_finding(finding):
    assert sort_out([finding], [entry("error"), entry("rare_event")], clean=redact).shown == (finding,)


def test_another_template_is_not_hidden(finding):
    other = entry("error", "rare_event", text="cannot open table users")
    assert sort_out([finding], [other], clean=redact).shown == (finding,)


def test_a_component_of_the_same_name_is_another_subject(finding):
    other = replace(entry("error", "rare_event"), subject="component")
    assert sort_out([finding], [other], clean=redact).shown == (finding,)


def test_a_reason_without_what_it_is_about_stands_for_all_and_one_with_it_for_that_alone(finding):
    found = replace(finding, kinds=("value_out_of_range/took",))
    hides = {
        reason: bool(sort_out([found], [entry(reason)], clean=redact).hidden)
        for reason in ("value_out_of_range", "value_out_of_range/took", "value_out_of_range/size")
    }
    assert hides == {"value_out_of_range": True, "value_out_of_range/took": True, "value_out_of_range/size": False}


def test_an_id_is_enough_where_the_template_has_become_more_general(finding):
    old = entry("error", "rare_event", text="cannot open table orders_1", id=finding.id)
    assert sort_out([finding], [old], clean=redact).hidden[0].suppression == old


def test_texts_are_compared_as_they_are_shown(finding):
    raw = replace(finding, template="no answer from 10.0.0.1 for ann@example.com")
    shown = entry("error", "rare_event", text=redact_personal(raw.template))
    assert shown.text != raw.template
    assert sort_out([raw], [shown], clean=redact_personal).hidden


@given(st.lists(st.tuples(st.integers(0, 3), MANY), min_size=1, max_size=6), st.data())
@SAMPLES
def test_dismissing_one_finding_hides_it_and_no_other(subjects, data):
    lines = [log_line(i, f"{'abcd'[i]}bc happened") for i in range(4)]
    case = case_of("".join(lines))
    evidence = [replace(e, subject=case.subject(number)) for number, found in subjects for e in found]
    detectors = [
        type("Said", (_Fixed,), {"name": name, "weight": weight, "aspect": ASPECTS.get(name, name)})(
            evidence=[e for e in evidence if e.detector == name]
        )
        for name, weight in WEIGHTS.items()
    ]
    before = judge(case, detectors)
    texts = {case.subject(number): template.text for number, template in enumerate(case.templates)}
    found = [subject for subject, score in before.scores.items() if score >= THRESHOLD]
    assume(found)
    chosen = data.draw(st.sampled_from(found))
    reasons = kinds(*(e for e in before.evidence[chosen] if e.detector != CONTEXT))
    after = judge(case, detectors, suppressions=[entry(*reasons, text=texts[chosen])])
    assert [each.finding.id for each in after.hidden] == [finding_id(chosen, reasons)]
    shown = [text for f in after.findings for text in (f.template, *f.related)]
    assert sorted(shown) == sorted(texts[subject] for subject in found if subject != chosen)
    assert (after.scores, after.evidence) == (before.scores, before.evidence)


# Of a log


def steady(lines=5_000, *, seed=1):
    chance = random.Random(seed)
    texts = ("GET /cart/{} done", "user {} signed in", "cache hit for item {}", "order {} placed", "order {} shipped")
    return [log_line(i, chance.choice(texts).format(chance.randrange(9_999)), component="web") for i in range(lines)]


def with_rare(*, seed=1, at=2_000):
    lines = steady(seed=seed)
    lines[at:at] = [
        log_line(at, "cannot open table orders", level="ERROR", component="db"),
        log_line(at, "gave up on batch", level="ERROR", component="db"),
    ]
    return lines


def analyze(lines, **overrides):
    config = load_config(overrides=overrides)
    return LogAnalyzer(config).analyze(pl.DataFrame({"log": [line.rstrip("\n") for line in lines]}))


def dismissal(anomaly, **more):
    return {"template": anomaly["template"], "reason": join_reasons(anomaly["kinds"]), "id": anomaly["id"], **more}


@pytest.fixture(scope="module")
def before():
    return analyze(with_rare())


def test_the_same_finding_in_another_log_has_the_same_id(before):
    again = analyze(with_rare(seed=7, at=3_500))
    assert [a["id"] for a in again.anomalies] == [a["id"] for a in before.anomalies]
    assert again.anomalies[0]["reason"] == before.anomalies[0]["reason"]


def test_a_dismissed_finding_is_gone_from_the_next_log_and_told_in_the_summary(before):
    (first,) = before.anomalies
    after = analyze(with_rare(seed=7, at=3_500), suppress=[dismissal(first, note="known")])
    (hidden,) = after.summary["suppressed"]["findings"]
    assert after.summary["suppressed"]["count"] == 1
    assert (hidden["id"], hidden["template"], hidden["note"]) == (first["id"], first["template"], "known")
    assert (hidden["by"], hidden["count"], hidden["classification"]) == ("the configuration", 1, "error")


def test_what_was_folded_into_a_dismissed_finding_surfaces(before):
    (first,) = before.anomalies
    assert len(first["related"]) == 1
    (other,) = analyze(with_rare(), suppress=[dismissal(first)]).anomalies
    assert (other["template"], other["related"]) == (first["related"][0], [])
    assert analyze(with_rare(), suppress=[dismissal(first), dismissal(other)]).anomalies == []


def test_a_dismissed_template_is_shown_when_it_comes_in_a_burst(before):
    (first,) = before.anomalies
    lines = with_rare()
    lines[4_000:4_000] = [log_line(4_000, "cannot open table orders", level="ERROR", component="db")] * 200
    after = analyze(lines, suppress=[dismissal(first)])
    (shown,) = [a for a in after.anomalies if a["template"] == first["template"]]
    assert shown["id"] != first["id"]
    assert set(shown["kinds"]) - set(first["kinds"])
    assert any(f"finding {shown['id']} is shown although" in notice for notice in after.notices)


def test_a_dismissed_leak_does_not_hide_that_of_another_secret():
    def leaks(*texts):
        return analyze([*steady(), *(log_line(5_000 + i, f"client: {text} ok") for i, text in enumerate(texts))])

    one = leaks("password=hunter2x")
    (first,) = one.anomalies
    lines = [*steady(), log_line(5_000, "client: aws=AKIAZ5Q7RMB3XK2LPW4T password=hunter2x ok")]
    found = analyze(lines, suppress=[dismissal(first) | {"template": "client: aws=<*> password=<*> ok"}]).anomalies
    assert [a["kinds"][:2] for a in found] == [["security_leak/aws-access-key", "security_leak/password"]]


def test_an_entry_by_hand_needs_a_template_and_a_reason():
    after = analyze(with_rare(), suppress=[{"template": "gave up on batch", "reason": "rare_event+error"}])
    assert [f["template"] for f in after.summary["suppressed"]["findings"]] == ["gave up on batch"]
    assert [(a["template"], a["related"]) for a in after.anomalies] == [("cannot open table orders", [])]


def test_rows_of_what_is_hidden_are_no_anomalies(before):
    (first,) = before.anomalies
    after = analyze(with_rare(), suppress=[dismissal(first)])
    rows = after.lines.filter(pl.col("template_id") == first["template_id"])
    assert rows["is_anomaly"].to_list() == [False]
    assert rows["classification"].to_list() == ["normal"]
    assert rows["anomaly_score"][0] == pytest.approx(first["score"], abs=1e-6)
    flagged = after.lines.filter("is_anomaly")["log_template"].to_list()
    assert flagged == ["gave up on batch"]
    assert len(before.lines.filter("is_anomaly")) == 2


def test_a_silent_component_is_suppressed_by_its_name():
    lines = [log_line(i, f"tick {i} done", component="sync") for i in range(0, 3_000, 10)]
    lines += [log_line(i, f"job {i} done", component="web") for i in range(0, 6_000, 10)]
    lines.sort()
    (first,) = [a for a in analyze(lines).anomalies if a["template_id"] is None]
    assert first["kinds"] == ["silence"]
    after = analyze(lines, suppress=[{"component": "sync", "reason": "silence"}])
    assert first["id"] not in {a["id"] for a in after.anomalies}
    assert [f["id"] for f in after.summary["suppressed"]["findings"]] == [first["id"]]
    assert after.summary["suppressed"]["findings"][0]["template"] is None


def test_two_unusual_parameters_of_a_template_are_two_reasons():
    lines = [
        json.dumps({"time": f"2026-03-14T12:{i // 60:02d}:{i % 60:02d}Z", "msg": "served", "ms": 3 + i * 7 % 38,
                    "size": 300 + i * 7 % 38})
        for i in range(1_000)
    ]  # fmt: skip
    lines[500] = lines[500].replace('"ms": ', '"ms": 9000')
    (slow,) = analyze(lines).anomalies
    assert slow["kinds"] == ["value_out_of_range/ms"]
    lines[700] = lines[700].replace('"size": ', '"size": 90000')
    (both,) = analyze(lines, suppress=[dismissal(slow)]).anomalies
    assert both["kinds"] == ["value_out_of_range/ms", "value_out_of_range/size"]


def test_every_registered_detector_says_what_an_entry_can_name():
    lines = with_rare()
    lines[3_000:3_000] = [log_line(3_000, f"retry {i} of 50", level="WARN") for i in range(1_500)]
    judgement = judge(case_of("".join(lines)), [load(DETECTORS, name)() for name in names(DETECTORS)])
    found = {kind_of(e) for evidence in judgement.evidence.values() for e in evidence}
    assert {"error", "rare_event", "log_flood"} <= found
    assert all(split_reasons(join_reasons([kind])) == (kind,) for kind in found)


# Files, groups, remarks


def test_the_list_is_that_of_the_configuration_of_the_file(tmp_path, before):
    (first,) = before.anomalies
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text("".join(with_rare()))
    own = load_config(overrides={"suppress": [dismissal(first)]})
    results = LogAnalyzer(file_configs={"b.log": own}).analyze(tmp_path)
    shown = {(a["source"][-5:], a["template"]) for a in results.anomalies}
    assert shown == {("a.log", "cannot open table orders"), ("b.log", "gave up on batch")}
    assert results.summary["suppressed"]["count"] == 1


def test_the_file_of_the_configuration_is_used_and_named(tmp_path, before):
    path = tmp_path / "list.yaml"
    path.write_text(f"suppress:\n- {json.dumps(dismissal(before.anomalies[0]))}\n")
    results = analyze(with_rare(), suppress_file=str(path))
    assert [f["by"] for f in results.summary["suppressed"]["findings"]] == [str(path)]


def test_a_damaged_file_is_remarkbefore_anything_is_read(tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text("suppress:\n- {template: x}\n")
    config = load_config(overrides={"suppress_file": str(path)})
    with pytest.raises(ConfigError, match=r"list\.yaml, line 2: suppress\.1\.reason: not given"):
        LogAnalyzer(config)


def told(*entries, hidden=(), besides=()):
    return list(remarks(entries, hidden=hidden, besides=besides, clean=redact))


def test_entries_that_fit_nothing_are_named_up_to_three():
    (remark,) = told(*(entry("burst", text=f"t{i}") for i in range(5)))
    assert (
        remark
        == "5 entries of list.yaml fit no finding of this run: 't0' (burst), 't1' (burst), 't2' (burst) and 2 more"
    )


def test_a_reason_that_is_nearly_one_is_told_by_the_right_one():
    assert told(entry("bursts"))[1] == "list.yaml: no finding has the reason 'bursts'; did you mean 'burst'?"


def test_an_entry_that_hides_something_is_not_remarked(finding):
    known = entry("error", "rare_event")
    found = sort_out([finding], [known], clean=redact)
    assert told(known, hidden=found.hidden) == []


def test_a_remark_holds_no_secret():
    (remark,) = told(entry("burst", text="login password=hunter2x ok"))
    assert "hunter2x" not in remark
