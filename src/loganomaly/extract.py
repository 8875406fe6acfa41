"""The second pass: fetches the lines of the findings, with a few lines around them, and nothing else."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from loganomaly.errors import InputUnreadableError
from loganomaly.findings import Finding, Location, Sample
from loganomaly.reading.records import LONGEST_RECORD
from loganomaly.reading.streams import Source, open_source, read_head
from loganomaly.redaction.secrets import may_go_on
from loganomaly.traces import Trace, read_trace

__all__ = ["AFTER", "BEFORE", "Excerpt", "Fetch", "excerpts", "excerpts_if_unchanged", "with_lines"]

BEFORE, AFTER = 3, 3
"""Lines of context before and after a finding's record."""
_REACH = 32_768  # bytes read before and after a line; context beyond it is left out
_TRACE_REACH = 131_072  # bytes read after a line, for the stack traces that are longer
_LONGEST_LINE = 4_000  # characters of a line that are shown
_LONGEST_TEXT = 1_000  # characters of a name or a message of a stack trace
_MOST_LINES = 40  # lines of a record that are shown
_LONGEST_SAMPLE = 1_000  # characters of a sample
_SAMPLE_REACH = 16_384  # bytes before and in a sample that are looked at for a secret that it is part of


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A place in a source: some bytes, and where in them the wanted line begins.

    `size` is how many lines the record has, where that is known. `more` goes on where `data` ends: it is read only as
    part of the record.
    """

    data: bytes
    start: int
    size: int | None = None
    more: bytes = b""

    def hidden(self, hide: Callable[[bytes], bytes]) -> "Excerpt":
        """Return the same place, its lines as `hide` makes them."""
        before = hide(self.data[: self.start])
        return replace(self, data=before + hide(self.data[self.start :]), start=len(before), more=hide(self.more))

    def lines(self) -> tuple[list[str], list[str]]:
        """Return the lines before the wanted one, and it with those after it."""
        before, after = self.data[: self.start], self.data[self.start :]
        head = _split(_text(before)) if before else []
        return head, _split(_text(after))

    def line(self) -> tuple[list[str], str]:
        """Return some lines before the wanted one, fewer than `lines` does, and it alone."""
        end = self.data.find(b"\n", self.start)
        line = self.data[self.start : end if end >= 0 else len(self.data)][:_SAMPLE_REACH]
        reach = max(0, self.start - _SAMPLE_REACH)
        before = self.data[self.data.find(b"\n", reach) + 1 if reach else 0 : self.start]
        return (_split(_text(before))[-_MOST_LINES:] if before else []), _split(_text(line))[0]

    def longer(self) -> list[str]:
        """Return the wanted line and those after it as far as they were read."""
        return _split(_text(self.data[self.start :] + self.more))


Fetch = Callable[[Mapping[int, Sequence[Location]]], Iterable[tuple[Location, Excerpt]]]
"""Returns the excerpts of locations, given by the number of their source."""


def excerpts(source: Source, locations: Sequence[Location]) -> Iterator[tuple[Location, Excerpt]]:
    """Yield the bytes around each location of one source, read forward only: compressed text is read once."""
    held, ended = b"", False  # what was read last, and whether there is no more
    begin = 0
    with open_source(source) as stream:
        for location in sorted(set(locations), key=lambda place: place.offset):
            wanted = max(0, location.offset - _REACH)
            if wanted > begin + len(held) and not ended:
                stream.seek(wanted)
                held = b""
            held, begin = held[max(0, wanted - begin) :], wanted
            if not ended and (missing := location.offset + _TRACE_REACH - begin - len(held)) > 0:
                held += (read := stream.read(missing))
                ended = len(read) < missing
            yield location, _excerpt(held, location.offset - begin, whole=begin == 0)


def excerpts_if_unchanged(
    source: Source, locations: Sequence[Location], *, head: bytes, lost: Callable[[str], object]
) -> Iterator[tuple[Location, Excerpt]]:
    """Yield what `excerpts` does as far as the source is what it was; after that empty ones.

    A file that was rotated or overwritten has other lines in those places, and they would be told of the wrong finding.

    Parameters
    ----------
    head
        With which bytes the source began when it was read first.
    lost
        Is told why there is nothing more.
    """
    left = dict.fromkeys(sorted(set(locations), key=lambda place: place.offset))
    try:
        if read_head(source, len(head)) != head:
            raise _changed(source)
        for location, excerpt in excerpts(source, locations):
            if excerpt.start >= len(excerpt.data):
                raise _changed(source)
            del left[location]
            yield location, excerpt
    except InputUnreadableError as error:
        lost(str(error))
    for location in left:
        yield location, Excerpt(data=b"", start=0)


def _changed(source: Source) -> InputUnreadableError:
    return InputUnreadableError(
        f"{source.name!r} was rotated or overwritten while it was read, so that lines of its findings are missing; "
        "analyse it again, or a copy of it"
    )


def _excerpt(held: bytes, start: int, *, whole: bool) -> Excerpt:
    """Return the place at *start*; what is read may begin in the middle of a line unless it is *whole*."""
    data, more = held[: start + _REACH], b""
    # The last line is cut off in the middle; if it is the one that was asked for, there is no other.
    if len(data) == start + _REACH and (end := data.rfind(b"\n", start) + 1):
        data, more = data[:end], held[end : start + _TRACE_REACH]
    first = 0 if whole else data.find(b"\n", 0, start) + 1
    return Excerpt(data=data[first:], start=start - first, more=more)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """What the log says at a place."""

    timestamp: int | None
    log: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    trace: Trace | None


def with_lines(
    findings: Sequence[Finding],
    fetch: Fetch,
    *,
    record_lines: Callable[[int, bytes], int],
    fits_layout: Callable[[int, bytes], bool],
    time_of: Callable[[Location, bytes], int | None],
    clean: Callable[[str], str],
) -> list[Finding]:
    """Return the findings with their log text and context, what the stack trace in it says, and samples.

    Parameters
    ----------
    record_lines
        How many lines the record of a source has with which a text begins.
    fits_layout
        Whether a line of a source is written as one of its layouts says. Where few are, records are cut short; a
        stack trace that begins in one goes on up to such a line.
    time_of
        The time of the record at a location, microseconds since the epoch; the text begins with it.
    clean
        Takes secrets out of a text.
    """
    own = {finding.location for finding in findings}
    sampled = {place for finding in findings for place in finding.places}
    by_source: defaultdict[int, list[Location]] = defaultdict(list)
    for location in sorted(own | sampled, key=lambda place: (place.source, place.offset)):
        by_source[location.source].append(location)
    texts: dict[Location, _Text] = {}
    samples: dict[Location, Sample] = {}
    for location, excerpt in fetch(by_source):
        if location in sampled:
            samples[location] = _sample_at(location, excerpt, clean=clean)
        if location in own:
            texts[location] = _text_at(
                location,
                excerpt,
                record_lines=partial(record_lines, location.source),
                fits_layout=partial(fits_layout, location.source),
                time_of=time_of,
                clean=clean,
            )
    return [
        replace(
            finding,
            timestamp=text.timestamp,
            log=text.log,
            before=text.before,
            after=text.after,
            trace=text.trace,
            samples=_distinct(samples[place] for place in finding.places),
        )
        for finding in findings
        for text in (texts[finding.location],)
    ]


def _distinct(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """Return samples without those that say what another says, in the order of the log."""
    by_text: dict[str, Sample] = {}
    for sample in samples:
        by_text.setdefault(sample.text, sample)
    return tuple(sorted(by_text.values(), key=lambda sample: (sample.source, sample.line)))


def _sample_at(location: Location, excerpt: Excerpt, *, clean: Callable[[str], str]) -> Sample:
    before, line = excerpt.line()
    # Cleaned with the lines before it: a secret that began there may go on here. All of them take their time.
    before = before if may_go_on("\n".join(before)) else before[-1:]
    shown = clean("\n".join([*before, line])).split("\n")[-1]
    return Sample(source=location.source, line=location.line, text=shown[:_LONGEST_SAMPLE])


def _text_at(
    location: Location,
    excerpt: Excerpt,
    *,
    record_lines: Callable[[bytes], int],
    fits_layout: Callable[[bytes], bool],
    time_of: Callable[[Location, bytes], int | None],
    clean: Callable[[str], str],
) -> _Text:
    before, rest = excerpt.lines()
    text = "\n".join(rest).encode()
    size = min(excerpt.size or record_lines(text), len(rest), _MOST_LINES)
    record = rest[:size]
    if size == min(len(rest), _MOST_LINES):
        record = excerpt.longer()
        record = record[: excerpt.size or record_lines("\n".join(record).encode())]
    if excerpt.size is None and read_trace("\n".join(record)) is not None:
        lines = excerpt.longer()
        record = lines[: max(len(record), _size(lines, most=LONGEST_RECORD, begins=fits_layout))]
    # Cleaned as one text: a secret may go on over lines, and half of one does not look like one.
    before, rest = before[-_MOST_LINES:], rest[: size + _MOST_LINES]
    shown = clean("\n".join([*before, *rest])).split("\n")
    shown = [line[:_LONGEST_LINE] for line in shown]
    start, end = len(before), len(before) + size
    trace = _trace(record, clean=clean)
    if trace is not None and excerpt.size is None:
        trace = replace(trace, line=location.line + trace.line)
    elif trace is not None:
        trace = replace(trace, line=location.line + 1)  # of a frame, a record is one row
    return _Text(
        timestamp=time_of(location, text),
        log="\n".join(shown[start:end]),
        before=tuple(shown[max(0, start - BEFORE) : start]),
        after=tuple(shown[end : end + AFTER]),
        trace=trace,
    )


def _size(lines: Sequence[str], *, most: int, begins: Callable[[bytes], bool]) -> int:
    """Return how many lines the record has that begins with the first."""
    size = 1
    while size < min(len(lines), most) and not begins(lines[size].encode()):
        size += 1
    return size


def _trace(record: Sequence[str], *, clean: Callable[[str], str]) -> Trace | None:
    """Return what the stack trace in a record says, without secrets."""
    trace = read_trace("\n".join(record))
    if trace is None:
        return None
    # A message is cleaned among the lines around it, as the lines of findings are, then read once more.
    first, last = max(0, trace.line - 1 - _MOST_LINES), trace.line + _MOST_LINES
    around = clean("\n".join(record[first:last])).split("\n")
    trace = read_trace("\n".join([*record[:first], *around, *record[last:]]))
    if trace is None:
        return None
    return replace(
        trace,
        exception=_short(trace.exception, clean=clean),
        message=_short(trace.message, clean=clean) or "",
        function=_short(trace.function, clean=clean),
        file=_short(trace.file, clean=clean),
    )


def _short(text: str | None, *, clean: Callable[[str], str]) -> str | None:
    return None if text is None else clean(text)[:_LONGEST_TEXT]


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _split(text: str) -> list[str]:
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines
