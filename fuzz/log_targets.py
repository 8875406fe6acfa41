"""Logs as text, as files of any kind and as frames, read and analysed."""

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from legible_output import check_file, check_json, check_terminal, check_text
from polars.testing import assert_frame_equal

from loganomaly import LogAnalyzer
from loganomaly.config import Config, load_config
from loganomaly.errors import InputError, InputUnreadableError
from loganomaly.floods import FloodSettings
from loganomaly.frames import times_of
from loganomaly.inspection import inspect_sources
from loganomaly.pattern_miner import mine_templates
from loganomaly.profile import Profile
from loganomaly.reading.chunks import cut_chunks
from loganomaly.reading.detect import detect
from loganomaly.reading.documents import document_lines, record_depth
from loganomaly.reading.escapes import without_escapes
from loganomaly.reading.program import NO_TIME, Tables
from loganomaly.reading.sources import find_sources
from loganomaly.reading.streams import Source, open_source
from loganomaly.reports.inspection import render_inspection, render_json
from loganomaly.reports.terminal import render
from loganomaly.results import Results
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.search import Search

__all__ = ["check_results", "documents", "files", "frames", "inspection", "miner", "moments", "run", "text"]

_FLOODS = FloodSettings(window_size=20)
_SEARCH = Search(floods=_FLOODS)
_WIDTH = 80
_DAY = 86_400 * 10**6  # microseconds
_LATEST = 4_291_747_200 * 10**6  # 2106, microseconds
_MOST_BYTES = 8 << 20  # of one source that a few bytes decompress to


def text(data: bytes) -> None:
    """Check that a text is read whole, and the same wherever it is cut into chunks; the first two bytes say where."""
    if len(data) < 3:
        return
    size, most_lines, log = 1 + data[0] * 7, data[1] % 40 or None, data[2:]
    tables = detect(log).tables()
    whole = Profile.merge([scan(Chunk(source=0, data=np.frombuffer(log, np.uint8)), tables, search=_SEARCH).profile])
    _same_profiles(whole, _in_chunks(log, tables, size=size, most_lines=most_lines))
    lines = log.count(b"\n") + (not log.endswith(b"\n") and bool(log))
    assert whole.sources["lines"].item() == lines, "a line is not counted"
    assert whole.shapes["lines"].sum() + whole.sources["stray"].item() == lines, "a line is in no shape"
    assert whole.totals["count"].sum() == whole.sources["timed"].item(), "a record with a time is not counted"


def _in_chunks(log: bytes, tables: Tables, *, size: int, most_lines: int | None) -> Profile:
    parts, offset = [Profile.empty(floods=_FLOODS)], 0
    for piece in cut_chunks(io.BytesIO(log), tables, size=size, most_lines=most_lines):
        assert piece.offset == offset, "bytes are left out between chunks"
        offset += len(piece.data)
        chunk = Chunk(
            source=0, data=np.frombuffer(piece.data, np.uint8), first_line=piece.first_line, offset=piece.offset
        )
        parts.append(scan(chunk, tables, search=_SEARCH).profile)
    assert offset == len(log), "the last bytes are left out"
    return Profile.merge(parts)


def _same_profiles(one: Profile, other: Profile) -> None:
    for name in ("sources", "shapes", "slots", "bins", "codes", "values", "fields", "series", "components", "leaks"):
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True, check_row_order=False)
    for name in ("component_series", "totals"):
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True, check_row_order=False)
    assert_frame_equal(one.floods.table(), other.floods.table(), check_exact=True)


def documents(data: bytes) -> None:
    """Check that a JSON document becomes the same lines wherever its blocks are cut, and that no text is lost."""
    if len(data) < 2:
        return
    step, depth, log = 1 + data[0], data[1] % 3, data[2:]
    record_depth(log.decode(errors="replace"), complete=bool(data[1] & 4))
    blocks = [log[at : at + step] for at in range(0, len(log), step)]
    whole = b"".join(document_lines(iter([log]), depth=depth))
    assert b"".join(document_lines(iter(blocks), depth=depth)) == whole, "where blocks are cut counts"
    plain = b"".join(without_escapes(iter([log])))
    assert b"".join(without_escapes(iter(blocks))) == plain, "where blocks are cut counts"
    assert plain.count(b"\n") == log.count(b"\n"), "a line break is lost"


