"""Results with as many findings and templates as one likes: those of a real run, over and over, each time changed.

Nothing is made up but for the size: a copy keeps the sentences and the evidence of its original, and gets other times,
another severity, another component, other numbers in its texts and an id of its own.
"""

import functools
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from loganomaly.reports.parquet import finding_files, template_files

__all__ = ["COMPONENTS", "many_findings", "many_incidents", "many_templates", "multiply", "service"]

SEVERITIES = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
WEIGHTS = (3, 30, 25, 37, 5)
"""How many of a hundred copies get which severity."""
COMPONENTS = 40
INCIDENTS = 20
_NUMBER = re.compile(r"(?<![\w.])\d{3,}(?![\w.])")
_STAMP = "%Y-%m-%dT%H:%M:%SZ"

Entry = Mapping[str, Any]


def many_findings(
    entries: Sequence[Entry], *, count: int, begin: datetime, end: datetime, seed: int = 1
) -> Iterator[dict[str, Any]]:
    """Yield *count* entries of anomalies.json, highest score first, made of *entries* in turn.

    Parameters
    ----------
    entries
        Entries of anomalies.json; at least one.
    begin, end
        The copies lie between these, each as long as its original at most.
    """
    random = Random(seed)
    span = (end - begin).total_seconds()
    scores = sorted((random.betavariate(2, 2) for _ in range(count)), reverse=True)
    for number, score in enumerate(scores):
        entry = entries[number % len(entries)]
        yield {**entry, **_changed(entry, number=number, score=score, start=begin, span=span, random=random)}


def _changed(
    entry: Entry, *, number: int, score: float, start: datetime, span: float, random: Random
) -> dict[str, Any]:
    lasts = random.choice((0, 1, 60, 900)) * random.random()
    first = start + timedelta(seconds=random.random() * max(span - lasts, 0))
    stamps = {"timestamp": first, "first_seen": first, "last_seen": first + timedelta(seconds=lasts)}
    text = functools.partial(_NUMBER.sub, lambda found: _digits(len(found.group()), random))
    source = f"{entry['source']}.{random.randrange(12)}"
    return {
        "id": hashlib.blake2b(f"{entry['id']}/{number}".encode(), digest_size=6).hexdigest(),
        "log": text(entry["log"]),
        "score": round(score, 6),
        "severity": random.choices(SEVERITIES, WEIGHTS)[0],
        "component": service(random.randrange(COMPONENTS)),
        "source": source,
        "files": [source],
        "incident": None,
        "line_number": random.randrange(1, 10_000_000),
        "count": int(random.paretovariate(0.7)) if random.random() < 0.3 else 1,
        **{name: at.strftime(_STAMP) for name, at in stamps.items()},
    }


def service(number: int) -> str:
    """Return the name of a component."""
    return f"service-{number:02d}"


