"""Fields: which values of JSON objects, logfmt pairs and rows are named parameters, and what is counted of them."""

import io
import json
import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganomaly import profile_caps as module
from loganomaly.floods import FloodSettings
from loganomaly.mining.tokens import MOST_SLOTS
from loganomaly.profile import Profile
from loganomaly.profile_caps import MOST_VALUES
from loganomaly.profile_tables import FIELD_SLOTS
from loganomaly.reading.chunks import cut_chunks
from loganomaly.reading.detect import detect
from loganomaly.reading.fields import Fields
from loganomaly.reading.formats import Layout
from loganomaly.reading.paths import field_name
from loganomaly.reading.records import Records, read_all, read_all_heads
from loganomaly.reading.registers import MOST_FIELDS
from loganomaly.reading.tables import build_tables
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.named_values import UNITS, read_values
from loganomaly.scan.search import Search
from loganomaly.scan.values import LONGEST_VALUE

FLOODS = FloodSettings()
NOON = "2026-03-14T12:00:00Z"


def tables(*layouts):
    return build_tables([Layout(format="t", text=text) for text in layouts], loose=False)


JSON = tables("{json}")


def named(text, t):
    """Return the fields of each record, by name."""
    data = np.frombuffer(text.encode(), np.uint8)
    columns, rows, _, kept, _ = read_all(data, t)
    records, fields = Records(*(column[:rows] for column in columns)), Fields(*kept)
    return [
        [
            (field_name(data, records, t, row=row, start=int(fields.starts[k])), text_at(data, fields, k))
            for k in range(fields.first[row], fields.first[row + 1])
        ]
        for row in range(rows)
    ]


def text_at(data, fields, k):
    return data[fields.starts[k] : fields.ends[k]].tobytes().decode()


def profile_of(*chunks, t=JSON):
    parts, line, offset = [], 0, 0
    for lines in chunks:
        data = "".join(f"{text}\n" for text in lines).encode()
        chunk = Chunk(source=0, data=np.frombuffer(data, np.uint8), first_line=line, offset=offset)
        parts.append(scan(chunk, t, search=Search(floods=FLOODS)).profile)
        line, offset = line + len(lines), offset + len(data)
    return Profile.merge([Profile.empty(floods=FLOODS), *parts])


def slots_of(profile, name):
    """Return the rows of the table of slots that are of this field."""
    field = profile.fields.filter(pl.col("name") == name)
    return profile.slots.join(field.select("slot", "unit"), on="slot")


# --- which values are fields


def record(**fields):
    return json.dumps({"msg": "hello", **fields})


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (record(a=1, b="x y", g=None, d=True), [("a", "1"), ("b", "x y"), ("g", "null"), ("d", "true")]),
        (record(a={"b": {"c": 1}, "d": 2}, e=3), [("a.b.c", "1"), ("a.d", "2"), ("e", "3")]),
        (record(a=[7, 8, 9], b=[[1, 2], [3]], g=1), [("a", "7"), ("b", "1"), ("g", "1")]),
        (record(a=[{"b": 1, "c": 2}, {"b": 3}], d=4), [("a.b", "1"), ("a.c", "2"), ("d", "4")]),
        (record(a={}, b=[], c=""), [("c", "")]),
        (record(a='say "hi", {ok}: [1]'), [("a", 'say \\"hi\\", {ok}: [1]')]),
        (record(level="warn", time=NOON, logger="web", status=404, Time="x"), [("status", "404"), ("Time", "x")]),
        (record(level="what", severity="error"), [("level", "what")]),
        (record(event="second choice"), [("event", "second choice")]),
        (json.dumps({"a": 1, "msg": "hello", "b": 2}), [("a", "1"), ("b", "2")]),
        (json.dumps({"a": 1, "b": "no message"}), []),
    ],
)
def test_values_without_a_role_are_fields(line, fields):
    assert named(line, JSON) == [fields]


def test_pairs_and_what_stands_before_them():
    t = tables("{time:%Y-%m-%dT%H:%M:%S%z} {logfmt}")
    line = f'{NOON} level=info msg="a b" took=12ms user="ada l" empty= x.y=1'
    assert named(line, t) == [[("took", "12ms"), ("user", "ada l"), ("empty", ""), ("x.y", "1")]]


