"""Answers of models that are kept, so that the same is not asked, and paid, twice."""

import hashlib
import json
import logging
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["AnswerCache", "cache_key", "default_cache_file"]

_LOG = logging.getLogger(__name__)
_VERSION = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS answers_v1 (
    key TEXT PRIMARY KEY,
    answer TEXT NOT NULL,
    model TEXT NOT NULL,
    made TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID
"""


def default_cache_file() -> Path:
    """Return where answers are kept unless told otherwise: in the user's folder for such things."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("loganomaly", appauthor=False)) / "llm-answers.sqlite"


def cache_key(parts: Sequence[object]) -> str:
    """Return the key of an answer, from which what was asked cannot be read."""
    text = json.dumps([_VERSION, *parts], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class AnswerCache:
    """An SQLite file of answers, as a context manager; several runs may use it at once.

    What does not work with the file is logged, and all goes on without it: a cache is never in the way. The file is its
    owner's; it holds answers and hashes, and no question.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = sqlite3.connect(self.path, timeout=5.0, isolation_level=None, check_same_thread=False)
            self._database.execute(_TABLE)
        except (OSError, sqlite3.Error, ValueError) as error:
            self._failed(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def get(self, key: str) -> str | None:
        """Return the answer that is kept; None if there is none."""
        if self._database is None:
            return None
        try:
            row = self._database.execute("SELECT answer FROM answers_v1 WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._failed(error)
            return None
        return row[0] if row and isinstance(row[0], str) else None

    def put(self, key: str, answer: str, *, model: str) -> None:
        """Keep an answer, at once and for good."""
        if self._database is None:
            return
        try:
            self._database.execute(
                "INSERT OR REPLACE INTO answers_v1 (key, answer, model) VALUES (?, ?, ?)", (key, answer, model)
            )
        except sqlite3.Error as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.problem = f"answers are not kept: {self.path}: {error}"
        _LOG.warning("%s", self.problem)
        if self._database is not None:
            self._database.close()
            self._database = None
