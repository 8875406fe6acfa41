"""What the timestamps of a source leave out: found out by its lines, given, or assumed."""

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loganomaly import cli
from loganomaly.reading.dates import Dating, TimeSettings
from loganomaly.reading.detect import detect
from loganomaly.reading.formats import parse_format
from loganomaly.reading.order import DateOrder, reordered
from loganomaly.testing import read_text

WRITTEN = dt.datetime(2021, 6, 1, tzinfo=dt.UTC).timestamp()
CLOCKS = ("09:00:00", "12:30:00", "23:59:59")


def detected(*lines, modified=WRITTEN, **settings):
    return detect("".join(f"{line}\n" for line in lines).encode(), modified=modified, times=TimeSettings(**settings))


def read(*lines, modified=WRITTEN, **settings):
    """Return the times of the lines, as ISO texts."""
    tables = detected(*lines, modified=modified, **settings).tables()
    records = read_text("".join(f"{line}\n" for line in lines).encode(), tables=tables)
    return [record.time.isoformat()[:19] if record.time else None for record in records]


def days(*dates, **settings):
    """Return the days that dates stand for which are written in the lines of one source."""
    return [time and time[:10] for time in read(*(f"{date} 09:00:00 INFO started" for date in dates), **settings)]


# --- the order of day and month


def test_a_number_above_12_decides_the_order():
    assert days("03/04/2020", "14/04/2020") == ["2020-04-03", "2020-04-14"]
    assert days("03/04/2020", "03/14/2020") == ["2020-03-04", "2020-03-14"]
    assert days("03.04.2020", "03.14.2020") == ["2020-03-04", "2020-03-14"]
    assert days("03-04-2020", "03-14-2020") == ["2020-03-04", "2020-03-14"]
    assert detected("14/04/2020 09:00:00 INFO started").dating.order_origin == "read"


def test_the_order_that_goes_on_in_time_counts():
    assert days("30/03/2020", "31/03/2020", "01/04/2020")[-1] == "2020-04-01"
    rising = [f"{day:02}/05/2020" for day in range(1, 13)]
    assert days(*rising) == [f"2020-05-{day:02}" for day in range(1, 13)]
    rising = [f"05/{day:02}/2020" for day in range(1, 13)]
    assert days(*rising) == [f"2020-05-{day:02}" for day in range(1, 13)]


def test_no_line_is_younger_than_its_file():
    assert days("03/08/2021", "03/08/2021") == ["2021-03-08"] * 2
    assert days("08/03/2021", "08/03/2021") == ["2021-03-08"] * 2


def test_a_last_line_written_with_the_file_decides_the_order():
    assert days("01/06/2021") == ["2021-06-01"]
    assert days("06/01/2021") == ["2021-06-01"]


def test_where_nothing_tells_the_order_is_assumed_by_the_separator():
    assert days("03/04/2020") == ["2020-03-04"]
    assert days("03.04.2020") == ["2020-04-03"]
    assert days("03-04-2020") == ["2020-04-03"]
    dating = detected("03/04/2020 09:00:00 INFO started").dating
    assert (dating.order, dating.order_origin) == (DateOrder.USUAL, "assumed")