def many_templates(templates: Sequence[Entry], *, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return *count* templates of templates.json, most frequent first, made of *templates* that have records."""
    random = Random(seed)
    now = [entry for entry in templates if entry["count"]]
    many = []
    for number in range(count):
        entry = now[number % len(now)]
        copy = number // len(now)
        key = entry["template_id"] if not copy else _id(entry["template_id"], copy)
        wording = entry["log_template"] if not copy else f"{entry['log_template']} of kind {_word(copy)}"
        seen = entry["count"] if not copy else max(1, int(entry["count"] * random.random() ** 8))
        many.append({**entry, "template_id": key, "log_template": wording, "count": seen})
    total = sum(entry["count"] for entry in many)
    for entry in many:
        entry["ratio"] = entry["count"] / total
    return sorted(many, key=lambda entry: -entry["count"])


def many_incidents(
    incidents: Sequence[Entry], *, entries: Sequence[dict[str, Any]], begin: datetime, end: datetime, seed: int = 1
) -> list[dict[str, Any]]:
    """Return incidents, worst first, made of *incidents* in turn; findings among *entries* become theirs in place."""
    random = Random(seed)
    many = []
    for number in range(INCIDENTS if incidents else 0):
        incident = incidents[number % len(incidents)]
        own = random.sample(entries, min(len(incident["timeline"]), len(entries)))
        first = begin + (end - begin) * random.random() * 0.95
        times = sorted(first + timedelta(seconds=1800 * random.random()) for _ in own)
        key = _id(incident["id"], number)
        events = []
        for entry, at, event in zip(own, times, incident["timeline"], strict=False):
            stamp = at.strftime(_STAMP)
            entry |= {"incident": key, "timestamp": stamp, "first_seen": stamp, "last_seen": stamp}
            events.append(event | {"time": stamp, "finding": entry["id"]})
        many.append({
            **incident,
            "id": key,
            "score": round(0.98 - number / 100, 6),
            "start": events[0]["time"],
            "end": events[-1]["time"],
            "findings": [entry["id"] for entry in own],
            "components": sorted({str(entry["component"]) for entry in own}),
            "first_cause": {**incident["first_cause"], "finding": own[0]["id"]} if incident["first_cause"] else None,
            "timeline": events,
        })  # fmt: skip
    return many


def multiply(folder: Path, *, into: Path, findings: int, templates: int, more: Sequence[Path] = ()) -> dict[str, int]:
    """Write results like those in *folder* with so many findings and templates; return the counts of the originals.

    The originals of the findings are also those of *more* folders of results: few logs have many sorts of them.
    Written are summary.json, anomalies.json, templates.json, the Parquet tables and findings.csv: all of them agree on
    how many findings and templates there are. Of anomalies.json only the worst thousand are, for nothing but the tables
    is read of results of this size.
    """
    real = [entry for each in (folder, *more) for entry in json.loads((each / "anomalies.json").read_bytes())]
    summary = json.loads((folder / "summary.json").read_bytes())
    listed = json.loads((folder / "templates.json").read_bytes())
    timeline = pl.read_parquet(folder / "timeline.parquet")
    begin, end = (_time(summary["time_metrics"][name]) for name in ("first_time", "last_time"))
    entries = [*many_findings(real, count=findings, begin=begin, end=end)]
    kinds = many_templates(listed["templates"], count=templates)
    for number, entry in enumerate(entries):
        kind = kinds[number * 7 % len(kinds)]
        entry |= {"template_id": kind["template_id"], "template": kind["log_template"]}
    known = [each for one in (folder, *more) for each in json.loads((one / "summary.json").read_bytes())["incidents"]]
    diversity = summary["template_diversity"] | {"unique_templates": templates}
    told = {
        "anomalies_detected": findings,
        "template_diversity": diversity,
        "incidents": many_incidents(known, entries=entries, begin=begin, end=end),
    }
    into.mkdir(parents=True, exist_ok=True)
    contents = {
        **finding_files(entries),
        **template_files(kinds, _more_series(timeline, kinds=[kind["template_id"] for kind in kinds])),
        "anomalies.json": json.dumps(entries[:1000]).encode(),
        "templates.json": json.dumps({**listed, "templates": kinds[:1000]}).encode(),
        "leaks.json": (folder / "leaks.json").read_bytes(),
        "summary.json": json.dumps(summary | told).encode(),
    }
    for name, content in contents.items():
        (into / name).write_bytes(content)
    return {"findings": len(real), "templates": sum(1 for entry in listed["templates"] if entry["count"])}


def _more_series(timeline: pl.DataFrame, *, kinds: Sequence[str]) -> pl.DataFrame:
    """Return the timeline, with a series for each of the templates in place of those it has."""
    others = timeline.filter(pl.col("of") != "template")
    series = [part for _, part in timeline.filter(pl.col("of") == "template").group_by("name", maintain_order=True)]
    copies = [part.with_columns(name=pl.lit(key)) for key, part in zip(kinds, _cycled(series), strict=False)]
    return pl.concat([others, *sorted(copies, key=lambda part: str(part["name"][0]))])


def _cycled(series: Sequence[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    while series:
        yield from series


def _digits(length: int, random: Random) -> str:
    return str(random.randrange(10 ** (length - 1), 10**length))


def _id(text: str, number: int) -> str:
    return hashlib.blake2b(f"{text}/{number}".encode(), digest_size=5).hexdigest()


def _word(number: int) -> str:
    """Return a number in letters, so that it is a word and no value."""
    letters = io.StringIO()
    while number:
        number, rest = divmod(number, 26)
        letters.write(chr(ord("a") + rest))
    return letters.getvalue()


def _time(text: str | None) -> datetime:
    if text is None:
        raise ValueError("the log of the run has no times, so its findings cannot be spread over them")
    return datetime.fromisoformat(text).astimezone(UTC)
