"""The part on the example shop: at which rank each planted event is found, and what is found that was not planted."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from shop_story import EXAMPLES, SHOP, Anomaly, Event, covers, false_ones, off_story, rank_of, read_events, write_shop
from tables import heading, kinds, listed, table

from loganomaly import LogAnalyzer
from loganomaly.registry import DETECTORS, names

FIRST = 10
"""So many findings are a first screen."""
LOOKED_AT = 20
"""Among so many, false findings are counted."""
COUNTS = ("findings", f"events in the first {FIRST}", f"off story in the first {LOOKED_AT}", "of these false")


def measure(*, seeds: int, show: bool) -> None:
    """Print the ranks of the planted events in the example, and in shops of other seeds from 1 on."""
    heading(
        "The planted story",
        about="Data: examples/ as it is, and shops that `generate_shop.py --seed N` writes; unit: event, by the rank "
        "of the first finding that stands on its lines or speaks of a stretch of them, - if there is none; off story: "
        "a finding in the shop's logs that does so of no event; false: one of those whose line is not from the time "
        "between first and last line of an event either (of the silence: the moment in which it begins)",
    )
    events = read_events(EXAMPLES / SHOP)
    shown = {"examples/": (LogAnalyzer().analyze(EXAMPLES).anomalies, events)}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, seeds + 1):
            shop = write_shop(Path(folder, str(seed)), seed=seed)
            shown[f"seed {seed}"] = LogAnalyzer().analyze(shop).anomalies, read_events(shop)
    rows = [(name, *_row(anomalies, events=own)) for name, (anomalies, own) in shown.items()]
    table(("shop", *events, *COUNTS), rows)
    for name, (anomalies, own) in shown.items() if show else ():
        first = anomalies[:LOOKED_AT]
        listed(first, marks=[_mark(anomaly, events=own) for anomaly in first], title=name)


def measure_quiet(*, seeds: int, show: bool) -> None:
    """Print how many findings there are in shops in which nothing goes wrong."""
    heading(
        "The shop without the story",
        about="Data: shops that `generate_shop.py --without-story` writes; unit: finding, false every one",
    )
    shown = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in (None, *range(1, seeds + 1)):
            name = "seed of examples/" if seed is None else f"seed {seed}"
            shop = write_shop(Path(folder, str(seed or "same")), seed=seed, story=False)
            shown[name] = LogAnalyzer().analyze(shop).anomalies
    table(
        ("shop", "findings", "of which"),
        [(name, str(len(anomalies)), kinds(anomalies)) for name, anomalies in shown.items()],
    )
    for name, anomalies in shown.items() if show else ():
        first = anomalies[:LOOKED_AT]
        listed(first, marks=["false"] * len(first), title=name)


def leave_out() -> None:
    """Print the ranks of the planted events in the example when one detector is not asked."""
    heading("The planted story: each detector left out", about="Data: examples/; unit: event, by rank as above")
    events = read_events(EXAMPLES / SHOP)
    rows = []
    for name in (None, *names(DETECTORS)):
        anomalies = LogAnalyzer(without=[] if name is None else [name]).analyze(EXAMPLES).anomalies
        rows.append((name or "none", *_row(anomalies, events=events)))
    table(("left out", *events, *COUNTS), rows)


def _row(anomalies: Sequence[Anomaly], *, events: Mapping[str, Event]) -> Iterator[str]:
    ranks = [rank_of(event, anomalies) for event in events.values()]
    yield from (str(rank or "-") for rank in ranks)
    yield str(len(anomalies))
    yield f"{sum(rank is not None and rank <= FIRST for rank in ranks)} of {len(ranks)}"
    first = anomalies[:LOOKED_AT]
    yield str(len(off_story(first, events=events)))
    yield str(len(false_ones(first, events=events)))


def _mark(anomaly: Anomaly, *, events: Mapping[str, Event]) -> str:
    of = next((name for name, event in events.items() if covers(anomaly, event)), None)
    if of is not None:
        return of
    if false_ones([anomaly], events=events):
        return "false"
    return "off story" if off_story([anomaly], events=events) else "not of the shop"
