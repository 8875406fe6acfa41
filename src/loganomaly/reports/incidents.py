"""The list `incidents` of summary.json: what belongs together, worst first."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loganomaly.incidents import Incident
from loganomaly.wording import iso

__all__ = ["describe_incidents"]


def describe_incidents(
    incidents: Sequence[Incident], *, names: Mapping[int, str], clean: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Return what summary.json says of incidents.

    Parameters
    ----------
    names
        Name of each source, by its number.
    clean
        Takes secrets out of a text.
    """
    return [
        {
            "id": incident.id,
            "title": clean(incident.title),
            "score": round(incident.score, 6),
            "start": iso(incident.start),
            "end": iso(incident.end),
            "findings": list(incident.findings),
            "components": list(dict.fromkeys(clean(name) for name in incident.components)),
            "files": [names[source] for source in incident.sources],
            "first_cause": None
            if incident.cause is None
            else {"finding": incident.cause.finding, "reason": clean(incident.cause.reason)},
            "timeline": [
                {"time": iso(event.time), "finding": event.finding, "text": clean(event.text)}
                for event in incident.timeline
            ],
        }
        for incident in incidents
    ]
