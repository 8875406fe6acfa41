"""An inspection as text for a terminal or a pipe, or as JSON for programs.

Everything that comes from a log is hostile here, as in `loganomaly.reports.terminal`.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from loganomaly.inspection import Inspection, ParsedRecord, SourceInspection
from loganomaly.legible import plain_text
from loganomaly.reading.dates import Dating
from loganomaly.reading.order import DateOrder
from loganomaly.reports.cells import cut
from loganomaly.wording import amount, iso

__all__ = ["render_inspection", "render_json"]

_NARROWEST = 40
_ORDERS = {
    DateOrder.MONTH_FIRST: "03/04/2026 is 4 March, month first",
    DateOrder.DAY_FIRST: "03/04/2026 is 3 April, day first",
    DateOrder.YEAR_FIRST: "03/04/26 is 26 April 2003, year first",
    DateOrder.USUAL: "03/04/2026 is 4 March, 03.04.2026 and 03-04-2026 are 3 April, 03/04/26 is 26 April 2003",
}
_ORDER_ORIGINS = {
    "assumed": "assumed: nothing tells; change it with --day-first or --month-first",
    "given": "given",
    "read": "read from the lines",
}


def render_inspection(inspection: Inspection, *, width: int) -> str:
    """Return an inspection as lines, the last one ended too.

    Text of the log is cut to *width* cells (at least 40); what says how it is read never is.
    """
    width = max(width, _NARROWEST)
    lines: list[str] = []
    for source in inspection.sources:
        lines += [*_source(source, width=width), ""]
    if inspection.skipped:
        lines.append("not read:")
        lines += [plain_text(f"  {entry.name}: {entry.reason}") for entry in inspection.skipped]
    return "\n".join(lines).rstrip("\n") + "\n"


def render_json(inspection: Inspection) -> str:
    """Return an inspection as one JSON object: ``sources`` and ``skipped``, times in ISO 8601, UTC.

    It is ASCII: what a terminal would obey is escaped.
    """
    value = {
        "sources": [_mapping(source) for source in inspection.sources],
        "skipped": [asdict(entry) for entry in inspection.skipped],
    }
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def _mapping(source: SourceInspection) -> dict[str, Any]:
    value = asdict(source)
    value |= {
        "share": round(source.share, 4),
        "first_time": iso(source.first_time),
        "last_time": iso(source.last_time),
        "first_records": [asdict(record) | {"time": iso(record.time)} for record in source.first_records],
    }
    return value


def _source(source: SourceInspection, *, width: int) -> Iterator[str]:
    packed = "" if source.compression == "none" else f"{source.compression}, "
    yield plain_text(f"{source.name} ({packed}{source.encoding})")
    yield f"  format      {plain_text(source.format)}; layouts read {source.share:.1%} of the sampled lines"
    if not source.layouts:
        yield "  layouts     none fits: lines are read without time and component"
    for number, layout in enumerate(source.layouts):
        heading = f"{'' if number else 'layouts':<12}"
        yield (
            plain_text(f"  {heading}{layout.text}")
            + f"  [{plain_text(layout.format)}; {amount(layout.records, 'record')}]"
        )
    part = "all of them" if source.whole else "the first ones"
    yield f"  lines       {source.lines:,} ({part}) in {amount(source.records, 'record')}"
    yield f"  records     {source.timed:,} with time, {source.with_component:,} with component"
    yield f"  severities  {', '.join(f'{name} {count:,}' for name, count in source.severities.items()) or '-'}"
    span = "-" if source.first_time is None else f"{iso(source.first_time)} to {iso(source.last_time)}"
    yield f"  time        {span}"
    yield from _dating(source.dating)
    if source.damage:
        yield plain_text(f"  damaged     {source.damage}")
    if source.first_records:
        yield "  first records, as they are read:"
    for record in source.first_records:
        yield from _record(record, width=width)
    if source.unmatched:
        taken = "a record of its own" if source.loose else "a part of the record before it"
        yield f"  {amount(source.unmatched, 'line')} that no layout reads, each {taken}, such as:"
    yield from (cut(f"    {plain_text(line)}", width) for line in source.unmatched_lines)


def _dating(dating: Dating) -> Iterator[str]:
    """Say what the timestamps leave out; nothing where they are whole."""
    if dating.timezone is not None:
        change = "; change it with --timezone" if dating.timezone_origin == "assumed" else ""
        yield f"  zone        {plain_text(dating.timezone)} where none is written ({dating.timezone_origin}{change})"
    if dating.year is not None:
        how = ": the newest line is not younger than the file" if dating.year_origin == "assumed" else ""
        yield f"  year        {dating.year} in the first line, where none is written ({dating.year_origin}{how})"
    if dating.order is not None:
        yield f"  dates       {_ORDERS[dating.order]} ({_ORDER_ORIGINS[dating.order_origin or '']})"
    if dating.day is not None:
        falls = f"; the day changes {_times(dating.falls)}, which is not followed" if dating.falls else ""
        yield f"  date        {dating.day} where there is a time of day only (assumed: that of the file{falls})"


def _times(count: int) -> str:
    return "at least once" if count == 1 else f"at least {count} times"


def _record(record: ParsedRecord, *, width: int) -> Iterator[str]:
    head = [
        f"line {record.line}" if record.lines == 1 else f"lines {record.line} to {record.line + record.lines - 1}",
        iso(record.time) or "no time",
        record.severity,
        "no component" if record.component is None else plain_text(record.component),
    ]
    yield cut(f"    {'  '.join(head)}", width)
    yield cut(f"      {plain_text(record.message)}", width)
