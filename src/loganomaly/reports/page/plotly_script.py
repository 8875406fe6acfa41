"""Plotly's script as part of a page: compressed, and run only if it is exactly that."""

import base64
import contextlib
import gzip
import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["PackedScript", "packed_plotly", "script_hash"]

_PLACE = "package_data/plotly.min.js"
_LEVEL = 6  # 1.97 MB in 0.13 s; level 9 saves 4 kB and takes 0.17 s
_SUM = 64  # characters of the sum that a kept script begins with


@dataclass(frozen=True, slots=True)
class PackedScript:
    """A script: gzip as base64, and the source of it as a Content-Security-Policy names it."""

    packed: str
    source: str


@cache
def packed_plotly() -> PackedScript | None:
    """Return Plotly's script, None where the package is not installed. The package is not imported: that takes long."""
    found = find_spec("plotly")
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        try:
            script = Path(place, _PLACE).read_bytes()
        except OSError:
            continue
        return PackedScript(_packed(script, folder=_kept_in()), script_hash(script))
    return None


def _packed(script: bytes, *, folder: Path) -> str:
    """Return a script compressed; it is kept in `folder`, by its sum, for the next run: compressing takes 0.13 s."""
    kept = folder / f"script-{hashlib.sha256(script).hexdigest()}.gz.b64"
    with contextlib.suppress(OSError):
        content = kept.read_bytes()
        if hashlib.sha256(content[_SUM:]).hexdigest().encode() == content[:_SUM]:
            return content[_SUM:].decode("ascii")
    packed = base64.b64encode(gzip.compress(script, _LEVEL, mtime=0))
    with contextlib.suppress(OSError):  # a cache is never in the way
        _keep(hashlib.sha256(packed).hexdigest().encode() + packed, path=kept)
    return packed.decode("ascii")


def _keep(content: bytes, *, path: Path) -> None:
    """Write a file whole or not at all, for another run may read it meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _kept_in() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("loganomaly", appauthor=False))


def script_hash(script: bytes) -> str:
    """Return the source of a script for a Content-Security-Policy.

    Examples
    --------
    >>> script_hash(b"alert(1)")
    "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode('ascii')}'"
