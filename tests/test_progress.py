"""How far a scan has come, as it is told."""

from dataclasses import dataclass
from types import SimpleNamespace

from loganomaly.scan.progress import bytes_on_disk


@dataclass(frozen=True)
class Stored:
    size: int
    packed: bool = False


def test_what_is_done_is_told_in_bytes_on_disk_and_never_more_than_there_are():
    told = []
    sources = [Stored(100), Stored(50, packed=True)]
    report = bytes_on_disk(
        [SimpleNamespace(number=number, source=source) for number, source in enumerate(sources)],
        lambda *step: told.append(step),
    )
    for number, size in ((0, 60), (1, 80), (0, 60), (1, 10_000), (0, 1)):
        report(number, size)
    assert told == [(60, 150), (70, 150), (110, 150), (150, 150), (150, 150)]
