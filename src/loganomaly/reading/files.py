"""Find the files of this machine that an input stands for: a file, a folder or a glob."""

import difflib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from loganomaly.errors import InputMissingError, InputUnreadableError

__all__ = ["FileWalk", "MetFile", "shown_path", "unreadable"]

_GLOB = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetFile:
    """A file that an input stands for: its path, what users are shown, and how it was met."""

    path: Path
    name: str
    how: Literal["named", "matched", "walked"]


class FileWalk:
    """The files that an input stands for.

    Attributes
    ----------
    skipped
        Files and folders that are not met, as names and reasons.
    """

    def __init__(self, *, exclude: frozenset[Path]) -> None:
        self.skipped: list[tuple[str, str]] = []
        self._exclude = exclude

    def files(self, given: str) -> list[MetFile]:
        """Return what *given* stands for, by path; see `loganomaly.reading.sources.find_sources`.

        Raises
        ------
        InputMissingError
            It does not exist, or is a glob that matches nothing.
        InputUnreadableError
            It exists and cannot be read.
        """
        path = Path(given)
        status = _status(path)
        if status is None:
            if not _GLOB.search(given):
                raise InputMissingError(f"no such file or folder: {given!r}{_hint(path)}")
            files = self._matched(given)
        elif stat.S_ISDIR(status.st_mode):
            files = self._walked(path, named=True)
        else:
            files = [MetFile(path=path, name=shown_path(given), how="named")]
        return sorted(files, key=lambda file: file.path.parts)

    def _skip(self, path: Path, reason: str) -> None:
        self.skipped.append((shown_path(path), reason))

    def _walked(self, top: Path, *, named: bool) -> list[MetFile]:
        """List the files below *top*."""
        files: list[MetFile] = []
        errors: list[OSError] = []
        for folder, folders, names in os.walk(top, onerror=errors.append):
            here = Path(folder)
            folders[:] = [name for name in folders if self._enters(here / name)]
            hidden = [name for name in names if name.startswith(".")]
            if hidden:
                self._skip(here / ".*", f"hidden files: {len(hidden)}")
            files += [_met(here / name, "walked") for name in names if not name.startswith(".")]
        for error in errors:
            failed = Path(os.fsdecode(error.filename))
            if named and failed == top:
                raise unreadable(shown_path(top), error) from error
            self._skip(failed, f"the folder cannot be listed: {error.strerror or error}")
        if not files:
            self._skip(top, "a folder without files to read")
        return files

    def _enters(self, folder: Path) -> bool:
        """Tell whether the walk goes into *folder*; if not, that is listed."""
        if folder.name.startswith("."):
            self._skip(folder, "a hidden folder")
        elif folder.is_symlink():
            # It leads out of the tree, or to what the walk meets anyway.
            self._skip(folder, "a link to a folder; give it as an input to read it")
        elif folder.resolve() in self._exclude:
            self._skip(folder, "an excluded folder")
        else:
            return True
        return False

    def _matched(self, pattern: str) -> list[MetFile]:
        """List the files that a glob matches, and those below the folders that it matches."""
        base, rest = _split_glob(pattern)
        hidden_too = any(part.startswith(".") for part in rest.split("/"))
        files: list[MetFile] = []
        matched = False
        for path in base.glob(rest):
            if not hidden_too and any(part.startswith(".") for part in path.relative_to(base).parts):
                continue
            matched = True
            resolved = Path(os.path.realpath(path))  # where links go in a ring, too
            excluded = self._exclude.intersection((resolved, *resolved.parents))
            if excluded:
                self._skip(min(excluded), "an excluded folder")
            elif path.is_dir():
                files += self._walked(path, named=False)
            else:
                files.append(_met(path, "matched"))
        if not matched:
            raise InputMissingError(f"no file matches {pattern!r}{_hint(base / rest)}")
        # A file that is both matched and walked is matched: its name does not count.
        best = {file.path: file for file in files if file.how == "walked"}
        best |= {file.path: file for file in files if file.how == "matched"}
        return list(best.values())


def shown_path(path: Path | str) -> str:
    """Return a path as text that can be printed and stored, even when its bytes are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def unreadable(name: str, error: OSError) -> InputUnreadableError:
    """Return the error that says why what is called *name* cannot be read, and what to do."""
    return InputUnreadableError(
        f"cannot read {name!r}: {error.strerror or error}; check its permissions, or leave it out"
    )


def _met(path: Path, how: Literal["matched", "walked"]) -> MetFile:
    return MetFile(path=path, name=shown_path(path), how=how)


def _status(path: Path) -> os.stat_result | None:
    """Return the status of an input; None when it does not exist."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise unreadable(shown_path(path), error) from error


def _split_glob(pattern: str) -> tuple[Path, str]:
    """Split a glob into the folder before its first wildcard and the rest.

    >>> _split_glob("var/log/*.log")[1]
    '*.log'
    """
    parts = Path(pattern).parts
    first = next(index for index, part in enumerate(parts) if _GLOB.search(part))
    # As in a shell, ** within a name is *; and at the end it means the files too.
    rest = [part if part == "**" else re.sub(r"\*\*+", "*", part) for part in parts[first:]]
    if rest[-1] == "**":
        rest.append("*")
    return Path(*parts[:first]), "/".join(rest)


def _hint(path: Path) -> str:
    """Name the existing path nearest to one that does not exist."""
    for missing in (path, *path.parents):
        try:
            names = sorted(os.listdir(missing.parent))  # noqa: PTH208  (names, not paths)
        except (OSError, ValueError):
            continue  # this folder is missing too, or closed: look one higher
        near = difflib.get_close_matches(missing.name, names, n=1, cutoff=0.4)
        if near:
            return f"; did you mean {shown_path(missing.parent / near[0])!r}?"
        break
    return "; check the spelling and the current folder"
