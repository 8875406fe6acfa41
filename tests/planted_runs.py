"""Results of the planted logs."""

import planted
from loganomaly import LogAnalyzer

__all__ = ["results_of"]


def results_of(folder, name, *, into=None, **options):
    """Analyse the logs that `planted.write_NAME` writes, and return the folder of results: `folder/NAME`, or *into*."""
    logs = getattr(planted, f"write_{name}")(folder / "input" / name)
    LogAnalyzer().analyze([logs]).save(folder / (into or name), **options)
    return folder / (into or name)
