"""The part on the whole command: what its summary says of leaks in generated files, next to what was planted."""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tables import heading, table


def measure(lines: Sequence[Any], *, headers: Mapping[str, str]) -> None:
    """Print the leaks that the command counts in a file of each format, by kind."""
    heading(
        "The whole command",
        about="Data: a generated file of each format, lines that leak and lines that do not, mixed; unit: leak, as "
        "`summary.json` counts them; a value that two kinds name rightly counts as either, or as both",
    )
    planted = Counter(line.kind for line in lines if line.end > line.start)
    counted = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, header in headers.items():
            texts = [line.text for line in lines if line.format == name]
            counted[name] = _counted([header, *texts] if header else texts, folder=Path(folder, name))
    kinds = sorted({*planted}.union(*counted.values()))
    rows = [(kind, str(planted[kind] // len(headers)), *(str(own[kind]) for own in counted.values())) for kind in kinds]
    totals = (str(planted.total() // len(headers)), *(str(own.total()) for own in counted.values()))
    table(("kind", "planted in each", *headers), [*rows, ("**all**", *totals)])


def _counted(lines: Iterable[str], *, folder: Path) -> Counter[str]:
    """Return the leaks that the command counts in a file of lines, by kind."""
    folder.mkdir()
    log = folder / "generated.log"
    log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    command = [sys.executable, "-m", "loganomaly", "--input", str(log), "--output", str(folder), "--disable-llm"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    counted: Counter[str] = Counter()
    for leak in json.loads((folder / "summary.json").read_text(encoding="utf-8"))["leaks"]:
        counted[leak["kind"]] += leak["count"]
    return counted
