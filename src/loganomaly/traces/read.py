"""Reads the trace in a text: the exception that it all began with, and the top frame of the user's own code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from loganomaly.traces.blocks import Block, Frame
from loganomaly.traces.language import Foreign, Kind, Language, load_languages
from loganomaly.traces.last_call_first import read_downward
from loganomaly.traces.last_call_last import read_upward
from loganomaly.traces.lines import plain_lines, unescaped

__all__ = ["Trace", "read_trace"]

_DEEPEST = 3  # JSON in JSON in JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The root cause of a stack trace, and where it happened.

    Attributes
    ----------
    language
        "java", "python" ...; the languages of the Java virtual machine are one.
    exception
        Type of the exception; None where the trace does not say.
    message
        First line of its message; empty without one.
    line
        Line of the text that names it, counted from 1.
    function, file, file_line
        The top frame of the user's own code in its stack, or without one the top frame; None where unknown.
    own
        Whether that frame is of the user's own code, not of the runtime, the standard library or a known library.
    """

    language: str
    exception: str | None
    message: str
    line: int
    function: str | None
    file: str | None
    file_line: int | None
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A trace, and how many frames and lines it was read from: what many lines agree on is not there by chance."""

    trace: Trace
    frames: int
    lines: int


def read_trace(text: str | bytes) -> Trace | None:
    r"""Return what the first stack trace in *text* says; None where there is none.

    Read are traces of C and C++ (gdb, sanitizers), .NET, Elixir, Go, Java, Node.js, PHP, Python, Ruby and Rust, also
    where they are escaped in one line, as in JSON.

    Parameters
    ----------
    text
        One record of a log, of any number of lines.

    Examples
    --------
    >>> trace = read_trace('''ERROR order 7 failed
    ... java.lang.IllegalStateException: no payment
    ...     at com.acme.Shop.order(Shop.java:17)
    ... Caused by: java.net.SocketTimeoutException: Read timed out
    ...     at java.base/java.net.Socket.read(Socket.java:99)
    ...     at com.acme.Billing.charge(Billing.java:42)
    ...     ... 1 more''')
    >>> trace.exception, trace.message, trace.line
    ('java.net.SocketTimeoutException', 'Read timed out', 4)
    >>> trace.function, trace.file, trace.file_line, trace.own
    ('com.acme.Billing.charge', 'Billing.java', 42, True)
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    best = max(_candidates(text, depth=0), key=lambda found: (found.frames, found.lines), default=None)
    return best.trace if best else None


def _candidates(text: str, *, depth: int) -> Iterator[_Found]:
    """Yield what each language reads in a text, and in those that are escaped in a line of it."""
    likely = [language for language in load_languages() if language.is_likely(text)]
    lines = plain_lines(text) if likely else []
    for language in likely:
        if found := _read(lines, language):
            yield found
    if depth < _DEEPEST:
        for number, line in enumerate(text.split("\n"), start=1):
            for inner in unescaped(line):
                for found in _candidates(inner, depth=depth + 1):
                    yield replace(found, trace=replace(found.trace, line=number))


def _read(lines: Sequence[str], language: Language) -> _Found | None:
    read = [(line, *language.kind(line)) for line in lines]
    kinds = {kind for _, kind, _ in read}
    upward = kinds & {Kind.OPEN, Kind.MEMBER} or not language.has(Kind.START)
    blocks = read_upward(read) if upward else read_downward(read, language)
    if not _is_trace(blocks, language):
        return None
    number = _root(blocks)
    root = blocks[number]
    frame, own = _top(_stack(blocks, number, callees=language.callees), foreign=language.foreign)
    trace = Trace(
        language=language.name,
        exception=root.exception,
        message=root.message or "",
        line=root.line + 1,
        function=frame.function,
        file=frame.file,
        file_line=frame.line,
        own=own,
    )
    fitting = sum(kind is not None for _, kind, _ in read)
    return _Found(trace=trace, frames=sum(len(block.frames) for block in blocks), lines=fitting)


def _is_trace(blocks: Sequence[Block], language: Language) -> bool:
    if any(block.kind is Kind.SURE or (block.kind is Kind.CAUSE and block.exception) for block in blocks):
        return True
    framed = any(block.frames for block in blocks)
    return framed and not (language.headed and blocks[0].exception is None)


def _root(blocks: Sequence[Block]) -> int:
    """Return the number of the root cause: the last that is the cause of the one before it."""
    return max((number for number, block in enumerate(blocks) if block.kind is Kind.CAUSE), default=0)


def _stack(blocks: Sequence[Block], number: int, *, callees: bool) -> list[Frame]:
    """Return the frames of an exception, top first, with those that stand at the one before it alone."""
    stack: list[Frame] = []
    for block in blocks[: number + 1]:
        if block.kind is not Kind.ASIDE:
            shared = stack[-block.shared :] if block.shared else []
            stack = [*block.frames, *shared]
    place = blocks[number].place
    if callees:
        return _shifted(place, stack)
    if place is None or any(_same_place(frame, place) for frame in stack):
        return stack
    return [place, *stack]


def _same_place(one: Frame, other: Frame) -> bool:
    """Whether frames are at one place; the path of one may be that of the other from some folder on."""
    long, short = (f"/{(frame.file or '').replace('/./', '/').removeprefix('./')}" for frame in (one, other))
    return one.line == other.line and (long.endswith(short) or short.endswith(long))


def _shifted(place: Frame | None, calls: Sequence[Frame]) -> list[Frame]:
    """Return frames, given calls: a call names the function that is called, and where it is called from."""
    places = [place or Frame(), *calls]
    functions = [*(call.function for call in calls), None]
    return [
        replace(at, function=function)
        for at, function in zip(places, functions, strict=True)
        if at.file is not None or function is not None
    ]


def _top(stack: Sequence[Frame], *, foreign: Foreign) -> tuple[Frame, bool]:
    """Return the top frame of the user's own code, or without one the top frame; and whether it is own."""
    for frame in stack:
        if (frame.function or frame.file) and not foreign.holds(function=frame.function, file=frame.file):
            return frame, True
    return (stack[0] if stack else Frame()), False
