"""Objects in a storage: which ones a URL stands for, and whether one is still what it was."""

import datetime as dt
import email.utils
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from threading import Event, Thread
from typing import Any, TypeVar

from loganomaly.errors import InputMissingError, LogAnomalyError
from loganomaly.reading.urls import has_wildcards, opened_storage, protocol_of, shown_url

__all__ = [
    "PATIENCE",
    "MetObject",
    "StorageError",
    "StoredObject",
    "asked",
    "check_unchanged",
    "find_objects",
    "on_the_web",
    "storage_errors",
]

PATIENCE = 60.0
"""Seconds within which a storage must answer: a few megabytes, or what it knows of an object."""
_ATTEMPTS = 3
_PAUSE = 0.5  # seconds before it is asked again; twice as long before the third time
# What the storages call the version of an object, and when it was written.
_VERSIONS = ("ETag", "etag", "generation", "md5Hash", "content_md5", "Content-MD5")
_TIMES = ("LastModified", "last_modified", "Last-Modified", "updated", "mtime", "created")
_KEYS = re.compile(r"\?[^\s'\"]+")  # of a signed URL
_REFUSED, _MISSING = (401, 403, 407), (404, 410)  # as web servers answer

_T = TypeVar("_T")


class StorageError(OSError):
    """A storage does not give what it is asked for; its `strerror` says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(5, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object as it was found: its URL and size in bytes.

    `version` is what its storage tells one version from another by. `patience` is how many seconds it may take to
    answer.
    """

    url: str = field(repr=False)
    size: int
    version: tuple[tuple[str, str], ...] = field(repr=False)
    patience: float = PATIENCE

    @property
    def name(self) -> str:
        """What users are shown."""
        return shown_url(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetObject:
    """An object that a URL stands for; when it was written, seconds since the epoch; whether it was in a folder.

    Without a size nothing is known of it but that it is there.
    """

    stored: StoredObject
    modified: float
    walked: bool
    has_size: bool


def find_objects(url: str) -> list[MetObject]:
    """Return the objects that a URL stands for, by name: one, those that a pattern matches, or all below a folder.

    Those with a part of their name that begins with a dot are left out, unless the URL says so.

    Raises
    ------
    InputMissingError
        There is none.
    StorageError
        The storage does not answer, or refuses to.
    UsageError
        Nobody reads such URLs.
    """
    with storage_errors():
        storage, path = opened_storage(url)
    named: dict[str, Mapping[str, Any]] = {}
    walked: dict[str, Mapping[str, Any]] = {}
    try:
        if has_wildcards(url):
            met = asked(lambda: storage.glob(path, detail=True), patience=PATIENCE, listing=True)
            for name, info in met.items():
                if info.get("type") == "directory":
                    walked |= _below(storage, name)
                else:
                    named[name] = info
        else:
            info = asked(lambda: storage.info(path), patience=PATIENCE)
            if info.get("type") == "directory":
                walked = _below(storage, path)
            else:
                named[path] = info
    except FileNotFoundError as error:
        raise InputMissingError(f"no such object or folder: {shown_url(url)!r}; check the URL") from error
    base = path.split("*", maxsplit=1)[0]
    found = [
        _met(storage, name, info, url=url if name == path else None, walked=name not in named)
        for name, info in sorted((walked | named).items(), key=lambda item: PurePosixPath(item[0]).parts)
        if name == path or not _is_hidden(name, base=base, wanted="/." in path)
    ]
    if not found:
        raise InputMissingError(f"no object matches {shown_url(url)!r}; check the URL")
    return found


def _below(storage: Any, folder: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = asked(
        lambda: storage.find(folder, detail=True), patience=PATIENCE, listing=True
    )
    return {name: info for name, info in found.items() if info.get("type") != "directory" and not name.endswith("/")}


def _is_hidden(name: str, *, base: str, wanted: bool) -> bool:
    return not wanted and any(part.startswith(".") for part in name.removeprefix(base).split("/"))


def _met(storage: Any, name: str, info: Mapping[str, Any], *, url: str | None, walked: bool) -> MetObject:
    size = info.get("size")
    stored = StoredObject(
        url=str(storage.unstrip_protocol(name)) if url is None else url,
        size=int(size or 0),
        version=_version(info),
        patience=PATIENCE,
    )
    written = _written(info)
    # One that nobody knows the time of is not younger than now.
    modified = time.time() if written is None else written
    return MetObject(stored=stored, modified=modified, walked=walked, has_size=size is not None)


def _version(info: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the versions that a storage names; when an object was written where it names none."""
    named = tuple((key, str(info[key])) for key in _VERSIONS if info.get(key))
    # Listings and answers on one object may round times in ways of their own.
    written = None if named else _written(info)
    return named if written is None else (("written", f"{written:.6f}"),)


def _written(info: Mapping[str, Any]) -> float | None:
    """Return when an object was written, where its storage says it."""
    for key in _TIMES:
        value = info.get(key)
        if isinstance(value, dt.datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, str):
            try:
                return dt.datetime.fromisoformat(value).timestamp()
            except ValueError:
                parsed = email.utils.parsedate_tz(value)
                if parsed is not None:
                    return float(email.utils.mktime_tz(parsed))
    return None


def check_unchanged(stored: StoredObject) -> None:
    """Make sure that an object is what it was when it was found.

    Raises
    ------
    StorageError
        It is not, is gone, or the storage does not say.
    """
    with storage_errors():
        storage, path = opened_storage(stored.url)
        info = asked(lambda: storage.info(path), patience=stored.patience)
    # A listing may say less of an object than the storage does when it is asked for that one.
    now = dict(_version(info))
    size = info.get("size")
    both = [(before, now[key]) for key, before in stored.version if key in now]
    if (size is not None and int(size) != stored.size) or any(before != after for before, after in both):
        raise StorageError("it was changed after it was found; analyse it again, or a copy of it")


@contextmanager
def storage_errors() -> Iterator[None]:
    """Make errors of one kind of what packages of others raise."""
    try:
        yield
    except (StorageError, LogAnomalyError):
        raise
    except Exception as error:  # each storage has errors of its own, that have no class in common
        raise _told(error) from error


def asked(call: Callable[[], _T], *, patience: float, listing: bool = False, once: bool = False) -> _T:
    """Return what a storage answers; it is asked again where that may help.

    Parameters
    ----------
    patience
        Seconds that an answer may take.
    listing
        Whether many objects are asked for, which takes as long as it takes.
    once
        Whether it is not asked again: a call that was given up may still go on, and take what another would get.

    Raises
    ------
    FileNotFoundError
        There is no such object.
    StorageError
        It does not answer, or refuses to.
    """
    attempts = 1 if once else _ATTEMPTS
    for attempt in range(attempts):
        try:
            return _within(None if listing else patience, call)
        except Exception as error:  # each storage has errors of its own, that have no class in common
            behind = _behind(error)
            if isinstance(behind, FileNotFoundError):
                raise
            final = isinstance(behind, StorageError | PermissionError | ValueError | LogAnomalyError)
            if final or _status(behind) in _REFUSED or attempt + 1 == attempts:
                raise _told(behind, patience=patience) from behind
        time.sleep(_PAUSE * 2**attempt)
    raise AssertionError  # the last attempt returns or raises


def _within(seconds: float | None, call: Callable[[], _T]) -> _T:
    """Return what a call does, in a thread of its own that is given up after so many seconds."""
    results: list[_T] = []
    errors: list[BaseException] = []
    done = Event()

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001  (raised where it is waited for)
            errors.append(error)
        finally:
            done.set()

    Thread(target=run, name="storage", daemon=True).start()
    if not done.wait(seconds):
        raise TimeoutError
    if errors:
        raise errors[0]
    return results[0]


def _behind(error: Exception) -> Exception:
    """Return what an error comes from: of a web server, fsspec says that there is no such file, whatever it answers."""
    cause = error.__cause__
    if not isinstance(error, FileNotFoundError) or not isinstance(cause, Exception):
        return error
    status = _status(cause)
    unreached = isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError)
    return cause if unreached or (status is not None and status not in _MISSING) else error


def _status(error: Exception) -> int | None:
    """Return what a web server answers, where that is what an error of its client says."""
    status = getattr(error, "status", None)
    return status if isinstance(status, int) else None


def _told(error: Exception, *, patience: float = PATIENCE) -> OSError:
    """Return the error that says what a storage's error means to the user."""
    if isinstance(error, StorageError | LogAnomalyError):
        return error  # type: ignore[return-value]
    detail = _KEYS.sub("", " ".join(str(error).split()))[:200]
    if isinstance(error, FileNotFoundError):
        return StorageError("there is no such object (any more)")
    if isinstance(error, TimeoutError):
        return StorageError(f"the storage did not answer within {patience:g} seconds; try again later")
    kind = type(error).__name__
    if isinstance(error, PermissionError) or _status(error) in _REFUSED or "Credential" in kind or "Auth" in kind:
        return StorageError(
            f"the storage refuses it ({detail or kind}); the credentials are missing, lack the right, or have expired: "
            "renew them"
        )
    hint = "; credentials that have expired may show like that" if "Bad Request" in detail else ""
    return StorageError(f"the storage failed ({kind}: {detail}){hint}")


def on_the_web(stored: StoredObject) -> bool:
    """Tell whether an object is read by HTTP, where servers need not be able to give parts of one."""
    return protocol_of(stored.url) in {"http", "https"}
