"""What may leave the program: text that no terminal obeys, JSON that every reader takes, nothing that hides."""

import json
import unicodedata
from pathlib import Path
from typing import Any

__all__ = ["check_file", "check_json", "check_terminal", "check_text"]

# Of category Cf, but seen: signs before Arabic, Syriac and Kaithi numbers and names.
_SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


def check_text(text: str, *, seen: frozenset[str] = frozenset()) -> None:
    """Assert that a text of any lines holds nothing that a terminal obeys, that hides, or that is not UTF-8."""
    for character in set(text) - seen:
        assert character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}, (
            f"{character!r} is written"
        )


def check_terminal(text: str, *, width: int) -> None:
    """Assert that what is shown in a terminal cannot steer it, and that no line is wider."""
    from rich.cells import cell_len

    check_text(text)
    widest = max(map(cell_len, text.split("\n")))
    assert widest <= width, f"a line of {widest} cells where there are {width}"


def check_json(data: bytes) -> Any:
    """Return what a JSON file holds; assert that it is strict, in UTF-8, without what terminals obey or hide."""

    def unknown(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), f"a key is written twice: {[key for key, _ in pairs]}"
        return dict(pairs)

    text = data.decode()
    check_text(text, seen=_SEEN)
    return json.loads(text, parse_constant=unknown, object_pairs_hook=once)


def check_file(path: Path) -> None:
    """Assert that a file of results, if it is text, is in UTF-8, without what terminals and browsers obey or hide."""
    if path.suffix == ".json":
        check_json(path.read_bytes())
    elif path.suffix != ".parquet":
        check_text(path.read_bytes().decode().replace("\r\n", "\n"), seen=_SEEN)
