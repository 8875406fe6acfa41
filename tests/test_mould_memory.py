"""What is known of moulds is what each chunk would find by itself, is bounded, and stays in its process."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganomaly.behaviours.built_in import built_in_rules
from loganomaly.floods import FloodSettings
from loganomaly.reading.detect import detect
from loganomaly.reading.moulds import moulds_of
from loganomaly.rules import AllOf, Not, Rule, default_rules, pattern
from loganomaly.scan import mould_memory
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.mould_memory import UNKNOWN, MouldMemory
from loganomaly.scan.rules import RuleSearch
from loganomaly.scan.search import Search

TABLES = ("rules", "behaviours", "behaviour_groups", "behaviour_slots", "behaviour_values")
OWN = (
    Rule(name="five", reason="five", severity="low", expression=pattern(r"took 5\d* ms")),
    Rule(name="late", reason="late", severity="low", expression=AllOf((pattern(r"\d+ ms$"), Not(pattern("cached"))))),
)
SAYINGS = st.sampled_from(
    ["took {} ms", "took {} ms, cached", "disk full", "Failed password for root from 10.0.{}.9 port {} ssh2",
     "Failed password for invalid user {} from 10.0.0.9 port 22 ssh2", "Out of memory: Killed process {} (java)",
     "two\n  lines {}"]
)  # fmt: skip
CHUNKS = st.lists(st.lists(st.tuples(SAYINGS, st.integers(0, 60)), min_size=1, max_size=30), min_size=2, max_size=4)


def chunk(sayings):
    text = "".join(
        f"2026-03-14 09:00:{n % 60:02d} ERROR web: {says.format(i, i)}\n" for n, (says, i) in enumerate(sayings)
    )
    return np.frombuffer(text.encode(), np.uint8)


def tables_of(data, search):
    found = scan(Chunk(source=0, data=data), detect(data.tobytes()).tables(), search=search).profile
    return {name: getattr(found, name).sort(getattr(found, name).columns) for name in TABLES}


def searching():
    return Search(floods=FloodSettings(), rules=RuleSearch(rules=(*default_rules(), *OWN)), behaviours=built_in_rules())


@settings(max_examples=60, deadline=None)
@given(CHUNKS, st.integers(0, 8))
def test_each_chunk_has_what_it_would_have_by_itself(chunks, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mould_memory, "_MOST", most)
        shared = searching()
        for sayings in chunks:
            data = chunk(sayings)
            together, alone = tables_of(data, shared), tables_of(data, searching())
            for name in TABLES:
                assert_frame_equal(together[name], alone[name])


def remembered(memory, *texts):
    data = np.frombuffer("".join(texts).encode(), np.uint8)
    ends = np.cumsum([len(text) for text in texts])
    bounds = ends - [len(text) for text in texts], ends
    return memory.of(data, *bounds, moulds_of(data, *bounds))


def known(memory, *texts):
    """Return what is kept of these texts, each once: whether a pattern was found in their mould."""
    return [int(remembered(memory, text, text).of("pattern", np.array([0]))[0, 0]) for text in texts]


def test_what_was_found_in_a_mould_is_known_of_it_whatever_the_digits():
    memory = MouldMemory()
    remembered(memory, "a 1", "a 2", "b", "b").keep("pattern", np.array([0, 1]), np.array([[1], [0]]))
    assert known(memory, "a 9", "b", "c") == [1, 0, UNKNOWN]
    assert remembered(memory, "a 3", "a 4").of("another", np.array([0])).tolist() == [[UNKNOWN]]


def test_a_mould_that_is_of_a_single_record_or_long_is_not_kept():
    memory = MouldMemory()
    remembered(memory, "one").keep("pattern", np.array([0]), np.array([[1]]))
    remembered(memory, *["x" * 5000] * 2).keep("pattern", np.array([0]), np.array([[1]]))
    assert known(memory, "one", "x" * 5000) == [UNKNOWN, UNKNOWN]


def test_no_more_than_some_are_kept(monkeypatch):
    monkeypatch.setattr(mould_memory, "_MOST", 2)
    memory = MouldMemory()
    texts = ["a", "b", "c", "d"]
    remembered(memory, *texts, *texts).keep("pattern", np.arange(4), np.ones((4, 1)))
    assert known(memory, *texts) == [1, 1, UNKNOWN, UNKNOWN]


def test_threads_give_one_number_to_one_mould():
    memory, texts = MouldMemory(), ["x" * n for n in range(1, 500)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: remembered(memory, *texts, *texts).numbers.tolist(), range(8)))
    assert found == [found[0]] * 8
    assert sorted(found[0]) == list(range(len(texts)))


def test_another_process_begins_anew():
    search = searching()
    remembered(search.memory, "a", "a").keep("pattern", np.array([0]), np.array([[1]]))
    sent = pickle.loads(pickle.dumps(search.memory))
    assert known(search.memory, "a") == [1]
    assert known(sent, "a") == [UNKNOWN]
