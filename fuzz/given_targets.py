"""Files that users give besides logs: settings, suppressions, saved findings and templates, questions and answers."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from legible_output import check_text
from log_targets import check_results

from loganomaly import LogAnalyzer
from loganomaly.config import Config, load_config, parse_file_config_map
from loganomaly.config.suppress_file import add_entries, load_suppress_file
from loganomaly.errors import ConfigError, FormatError, InputError, LogAnomalyError
from loganomaly.mining.store import load_templates
from loganomaly.opinions.answers import read_prepared
from loganomaly.reading.formats import parse_format
from loganomaly.reports.saved import load_findings

__all__ = ["answers", "config", "findings", "formats", "suppressions", "templates"]


_CONFIG = load_config(overrides={"llm.provider": "local"})
_FRAME = pl.DataFrame({"log": ["disk 7 full", "disk 8 full", "a 7", "b x y"] * 5})


def _loaded(data: bytes, load: Callable[[Path], Any], *, name: str = "given") -> Any:
    """Return what a file of these bytes is loaded as; None where it is refused with one of the documented errors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        try:
            return load(path)
        except (ConfigError, InputError) as error:
            _check_reason(error)
            return None


def _check_reason(error: LogAnomalyError) -> None:
    assert str(error), "refused without a reason"


def config(data: bytes) -> None:
    """Check that a file of settings is read, or refused in lines that each name what is wrong."""
    read = _loaded(data, load_config)
    assert read is None or isinstance(read, Config)
    try:
        parse_file_config_map(data.decode(errors="replace"))
    except ConfigError as error:
        _check_reason(error)


def suppressions(data: bytes) -> None:
    """Check that a file of suppressions is read or refused, and that adding to one that is read keeps its entries."""

    def add(path: Path) -> Any:
        before = load_suppress_file(path)
        if before:
            add_entries(path, [before[0].model_copy(update={"id": "0123456789ab", "note": "\u202enote\x1b[2J"})])
            after = load_suppress_file(path)
            assert after[:-1] == before, "an entry is lost"
            written = path.read_bytes()[len(data) :] if path.read_bytes().startswith(data) else b""
            check_text(written.decode().replace("\r\n", "\n"))
        return before

    _loaded(data, add)


def findings(data: bytes) -> None:
    """Check that saved findings are read or refused."""
    _loaded(data, lambda path: load_findings(path.parent), name="anomalies.json")


def templates(data: bytes) -> None:
    """Check that saved templates are read or refused, and that a run with those that are read ends well."""

    def run(path: Path) -> None:
        if load_templates(path):
            results = LogAnalyzer(_CONFIG, templates=path).analyze(_FRAME)
            check_results(results, folder=path.parent / "results")

    _loaded(data, run)


def answers(data: bytes) -> None:
    """Check that questions and answers are read or refused."""
    _loaded(data, read_prepared)


def formats(data: bytes) -> None:
    """Check that a format data file is read or refused."""
    try:
        parse_format(data.decode(errors="replace"), origin="given")
    except FormatError as error:
        _check_reason(error)
