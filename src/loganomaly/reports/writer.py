"""Write the files of a run so that each of them, and the set of them, is there whole or not at all."""

import contextlib
import json
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from pathlib import Path, PurePosixPath

from loganomaly.errors import OutputError
from loganomaly.reports.aside import aside_in, failed, sync_folder, written
from loganomaly.reports.swap import replace_together, settle

if sys.platform != "win32":
    import fcntl

__all__ = ["alone_in", "check_folder", "replace_file", "to_json", "write_results"]

_LOG = logging.getLogger(__name__)

_SUMMARY = "summary.json"
_ALONGSIDE = (
    "anomalies.json",
    "answers.jsonl",
    "batch.anthropic.json",
    "batch.openai.jsonl",
    "findings.csv",
    "findings.parquet",
    "leaks.json",
    "questions.jsonl",
    "report.html",
    "report.md",
    "templates.parquet",
    "timeline.parquet",
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_DEEPEST = 5
_PER_FILE = "files"
_MODE = 0o600  # results are their owner's
_OWN_NAMES = ("*.anomalies.json", "*.summary.json")

_DELETE = "\x7f"  # all that is unsafe in ASCII
# What a terminal obeys or hides: DEL and C1 controls, zero-width and direction marks, line separators, tags.
# Lone surrogates are not UTF-8. All of these can only stand within the strings of a JSON text.
_UNSAFE = re.compile(
    r"[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f]"
)


def to_json(value: object) -> bytes:
    r"""Return *value* as JSON in UTF-8, indented as far as people read; what a terminal would obey or hide is escaped.

    Raises
    ------
    TypeError
        A value that JSON has no form for.
    ValueError
        An infinite number or NaN, or a value that contains itself.

    Examples
    --------
    >>> print(to_json({"log": "caf\u00e9 \x9b31m"}).decode(), end="")
    {
      "log": "café \u009b31m"
    }
    """
    text = _indented(value, level=0)
    if not text.isascii() or _DELETE in text:
        text = _UNSAFE.sub(_escaped, text)
    return (text + "\n").encode()


def _indented(value: object, *, level: int) -> str:
    """Return a value as JSON, a line for each entry; what lies _DEEPEST or more levels below the top stays on one.

    Python's encoder takes five times as long where it indents, and is made anew for each value that is no string.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if not value or level == _DEEPEST:
        return _ENCODER.encode(value)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        opening, closing = "{}"
        entries = [f"{encode_basestring(key)}: {_indented(entry, level=level + 1)}" for key, entry in value.items()]
    elif isinstance(value, list | tuple):
        opening, closing = "[]"
        entries = [_indented(entry, level=level + 1) for entry in value]
    else:
        return _ENCODER.encode(value)
    outer = "\n" + "  " * level
    inner = outer + "  "
    return f"{opening}{inner}{f',{inner}'.join(entries)}{outer}{closing}"


def check_folder(folder: Path) -> None:
    """Make sure, without leaving a trace, that results can be written to *folder*, which need not exist.

    Raises
    ------
    OutputError
        It exists and is no folder, or it cannot be made, or nothing can be written in it.
    """
    try:
        nearest = next(path for path in (folder, *folder.absolute().parents) if _is_there(path))
        if not nearest.is_dir():
            raise OutputError(
                f"cannot write results to {str(folder)!r}: {str(nearest)!r} is not a folder; "
                "choose another folder for the output"
            )
        # A real file, for permissions alone do not tell of read-only or full file systems.
        with tempfile.TemporaryFile(dir=nearest) as probe:
            probe.write(b"\0")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise failed(folder, error) from error


def write_results(folder: Path, files: Mapping[str, bytes], *, keeping: bool = False) -> list[Path]:
    """Write *files* to *folder*, which is made if need be, and return their paths in the order given.

    Either all of them are written, or the folder's previous results stay as they were, also when this run is killed;
    where the system has no symbolic links, that holds for each file and not for all together. What killed runs left is
    removed, and so are results of the previous run that this one does not have: ``anomalies.json``, and questions to a
    model and answers of it, beside a ``summary.json``, ``files/*.summary.json`` and ``files/*.anomalies.json``; no
    other file is touched. Files are readable by their owner only, and so are folders made here. Where the system has
    file locks, two runs write to one folder one after the other.

    Parameters
    ----------
    files
        Contents by name relative to *folder*, with ``/`` between folders.
    keeping
        Keep what the previous run has and this one does not: it completes that one.

    Raises
    ------
    OutputError
        A name leads out of the folder, or something cannot be written.
    """
    check_folder(folder)
    targets = {name: _target(folder, name) for name in files}
    for path in (folder, *(target.parent for target in targets.values())):
        _make_folder(path)
    with alone_in(folder):
        settle(folder)
        wanted = set(targets.values())
        obsolete = [] if keeping else [path for path in _previous(folder) if path not in wanted]
        contents = {targets[name]: files[name] for name in sorted(files, key=lambda name: name == _SUMMARY)}
        replace_together(folder, contents, obsolete=obsolete, mode=_MODE)
    return list(targets.values())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file of the user's, in a folder that exists: whole, or it stays as it was, and so does who may read it.

    Left-overs of killed runs beside it are removed: be `alone_in` the folder.

    Raises
    ------
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(Path(folder, "a.txt"), b"new")
    ...     Path(folder, "a.txt").read_bytes()
    b'new'
    """
    try:
        target = path.resolve()  # what a link leads to, not the link
        exists = target.exists()
        if exists and not os.access(target, os.W_OK):  # which would not keep another file from taking its place
            raise PermissionError(None, "it is write-protected")
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL in the path; RuntimeError: links in a ring
        raise failed(path, error, other="file") from error
    settle(target.parent)
    aside = aside_in(target.parent)
    try:
        written(aside, content, target=target, mode=0o666, like=target if exists else None)
        aside.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise failed(target, error) from error
    finally:
        aside.unlink(missing_ok=True)


def _target(folder: Path, name: str) -> Path:
    """Return the path of a file within *folder*."""
    parts = PurePosixPath(name).parts
    target = folder.joinpath(*parts)
    outside = not parts or ".." in parts or re.search(r"^/|[\\\0]|^\w:|/$", name)
    # A link below the folder leads out just as well as "..".
    if outside or not target.parent.resolve().is_relative_to(folder.resolve()):
        raise OutputError(
            f"cannot write {name!r}: it leads out of the output folder {str(folder)!r}; "
            "expected a file name below it, such as 'files/app.summary.json'"
        )
    return target


def _is_there(path: Path) -> bool:
    """Tell whether something, even a broken link, has that name; names that cannot be had are an error."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _make_folder(folder: Path) -> None:
    for path in reversed((folder, *folder.parents)):
        try:
            if not path.exists():
                path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise failed(path, error) from error
    if not folder.is_dir():
        raise failed(folder, NotADirectoryError(None, "not a folder"))


def _previous(folder: Path) -> list[Path]:
    """List what an earlier run may have written beside ``summary.json``."""
    if not (folder / _SUMMARY).is_file():
        return []
    found = [folder / name for name in _ALONGSIDE]
    if _has_own_subfolder(folder):
        for pattern in _OWN_NAMES:
            found += (folder / _PER_FILE).glob(pattern)
    return sorted(path for path in found if path.is_file())


def _has_own_subfolder(folder: Path) -> bool:
    """Tell whether ``files`` is a folder, and not a link to one elsewhere: nothing is removed there."""
    return (folder / _PER_FILE).is_dir() and not (folder / _PER_FILE).is_symlink()


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other run writes to *folder*, which exists, where the system has file locks.

    This one removes temporaries, and would remove theirs; what it reads and writes again would lose what they wrote.
    """
    if sys.platform == "win32":
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise failed(folder, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            _LOG.info("%s: written without a lock: %s", folder, error.strerror or error)
        yield
    finally:
        os.close(handle)


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
