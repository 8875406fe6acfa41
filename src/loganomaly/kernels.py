"""Compiles functions with numba, and keeps the results for the next run while all that they are made of is the same.

What numba keeps, it takes for good until the function's own file changes. But compiled code holds functions and numbers
of other modules, too: after an upgrade, parts of the old version would go on running. Here it is good while the module
is the same, and so are the modules of this package that it imports, and those that these import.

What is kept may be damaged, or not be ours to read: then it is compiled anew, and kept again where that can be done.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache
from numba.core.runtime.nrt import rtsys

from loganomaly.kernel_code import for_running

__all__ = ["borrowing", "njit"]

_LOG = logging.getLogger(__name__)
_PACKAGE = Path(__file__).parent
_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+loganomaly\b([\w.]*)(?:[ \t]+import[ \t]+(\([^)]*\)|.*))?", re.MULTILINE
)
_NAME = re.compile(rb"\w+")
_SUM = hashlib.sha256().digest_size


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile as `numba.njit` does.

    Where neither the package's folder nor the user's folder for caches can be written, it compiles in each run anew.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        kernel = numba.njit(**{**options, "cache": False})(function)
        if options.get("cache") and kernel is not function:  # NUMBA_DISABLE_JIT=1 leaves the function
            kernel._cache = _Kept(function)  # noqa: SLF001
        return kernel

    return compiled


def borrowing(function: Callable[..., Any]) -> Any:
    """Compile a function that makes no arrays, returns none, and calls such functions only.

    It need not count the references to those that it is given, as its caller has them anyway. numba counts them for
    each call otherwise, with instructions that wait for memory: for a line of a log that took as long as reading it.
    """
    return njit(nogil=True, cache=True, _nrt=False)(function)


class _Kept:
    """The cache of a function, made when it is asked for: to find out where files can be kept takes some time.

    The sum over its sources is taken at once: they may change while the program runs, which compiles what it has read.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        try:
            self._stamp: str | None = _stamp(Path(function.__code__.co_filename))
        except OSError:  # sources that are no files
            self._stamp = None

    @cached_property
    def _cache(self) -> Any:
        try:
            return _Cache(self._function, self._stamp)
        except RuntimeError:  # there is nowhere to keep it
            return NullCache()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)


class _Cache(FunctionCache):
    """numba's cache with files of ours; what the system does not let it read or write is not kept.

    What numba can be told by settings is where files are and what sources they are of, not how they are read.
    """

    def __init__(self, function: Callable[..., Any], stamp: str | None) -> None:
        super().__init__(function)
        if stamp is None:  # numba goes by what it has
            stamp = repr(self._impl.locator.get_source_stamp())
        self._cache_file = _Files(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        # numba would get ready to compile first, which takes most of the time; what is kept needs memory alone.
        rtsys.initialize(target_context)
        try:
            found = self._load_overload(sig, for_running(target_context))
            return None if found is None else found._replace(target_context=target_context)
        except OSError as error:
            _LOG.debug("compiled anew, for what was kept cannot be read: %s", error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _LOG.debug("not kept for the next run: %s", error)


class _Files(IndexDataCacheFile):
    """A file for each signature that a function was compiled for, which says itself what it is good for.

    numba has an index of numbered files, and believes both. A run that ends between the two, or two that write at once,
    leave an index that names code of other sources or of another signature; a wrong bit makes numbers wrong or ends the
    process. So there is no index, and a sum over the sources and the content stands at the end of a file, where numba
    does not look.
    """

    def load(self, key: Any) -> Any:
        name = self._name(key)
        try:
            kept = Path(self._data_path(name)).read_bytes()
        except FileNotFoundError:
            return None
        if kept[-_SUM:] != self._sum(kept[:-_SUM]):
            _LOG.debug("compiled anew, for what was kept is damaged or of other sources: %s", name)
            return None
        good_for, data = self._load_data(name)  # another run may just have put its own there
        return data if good_for == (self._source_stamp, key) else None

    def save(self, key: Any, data: Any) -> None:
        content = self._dump(((self._source_stamp, key), data))
        with self._open_for_write(self._data_path(self._name(key))) as file:
            file.write(content + self._sum(content))

    def flush(self) -> None:
        for path in Path(self._cache_path).glob(self._data_name_pattern.replace("{number:d}", "*")):
            path.unlink(missing_ok=True)

    def _name(self, key: Any) -> str:
        """Return the name for a signature; each version of numba has its own, for it may not read those of others."""
        number = hashlib.sha256(repr((self._version, key)).encode()).digest()[:8]
        return str(self._data_name(int.from_bytes(number)))

    def _sum(self, content: bytes) -> bytes:
        return hashlib.sha256(self._source_stamp.encode() + content).digest()


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
