"""LogAnomaly: logs in, findings out.

>>> from loganomaly import LogAnalyzer
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loganomaly.analyzer import LogAnalyzer
    from loganomaly.results import Results

__all__ = ["LogAnalyzer", "Results"]

_HOMES = {"LogAnalyzer": "loganomaly.analyzer", "Results": "loganomaly.results"}


def __getattr__(name: str) -> Any:
    # Imported on first use: `loganomaly --help` needs none of it.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    msg = f"module 'loganomaly' has no attribute {name!r}; it has: {', '.join(__all__)}"
    raise AttributeError(msg)
