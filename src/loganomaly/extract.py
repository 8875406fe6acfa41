"""The second pass: fetches the lines of the findings, with a few lines around them, and nothing else."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from loganomaly.findings import Finding, Location
from loganomaly.reading.streams import Source, open_source

__all__ = ["AFTER", "BEFORE", "Excerpt", "excerpts", "with_lines"]

BEFORE, AFTER = 3, 3
"""Lines of context before and after a finding's record."""
_REACH = 32_768  # bytes read before and after a line; context beyond it is left out
_LONGEST_LINE = 4_000  # characters of a line that are shown
_MOST_LINES = 40  # lines of a record that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A place in a source: some bytes, and where in them the wanted line begins.

    `size` is how many lines the record has, where that is known.
    """

    data: bytes
    start: int
    size: int | None = None

    def lines(self) -> tuple[list[str], list[str]]:
        """Return the lines before the wanted one, and it with those after it."""
        before, after = self.data[: self.start], self.data[self.start :]
        head = _split(_text(before)) if before else []
        return head, _split(_text(after))


def excerpts(source: Source, locations: Sequence[Location]) -> dict[Location, Excerpt]:
    """Read the bytes around each location of one source, forward only, so that compressed text is read once."""
    found: dict[Location, Excerpt] = {}
    with open_source(source) as stream:
        for location in sorted(set(locations), key=lambda place: place.offset):
            begin = max(0, location.offset - _REACH)
            stream.seek(begin)
            wanted = location.offset - begin + _REACH
            data = stream.read(wanted)
            if len(data) == wanted:
                # The last line is cut off in the middle; if it is the one that was asked for, there is no other.
                data = data[: data.rfind(b"\n", location.offset - begin) + 1] or data
            first = data.find(b"\n", 0, location.offset - begin) + 1 if begin else 0
            found[location] = Excerpt(data=data[first:], start=location.offset - begin - first)
    return found


def with_lines(
    findings: Sequence[Finding],
    fetch: Callable[[int, Sequence[Location]], dict[Location, Excerpt]],
    *,
    begins_record: Callable[[int, bytes], bool],
    time_of: Callable[[Location, bytes], int | None],
    clean: Callable[[str], str],
) -> list[Finding]:
    """Return the findings with their log text and context.

    Parameters
    ----------
    fetch
        Returns the excerpts of locations in a source, by its number.
    begins_record
        Whether a line of a source begins a record: the lines up to the next one belong to the finding's.
    time_of
        The time of the line at a location, microseconds since the epoch.
    clean
        Takes secrets out of a text.
    """
    by_source: defaultdict[int, list[Location]] = defaultdict(list)
    for finding in findings:
        by_source[finding.location.source].append(finding.location)
    found: dict[Location, Excerpt] = {}
    for source in sorted(by_source):
        found |= fetch(source, by_source[source])
    done = []
    for finding in findings:
        excerpt = found[finding.location]
        before, rest = excerpt.lines()
        size = min(excerpt.size or 1, _MOST_LINES)
        while (
            excerpt.size is None
            and size < min(len(rest), _MOST_LINES)
            and not begins_record(finding.location.source, rest[size].encode())
        ):
            size += 1
        # Cleaned as one text: a secret may go on over lines, and half of one does not look like one.
        before, rest = before[-_MOST_LINES:], rest[: size + _MOST_LINES]
        shown = clean("\n".join([*before, *rest])).split("\n")
        shown = [line[:_LONGEST_LINE] for line in shown]
        start, end = len(before), len(before) + size
        done.append(
            replace(
                finding,
                timestamp=time_of(finding.location, rest[0].encode()),
                log="\n".join(shown[start:end]),
                before=tuple(shown[max(0, start - BEFORE) : start]),
                after=tuple(shown[end : end + AFTER]),
            )
        )
    return done


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _split(text: str) -> list[str]:
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines
