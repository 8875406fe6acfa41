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
    ├── ClusterError             exit code 1: the cluster cannot be reached, does not fit, or lost the work
    ├── MemoryLimitError           exit code 1: the process may not use enough memory to begin
    ├── FormatError                a format, mask or pattern data file is wrong
    └── LLMError                   a language model gave no answer that can be used; `kind` names the class
        ├── LLMRetryError          for the moment: asked again later, it may answer
        │   ├── LLMTimeoutError        no answer in time
        │   └── LLMUnreachableError    nobody answers there
        ├── LLMPaymentError        the account has no money left, or reached its limit
        ├── LLMAuthenticationError the key is missing or wrong
        ├── LLMModelMissingError   there is no such model
        ├── LLMRequestError        the request itself is refused
        ├── LLMLimitError          it is not asked: a limit of this side is reached
        └── LLMUnparsedError       there is an answer, but it cannot be read
"""

__all__ = [
    "LLM_KINDS",
    "ClusterError",
    "ConfigError",
    "FormatError",
    "InputError",
    "InputMissingError",
    "InputUnreadableError",
    "LLMAuthenticationError",
    "LLMError",
    "LLMLimitError",
    "LLMModelMissingError",
    "LLMPaymentError",
    "LLMRequestError",
    "LLMRetryError",
    "LLMTimeoutError",
    "LLMUnparsedError",
    "LLMUnreachableError",
    "LogAnomalyError",
    "MemoryLimitError",
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


class ClusterError(LogAnomalyError):
    """The cluster cannot be reached, does not fit this installation, or lost the work."""


class MemoryLimitError(LogAnomalyError):
    """The process may not use enough memory to begin."""


class FormatError(LogAnomalyError):
    """A format, mask or pattern data file is wrong."""


class LLMError(LogAnomalyError):
    """A language model gave no answer that can be used. `kind` is how results name this class of failure."""

    kind = "failed"


class LLMRetryError(LLMError):
    """Too busy, too slow, or cut off: asked again later, the model may answer.

    Parameters
    ----------
    retry_after
        How long the server asks to wait, in seconds; None where it says nothing.
    """

    kind = "retry"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LLMTimeoutError(LLMRetryError):
    """No answer came in time."""


class LLMUnreachableError(LLMRetryError):
    """Nobody answers at the address."""

    kind = "unreachable"


class LLMPaymentError(LLMError):
    """The account has no money left, or has reached its limit: waiting does not help."""

    kind = "out_of_money"


class LLMAuthenticationError(LLMError):
    """The key is missing, wrong, or may not do this."""

    kind = "authentication"


class LLMModelMissingError(LLMError):
    """The server does not have the model."""

    kind = "model_missing"


class LLMRequestError(LLMError):
    """The server refuses the request as it is."""

    kind = "bad_request"


class LLMLimitError(LLMError):
    """The model is not asked: the calls or tokens of this run are spent."""

    kind = "limit"


class LLMUnparsedError(LLMError):
    """There is an answer, but it is cut off, too long, or not what was asked for."""

    kind = "unparsed"


LLM_KINDS = frozenset(
    error.kind
    for error in (
        LLMError,
        LLMRetryError,
        LLMUnreachableError,
        LLMPaymentError,
        LLMAuthenticationError,
        LLMModelMissingError,
        LLMRequestError,
        LLMLimitError,
        LLMUnparsedError,
    )
)
"""Names of all classes of failures of models, as results have them."""