def test_cells_go_by_the_names_of_their_columns():
    t = tables("{delimited:comma:%Y-%m-%dT%H:%M:%S%z=Time,message=Text,User Name,,took}")
    rows = f'{NOON},hello,"ada, l",7,12\n{NOON},"two\nlines",-,,\n{NOON},bye,"x\ny",1,2\n'
    assert named(rows, t) == [
        [("User Name", "ada, l"), ("took", "12")],
        [],
        [("User Name", "x\ny"), ("took", "2")],
    ]


def test_neighbouring_columns_of_one_message_are_no_fields():
    t = tables("{delimited:blanks:%Y-%m-%d=date,%H:%M:%S=time,message=cs-method,message=cs-uri,sc-status}")
    assert named("2026-03-14 12:00:00 GET /x 200", t) == [[("sc-status", "200")]]


def test_comments_and_headers_of_tables_have_no_fields():
    t = tables("{delimited:comma+comments:level=l,message=m,user}")
    text = 'l,m,user\ninfo,a,ada\n#"x\n,"y,z\n# b,c,d\ninfo,b,bob\n'
    assert [fields for fields in named(text, t) if fields] == [[("user", "ada")], [("user", "bob")]]


def test_lines_that_are_no_records_of_such_layouts_have_no_fields():
    t = tables("{json}", "{level}: {message}")
    text = record(a=1) + "\n  at line {x}\nINFO: x=1\n" + record(b=2)
    assert named(text, t) == [[("a", "1")], [], [("b", "2")]]


def test_rows_of_a_frame_have_the_same_fields():
    lines = [record(a=1).encode(), b"", b"junk", record(b={"c": 2}).encode() + b"\nmore"]
    data = np.frombuffer(b"".join(lines), np.uint8)
    bounds = np.cumsum([0, *map(len, lines)])
    columns, kept = read_all_heads(data, bounds, JSON)
    fields = Fields(*kept)
    assert np.diff(fields.first).tolist() == [1, 0, 0, 1]
    assert [field_name(data, Records(*columns), JSON, row=row, start=int(fields.starts[k]))
            for k, row in enumerate((0, 3))] == ["a", "b.c"]  # fmt: skip


