"""What summary.json says of the run itself: its remarks, settings and times."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from loganomaly.reading.sources import Skipped

__all__ = ["describe_run"]


def describe_run(
    inputs: Iterable[Mapping[str, Any]],
    *,
    skipped: Sequence[Skipped],
    suppressed: Mapping[str, Any],
    notices: Iterable[str],
    compliance: bool,
    settings: Mapping[str, Any],
    seconds: Mapping[str, float],
    clean: Callable[[str], str],
) -> dict[str, Any]:
    """Return the keys that a summary of a whole run has, and one of a single file of it has not.

    Parameters
    ----------
    inputs
        What is said of each input; see `describe_input`. Each that is damaged adds a notice.
    skipped
        What was found and not read.
    suppressed
        What was found and is not shown; see `describe_suppressed`.
    notices
        Remarks on the settings.
    settings
        Settings of the detectors.
    seconds
        How long each stage took.
    clean
        Takes secrets out of a text.
    """
    damaged = [f"{entry['name']}: not all of it was read: {entry['damage']}" for entry in inputs if "damage" in entry]
    return {
        "skipped_files": [{"name": clean(item.name), "reason": clean(item.reason)} for item in skipped],
        "suppressed": suppressed,
        "notices": [*notices, *damaged],
        "compliance_mode": compliance,
        "settings": settings,
        "stages": {name: round(spent, 3) for name, spent in seconds.items()},
    }
