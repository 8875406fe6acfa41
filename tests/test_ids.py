import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly.scan.ids import ALL, IN_FIELDS, IN_HEADS, IN_MESSAGES, find_ids, key_name
from loganomaly.scan.shapes import read_shapes

NONE, ANY = np.zeros(0, np.int64), np.ones(256, np.uint8)


def ids_of(*messages, head="", places=IN_MESSAGES, wanted=()):
    """Return record, key and text of the ids in records: a head and a message each."""
    texts = [(head + message).encode() for message in messages]
    data = np.frombuffer(b"\n".join(texts) + b"\n", np.uint8)
    starts = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    begins, ends = starts + len(head), starts + [len(text) for text in texts]
    _, first, _, numbers, slots, _ = read_shapes(data, begins, ends, np.zeros(len(texts), np.int16))
    rows = find_ids(
        data, starts, (begins, ends), (first, slots, numbers), (NONE,) * 4, np.array(wanted, np.uint64), ANY, places
    )
    return [(row[0], row[1], data[row[3] : row[4]].tobytes().decode()) for row in rows.tolist()]


def texts_of(message, **more):
    return [text for _, _, text in ids_of(message, **more)]


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        ("Receiving block blk_-1608999687919862906 src: /10.250.19.102:54106", ["blk_-1608999687919862906"]),
        ("[req-38101a0b-2096-447d-96ea-a692162415ae] started", ["req-38101a0b-2096-447d-96ea-a692162415ae"]),
        ("instance: b9000564-fe1a-409b-b8cc-1e88b294cd1d gone", ["b9000564-fe1a-409b-b8cc-1e88b294cd1d"]),
        ("request_id=ed053ff827f3 done", ["ed053ff827f3"]),
        ("closed session 1042", ["1042"]),
        ("order #771 paid", ["#771"]),
        ("moved /data/b9000564-fe1a-409b-b8cc-1e88b294cd1d/disk", ["b9000564-fe1a-409b-b8cc-1e88b294cd1d"]),
        ("took 900ms, 2.5 s, 50%, 12 kB", []),
        ("from 10.0.0.7 at 2026-03-14T10:31:12", []),
        ("on Mar 14", []),
        ("nothing at all", []),
        ("blk_1 and again blk_1", ["blk_1"]),
    ],
)
def test_what_may_be_an_id(message, ids):
    assert [text for text in texts_of(message) if not text.isdigit() or text in ids] == ids


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("block blk_-42", "terminating blk_7"),
        ("req-38101a0b-2096-447d-96ea-a692162415ae", "x req-00000000-1111-2222-3333-444444444444"),
        ("id ed053ff827f3", "of 0a1b2c3d4e5f"),
        ("closed session 1042", "opened (session 7)"),
    ],
)
def test_ids_that_are_written_alike_have_one_key(one, other):
    (_, key, _), (_, second, _) = ids_of(one, other)
    assert key == second


@pytest.mark.parametrize(("one", "other"), [("job_1", "task_1"), ("session 42", "port 42"), ("conn12", "conn-12a")])
def test_ids_that_are_written_differently_have_different_keys(one, other):
    keys = [key for _, key, _ in ids_of(one, other)]
    assert len(set(keys)) == 2


def test_a_number_in_front_of_the_message_is_an_id_in_brackets_only():
    head = "Dec 10 06:55:46 host sshd[24200]: "
    assert texts_of("ok", head=head, places=IN_HEADS) == ["24200"]


def test_only_the_keys_that_are_wanted_are_found():
    (_, key, _), _ = ids_of("blk_1 of job_7")
    wanted = [key % 2**64]
    assert texts_of("blk_1 of job_7", wanted=wanted) == ["blk_1"]


@pytest.mark.parametrize(
    ("before", "text", "name"),
    [
        ("sshd[", "812", "[*]"),
        ("session ", "7", "session *"),
        ("", "blk_-42", "blk_*"),
        ("", "req-38101a0b-2096-447d-96ea-a692162415ae", "req-*"),
        ("", "\u00e9-1", "\u00e9-*"),
    ],
)
def test_keys_have_names_for_people(before, text, name):
    data = np.frombuffer((before + text).encode(), np.uint8)
    assert key_name(data, len(before.encode()), len(data)) == name


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.binary(max_size=300).map(lambda b: b.replace(b"\n", b" ")), min_size=1, max_size=5), st.integers(0, 40)
)
def test_any_bytes_give_ids_that_stand_in_their_record(texts, head):
    data = np.frombuffer(b"\n".join(texts) + b"\n", np.uint8)
    starts = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    ends = starts + [len(text) for text in texts]
    begins = np.minimum(starts + head, ends)
    _, first, _, numbers, slots, _ = read_shapes(data, begins, ends, np.zeros(len(texts), np.int16))
    fields = (np.arange(len(texts) + 1), np.full(len(texts), 1 << 40), begins, ends)
    rows = find_ids(data, starts, (begins, ends), (first, slots, numbers), fields, np.zeros(0, np.uint64), ANY, ALL)
    for record, _, _, start, end in rows.tolist():
        assert starts[record] <= start < end <= ends[record]
    seen = [tuple(row) for row in rows[:, :3].tolist()]
    assert len(set(seen)) == len(seen)


def test_the_places_to_look_at_can_be_told_apart():
    assert len({IN_FIELDS, IN_MESSAGES, IN_HEADS, ALL}) == 4