def test_many_and_deep_fields_are_counted_beyond_the_limit():
    wide = record(**{f"f{i}": i for i in range(MOST_FIELDS + 10)})
    deep = '{"msg":"x","a":' + '{"a":' * 40 + "1" + "}" * 41
    (first, second) = named(f"{wide}\n{deep}", JSON)
    assert len(first) == MOST_FIELDS - 1
    assert second == []
    sources = profile_of([wide, deep]).sources
    assert sources.select("fields", "fields_cut").row(0) == (MOST_FIELDS - 1, 12)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def leaves(value, path=""):
    """Yield the paths and JSON texts of the values of an object, of lists those of the first element."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        yield from leaves(value[0], path) if value else ()
    else:
        yield path, json.dumps(value).strip('"') if isinstance(value, str) else json.dumps(value)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text("xyz", min_size=1, max_size=4), VALUES, max_size=5), st.sampled_from([None, 0]))
def test_the_fields_of_any_object_are_its_leaves(given_fields, indent):
    fields = {f"k{name}": value for name, value in given_fields.items()}
    separators = (",", ":") if indent is None else (" , ", " : ")
    line = json.dumps({"msg": "hello", **fields}, separators=separators)
    expected = [(path, text) for path, text in leaves(fields)]
    (found,) = named(line, JSON)
    assert [name for name, _ in found] == [name for name, _ in expected]
    assert [text.strip('"') for _, text in found] == [text.strip('"') for _, text in expected]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(list('{}[]",:\\ a1\n')), max_size=60).map("".join), st.booleans())
def test_text_that_looks_like_objects_is_read_without_harm(text, message):
    text = '{"msg":"m",' + text if message else text
    data = np.frombuffer(text.encode(), np.uint8)
    columns, rows, _, kept, _ = read_all(data, JSON)
    fields = Fields(*kept)
    assert len(fields.first) == rows + 1
    assert (np.diff(fields.first) >= 0).all()
    records = Records(*(column[:rows] for column in columns))
    for row in range(rows):
        for k in range(fields.first[row], fields.first[row + 1]):
            assert records.start[row] <= fields.starts[k] <= fields.ends[k] <= records.end[row]
            field_name(data, records, JSON, row=row, start=int(fields.starts[k]))


# --- what the values are


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("12", 12, ""), ("-3.5", -3.5, ""), ("+7", 7, ""), ("0.30000000000000004", 0.3, ""), ("1e-05", 1e-5, ""),
        ("1.5E+3", 1500, ""), ("12ms", 0.012, "s"), ("1.5s", 1.5, "s"), ("1m30.5s", 90.5, "s"), ("2h45m0s", 9900, "s"),
        ("12.5\u00b5s", 12.5e-6, "s"), ("250us", 250e-6, "s"), ("3MB", 3e6, "B"), ("2KiB", 2048, "B"), ("99%", 99, "%"),
        ("999999999999999999", 999999999999999999, ""),
    ],
)  # fmt: skip
def test_numbers_are_read_in_base_units(text, number, unit):
    found, units = numbers_of(text)
    assert found == [pytest.approx(number)]
    assert [UNITS[code] for code in units] == [unit]


@pytest.mark.parametrize(
    "text",
    ["", "-", "true", "null", "1.2.3", "10.0.0.1", "2026-03-14", "7e12", "3fa9", "5M", "1.", ".5", "12 ms", "1s5",
     "2B3B", "1234567890123456789", "1e+999", "x12", "12\u00e9", "5%5"],
)  # fmt: skip
def test_other_texts_are_no_numbers(text):
    found, _ = numbers_of(text)
    assert np.isnan(found).all()


def numbers_of(text):
    data = np.frombuffer(text.encode(), np.uint8)
    _, numbers, units = read_values(data, np.array([0]), np.array([len(data)]))
    return numbers.tolist(), units.tolist()


def test_values_are_told_apart_by_all_that_is_kept_of_them_and_their_length():
    texts = ["a", "b", "aa", "a" * 7 + "b", "a" * 8, "a" * 9, "x" * LONGEST_VALUE, "x" * LONGEST_VALUE + "y"]
    texts += ["a\x00", "\x00a", "\x00"]
    data = np.frombuffer("".join(texts).encode(), np.uint8)
    ends = np.cumsum([len(text) for text in texts])
    values, *_ = read_values(data, ends - [len(text) for text in texts], ends)
    assert len(set(values.tolist())) == len(texts)


# --- what is counted


def test_fields_are_summarised_by_shape():
    lines = [json.dumps({"msg": f"served {i}", "took": i, "user": f"u{i % 3}"}) for i in range(10)]
    profile = profile_of([*lines, json.dumps({"msg": "other", "took": "2s"})])
    assert profile.fields.select("name", "unit", "records").sort("name").rows() == [("took", "s", 11), ("user", "", 10)]
    assert (profile.fields["slot"] >= FIELD_SLOTS).all()
    took = slots_of(profile, "took").sort("records")
    assert took.select("records", "numbers", "low", "high").rows() == [(1, 1, 2.0, 2.0), (10, 10, 0.0, 9.0)]
    user = profile.values.filter(pl.col("slot") == slots_of(profile, "user")["slot"].item())
    assert dict(user.select("text", "count").rows()) == {"u0": 4, "u1": 3, "u2": 3}


def test_the_slots_of_messages_are_as_before():
    lines = [record(a=i, msg=f"took {i} of h{i}") for i in range(5)]
    profile = profile_of(lines)
    positional = profile.slots.filter(pl.col("slot") < FIELD_SLOTS)
    assert positional.select("slot", "records", "numbers").rows() == [(0, 5, 5), (1, 5, 0)]
    assert profile.slots["slot"].max() >= FIELD_SLOTS > MOST_SLOTS


def test_the_order_of_keys_does_not_matter_and_the_first_spelling_names_the_field():
    lines = ['{"msg":"m","userId":1,"b":2}', '{"b":3,"msg":"m","userid":4}']
    for chunks in ([lines], [[lines[0]], [lines[1]]]):
        profile = profile_of(*chunks)
        assert sorted(profile.fields["name"]) == ["b", "userId"]
        assert slots_of(profile, "userId").select("records", "low", "high").rows() == [(2, 1.0, 4.0)]


def test_long_values_are_cut_and_line_breaks_in_cells_are_blanks():
    t = tables("{delimited:comma:level=l,message=m,note}")
    values = profile_of(['info,a,"one', 'two"', f"info,a,{'x' * 500}"], t=t).values
    assert sorted(values["text"]) == ["one two", "x" * LONGEST_VALUE]


@pytest.mark.parametrize("name", ["password", "db.password", "access_token", "apiKey", "authorization"])
def test_values_of_fields_that_hold_secrets_are_not_kept(name):
    lines = [json.dumps({"msg": "m", name: value}) for value in ("hunter2x", 123456, "Bearer Zk81qpWm4Tx7Rv2n")]
    profile = profile_of(lines)
    assert set(profile.values["text"]) <= {"<password>", "<authorization>"}
    assert len(profile.bins) == 0
    assert slots_of(profile, name).select("records", "numbers", "low", "high").rows() == [(3, 0, None, None)]


# --- whatever the order and the parts


FIELDS = st.dictionaries(
    st.sampled_from(["a", "b.c", "took", "user", "password"]),
    st.integers(0, 99) | st.sampled_from(["12ms", "x y", "h7", "", True, None, [1, 2], {"q": 1}]),
    max_size=4,
)
LOGS = st.lists(
    st.tuples(st.sampled_from(["served {}", "lost {}", "idle"]), st.integers(0, 9), FIELDS), min_size=1, max_size=60
)


@settings(max_examples=40, deadline=None)
@given(
    LOGS,
    st.integers(1, 2_000),
    st.integers(0, 2**32).map(random.Random),
    st.tuples(st.integers(1, 8), st.integers(1, 12), st.integers(8, 200)),
)
def test_the_tables_do_not_depend_on_pieces_and_order(log, size, chance, caps):
    lines = [json.dumps({"msg": text.format(n), **fields}) for text, n, fields in log]
    data = "".join(f"{line}\n" for line in lines).encode()
    free = profile_of(lines)
    assert free.sources["fields"].sum() == free.fields["records"].sum()
    assert free.fields["records"].sum() == free.slots.filter(pl.col("slot") >= FIELD_SLOTS)["records"].sum()
    with pytest.MonkeyPatch.context() as patch:
        for name, most in zip(("NAMES", "SLOTS", "VALUES"), caps, strict=True):
            patch.setattr(module, f"MOST_FIELD_{name}", most)
        parts = [
            scan(
                Chunk(source=0, data=piece.data, first_line=piece.first_line, offset=piece.offset),
                JSON,
                search=Search(floods=FLOODS),
            ).profile
            for piece in cut_chunks(io.BytesIO(data), JSON, size=size, most_lines=None)
        ]
        parts.append(Profile.empty(floods=FLOODS))
        while len(parts) > 1:
            chance.shuffle(parts)
            parts = [Profile.merge(parts[:2]), *parts[2:]]
        capped = Profile.merge([free])
        for table in ("fields", "slots", "bins", "values", "sources"):
            assert getattr(Profile.merge(parts), table).equals(getattr(capped, table))
        assert Profile.merge(parts).most_field_values == capped.most_field_values
        assert len(capped.fields) <= caps[0]
    kept = free.fields["slot"].sort().head(caps[0])
    assert capped.fields.equals(free.fields.filter(pl.col("slot").is_in(kept.implode())))


def test_names_beyond_the_limit_are_dropped_within_a_chunk_too(monkeypatch):
    monkeypatch.setattr(module, "MOST_FIELD_NAMES", 5)
    monkeypatch.setattr("loganomaly.scan.fields.MOST_FIELD_NAMES", 5)
    lines = [record(**{f"n{i}": i, "x": f"v{i}"}) for i in range(50)]
    whole, cut = profile_of(lines), profile_of(lines[:20], lines[20:])
    assert whole.fields.equals(cut.fields)
    assert whole.slots.equals(cut.slots)
    assert len(whole.fields) == 5
    assert whole.sources["fields"].item() == 100 > whole.fields["records"].sum()


def test_many_distinct_values_are_a_sample_that_does_not_depend_on_the_cut():
    lines = [record(id=f"id-{i % 300}") for i in range(900)]
    whole, cut = profile_of(lines), profile_of(lines[:7], lines[7:500], lines[500:])
    assert whole.values.equals(cut.values)
    assert whole.values.select(pl.len(), pl.col("count").unique()).rows() == [(MOST_VALUES, 3)]


def test_logs_without_names_have_no_fields():
    t = detect(b"2026-03-14 12:00:00 INFO a=1 b\n" * 3).tables()
    profile = profile_of(["2026-03-14 12:00:00 INFO a=1 b"] * 3, t=t)
    assert len(profile.fields) == profile.sources["fields"].item() == 0
