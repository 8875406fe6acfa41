"""Walks a zip archive by its directory or, where that is missing, from header to header."""

import calendar
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from loganomaly.reading.archives import Member
from loganomaly.reading.decoders import EXPANSION_COUNTS_FROM, MOST_EXPANSION, Coding
from loganomaly.reading.places import Place

__all__ = ["zip_members"]

_CODINGS: dict[int, Coding] = {0: "none", 8: "deflate", 12: "bz2", 93: "zstd", 95: "xz"}
_LOCAL = struct.Struct("<4s5H3L2H")  # APPNOTE 4.3.7: signature, version, flags, method, time, date, crc, sizes, lengths
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED, _SIZES_FOLLOW = 0x1, 0x8
_MOST_DIRECTORY = 16 << 20
"""Bytes of a directory, which zipfile holds in memory ten times over: room for a hundred thousand members."""
_TAIL = (1 << 16) + 22 + 76
_DESCRIPTOR = 24  # bytes that may follow a member whose sizes do
_BLOCK = 1 << 16


def zip_members(path: Path) -> Iterator[Member]:
    """Yield the members of a zip archive in the order of their places; of encrypted ones and the like the problem.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    with path.open("rb") as file:
        end = file.seek(0, io.SEEK_END)
        try:
            if _directory_size(file, end) > _MOST_DIRECTORY:
                yield Member(name=None, problem=f"its directory is larger than {_MOST_DIRECTORY:,} bytes")
                return
            with zipfile.ZipFile(file) as archive:
                entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OverflowError, EOFError) as error:
            yield from _without_directory(file, end)
            yield Member(name=None, problem=f"its directory cannot be read ({error}); get a complete copy of it")
            return
        yield from _listed(file, entries, end)


def _listed(file: BinaryIO, entries: Sequence[zipfile.ZipInfo], end: int) -> Iterator[Member]:
    """Yield the members that a directory lists."""
    packed = unpacked = 0
    for number, entry in enumerate(entries):
        if entry.filename.endswith("/"):
            continue
        following = entries[number + 1].header_offset if number + 1 < len(entries) else end
        modified = _modified(entry.date_time)
        problem = _problem(entry.flag_bits, entry.compress_type)
        start = _data_start(file, entry.header_offset) if 0 <= entry.header_offset < end else None
        if start is None:
            problem = problem or f"there is no header at byte {entry.header_offset:,}, where it should be"
        elif start + entry.compress_size > following:
            # Honest members lie side by side; bombs let thousands of them share the same bytes.
            problem = problem or "it overlaps the next member"
        elif _CODINGS.get(entry.compress_type) == "none" and entry.file_size != entry.compress_size:
            problem = problem or "its sizes contradict each other"
        packed, unpacked = packed + entry.compress_size, unpacked + entry.file_size
        if unpacked > EXPANSION_COUNTS_FROM and unpacked > MOST_EXPANSION * packed:
            problem = problem or (
                f"with it the archive grows to more than {MOST_EXPANSION} times its size, as a bomb does; "
                "unpack it yourself if it is to be read"
            )
            packed, unpacked = packed - entry.compress_size, unpacked - entry.file_size
        if problem or start is None:
            yield Member(name=entry.filename, problem=problem)
            continue
        coding = _CODINGS[entry.compress_type]
        is_checked = coding != "none"
        place = Place(
            start=start,
            size=entry.compress_size,
            coding=coding,
            length=entry.file_size if is_checked else None,
            crc=entry.CRC if is_checked else None,
        )
        yield Member(name=entry.filename, modified=modified, place=place)


def _without_directory(file: BinaryIO, end: int) -> Iterator[Member]:
    """Yield the members of an archive that was cut off: its directory stood at its end."""
    offset = 0
    while header := _local_header(file, offset):
        name, flags, method, modified, size, start = header
        problem = _problem(flags, method)
        coding = _CODINGS.get(method, "none")
        if flags & _SIZES_FOLLOW and not size:
            if coding != "deflate" or problem:
                yield Member(name=name, problem=problem or "the archive does not say where it ends")
                return
            size = _deflated_size(file, start)
        if problem:
            yield Member(name=name, problem=problem)
        elif not name.endswith("/"):
            yield Member(name=name, modified=modified, place=Place(start=start, size=size, coding=coding))
        offset = start + size
        if offset >= end:
            return
        if flags & _SIZES_FOLLOW:
            file.seek(offset)
            found = file.read(_DESCRIPTOR + len(_SIGNATURE)).find(_SIGNATURE)
            offset += max(found, 0)


def _local_header(file: BinaryIO, offset: int) -> tuple[str, int, int, float, int, int] | None:
    """Return name, flags, method, time, size and start of the data of the member whose header stands at *offset*."""
    file.seek(offset)
    raw = file.read(_LOCAL.size)
    if len(raw) < _LOCAL.size or not raw.startswith(_SIGNATURE):
        return None
    _, _, flags, method, time, date, _, size, _, name_size, extra_size = _LOCAL.unpack(raw)
    name, extra = file.read(name_size), file.read(extra_size)
    if len(name) < name_size or len(extra) < extra_size:
        return None
    if size == 0xFFFFFFFF and extra[:2] == b"\x01\x00" and len(extra) >= 20:  # zip64: both sizes, this one second
        size = int.from_bytes(extra[12:20], "little")
    moment = (1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, time % 32 * 2)
    start = offset + _LOCAL.size + name_size + extra_size
    return name.decode("utf-8", "replace"), flags, method, _modified(moment), size, start


def _deflated_size(file: BinaryIO, start: int) -> int:
    """Return how many bytes from *start* on are one deflate stream, all up to the end where it is cut or damaged."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    file.seek(start)
    size = 0
    while not inflate.eof and (data := file.read(_BLOCK)):
        size += len(data)
        while data and not inflate.eof:
            try:
                inflate.decompress(data, 1 << 20)
            except zlib.error:
                return file.seek(0, io.SEEK_END) - start
            data = inflate.unconsumed_tail
    return size - len(inflate.unused_data)


def _data_start(file: BinaryIO, offset: int) -> int | None:
    """Return where the data of the member lies whose local header stands at *offset*."""
    file.seek(offset)
    raw = file.read(_LOCAL.size)
    if len(raw) < _LOCAL.size or not raw.startswith(_SIGNATURE):
        return None
    *_, name, extra = _LOCAL.unpack(raw)
    return offset + _LOCAL.size + int(name) + int(extra)


def _directory_size(file: BinaryIO, end: int) -> int:
    """Return what an archive says of the size of its directory; 0 where it says nothing."""
    file.seek(max(0, end - _TAIL))
    tail = file.read(_TAIL)
    sizes = [0]
    for signature, where, width in ((b"PK\x05\x06", 12, 4), (b"PK\x06\x06", 40, 8)):
        place = tail.rfind(signature)
        size = int.from_bytes(tail[place + where : place + where + width], "little") if place >= 0 else 0
        # All ones stand for "see the record for large archives".
        sizes.append(0 if width == 4 and size == 0xFFFFFFFF else size)
    return max(sizes)


def _problem(flags: int, method: int) -> str | None:
    if flags & _ENCRYPTED:
        return "encrypted; decrypt it first"
    if method not in _CODINGS:
        return f"compressed with the zip method {method}, which is not read; unpack it first"
    return None


def _modified(moment: Sequence[int]) -> float:
    """Return a date of DOS as seconds since the epoch; 0 where it is none. Its zone is unknown, UTC is assumed."""
    try:
        return float(calendar.timegm((*moment, 0, 0, 0)))
    except ValueError:
        return 0.0
