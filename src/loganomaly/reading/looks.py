"""Tell how the bytes of a file or of a member of an archive are read, or why they are not."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from loganomaly.errors import InputUnreadableError
from loganomaly.reading.content import HEAD, Encoding, container, detect_encoding, not_log_name, not_text, one_document
from loganomaly.reading.decoders import Compression, Readable, peek
from loganomaly.reading.documents import record_depth

__all__ = ["Kind", "Look", "look_at"]

_ENVELOPE = 2
Kind = Literal["text", "parquet", "tar", "zip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a file is: text, a table or an archive; the compression and encoding of what it holds.

    `objects` is the `loganomaly.reading.documents.record_depth` of a JSON document.
    """

    kind: Kind
    compression: Compression
    encoding: Encoding
    objects: int | None = None


def look_at(file: Readable, *, path: PurePath, walked: bool) -> Look | str:
    """Tell what *file*, read from its start, is; a reason where it can hold no log.

    Parameters
    ----------
    path
        Its name, which counts where it was *walked*.
    walked
        Whether it was met in a folder or archive, and not asked for.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    if walked and (reason := not_log_name(path)):
        return reason
    try:
        compression, head = peek(file, size=HEAD)
    except InputUnreadableError as error:
        return str(error)
    encoding = detect_encoding(head)
    if kind := container(head):
        if kind != "tar" and compression != "none":
            what = "a zip archive" if kind == "zip" else "a Parquet table"
            return f"{what} that is compressed as a whole; decompress it once first"
        return Look(kind=kind, compression=compression, encoding=encoding)
    reason = not_text(head, encoding=encoding)
    if reason:
        return reason
    objects = record_depth(head.decode(encoding, "replace"), complete=len(head) < HEAD)
    # The envelopes are those of logs; lists and objects may hold anything.
    if walked and objects != _ENVELOPE and (reason := one_document(path, head=head, encoding=encoding)):
        return reason
    return Look(kind="text", compression=compression, encoding=encoding, objects=objects)
