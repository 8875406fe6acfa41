"""The error tree. Every message says what was given, what was expected, and what to do.

::

    LogAnomalyError
    ├── UsageError                 exit code 2: the caller can mend it
    │   ├── ConfigError            a configuration file or value
    │   └── UnavailableError       a feature this version does not have
    ├── InputError                 exit code 1
    │   ├── InputMissingError      no such file, folder or match
    │   ├── InputUnreadableError   it exists but cannot be read
    │   └── NoLogsError            nothing in it can be read as log lines
    ├── OutputError                exit code 1: the results cannot be written
    └── FormatError                a format, mask or pattern data file is wrong
"""

__all__ = [
    "ConfigError",
    "FormatError",
    "InputError",
    "InputMissingError",
    "InputUnreadableError",
    "LogAnomalyError",
    "NoLogsError",
    "OutputError",
    "UnavailableError",
    "UsageError",
]


class LogAnomalyError(Exception):
    """Anything this package reports about its input, its settings or its output."""

    exit_code = 1


class UsageError(LogAnomalyError):
    """The call itself is wrong; mend it and call again."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file or value is wrong."""


class UnavailableError(UsageError):
    """A documented feature that this version does not have yet."""


class InputError(LogAnomalyError):
    """The input cannot be analysed."""


class InputMissingError(InputError):
    """No such file, folder or match."""


class InputUnreadableError(InputError):
    """The input exists but cannot be read."""


class NoLogsError(InputError):
    """Nothing in the input can be read as log lines."""


class OutputError(LogAnomalyError):
    """The results cannot be written."""


class FormatError(LogAnomalyError):
    """A format, mask or pattern data file is wrong."""
