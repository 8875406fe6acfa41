"""URLs of what lies in a storage: which texts are some, what users are shown of them, and who reads them."""

import re
from typing import Any

from loganomaly.errors import UnavailableError, UsageError

__all__ = ["has_wildcards", "is_url", "opened_storage", "protocol_of", "shown_input", "shown_url"]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_SECRET = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+://)[^/\s]*@")  # up to the last @: a password may have one
_WEB = ("http", "https")
_PACKAGES = {
    "abfs": "pip install adlfs",
    "abfss": "pip install adlfs",
    "az": "pip install adlfs",
    "gcs": "pip install gcsfs",
    "gs": "pip install gcsfs",
    "hdfs": "pip install pyarrow",
    "http": "pip install aiohttp",
    "https": "pip install aiohttp",
    "s3": "pip install 'loganomaly[s3]'",
    "s3a": "pip install 'loganomaly[s3]'",
}


def is_url(text: str) -> bool:
    """Tell whether an input is a URL, and not a path.

    >>> is_url("s3://logs/app.log"), is_url("logs/app.log"), is_url("C://logs")
    (True, False, False)
    """
    return _URL.match(text) is not None


def protocol_of(url: str) -> str:
    """Return what a URL begins with, in lower case."""
    return url.partition("://")[0].lower()


def has_wildcards(url: str) -> bool:
    """Tell whether a URL stands for all objects that it matches; on the web, only ``*`` does that."""
    return "*" in url or (protocol_of(url) not in _WEB and ("?" in url or "[" in url))


def shown_url(url: str) -> str:
    """Return a URL as users are shown it: without names and passwords, nor what follows ``?``, which may be a key.

    >>> shown_url("https://ada:hunter2@logs.example/app.log?signature=abc")
    'https://logs.example/app.log'
    """
    text = url.partition("?")[0] if protocol_of(url) in _WEB else url
    return _SECRET.sub(r"\1", text).encode("utf-8", "replace").decode()


def shown_input(text: str) -> str:
    """Return what users are shown of an input: of a URL, what `shown_url` leaves; a path as it is."""
    return shown_url(text) if is_url(text) else text


def opened_storage(url: str) -> tuple[Any, str]:
    """Return the file system of fsspec that reads a URL, and the path in it; it keeps no listings.

    Settings and credentials are those that the storage's own package finds in the environment and its files.

    Raises
    ------
    UnavailableError
        A package that is needed for it is not installed; says which.
    UsageError
        There is no such storage.
    """
    protocol = protocol_of(url)
    if "::" in url:
        raise UsageError(f"{shown_url(url)!r} chains URLs; give the URL of the log itself")
    try:
        import fsspec
    except ImportError as error:
        raise UnavailableError(
            f"{shown_url(url)!r} is a URL, and reading those needs fsspec, which is not installed; "
            f"install it with: pip install 'loganomaly[{'s3' if protocol in {'s3', 's3a'} else 'cluster'}]'"
        ) from error
    if protocol not in fsspec.available_protocols():
        raise UsageError(
            f"{shown_url(url)!r}: no storage is called {protocol!r}; known are s3, gs, abfs, hdfs, https and what else "
            "fsspec reads"
        )
    try:
        # That it knows in lower case only.
        storage, path = fsspec.core.url_to_fs(
            f"{protocol}{url[len(protocol) :]}", use_listings_cache=False, **_settings(protocol)
        )
    except ImportError as error:
        install = _PACKAGES.get(protocol, f"the package that fsspec names: {error}")
        raise UnavailableError(
            f"{shown_url(url)!r} needs a package that is not installed; install it with: {install}"
        ) from error
    return storage, str(path)


def _settings(protocol: str) -> dict[str, Any]:
    """Return what is set otherwise than by the storage's own package."""
    if protocol not in _WEB:
        return {}
    from aiohttp import ClientTimeout

    # Else a copy ends after five minutes, however fast it goes on; who waits for a block gives up by himself.
    return {"client_kwargs": {"timeout": ClientTimeout(total=None)}}
