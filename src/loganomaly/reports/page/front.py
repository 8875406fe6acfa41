"""The first screen: what was analysed, the worst thing in a sentence, what broke first, and key figures."""

from loganomaly.reports.page.elements import Content, Markup, el
from loganomaly.reports.story import Cause, Told, brief, where_of

__all__ = ["front"]

_MOST_INPUTS = 3
_LONG, _SHORT = 300, 100


def front(told: Told, *, anchors: dict[int, str]) -> Markup:
    """Return the header of a page; `anchors` are the places of findings on it."""
    return el(
        "header",
        el("p", "Log analysis of ", _inputs(told), class_="about"),
        el("h1", told.headline()),
        _begin(told, anchors=anchors),
        el("dl", (_tile(figure.name, figure.value, figure.more, bad=figure.bad) for figure in told.figures()),
           class_="tiles"),
        el("p", told.scope(), ". Made ",
           el("time", f"{told.made:%Y-%m-%d %H:%M} UTC", datetime=f"{told.made:%Y-%m-%dT%H:%M:%SZ}"),
           " by LogAnomaly.", class_="about"),
    )  # fmt: skip


def _inputs(told: Told) -> Content:
    names = [str(entry["name"]) for entry in told.summary["input_files"]] or [str(told.summary["filename"])]
    shown = [el("code", brief(name, most=_SHORT)) for name in names[:_MOST_INPUTS]]
    rest = len(names) - len(shown)
    between: list[Content] = [", " if number else "" for number in range(len(shown))]
    listed = [part for pair in zip(between, shown, strict=True) for part in pair]
    return [*listed, f" and {rest:,} more" if rest else ""]


def _begin(told: Told, *, anchors: dict[int, str]) -> Content:
    for incident in told.incidents[:1]:
        cause = told.cause(incident)
        if cause is not None:
            return _cause(told, cause, anchors=anchors)
    return None


def _cause(told: Told, cause: Cause, *, anchors: dict[int, str]) -> Markup:
    anomaly = cause.anomaly
    rows: list[tuple[str, Content]] = [
        ("When", told.clock.at(cause.time) or "no time in the log"),
        ("Component", anomaly["component"] or "not named in the log"),
        ("What", brief(cause.what, most=_LONG)),
        ("Line", [el("code", brief(anomaly["log"].split("\n")[0], most=_LONG)), " ", el("small", where_of(anomaly))]),
        ("Why", brief(cause.why, most=_LONG)),
    ]
    anchor = anchors.get(cause.place)
    return el(
        "section",
        el("h2", "What broke first"),
        el("dl", ([el("dt", name), el("dd", value)] for name, value in rows), class_="facts"),
        el("p", "A candidate: the order in time is all that is known. ",
           el("a", "The finding", href=f"#{anchor}") if anchor else None, class_="quiet"),
        class_="cause",
    )  # fmt: skip


def _tile(name: str, value: str, more: str, *, bad: bool) -> Markup:
    return el(
        "div",
        el("dt", name),
        el("dd", el("strong", value), el("small", more) if more else None),
        class_="tile bad" if bad else "tile",
    )
