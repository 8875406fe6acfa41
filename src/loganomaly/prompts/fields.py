"""The fields of prompts that users write."""

import difflib
import string

from loganomaly.errors import ConfigError

__all__ = ["FIELDS", "SHOWING", "check_fields"]

FIELDS = {
    "log": "the line, or all lines of its record, as data",
    "data": "all that is known of it, as data",
    "template": "the text of its template, as data",
    "evidence": "what the detectors say, as data",
    "context": "the lines before and after it, as data",
    "samples": "further lines that show it, as data",
    "nearest": "the normal template that is worded most like it, as data",
    "subject": "what the finding is about: template, component, level, session, window; or line",
    "severity": "its severity",
    "component": "its component",
    "action": "what was being done",
    "indicators": "the words that say that something went wrong",
    "count": "how many records there are of it",
    "first_seen": "the time of the first",
    "last_seen": "the time of the last",
    "classification": "what the evidence says it is",
    "reason": "why the evidence says so, as data",
}
"""Every field, and what stands in its place."""
SHOWING = frozenset({"data", "log", "samples", "template"})
"""Fields of which a prompt needs one, for the model would not see otherwise what it is asked about."""


def check_fields(template: str) -> None:
    """Make sure that a prompt has known fields only, and one that shows the log.

    Raises
    ------
    ConfigError
        If not; names the nearest field.

    Examples
    --------
    >>> check_fields("Is this bad? {log}")
    """
    try:
        names = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
        odd = [
            field
            for _, field, form, conversion in string.Formatter().parse(template)
            if field is not None and (form or conversion)
        ]
    except ValueError as error:
        msg = f"the custom template cannot be read: {error}; write braces that are no field twice: {{{{ and }}}}"
        raise ConfigError(msg) from error
    for name in names:
        if name not in FIELDS or name in odd:
            near = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f"; did you mean {{{near[0]}}}?" if near else "."
            msg = (
                f"there is no field {{{name}}}{hint} Fields are {', '.join(sorted(FIELDS))}; braces "
                "that are no field are written twice: {{ and }}"
            )
            raise ConfigError(msg)
    if SHOWING.isdisjoint(names):
        msg = (
            "the model would not see what it is asked about; give the custom template one of the fields "
            f"{', '.join(f'{{{name}}}' for name in sorted(SHOWING))}"
        )
        raise ConfigError(msg)
