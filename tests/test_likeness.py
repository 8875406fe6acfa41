"""Which templates are worded alike: by hand, against all cosines, and what differing words have to be."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from loganomaly.mining import likeness
from loganomaly.mining.likeness import differing_words, most_alike
from loganomaly.mining.vectors import tfidf

WORDS = st.sampled_from(["disk", "full", "user", "login", "failed", "503", "200"])
DOCUMENTS = st.lists(st.tuples(st.lists(WORDS, max_size=5), st.integers(1, 9), st.booleans()), min_size=1, max_size=20)


def test_the_nearest_of_three_by_hand():
    # All words are in one document but "upstream answered", which is in two: idf ln(4/2) + 1 against ln(4/3) + 1.
    vectors = tfidf([["upstream", "answered", "200"], ["disk", "ok"], ["upstream", "answered", "503"]], weights=[1] * 3)
    common, own = np.log(4 / 3) + 1, np.log(4 / 2) + 1
    row, similarity = most_alike(vectors, records=np.array([90, 50, 2]), rows=[2], candidates=np.full(3, True))
    assert row.tolist() == [0]
    assert similarity[0] == pytest.approx(2 * common**2 / (2 * common**2 + own**2))


@pytest.mark.parametrize("block_bytes", [1, 200, 1 << 20])
@given(documents=DOCUMENTS)
@settings(max_examples=40, deadline=None)
def test_the_nearest_is_the_best_of_all_candidates_with_more_records(block_bytes, documents):
    texts, records, candidates = (np.array(column, object) for column in zip(*documents, strict=True))
    records, candidates = records.astype(np.int64), candidates.astype(np.bool_)
    vectors = tfidf(list(texts), weights=np.ones(len(texts), np.int64))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(likeness, "_BLOCK_BYTES", block_bytes)
        row, similarity = most_alike(vectors, records=records, rows=range(len(texts)), candidates=candidates)
    cosines = cosine_similarity(vectors.toarray()) if vectors.shape[1] else np.zeros((len(texts), len(texts)))
    for i in range(len(texts)):
        allowed = np.flatnonzero(candidates & (records > records[i]))
        if not len(allowed):
            assert (row[i], similarity[i]) == (-1, 0)
            continue
        assert row[i] in allowed
        assert similarity[i] == pytest.approx(cosines[i, allowed].max(), abs=1e-8)
        assert row[i] == allowed[np.round(cosines[i, allowed], 9).argmax()]


@given(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
@settings(max_examples=100, deadline=None)
def test_what_two_templates_share_and_what_differs_make_up_each_of_them(one, other):
    added, missing = differing_words(" <*> ".join(one), " ".join(other))
    assert Counter(one) - Counter(added) == Counter(other) - Counter(missing)
    assert not set(added) & set(missing)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("upstream <*> answered 503", "upstream <*> answered 200", (("503",), ("200",))),
        ("job done", "job done", ((), ())),
        ("retry retry job", "retry job", (("retry",), ())),
        ("GET <*> - -", "GET <*>", ((), ())),
    ],
    ids=["another status", "the same", "a word twice", "signs"],
)
def test_the_words_that_differ(one, other, expected):
    assert differing_words(one, other) == expected
