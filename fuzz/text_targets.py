"""Texts of log lines: secrets taken out of them, and the stack traces in them."""

from legible_output import check_text

from loganomaly.legible import plain_lines, plain_text
from loganomaly.redaction.secrets import find_leaks, redact, redact_personal
from loganomaly.traces import read_trace

__all__ = ["PLANTED", "legible", "secrets", "traces"]

PLANTED = (
    ("password=Zk81qpWm4Tx7Rv2n", "Zk81qpWm4Tx7Rv2n"),
    ("Authorization: Bearer Zk81qpWm4Tx7Rv2nQq", "Zk81qpWm4Tx7Rv2nQq"),
    ('"api_key": "Zk81qpWm4Tx7Rv2nQq"', "Zk81qpWm4Tx7Rv2nQq"),
)
"""Secrets as lines hold them, and the value that must not be left."""


def secrets(data: bytes) -> None:
    """Check that secrets go, whatever stands around them, that lines stay, and that redacting again changes nothing."""
    text = data.decode(errors="surrogateescape" if data[:1] == b"\xff" else "replace")
    for leak in find_leaks(text):
        assert 0 <= leak.start < leak.end <= len(text), "a secret outside of the text"
    for hide in (redact, redact_personal):
        hidden = hide(text)
        assert hidden.count("\n") == text.count("\n"), "the number of lines is another"
        assert hide(hidden) == hidden, "redacting again changes the text"
        for line, value in PLANTED:
            shown = hide(f"{text}\n{line}\n{text}")
            assert value in text or value not in shown, f"{line!r} is left"


def traces(data: bytes) -> None:
    """Check that what is said of a stack trace stands in the text."""
    text = data.decode(errors="replace")
    for trace in (read_trace(text), read_trace(data)):
        if trace is None:
            continue
        assert 1 <= trace.line <= text.count("\n") + 1, "a line that is none"
        assert "\n" not in (trace.exception or "") + trace.message, "the message of an exception over lines"
        assert trace.file_line is None or trace.file_line >= 0, "a negative line"


def legible(data: bytes) -> None:
    """Check that no text is left that a terminal obeys."""
    text = data.decode(errors="surrogateescape" if data[:1] == b"\xff" else "replace")
    check_text(plain_text(text))
    assert "\n" not in plain_text(text), "a text of several lines"
    check_text(plain_lines(text))
    assert plain_lines(text).count("\n") == text.count("\n"), "a line is lost"
