"""Of the known layouts, those are tried whose timestamps occur in the sample: none that fits is left out."""

import numpy as np
import pytest

from loganomaly.reading.candidates import joined, known_layouts, occurring
from loganomaly.reading.dates import named_zones
from loganomaly.reading.formats import Layout, expand, load_formats, timestamp_patterns
from loganomaly.reading.tables import build_tables, with_zones
from loganomaly.reading.trials import find_times, fit_matrix

EVERY = expand(load_formats(), patterns=timestamp_patterns())


@pytest.fixture(scope="module")
def tables():
    return build_tables(EVERY)


@pytest.mark.parametrize("fmt", load_formats(), ids=lambda fmt: fmt.name)
def test_no_layout_that_fits_a_sample_line_is_left_out(fmt, tables):
    for sample in fmt.samples:
        for line in sample["line"].encode().split(b"\n"):
            zones = named_zones([line])
            fits = fit_matrix(*joined([line]), np.arange(len(EVERY)), with_zones(tables, zones))[0]
            fitting = {layout for layout, fit in zip(EVERY, fits, strict=True) if fit}
            assert fitting <= set(known_layouts(occurring([line], zones=zones)))


def test_layouts_whose_timestamp_does_not_occur_are_not_tried():
    tried = known_layouts(occurring([b"2026-03-14 09:26:53 INFO order 17 is paid"], zones=()))
    assert "%Y-%m-%d %H:%M:%S%f%z" in {layout.time for layout in tried}
    assert "%b %e %H:%M:%S%f%z" not in {layout.time for layout in tried}
    assert not [layout for layout in tried if layout.text.startswith("{time:%b %e")]
    assert len(tried) < len(EVERY) / 5


def test_no_timestamp_occurs_in_no_lines():
    assert occurring([], zones=()) == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"x 09:26:53 2026-03-14 y", (11, 21, 1)),  # the full date wins over the time of day before it
        (b"x 09:26:53 y", (2, 10, 0)),
        (b"x09:26:53 y", (-1, -1, -1)),  # no word begins there
        (b"", (-1, -1, -1)),
    ],
)
def test_the_first_timestamp_of_a_line_is_a_full_one_where_there_is_one(line, expected):
    layouts = [Layout(format="bare", text="{time}{begin}", time=time) for time in ("%H:%M:%S", "%Y-%m-%d")]
    weak = np.array([True, False])
    assert tuple(find_times(*joined([line]), weak, 100, build_tables(layouts))[0]) == expected