def files(data: bytes) -> None:
    """Check that a file of any kind is read, or is said to be unreadable, and leaves nothing behind."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as spools:
        path = Path(folder, "in")
        path.write_bytes(data)
        try:
            found = find_sources([str(path)], spool_dir=Path(spools))
        except InputError:
            assert not list(Path(spools).iterdir()), "a spool is left where nothing is read"
        else:
            used = {source.path for source in found.sources}
            assert set(Path(spools).iterdir()) <= used, "a spool is left that nothing is read from"
            for source in found.sources:
                source.name.encode()
                _check_source(source)
        assert [entry.name for entry in Path(folder).iterdir()] == ["in"], "something is written beside the input"
        assert path.read_bytes() == data, "the input is changed"


def _check_source(source: Source) -> None:
    """Check that a source is delivered the same at once, in pieces, and after going back."""
    content, damaged = _content(source, size=1 << 20)
    again, damaged_again = _content(source, size=4093)
    assert (content, damaged) == (again, damaged_again), "how much is read at once counts"


def _content(source: Source, *, size: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    with open_source(source) as stream:
        try:
            while sum(map(len, parts)) < _MOST_BYTES and (block := stream.read(size)):
                parts.append(block)
        except InputUnreadableError:
            return b"".join(parts)[:_MOST_BYTES], True
    return b"".join(parts)[:_MOST_BYTES], False


def miner(data: bytes) -> None:
    """Check that templates with their parameters are the messages, to the character."""
    lines = data.decode(errors="replace").split("\n")
    mined = mine_templates(pl.DataFrame({"log": lines}))
    assert mined.height == len(lines), "a row is lost"
    columns = mined.select("log_message", "log_template", "parameters", "parameter_types")
    for message, template, values, types in columns.iter_rows():
        parts = template.split("<*>")
        assert len(parts) == len(values) + 1 == len(types) + 1, "a place for another number of parameters"
        rebuilt = parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True))
        assert rebuilt == message, f"{rebuilt!r} is not {message!r}"


_CONFIG: Config = load_config(overrides={"llm.provider": "local"})


def run(data: bytes) -> None:
    """Check all that a run on a log says and writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.log")
        path.write_bytes(data)
        try:
            results = LogAnalyzer(_CONFIG).analyze(path)
        except InputError:
            return
        check_results(results, folder=Path(folder, "results"))


def frames(data: bytes) -> None:
    """Check all that is said of a frame, whose rows may hold line breaks; the first byte says what separates them."""
    if not data:
        return
    separator = b"\n" if data[0] % 2 else b"\n\n"
    rows = data[1:].split(separator)
    results = LogAnalyzer(_CONFIG).analyze(pl.DataFrame({"log": rows}, schema={"log": pl.Binary}))
    assert results.summary["original_log_count"] == len(rows), "a row is not counted"
    with tempfile.TemporaryDirectory() as folder:
        check_results(results, folder=Path(folder))


def moments(data: bytes) -> None:
    """Check that the times of a frame are read, or refused; those out of reach are none."""
    rows = data.decode(errors="replace").split("\n")
    frame = pl.DataFrame({"log": rows, "timestamp": rows})
    try:
        times = times_of(frame)
    except InputError:
        return
    assert times is not None
    assert len(times) == len(rows), "a row has no time"
    known = times[times != NO_TIME]
    assert np.all((known >= -_DAY) & (known < _LATEST)), "a time out of reach"
    LogAnalyzer(_CONFIG).analyze(frame)


def inspection(data: bytes) -> None:
    """Check that what `inspect` says of a file counts its lines, and that nothing in it steers or hides."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.log")
        path.write_bytes(data)
        try:
            inspected = inspect_sources([str(path)], lines=50)
        except InputError:
            return
    check_text(render_inspection(inspected, width=_WIDTH))
    check_json(render_json(inspected).encode())


def check_results(results: Results, *, folder: Path) -> None:
    """Check that the counts of results add up, and that files and terminal hold nothing that steers or hides."""
    summary = results.summary
    said = summary["original_log_count"], summary["processed_log_count"]
    assert said[0] == said[1] == sum(entry["lines"] for entry in summary["input_files"]), "a line is not counted"
    assert sum(entry["count"] for entry in summary["volume_stats"]) + summary["uncounted_records"] == summary["records"]
    assert sum(summary["log_severity_summary"].values()) == summary["records"], "a record has no severity"
    assert results.sessions.height >= 0
    for path in results.save(folder):
        check_file(path)
    check_terminal(_shown(summary, results.anomalies), width=_WIDTH)


def _shown(summary: dict[str, object], anomalies: Sequence[dict[str, object]]) -> str:
    return render(summary, anomalies, width=_WIDTH, colour=False)
