"""The part on logs of ordinary days: how many findings there are where little should be found."""

from pathlib import Path

from labelled import MissingDataError
from tables import heading, kinds, listed, table

from loganomaly import LogAnalyzer

FIRST = 10
"""So many findings of each are shown."""


def measure(data: Path, *, show: bool) -> None:
    """Print the findings per 10,000 lines of each log.

    Raises
    ------
    MissingDataError
        If there is none in the data folder.
    """
    logs = sorted((data / "throughput").glob("*.gz"))
    if not logs:
        msg = f"throughput/*.gz is not in {data}"
        raise MissingDataError(msg)
    heading(
        "Logs of ordinary days",
        about="Data: throughput/*.gz, without labels: what is found may be right, sshd and web servers are attacked "
        "every day; unit: finding",
    )
    results = {log.name: LogAnalyzer().analyze(log) for log in logs}
    lines = {name: one.summary["processed_log_count"] for name, one in results.items()}
    rows = [(name, *_row(len(one.anomalies), lines[name]), kinds(one.anomalies)) for name, one in results.items()]
    every = sum(len(one.anomalies) for one in results.values())
    table(
        ("log", "lines", "findings", "per 10,000 lines", "of which"),
        [*rows, ("**all**", *_row(every, sum(lines.values())), "")],
    )
    for name, one in results.items() if show else ():
        listed(one.anomalies[:FIRST], marks=["?"] * len(one.anomalies[:FIRST]), title=name)


def _row(findings: int, lines: int) -> tuple[str, ...]:
    return (f"{lines:,}", str(findings), f"{findings / lines * 10_000:.2f}")
