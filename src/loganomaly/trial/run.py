"""Tries masks on the first lines of sources."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from loganomaly.arguments import check_positive
from loganomaly.errors import InputUnreadableError, NoLogsError
from loganomaly.floods import FloodSettings
from loganomaly.masking import masked_case
from loganomaly.mining.masks import Mask, masks_in_use
from loganomaly.mining.tokens import LONGEST_MESSAGE
from loganomaly.profile import Profile
from loganomaly.reading.chunks import Piece, first_pieces
from loganomaly.reading.dates import TimeSettings
from loganomaly.reading.sources import Skipped, find_sources
from loganomaly.reading.spool_folder import spool_folder
from loganomaly.reading.streams import Source, open_source
from loganomaly.redaction.secrets import default_redactor, redact
from loganomaly.scan.chunk import Chunk, Scanned, scan
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.opening import prepare
from loganomaly.scan.run import Opened
from loganomaly.scan.search import Search
from loganomaly.trial.changes import TemplateChanges, compare
from loganomaly.trial.coverage import Coverage, MaskUse
from loganomaly.wording import decoded

__all__ = ["Trial", "try_masks"]

_BATCH = 32_768  # lines read at a time; bounds the memory
_REACH = 16_384  # bytes before a piece in which a secret may begin that goes on in it
_FLOODS = FloodSettings(enabled=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What masks do on some lines. No text in it holds a secret.

    Attributes
    ----------
    sources, lines, messages
        How many were looked at; masks are applied to the message of a record.
    whole
        Whether these are all lines of the sources.
    off
        Built-in masks that are switched off.
    uses
        What each mask does, in the order in which they are applied.
    templates
        With the built-in masks alone, and with the masks that are tried.
    skipped, damaged
        Files that are not read, and the damage of those that cannot be read on.
    """

    sources: int
    lines: int
    messages: int
    whole: bool
    off: tuple[str, ...]
    uses: tuple[MaskUse, ...]
    templates: TemplateChanges
    skipped: tuple[Skipped, ...]
    damaged: tuple[str, ...]


def try_masks(
    inputs: Sequence[str],
    *,
    masks: Sequence[Mask],
    lines: int,
    times: TimeSettings | None = None,
    stdin: BinaryIO | None = None,
) -> Trial:
    """Apply masks of one's own to the first lines of the sources that *inputs* stand for.

    Parameters
    ----------
    inputs
        Files, folders, globs, pipes, or ``-``.
    masks
        Applied before the built-in ones, as `masks_in_use` says.
    lines
        Lines of each source that are read, 1 or more.
    times
        How timestamps are read that leave something out.
    stdin
        What ``-`` reads; the process's standard input when None.

    Raises
    ------
    ConfigError
        If a mask cannot work.
    InputError
        If there is nothing to read, or it cannot be read.
    UsageError
        If there are no inputs, or `lines` is less than 1.
    """
    check_positive("lines", lines)
    in_use = masks_in_use(masks)
    with spool_folder() as spool:
        found = find_sources(inputs, spool_dir=spool, stdin=stdin)
        work = _Work(masks)
        for number, source in enumerate(found.sources):
            work.read(source, number=number, most=lines, times=times)
    profile = work.profile()
    messages = int(profile.sources["records"].sum())
    if not messages:
        msg = f"no log lines among the first {lines:,} of {', '.join(inputs)}: they are blank; look at more lines"
        raise NoLogsError(msg)
    before, after = (
        masked_case(profile, clean=redact, all_shapes=False, masks=each) for each in (masks_in_use(), in_use)
    )
    samples = profile.shapes.group_by("shape").agg(pl.col("sample").first()).sort("shape")
    return Trial(
        sources=len(found.sources),
        lines=int(profile.sources["lines"].sum()),
        messages=messages,
        whole=work.whole,
        off=tuple(mask.name for mask in masks if mask.pattern is None),
        uses=work.coverage.uses(samples.select("shape", "sample").iter_rows()),
        templates=compare(before, after, hidden=work.hidden),
        skipped=tuple(Skipped(name=redact(entry.name), reason=redact(entry.reason)) for entry in found.skipped),
        damaged=tuple(work.damaged),
    )


