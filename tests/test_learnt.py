"""Templates over several runs: known ones keep their ids, and nothing of the log's values is stored."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly import LogAnalyzer
from loganomaly.errors import InputError, InputMissingError
from loganomaly.mining.learnt import carried
from loganomaly.mining.miner import mine
from loganomaly.mining.shape import Counted, make_shapes
from loganomaly.mining.store import load_templates, shape_entry
from loganomaly.mining.template import template_id
from loganomaly.pattern_miner import mine_templates

MONDAY = [f"user {name} signed in from 10.0.0.{i}" for i, name in enumerate(("ada", "bob", "cy"))] + ["disk full"] * 3
TUESDAY = [f"user {name} signed in from 10.0.0.{i}" for i, name in enumerate("defghij")] + ["disk full", "new event"]


def analyze(lines, templates=None):
    return LogAnalyzer(templates=templates).analyze(pl.DataFrame({"log": lines}))


def ids(results):
    return dict(results.templates.select("log_template", "template_id").iter_rows())


@pytest.fixture
def monday(tmp_path):
    results = analyze(MONDAY)
    results.save(tmp_path)
    return tmp_path, ids(results)


def test_known_templates_keep_their_ids_though_their_text_became_more_general(monday):
    folder, before = monday
    assert "user <*> signed in from <*>" not in before
    after = ids(analyze(TUESDAY, folder / "templates.json"))
    assert after["disk full"] == before["disk full"]
    assert after["user <*> signed in from <*>"] in before.values()
    assert after["new event"] == template_id("new event")


def test_what_was_learnt_once_makes_templates_as_general_in_later_runs(monday):
    folder, _ = monday
    analyze(TUESDAY, folder).save(folder)
    wednesday = ids(analyze(["user zoe signed in from 10.0.0.1"], folder))
    assert list(wednesday) == ["user <*> signed in from <*>"]
    assert wednesday["user <*> signed in from <*>"] == ids(analyze(TUESDAY, folder))["user <*> signed in from <*>"]


def test_a_frame_is_mined_with_what_was_learnt(monday):
    folder, before = monday
    mined = mine_templates(pl.DataFrame({"log": TUESDAY}), learnt=load_templates(folder))
    assert mined["log_template"][0] == "user <*> signed in from <*>"
    assert mined["template_id"][0] in before.values()
    assert mined["template_id"][-1] == template_id("new event")


def test_templates_of_earlier_runs_are_carried_on_but_do_not_count(monday):
    folder, before = monday
    results = analyze(["new event"], folder)
    assert ids(results) == {"new event": template_id("new event")}
    results.save(folder)
    assert set(before.values()) < {learnt.id for learnt in load_templates(folder)}


@given(
    st.lists(
        st.sampled_from(["a 1 b", "a x b", "a y b", "a z b", "a w b", "k=v", "k=12", "f(1, 2, 3)", "f()", "log4j up"]),
        min_size=1,
    ),
    st.lists(st.sampled_from(["a q b", "a 7 b", "k=u", "f(9)", "log4j up", "other"]), min_size=1),
)
@settings(max_examples=60, deadline=None)
def test_ids_are_distinct_and_those_of_saved_shapes_whatever_is_mined(first, second):
    def shapes(messages):
        distinct = sorted(set(messages))
        return make_shapes(
            [
                Counted(id=hash(m) & 0xFFFFFFFF, sample=m.encode(), records=messages.count(m), constant_slots=(0,))
                for m in distinct
            ]
        )

    made = shapes(first)
    entries = [
        {"template_id": f"id-{n}", "log_template": t.text, "shapes": [shape_entry(s) for s in made if s.id in t.shapes]}
        for n, t in enumerate(mine(made))
    ]
    learnt = load(entries)
    again = carried(mine([shape for template in learnt for shape in template.shapes]), learnt)
    assert sorted(t.id for t in again) == sorted(template.id for template in learnt)
    assert {t.id: set(t.shapes) for t in again} == {t.id: {s.id for s in t.shapes} for t in learnt}
    later = carried(mine(shapes(second)), learnt)
    assert len({t.id for t in later}) == len(later)


def load(entries, **changes):
    import tempfile
    from pathlib import Path

    content = {"format": "loganomaly-templates", "version": 1, "templates": entries} | changes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "templates.json")
        path.write_text(json.dumps(content))
        return load_templates(path)


def test_no_value_and_no_secret_is_stored():
    lines = [f"user {n} paid 77{n}1 from 10.9.8.{n}, password=hunter{n}x" for n in range(40)]
    lines += ["login with password=correcthorse"] * 3
    text = json.dumps(analyze(lines).template_file)
    assert "hunter" not in text
    assert "correcthorse" not in text
    shapes = [shape for template in analyze(MONDAY).template_file["templates"] for shape in template["shapes"]]
    assert "10.0.0" not in json.dumps(shapes)


def test_the_id_of_a_template_that_held_a_secret_is_that_of_its_text_without_it():
    (entry,) = analyze(["login with password=correcthorse"] * 3).template_file["templates"]
    assert "correcthorse" not in entry["log_template"]
    assert entry["template_id"] == template_id(entry["log_template"])


SHAPE = {"id": "0a", "records": 1, "words": ["a", None], "gaps": ["", " ", ""]}
ENTRY = {"template_id": "1", "log_template": "a <*>", "shapes": [SHAPE]}


def test_a_saved_shape_is_read_as_it_was():
    (learnt,) = load([ENTRY])
    assert shape_entry(learnt.shapes[0]) == {**SHAPE, "id": "000000000000000a"}


def test_an_id_that_stands_twice_in_a_file_goes_to_one_template():
    shapes = [{**SHAPE, "id": name, "words": [name, None]} for name in ("a", "b")]
    learnt = load([{**ENTRY, "log_template": f"{shape['id']} <*>", "shapes": [shape]} for shape in shapes])
    mined = mine_templates(pl.DataFrame({"log": ["a 1", "a 2", "b 3", "b 4"]}), learnt=learnt)
    assert mined["template_id"].n_unique() == mined["log_template"].n_unique() == 2


@pytest.mark.parametrize(
    "entry",
    [
        {**ENTRY, "shapes": None},
        {**ENTRY, "log_template": 3},
        {**ENTRY, "log_template": "\ud800"},
        {**ENTRY, "template_id": "\ud800"},
        {"template_id": "1"},
        7,
        *(
            {**ENTRY, "shapes": [{**SHAPE, **change}]}
            for change in (
                {"id": "xyz"},
                {"id": None},
                {"id": "-5"},
                {"id": "1" + "0" * 16},
                {"records": "1"},
                {"records": -1},
                {"words": "ab"},
                {"words": [1, None]},
                {"gaps": [""]},
                {"gaps": [1, 2, 3]},
                {"words": ["\ud800", None]},
                {"types": 3},
                {"constants": ["x"]},
                {"widths": [1]},
                {"cut": 1},
                {"status": "200"},
            )
        ),
    ],
)
def test_a_damaged_file_is_refused(entry):
    with pytest.raises(InputError, match=r"is damaged: .*make it anew"):
        load([entry])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "is of version 2, this program reads version 1"),
        ({"format": "x"}, "holds no templates"),
        ({"templates": 4}, "is damaged"),
    ],
)
def test_a_file_of_another_kind_is_refused(changes, reason):
    with pytest.raises(InputError, match=reason):
        load([ENTRY], **changes)


@pytest.mark.parametrize("content", [b"", b"\x80", b"[1]", b"[" * 100_000, b'"x"'])
def test_what_is_no_json_object_is_refused(tmp_path, content):
    tmp_path.joinpath("templates.json").write_bytes(content)
    with pytest.raises(InputError, match="holds no templates"):
        load_templates(tmp_path)


def test_a_missing_file_is_an_error_that_says_what_to_give(tmp_path):
    with pytest.raises(InputMissingError, match=r"expected the templates\.json of an earlier run"):
        LogAnalyzer(templates=tmp_path)