def test_an_assumed_order_loses_no_later_line():
    found = detected("03/04/2020 09:00:00 INFO started")
    (record,) = read_text(b"14/04/2020 09:00:00 INFO started\n", tables=found.tables())
    assert record.time == dt.datetime(2020, 4, 14, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize("date", ["03/04/2020", "03.04.2020", "03-04-2020"])
def test_a_given_order_counts(date):
    assert days(date, day_first=True) == ["2020-04-03"]
    assert days(date, day_first=False) == ["2020-03-04"]


def test_a_given_order_loses_no_line_that_has_the_other():
    assert days("03/04/2020", "03/14/2020", day_first=True) == ["2020-04-03", "2020-03-14"]


def test_a_year_of_two_digits_comes_first_where_nothing_tells():
    assert days("17/06/09") == ["2017-06-09"]
    assert days("17/06/09", day_first=True) == ["2009-06-17"]
    assert days("06/14/17", "06/15/17") == ["2017-06-14", "2017-06-15"]
    assert days("14.06.17") == ["2017-06-14"]
    # In 2031 none of this had been written.
    assert days("31/05/21") == ["2021-05-31"]


def test_values_of_json_keys_have_one_order_too():
    lines = [json.dumps({"time": f"{day:02}/04/2020 09:00:00", "msg": "x"}) for day in (3, 14)]
    assert read(*lines) == ["2020-04-03T09:00:00", "2020-04-14T09:00:00"]
    assert read(lines[0], day_first=False) == ["2020-03-04T09:00:00"]
    assert read(lines[0], day_first=True) == ["2020-04-03T09:00:00"]


def test_a_built_in_layout_with_its_own_pattern_is_read_in_either_order():
    line = "Information,{} 09:26:53 AM,Microsoft-Windows-Kernel-General,16,None,The access history was cleared."
    assert read(line.format("3/14/2020"))[0] == "2020-03-14T09:26:53"
    assert read(line.format("14/3/2020"))[0] == "2020-03-14T09:26:53"


def test_the_pattern_of_a_format_that_is_not_built_in_is_kept():
    fmt = parse_format(
        "{name: own, title: Own, layouts: ['~{time:%m/%d/%Y %H:%M:%S}~{message}'], samples: [{line: x}]}", origin="own"
    )
    data = b"~03/04/2020 09:00:00~x\n" * 5
    found = detect(data, formats=[fmt], modified=WRITTEN, times=TimeSettings(day_first=True))
    assert found.layouts[0].text == fmt.layouts[0]
    assert found.dating.order is None


@pytest.mark.parametrize(
    ("pattern", "order", "expected"),
    [
        ("%m/%d/%Y %H", DateOrder.DAY_FIRST, "%d/%m/%Y %H"),
        ("%d.%m.%y", DateOrder.MONTH_FIRST, "%m.%d.%y"),
        ("%d.%m.%y", DateOrder.USUAL, "%d.%m.%y"),
        ("%d.%m.%y", DateOrder.YEAR_FIRST, "%y.%m.%d"),
        ("%d/%m/%y", DateOrder.USUAL, "%y/%m/%d"),
        ("%m-%d-%Y", DateOrder.USUAL, "%d-%m-%Y"),
        ("%Y/%m/%d", DateOrder.DAY_FIRST, "%Y/%m/%d"),
        ("%m-%d %H", DateOrder.DAY_FIRST, "%m-%d %H"),
        ("%H:%M:%S", DateOrder.DAY_FIRST, "%H:%M:%S"),
    ],
)
def test_only_dates_with_the_year_behind_have_another_order(pattern, order, expected):
    assert reordered(pattern, order) == expected


# --- zone, year, date


def test_a_zone_is_that_of_timestamps_without_one():
    plain, whole = "2020-07-01 12:00:00 INFO started", "2020-07-01 12:00:00Z INFO started"
    assert read(plain, whole, timezone="Europe/Berlin") == ["2020-07-01T10:00:00", "2020-07-01T12:00:00"]
    assert detected(plain, whole).dating == Dating(timezone="UTC", timezone_origin="assumed")
    assert detected(whole, "1593604800 INFO started").dating == Dating()
    given = detected(plain, timezone="UTC", timezone_given=True).dating
    assert given == Dating(timezone="UTC", timezone_origin="given")


def test_a_zone_that_the_lines_name_counts():
    lines = ["[02-Jul-2020 12:00:00 Europe/Berlin] PHP Warning:  low in /x.php on line 1"] * 3
    assert read(*lines, timezone="America/New_York") == ["2020-07-02T10:00:00"] * 3
    assert detected(*lines).dating.timezone is None


def test_what_only_looks_like_the_name_of_a_zone_is_text():
    assert read("2020-07-01 12:00:00 Europe/Nowhere_at_all INFO started") == ["2020-07-01T12:00:00"]


def test_a_given_year_is_that_of_the_first_line():
    lines = ["Dec 31 23:59:59 combo sshd[1]: x", "Jan  1 00:00:01 combo sshd[1]: x"]
    assert read(*lines, year=2004) == ["2004-12-31T23:59:59", "2005-01-01T00:00:01"]
    assert detected(*lines, year=2004).dating.year_origin == "given"
    dating = detected(*lines).dating
    assert (dating.year, dating.year_origin) == (2020, "assumed")


def test_a_time_of_day_is_dated_in_its_zone():
    written = dt.datetime(2021, 5, 31, 23, 30, tzinfo=dt.UTC).timestamp()
    lines = [f"{clock}.123 [main] INFO shop.Order - paid" for clock in CLOCKS]
    assert read(*lines, modified=written)[0] == "2021-05-31T09:00:00"
    assert read(*lines, modified=written, timezone="Europe/Berlin")[0] == "2021-06-01T07:00:00"


def test_midnights_of_times_of_day_are_counted_and_not_followed():
    lines = [f"{clock}.123 [main] INFO shop.Order - paid" for clock in (*CLOCKS, "00:00:01", *CLOCKS, "00:00:01")]
    dating = detected(*lines).dating
    assert (dating.day, dating.falls) == ("2021-06-01", 2)
    assert {time[:10] for time in read(*lines)} == {"2021-06-01"}


# --- several shapes


def test_a_source_with_three_shapes_of_time_and_lines_without_is_read_rightly():
    lines = [
        "2020-07-01T12:00:00.250+02:00 INFO started",
        "[01/Jul/2020:12:00:01 +0200] ERROR failed",
        "Jul  1 12:00:02 combo sshd[1]: closed",
        "no time in this line",
    ] * 50
    times = read(*lines, timezone="Europe/Berlin")
    known = [time for time in times if time]
    assert known == ["2020-07-01T10:00:00", "2020-07-01T10:00:01", "2020-07-01T10:00:02"] * 50
    assert detected(*lines).share == 0.75


@pytest.mark.parametrize("text", ["", "\n", "no time\n", "a\nb\nc\n"])
def test_a_source_without_times_leaves_nothing_out(text):
    assert detect(text.encode()).dating == Dating()


# --- what is shown


def inspect(text, *options):
    Path("app.log").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(cli.inspect_app, ["app.log", *options], prog_name="loganomaly inspect")
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_inspect_shows_what_was_assumed_and_what_was_given():
    text = "03/04/2020 12:00:00 INFO started\n" * 5
    shown = inspect(text)
    assert "  zone        UTC where none is written (assumed; change it with --timezone)\n" in shown
    assert "(assumed: nothing tells; change it with --day-first or --month-first)\n" in shown
    assert "2020-03-04T12:00:00Z" in shown
    shown = inspect(text, "--timezone", "Europe/Berlin", "--day-first")
    assert "  zone        Europe/Berlin where none is written (given)\n" in shown
    assert "  dates       03/04/2026 is 3 April, day first (given)\n" in shown
    assert "2020-04-03T10:00:00Z" in shown
    assert "03/04/2026 is 4 March, month first (given)" in inspect(text, "--month-first")
    assert "03/04/2026 is 3 April, day first (read from the lines)" in inspect(text.replace("03/", "13/"))


def test_inspect_shows_the_year_and_the_date():
    text = "Jun 14 15:16:01 combo sshd[1]: x\n"
    assert "2005 in the first line, where none is written (given)\n" in inspect(text, "--year", "2005")
    assert "where none is written (assumed: the newest line is not younger than the file)\n" in inspect(text)
    text = "".join(f"{clock}.123 [main] INFO shop.Order - paid\n" for clock in (*CLOCKS, "00:00:01"))
    assert "(assumed: that of the file; the day changes at least once, which is not followed)\n" in inspect(text)


def test_inspect_says_nothing_of_timestamps_that_are_whole():
    shown = inspect("2020-07-01T12:00:00Z INFO started\n" * 5)
    assert not any(f"\n  {word} " in shown for word in ("zone", "year", "dates", "date"))


def test_inspect_writes_what_was_assumed_as_json():
    (source,) = json.loads(inspect("03/04/2020 12:00:00 INFO started\n", "--json", "--day-first"))["sources"]
    assert source["dating"] == {
        "timezone": "UTC",
        "timezone_origin": "assumed",
        "year": None,
        "year_origin": None,
        "order": "day first",
        "order_origin": "given",
        "day": None,
        "falls": 0,
    }


@pytest.mark.parametrize("command", [["app.log"], ["--input", "app.log", "--output", "out"]])
def test_a_zone_that_does_not_exist_is_an_error_of_the_call(command):
    Path("app.log").write_text("2020-07-01 12:00:00 INFO started\n", encoding="utf-8")
    app = cli.app if "--input" in command else cli.inspect_app
    result = CliRunner().invoke(app, [*command, "--timezone", "Berlin"])
    assert result.exit_code == 2
    assert "option reading.timezone: no time zone 'Berlin'" in result.stderr
    assert "near it is 'Europe/Berlin'" in result.stderr


def test_the_main_command_takes_the_options_too():
    Path("app.log").write_text("03/04/2020 12:00:00 INFO started\n" * 5, encoding="utf-8")
    options = ["--timezone", "Europe/Berlin", "--day-first"]
    result = CliRunner().invoke(cli.app, ["--input", "app.log", "--output", "out", *options])
    assert result.exit_code == 0, result.output
    summary = json.loads(Path("out/summary.json").read_text(encoding="utf-8"))
    assert summary["input_files"][0]["first_time"] == "2020-04-03T10:00:00Z"