class _Work:
    """What the first lines of sources add up to."""

    def __init__(self, masks: Sequence[Mask]) -> None:
        self.coverage = Coverage(masks)
        self.whole = True
        self.damaged: list[str] = []
        self.hidden: dict[int, str] = {}
        """Shapes of messages that do not show alone that they are a secret, and which kind that is.

        In the middle of a private key, or where the layout takes the word before it for the component.
        """
        self._search = Search(floods=_FLOODS, leaks=LeakSearch())
        self._profiles = [Profile.empty(floods=_FLOODS)]

    def profile(self) -> Profile:
        return Profile.merge(self._profiles)

    def read(self, source: Source, *, number: int, most: int, times: TimeSettings | None) -> None:
        opened = prepare(source, number=number, group=0, search=self._search, times=times)
        context, end = b"", 0
        with open_source(source) as stream:
            try:
                for piece in first_pieces(stream, opened.tables, most=most, batch=_BATCH):
                    text = piece.data.tobytes()
                    self._add(opened, piece, text, context)
                    context, end = (context + text)[-_REACH:], piece.offset + len(text)
                self.whole &= not stream.read(1) and end == stream.tell()
            except InputUnreadableError as error:
                self.whole = False
                self.damaged.append(redact(str(error)))
        self._profiles = [Profile.merge(self._profiles)]

    def _add(self, opened: Opened, piece: Piece, data: bytes, context: bytes) -> None:
        chunk = Chunk(source=opened.number, data=piece.data, first_line=piece.first_line, offset=piece.offset)
        scanned = scan(chunk, opened.tables, search=self._search)
        self._profiles.append(scanned.profile)
        secrets = _Secrets(data, context)
        messages = _messages(data, scanned)
        starts = scanned.records.message_start.tolist()
        if secrets:
            ends = scanned.records.message_end.tolist()
            for shape, start, end in zip(scanned.shape.tolist(), starts, ends, strict=True):
                kind = secrets.hidden(data, start, end)
                if kind is not None:
                    self.hidden[shape] = kind

        def hidden(row: int, start: int, end: int) -> str | None:
            if not secrets:
                return None
            at, message = starts[row], messages[row]
            text = decoded(message)
            if text.encode() != message:  # what is not UTF-8 does not say which byte a character is
                return secrets.within(at, at + len(message))
            return secrets.within(at + len(text[:start].encode()), at + len(text[:end].encode()))

        self.coverage.add(messages, scanned.shape, lines=data, hidden=hidden)


def _messages(data: bytes, scanned: Scanned) -> list[bytes]:
    starts, ends = scanned.records.message_start.tolist(), scanned.records.message_end.tolist()
    return [data[start : min(end, start + LONGEST_MESSAGE)] for start, end in zip(starts, ends, strict=True)]


class _Secrets:
    """Where secrets stand in bytes that come after others, the `context`."""

    def __init__(self, data: bytes, context: bytes) -> None:
        shift = len(context)
        found = default_redactor().spans(context + data)
        self._spans = [(start - shift, end - shift, kind.name) for kind, start, end in found]
        self._starts = [start for start, _, _ in self._spans]

    def __bool__(self) -> bool:
        return bool(self._spans)

    def within(self, start: int, end: int) -> str | None:
        """Return which kind of secret has a byte of [start, end), or None."""
        number = self._last(end)
        return self._spans[number][2] if number >= 0 and self._spans[number][1] > start else None

    def hidden(self, data: bytes, start: int, end: int) -> str | None:
        """Return which kind of secret is in data[start:end] and does not show there alone, or None."""
        number = self._last(end)
        if number < 0 or self._spans[number][1] <= start:
            return None
        shown = redact(decoded(data[start:end]))
        while number >= 0 and self._spans[number][1] > start:
            low, high, kind = self._spans[number]
            if decoded(data[max(low, start) : min(high, end)]) in shown:
                return kind
            number -= 1
        return None

    def _last(self, end: int) -> int:
        """Return the last secret that begins before `end`, or -1."""
        return bisect_right(self._starts, end - 1) - 1
