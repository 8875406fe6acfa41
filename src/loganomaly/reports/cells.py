"""Text cut to the width of a terminal."""

from rich.text import Text

__all__ = ["cut"]

_MOST_CHARACTERS = 8  # per cell: combining marks take no room, and a line may hold thousands of them


def cut(line: str, width: int) -> str:
    """Return a line that takes at most *width* cells; where text is left out, it ends with an ellipsis.

    Examples
    --------
    >>> cut("connection refused", 10)
    'connectio…'
    """
    text = Text(line[: _MOST_CHARACTERS * width])
    text.truncate(width, overflow="ellipsis")
    return text.plain
