"""The findings that an earlier run wrote to a folder."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loganomaly.errors import InputError, InputMissingError, InputUnreadableError
from loganomaly.findings import SUBJECTS

__all__ = ["SavedFinding", "load_findings"]

_FILE = "anomalies.json"
_AGAIN = "run the analysis again"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFinding:
    """What names a finding: its id, what it is about ("template", "component" ... and its text or name), its kinds."""

    id: str
    subject: str
    about: str
    kinds: tuple[str, ...]


def load_findings(folder: Path) -> list[SavedFinding]:
    """Return the findings of a run, worst first, each id once.

    Parameters
    ----------
    folder
        Where the run wrote its results, with anomalies.json in it.

    Raises
    ------
    InputError
        If it is not there, cannot be read, or is damaged.
    """
    path = folder / _FILE
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        if folder.is_dir():
            hint = f"a run with --summary-only writes none, others do: {_AGAIN}, or name another folder"
        else:
            hint = "there is no such folder; name that of a run's results with --results DIR"
        raise InputMissingError(f"no findings in {str(folder)!r}: {hint}") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: damaged, {error.msg}; {_AGAIN}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged, {error}; {_AGAIN}") from error
    except OSError as error:
        raise InputUnreadableError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    if not isinstance(content, list):
        raise InputError(f"{path}: damaged, expected a list of findings; {_AGAIN}")
    found: dict[str, SavedFinding] = {}
    for number, entry in enumerate(content, start=1):
        try:
            finding = _finding(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: finding {number} is damaged, or of another version ({error}); {_AGAIN}"
            ) from error
        found.setdefault(finding.id, finding)
    return list(found.values())


def _finding(entry: Mapping[str, Any]) -> SavedFinding:
    subject, kinds = entry["subject"], entry["kinds"]
    kind, about = subject["kind"], subject["name"]
    if kind not in SUBJECTS or not isinstance(about, str) or not isinstance(kinds, list) or not kinds:
        raise TypeError("expected a subject and kinds")
    if not all(isinstance(kind, str) and kind for kind in kinds):
        raise TypeError("kinds are texts")
    if not isinstance(entry["id"], str) or not re.fullmatch("[0-9a-f]{12}", entry["id"]):
        raise ValueError("an id has 12 digits 0-9 and a-f")
    return SavedFinding(id=entry["id"], subject=kind, about=about, kinds=tuple(kinds))
