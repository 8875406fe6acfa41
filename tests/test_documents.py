"""JSON documents: each record in them is a line, however it is written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.reading.documents import document_lines, record_depth
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import open_source

RECORDS = [
    {"time": "2026-03-14T09:26:53Z", "level": "error", "msg": 'a "quoted" } and [ text \\', "tags": [{"a": 1}, [2]]},
    {"time": "2026-03-14T09:26:54Z", "level": "info", "msg": "paid"},
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
objects = st.lists(st.dictionaries(st.text(), json_values), min_size=1, max_size=4)


def lines(text: str, *, depth: int, size: int = 1 << 20) -> list[str]:
    data = text.encode()
    blocks = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(document_lines(blocks, depth=depth)).decode().splitlines()


def written(records, depth: int, indent: int | None) -> str:
    if depth == 0:
        return "\n".join(json.dumps(record, indent=indent) for record in records)
    return json.dumps(records if depth == 1 else {"Records": records}, indent=indent)


@given(records=objects, depth=st.sampled_from([0, 1, 2]), indent=st.sampled_from([None, 1, 4]), size=st.integers(1, 40))
@settings(deadline=None)
def test_every_record_is_a_line_and_says_the_same_wherever_blocks_are_cut(records, depth, indent, size):
    found = [json.loads(line) for line in lines(written(records, depth, indent), depth=depth, size=size)]
    assert found == records


@given(text=st.text(st.sampled_from('{}[]",: \n\ta\\')), depth=st.sampled_from([0, 1, 2]), size=st.integers(1, 9))
@settings(deadline=None)
def test_any_text_becomes_the_same_bytes_wherever_blocks_are_cut(text, depth, size):
    assert lines(text, depth=depth, size=size) == lines(text, depth=depth)


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        (written(RECORDS, 0, 2), 0),
        (written(RECORDS, 1, None), 1),
        (written(RECORDS, 1, 2), 1),
        (written(RECORDS, 2, None), 2),
        (written(RECORDS, 2, 2), 2),
        ("\ufeff" + written(RECORDS, 2, 2), 2),
        (written(RECORDS, 0, None), None),  # an object in each line
        (written(RECORDS[:1], 0, None), None),
        ("[INFO] paid", None),
        ("[{INFO}] paid", None),
        ('["a", "b"]', None),
        ('{"tags": [{"a": 1}], "msg": "paid"}', None),
        (written(RECORDS, 0, 2) + "\nthe end", 0),
        (written(RECORDS[:1], 0, 2) + "\nthe end", None),
        ("paid", None),
        ("", None),
        ("[" * 100_000, None),
    ],
)
def test_what_a_document_is_shows_its_beginning(text, depth):
    assert record_depth(text, complete=True) == depth


@pytest.mark.parametrize("depth", [1, 2])
def test_a_document_that_is_cut_off_by_the_look_at_it_is_one_all_the_same(depth):
    text = written(RECORDS * 20, depth, None)
    assert record_depth(text[:1000], complete=False) == depth
    assert record_depth(text[:1000], complete=True) is None


@pytest.mark.parametrize(
    ("text", "depth", "expected"),
    [
        ('{\n "a": 1\n}\nstopped, [x] {y}\n{\n "b": 2\n}\n', 0, ['{ "a": 1 }', "stopped, [x] {y}", '{ "b": 2 }']),
        ('{\n "a": {\n{\n "b": 2\n}\n', 0, ['{ "a": { ', '{ "b": 2 }']),  # the first is never closed
        ('{\n "a": "x\n}\n{\n "b": 2\n}\n', 0, ['{ "a": "x }', '{ "b": 2 }']),  # nor is this text
        ('[{"a": 1}, 17, "x, y", [3], {"b": 2}]', 1, ['{"a": 1}', "17", '"x, y"', "[3]", '{"b": 2}']),
        ('{"Records": [{"a": 1}]}{"Records": [{"b": 2}]}', 2, ['{"a": 1}', '{"b": 2}']),
        ('{"Records": [{"a": 1}], "next": "{["}\n', 2, ['{"a": 1}']),
    ],
)
def test_what_is_no_record_or_damaged_swallows_nothing(text, depth, expected):
    assert lines(text, depth=depth) == expected


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_file_is_read_as_its_records(tmp_path, depth):
    path = tmp_path / "audit.log"
    path.write_text(written(RECORDS, depth, 2), encoding="utf-8")
    source = find_sources([str(path)]).sources[0]
    with open_source(source) as stream:
        assert [json.loads(line) for line in stream] == RECORDS
        stream.seek(0)
        assert json.loads(stream.readline()) == RECORDS[0]


def test_in_a_folder_an_envelope_is_a_log_and_a_list_is_not_taken_for_one(tmp_path):
    (tmp_path / "trail.json").write_text(written(RECORDS, 2, 2), encoding="utf-8")
    (tmp_path / "settings.json").write_text(written(RECORDS, 1, 2), encoding="utf-8")
    found = find_sources([str(tmp_path)])
    assert [source.name.rpartition("/")[2] for source in found.sources] == ["trail.json"]
    assert [skipped.name.rpartition("/")[2] for skipped in found.skipped] == ["settings.json"]
