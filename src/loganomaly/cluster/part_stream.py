"""Reads a part of a source; where it holds escape sequences, that is told, or they are taken out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from loganomaly.errors import InputUnreadableError
from loganomaly.reading.decoders import DamageError
from loganomaly.reading.escapes import ESCAPE, without_escapes
from loganomaly.reading.places import Window
from loganomaly.reading.replay import BLOCK
from loganomaly.reading.seams import read_span
from loganomaly.reading.streams import Source, damage_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["EscapeFoundError", "PartStream"]


class EscapeFoundError(Exception):
    """There is an escape sequence: where lines stand without it, only who reads on from it knows."""


class PartStream:
    """The bytes from `begin` to `end` of a source, to its end if that is None.

    Bytes up to `looked` were looked at to tell where the part ends: an escape sequence in them counts, too. With
    `clean`, escape sequences are taken out; the part then goes to the end of the source.

    Raises
    ------
    EscapeFoundError
        From a read, of a part that is not to be cleaned.
    InputUnreadableError
        From the read after the last bytes that can be read.
    """

    def __init__(
        self, window: Window, source: Source, *, begin: int, end: int | None, looked: int | None, clean: bool
    ) -> None:
        self._window = window
        self._source = source
        self._position = begin
        self._end = end
        self._looked = looked
        self._clean = clean
        self._error: InputUnreadableError | None = None
        self._blocks = without_escapes(self._raw()) if clean else self._raw()
        self._rest = memoryview(b"")
        if end is not None:
            window.read_ahead_to(end)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read the next bytes into `buffer` and return how many: as many as it holds unless the part ends."""
        view, count = memoryview(buffer).cast("B"), 0
        while count < len(view):
            if not self._rest:
                self._rest = memoryview(next(self._blocks, b""))
            if not self._rest:
                break
            taken = self._rest[: len(view) - count]
            view[count : count + len(taken)] = taken
            count, self._rest = count + len(taken), self._rest[len(taken) :]
        if not count and self._error is not None:
            raise self._error
        return count

    def _raw(self) -> Iterator[bytes]:
        """Yield the bytes as they are; what goes wrong is kept until they are delivered."""
        try:
            while self._end is None or self._position < self._end:
                wanted = BLOCK if self._end is None else min(BLOCK, self._end - self._position)
                self._window.seek(self._position)
                block = self._window.read(wanted)
                if not block:
                    break
                self._refuse_escapes(block)
                self._position += len(block)
                yield block
            if self._end is not None and self._looked is not None:
                self._refuse_escapes(read_span(self._window, self._end, self._looked))
        except (OSError, DamageError) as error:
            self._error = damage_of(self._source, error=error, position=self._position)

    def _refuse_escapes(self, block: bytes) -> None:
        if not self._clean and ESCAPE in block:
            raise EscapeFoundError
