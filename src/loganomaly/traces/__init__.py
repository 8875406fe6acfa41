"""Stack traces: what went wrong first, and where in the user's own code."""

from loganomaly.traces.read import Trace, read_trace

__all__ = ["Trace", "read_trace"]
