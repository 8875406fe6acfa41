"""The commands that a throughput run measures: loganomaly and its peers."""

import importlib.util
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import DRAIN3

HERE = Path(__file__).resolve().parent
LOGFOLD = "logfold"
PEERS = (DRAIN3, LOGFOLD, "grep", "wc")
GET_LOGFOLD = "python -m venv VENV && VENV/bin/pip install logfold==0.5, then --logfold VENV/bin/logfold"


class UsageProblemError(Exception):
    """The call cannot be carried out; the message says what to mend."""


@dataclass(frozen=True)
class Contender:
    """A command to measure: `arguments(log, output)` is what is run, `shown` the same with placeholders.

    `most_lines` is the length of the beginning of the log it is given; None is all of it. Those that are `tested`, and
    no peers, tell the time of their stages.
    """

    name: str
    arguments: Callable[[Path, Path], list[str]]
    shown: str
    most_lines: int | None = None
    tested: bool = False


def find_logfold(given: str | None) -> str | None:
    """Return the program logfold: that which is given, or else on the path; None if there is none."""
    return shutil.which(given or LOGFOLD)


def choose(
    peers: Sequence[str], *, tested: Sequence[str], drain3_lines: int, logfold: str | None = None
) -> list[Contender]:
    """Return the commands under test, then the peers.

    Parameters
    ----------
    peers
        Names out of `PEERS`.
    tested
        Commands to test, as one would type them; none is the loganomaly of this Python.
    drain3_lines
        The number of lines that Drain3 is given at most.
    logfold
        The program, where logfold is among the peers.

    Raises
    ------
    UsageProblemError
        A peer is unknown or not installed, or a command is empty.
    """
    unknown = sorted(set(peers) - set(PEERS))
    if unknown:
        raise UsageProblemError(f"--peers {','.join(unknown)}: unknown, expected some of {', '.join(PEERS)}")
    if DRAIN3 in peers and importlib.util.find_spec(DRAIN3) is None:
        raise UsageProblemError("Drain3 is not installed: pip install '.[bench]', or leave it out with --peers wc")
    if LOGFOLD in peers and logfold is None:
        raise UsageProblemError(f"logfold is not found: {GET_LOGFOLD}; or leave it out with --peers")
    ours = [_given(text) for text in tested] or [_installed()]
    known = {
        DRAIN3: _drain3(most_lines=drain3_lines),
        "wc": _wc(),
        "grep": _grep(),
        LOGFOLD: _logfold(logfold or LOGFOLD),
    }
    return ours + [known[name] for name in dict.fromkeys(peers)]


def _installed() -> Contender:
    script = Path(sys.executable).parent / "loganomaly"
    if script.is_file():
        return _tested([str(script)], name="loganomaly", shown="loganomaly")
    return _tested([sys.executable, "-m", "loganomaly"], name="loganomaly", shown="python -m loganomaly")


def _given(text: str) -> Contender:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageProblemError(f"--command {text}: {error}") from error
    if not words:
        raise UsageProblemError("--command is empty: expected a program, with its arguments if it needs any")
    return _tested(words, name=text, shown=text)


def _tested(words: Sequence[str], *, name: str, shown: str) -> Contender:
    def arguments(log: Path, output: Path) -> list[str]:
        return [*words, "--input", str(log), "--output", str(output), "--disable-llm", "--verbose"]

    return Contender(name, arguments, f"{shown} --input FILE --output DIR --disable-llm --verbose", tested=True)


def _drain3(*, most_lines: int) -> Contender:
    script = str(HERE / "drain3_peer.py")
    shown = "python benchmarks/drain3_peer.py FILE"
    return Contender(DRAIN3, lambda log, _: [sys.executable, script, str(log)], shown, most_lines)


def _wc() -> Contender:
    return Contender("wc", lambda log, _: ["wc", "-l", str(log)], "wc -l FILE")


def _grep() -> Contender:
    # A letter that every log has, for it fails where nothing matches.
    return Contender("grep", lambda log, _: ["grep", "-c", "e", str(log)], "grep -c e FILE")


def _logfold(program: str) -> Contender:
    return Contender(
        LOGFOLD, lambda log, _: [program, "analyze", "-f", "plain", str(log)], "logfold analyze -f plain FILE"
    )
