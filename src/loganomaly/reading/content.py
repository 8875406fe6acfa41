"""Tell what a file is by its first bytes, and why it is no log if it is none."""

import codecs
import json
import re
from pathlib import PurePath
from typing import Literal

from loganomaly.reading.decoders import detect_compression

__all__ = ["HEAD", "Encoding", "container", "detect_encoding", "not_log_name", "not_text", "one_document"]

Encoding = Literal["utf-8", "utf-16-le", "utf-16-be"]

HEAD = 1 << 16
"""How many of the first bytes, decompressed, this module asks for: fewer are taken for the whole file."""

_COMPRESSED_SUFFIXES = frozenset({".bz2", ".gz", ".xz", ".zst", ".zstd"})
# Text that is no log; binary files are told by their content, with a better reason.
_NOT_LOG_SUFFIX = re.compile(
    r"\.(apk|bat|c|cc|cfg|conf|cpp|cs|css|docx|ear|egg|epub|go|h|hpp|html?|ini|ipynb|jar|java|jsx?|kt|lock|lua|md|nupkg|od[pst]|php|pid|pl|pptx|properties"
    r"|ps1|pyi?|rb|rs|rst|scala|scss|sh|sql|svg|swift|toml|tsx?|war|whl|xlsx|ya?ml)"
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK")
_PARQUET = b"PAR1\x15"  # what comes first in it is a header, of a page or of the whole, and begins with that byte
_TAR_HEADER = 512
_PICTURE = "a picture"
# Only magic numbers that no line of text begins with; the rest of binary data is told by its bytes.
_MAGIC = {
    "an archive of a kind that is not read; unpack it first": (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"!<arch>\n"),
    "compressed with LZ4; decompress it first": (b"\x04\x22\x4d\x18",),
    "compressed with compress (.Z); decompress it first": (b"\x1f\x9d",),
    _PICTURE: (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*"),
    "a PDF document": (b"%PDF-",),
    "an SQLite database": (b"SQLite format 3\x00",),
    "an encrypted Parquet table; decrypt it first": (b"PARE\x15",),
    "an Arrow table": (b"ARROW1\x00",),
    "a program or library": (b"\x7fELF", b"\xca\xfe\xba\xbe"),
    "a Windows event log; export it as text, CSV or JSON first": (b"ElfFile\x00",),
    "a systemd journal; export it with journalctl first": (b"LPKSHHRH",),
    "a network capture": (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x0a\x0d\x0d\x0a"),
    "UTF-32 text; convert it to UTF-8 first": (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"),
}
# Shares of bytes. Random data has .004 NUL and .1 control characters; a log in an old 8-bit or double-byte
# encoding has no control characters but many bytes that are not UTF-8.
_MOST_NUL = 0.001
_MOST_CONTROL = 0.02
_MOST_INVALID = 0.3
# Besides white space, text has escapes, DOS ends of file and separators (FIX messages: 1; ASCII: 28 to 31).
_CONTROL = bytes(set(range(2, 28)) - set(b"\a\b\t\n\v\f\r\x1a\x1b")) + b"\x7f"
_REPLACEMENT = "\ufffd"


def container(head: bytes) -> Literal["parquet", "tar", "zip"] | None:
    """Tell by its first bytes whether a file is an archive that can be walked, or a table."""
    if head.startswith(_PARQUET):
        return "parquet"
    if head.startswith(_ZIP):
        return "zip"
    return "tar" if _is_tar_header(head[:_TAR_HEADER]) else None


def _is_tar_header(header: bytes) -> bool:
    """Tell whether the checksum is right, or what is there since POSIX says so; the oldest archives have no mark."""
    if len(header) < _TAR_HEADER or not header[0]:
        return False
    if header[257:262] == b"ustar":
        return True
    digits = header[148:156].strip(b" \0")
    # The checksum is that of the header with blanks in its place.
    total = sum(header[:148]) + sum(header[156:]) + 8 * ord(" ")
    return bool(re.fullmatch(rb"[0-7]{1,7}", digits)) and int(digits, 8) == total


def detect_encoding(head: bytes) -> Encoding:
    """Tell the encoding by the byte order mark or, without one, by where ASCII text has its NUL bytes.

    >>> detect_encoding("ready".encode("utf-16-be"))
    'utf-16-be'
    """
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    pairs = len(head) // 2
    first, second = head[0::2].count(0), head[1::2].count(0)
    # Text with other scripts in it keeps spaces, digits and line ends in ASCII: well under all pairs.
    often, seldom = 0.4 * pairs, 0.01 * pairs
    if pairs and second >= often and first <= seldom:
        return "utf-16-le"
    if pairs and first >= often and second <= seldom:
        return "utf-16-be"
    return "utf-8"


def not_log_name(path: PurePath) -> str | None:
    """Say why the name is none of a log, if so."""
    suffix = _suffix(path)
    if _NOT_LOG_SUFFIX.fullmatch(suffix):
        return f"a {suffix} file is not taken for a log; give it as an input to read it"
    return None


def not_text(head: bytes, *, encoding: Encoding) -> str | None:
    """Say why the first bytes of a file are no text, if so."""
    if not head:
        return "empty"
    for reason, magic in _MAGIC.items():
        if head.startswith(magic):
            return reason
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _PICTURE
    if detect_compression(head) != "none":
        return "compressed twice; decompress it once first"
    text = head.decode(encoding, "replace")
    if not text.strip("\ufeff \t\r\n"):
        return "empty" if len(head) < HEAD else None
    return "binary" if _is_binary(text) else None


def one_document(path: PurePath, *, head: bytes, encoding: Encoding) -> str | None:
    """Say that a file is one JSON or XML document, if that is sure."""
    suffix = _suffix(path)
    text = head.decode(encoding, "replace").removeprefix("\ufeff").strip()
    if suffix == ".xml" and text.startswith(("<?xml", "<!DOCTYPE")):
        return "one XML document; give it as an input to read it"
    if suffix == ".json" and _is_one_json_document(text, complete=len(head) < HEAD):
        return "one JSON document, not one JSON value per line; give it as an input to read it"
    return None


def _suffix(path: PurePath) -> str:
    """Return the last suffix in lower case, that of a compression left out."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _is_binary(text: str) -> bool:
    data = text.encode()
    invalid = text.count(_REPLACEMENT)
    control = len(data) - len(data.translate(None, _CONTROL))
    return (
        data.count(0) > _MOST_NUL * len(text)
        or control > _MOST_CONTROL * len(text)
        or invalid > _MOST_INVALID * len(text)
    )


def _is_one_json_document(text: str, *, complete: bool) -> bool:
    """Tell whether *text*, the whole or the start of a file, is one JSON value over several lines."""
    lines = text.splitlines()
    if not text.startswith(("{", "[")) or len(lines) < 2:
        return False
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        # A value cut by the end of the text fails in its last line; anything else is not JSON.
        one = not complete and error.pos >= text.rfind("\n")
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        return False
    else:
        one = complete and end == len(text)
    # An export of records, one to a line of one array, can be read as lines.
    records = sum(_is_json_object(line) for line in lines[:100])
    return one and 2 * records < min(len(lines), 100)


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line.strip().removesuffix(",")), dict)
    except (RecursionError, ValueError):
        return False
