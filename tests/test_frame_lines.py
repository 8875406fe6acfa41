import polars as pl
import pytest

from loganomaly import LogAnalyzer
from loganomaly.testing import log_line

FIRST, ROWS = 1_500, 1_400


def flagged(level):
    """Return the rows that are anomalies of a log that is flooded from row FIRST on, for ROWS rows."""
    kinds = ("page sent", "query done", "cache filled", "session kept", "image scaled")
    lines = [log_line(second, f"{kinds[second % 5]} in {second % 9} ms").rstrip() for second in range(3_000)]
    flood = [log_line(FIRST, f"item {n} of the list is kept", level=level).rstrip() for n in range(ROWS)]
    frame = pl.DataFrame({"log": [*lines[:FIRST], *flood, *lines[FIRST:]]})
    rows = LogAnalyzer().analyze(frame).lines.with_row_index("row").filter("is_anomaly")["row"]
    return [row for row in rows.to_list() if FIRST <= row < FIRST + ROWS]


def test_of_a_flood_of_calm_lines_the_first_row_stands_for_all():
    assert flagged("INFO") == [FIRST]


@pytest.mark.parametrize("level", ["WARN", "ERROR"])
def test_of_a_flood_of_lines_that_tell_of_trouble_all_rows_are_anomalies(level):
    assert flagged(level) == list(range(FIRST, FIRST + ROWS))
