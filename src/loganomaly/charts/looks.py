"""What charts look like: colours that colour-blind people can tell apart, and layouts for light and dark pages.

The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/). No colour is the only sign: severities that
matter have a pattern as well, and every bar says in words what it is.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["COLOURS", "PATTERNS", "SERIES", "SEVERITIES", "THEMES", "layout"]

SEVERITIES = ("CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG", "TRACE", "UNKNOWN")
"""In the order of charts and legends, worst first."""
COLOURS: Mapping[str, str] = {
    "CRITICAL": "#aa3377",
    "ERROR": "#d55e00",
    "WARNING": "#e69f00",
    "NOTICE": "#009e73",
    "INFO": "#0072b2",
    "DEBUG": "#56b4e9",
    "TRACE": "#8fa3ad",
    "UNKNOWN": "#a0a0a0",
}
PATTERNS: Mapping[str, str] = {"CRITICAL": "x", "ERROR": "/", "WARNING": "."}
SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8fa3ad", "#aa3377")
"""Colours of things in no order, such as components."""

THEMES: Mapping[str, Mapping[str, Any]] = {
    name: {
        "font": {"color": text, "family": "system-ui, sans-serif", "size": 12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"bgcolor": background, "font": {"color": text}, "bordercolor": line},
        "xaxis": {"gridcolor": line, "linecolor": line, "zerolinecolor": line},
        "yaxis": {"gridcolor": line, "linecolor": line, "zerolinecolor": line},
    }
    for name, text, background, line in (
        ("light", "#1c2126", "#ffffff", "#d5dbe0"),
        ("dark", "#e6eaee", "#1b2126", "#3a444c"),
    )
}
"""What a page lays over the layout of each chart, by its theme."""


def layout(**more: Any) -> dict[str, Any]:
    """Return the layout that all charts have in common, with `more` in it."""
    return {
        "margin": {"l": 48, "r": 12, "t": 8, "b": 36},
        "showlegend": False,
        "hovermode": "closest",
        "autosize": True,
        **more,
    }
