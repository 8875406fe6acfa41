"""Compiles functions with numba, and keeps the results for the next run while all that they are made of is the same.

What numba keeps, it takes for good until the function's own file changes. But compiled code holds functions and numbers
of other modules, too: after an upgrade, parts of the old version would go on running. Here it is good while the module
is the same, and so are the modules of this package that it imports, and those that these import.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

__all__ = ["njit"]

_PACKAGE = Path(__file__).parent
_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+loganomaly\b([\w.]*)(?:[ \t]+import[ \t]+(\([^)]*\)|.*))?", re.MULTILINE
)
_NAME = re.compile(rb"\w+")


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile as `numba.njit` does.

    Where neither the package's folder nor the user's folder for caches can be written, it compiles in each run anew.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            kernel = numba.njit(**options)(function)
        except RuntimeError:  # there is nowhere to keep it
            return numba.njit(**{**options, "cache": False})(function)
        if options.get("cache") and kernel is not function:  # NUMBA_DISABLE_JIT=1 leaves the function
            with contextlib.suppress(OSError):  # sources that are no files; numba goes by what it has
                kernel._cache._cache_file._source_stamp = _stamp(Path(function.__code__.co_filename))  # noqa: SLF001
        return kernel

    return compiled


@cache
def _stamp(path: Path) -> str:
    """Return a sum over a module and all modules that it is made of."""
    found, new = {path}, [path]
    while new:
        others = _imported(new.pop()) - found
        found |= others
        new += others
    total = hashlib.sha256()
    for each in sorted(found):
        total.update(hashlib.sha256(_read(each)).digest())
    return total.hexdigest()


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()


@cache
def _imported(path: Path) -> frozenset[Path]:
    """Return the files of the modules of this package that a module imports."""
    files = set()
    for match in _IMPORT.finditer(_read(path)):
        place = _PACKAGE.joinpath(*match[1].decode().strip(".").split("."))
        if place.is_dir():  # the names may be modules of it
            files.add(place / "__init__.py")
            files |= {place / f"{name.decode()}.py" for name in _NAME.findall(match[2] or b"")}
        else:
            files.add(place.with_suffix(".py"))
    return frozenset(file for file in files if file.is_file())
