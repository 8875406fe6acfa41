"""Lines that show a leak, with pseudonyms in the place of what leaks."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping

import polars as pl

from loganomaly.extract import Fetch
from loganomaly.findings import Location
from loganomaly.redaction.kinds import Kind
from loganomaly.redaction.pseudonyms import Pseudonymizer
from loganomaly.redaction.secrets import Redactor, may_go_on

__all__ = ["MOST_SAMPLES", "leak_samples"]

MOST_SAMPLES = 2_000
"""Leaks of which a line is read again and shown."""
_AROUND = 120  # characters before and behind the value that are shown
# The name before a value: password=, "password": ", Authorization: Bearer, --password.
_NAME = re.compile(
    r"""([A-Za-z_][\w.\[\]-]{0,80})["'\])\\]{0,4}\s{0,3}(?:=>|:=|[:=]|%3[AaDd])\s{0,3}(?:(?:Bearer|Basic)\s+)?["'\\\[(]{0,4}$"""
)

_HIDDEN = re.compile(r"<([a-z][a-z0-9-]*)>")


def leak_samples(
    leaks: pl.DataFrame,
    fetch: Fetch,
    *,
    redactor: Redactor,
    pseudonyms: Pseudonymizer,
    clean: Callable[[str], str],
) -> dict[tuple[int, int, str], tuple[str, str | None]]:
    """Return, by source, line (from 0) and kind, the first line of each leak, masked, and the name before the value.

    Parameters
    ----------
    leaks
        Columns `source`, `first_line`, `first_offset`, `kind`; the first `MOST_SAMPLES` rows are looked at.
    clean
        Takes out of a text what is not to be written at all.
    """
    wanted: defaultdict[int, dict[Location, list[str]]] = defaultdict(dict)
    columns = leaks.select("source", "first_line", "first_offset", "kind").head(MOST_SAMPLES)
    for source, line, offset, kind in columns.iter_rows():
        place = Location(source=source, line=line, offset=offset)
        wanted[source].setdefault(place, []).append(kind)
    samples: dict[tuple[int, int, str], tuple[str, str | None]] = {}
    for place, excerpt in fetch({source: list(places) for source, places in wanted.items()}):
        before, line = excerpt.line()
        rest = excerpt.longer()
        text = "\n".join(rest) if may_go_on(line) else line
        head = "\n".join(before) + "\n" if before and may_go_on("\n".join(before)) else ""
        found = _shown(head + text, start=len(head), redactor=redactor, pseudonyms=pseudonyms)
        for kind in wanted[place.source][place]:
            if kind in found:
                sample, name = found[kind]
                samples[place.source, place.line, kind] = (clean(sample), name)
    return samples


def _shown(
    text: str, *, start: int, redactor: Redactor, pseudonyms: Pseudonymizer
) -> Mapping[str, tuple[str, str | None]]:
    """Return, by kind, what stands around its first value from `start` on, masked, and the name before it."""

    def name(kind: Kind, value: str) -> str:
        return pseudonyms.name(kind.name, value.encode("utf-8", "surrogatepass"))

    found: dict[str, tuple[str, str | None]] = {}
    # Masked piece by piece, so that the places of values are known in what is shown.
    masked, at, shift, places = "", 0, 0, []
    for leak in redactor.find(text):
        masked += text[at : leak.start]
        begin = len(masked)
        masked += f"<{name(leak.kind, text[leak.start : leak.end])}>"
        if leak.end > start:
            places.append((leak.kind.name, begin, len(masked)))
        else:
            shift = len(masked) - leak.end
        at = leak.end
    masked += text[at:]
    # What only a column tells is hidden by the name of its kind before the text comes here.
    places += [(m[1], m.start(), m.end()) for m in _HIDDEN.finditer(masked) if m.end() > start + shift]
    for kind, begin, end in places:
        if kind in found:
            continue
        first, last = masked.rfind("\n", 0, begin) + 1, masked.find("\n", end)
        last = len(masked) if last < 0 else last
        low, high = max(first, begin - _AROUND), min(last, end + _AROUND)
        called = _NAME.search(masked[max(first, begin - _AROUND) : begin])
        shown = ("…" if low > first else "") + masked[low:high] + ("…" if high < last else "")
        found[kind] = (shown, None if called is None else called[1])
    return found
