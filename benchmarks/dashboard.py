"""Measure the dashboard on results of ten million lines with 100,000 findings; print Markdown tables.

The results are of a real run over a grown log, and then many: its findings and those of the story in examples/ are
multiplied, each copy with another severity, component, time, numbers and id, and so are its templates (see
many_findings.py). The server is the real command, the browser that of the tests, headless.

Exit code 0: measured; 1: a command failed; 2: the data or an argument is missing or wrong.
"""

import argparse
import contextlib
import importlib
import os
import shlex
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from contenders import UsageProblemError
from dashboard_acts import ACTS, Taken, first_screen, take
from dashboard_data import Made, make
from figures import conditions
from measure import CommandFailedError
from playwright.sync_api import Browser, Page, sync_playwright
from tables import table
from throughput import DATA_VARIABLE, DEFAULT_DATA, SOURCES

TESTS = Path(__file__).resolve().parent.parent / "tests"
MEGA = 1_000_000
WINDOW = {"width": 1280, "height": 900}
_START = 120  # seconds


def main() -> int:
    """Measure, print, and return the exit code."""
    arguments = _parse()
    command = shlex.split(arguments.command)
    try:
        folder, made = make(
            _sources(arguments.data or Path(os.environ.get(DATA_VARIABLE) or DEFAULT_DATA)),
            lines=arguments.lines,
            findings=arguments.findings,
            templates=arguments.templates,
            work=_folder(arguments.work),
            command=command,
        )
        _measure(folder, made, command=command, arguments=arguments)
    except (UsageProblemError, CommandFailedError) as error:
        print(f"dashboard.py: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageProblemError) else 1
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("work", type=Path, metavar="DIR", help="keeps the results, so that another run of this takes them")
    add("--data", type=Path, metavar="DIR", help=f"data folder (default: ${DATA_VARIABLE}, else ../shared/data)")
    add("--lines", type=int, default=10_000_000, metavar="N", help="lines of the log (default: %(default)s)")
    add("--findings", type=int, default=100_000, metavar="N", help="findings of the results (default: %(default)s)")
    add("--templates", type=int, default=20_000, metavar="N", help="templates of the results (default: %(default)s)")
    add("--times", type=int, default=20, metavar="N", help="of each act (default: %(default)s)")
    add("--starts", type=int, default=5, metavar="N", help="of the server (default: %(default)s)")
    add("--act", action="append", choices=tuple(ACTS), help="only this act; may be repeated")
    add(
        "--command",
        default=f"{shlex.quote(sys.executable)} -m loganomaly",
        help="what runs loganomaly (default: %(default)s)",
    )
    return parser.parse_args()


def _folder(work: Path) -> Path:
    work.mkdir(parents=True, exist_ok=True)
    return work.resolve()


def _sources(data: Path) -> list[Path]:
    paths = [data / name for name in SOURCES["mixed"]]
    if missing := [path for path in paths if not path.is_file()]:
        raise UsageProblemError(f"the data is not there: {missing[0]}; name its folder with --data or {DATA_VARIABLE}")
    return paths


def _measure(folder: Path, made: Made, *, command: Sequence[str], arguments: argparse.Namespace) -> None:
    setup = _browser_setup()
    with sync_playwright() as playwright:
        try:
            browser: Browser = setup.launch(playwright)
        except setup.NoBrowserError as error:
            raise UsageProblemError(str(error)) from error
        print(_about(made, version=browser.version), end="\n\n")
        _starts(browser, folder, command=command, times=arguments.starts)
        with _served(folder, command=command) as (process, address, _):
            page = _page(browser)
            first_screen(page, address)
            taken = [_said(take(page, address, name=name, times=arguments.times)) for name in arguments.act or ACTS]
            print()
            _acts(taken)
            print()
            _memory(browser, page, process)
        browser.close()


def _browser_setup() -> ModuleType:
    sys.path.insert(0, str(TESTS))
    return importlib.import_module("browser_setup")


def _said(taken: Taken) -> Taken:
    print(f"{taken.name}: {statistics.median(taken.shown) * 1000:.0f} ms", file=sys.stderr, flush=True)
    return taken


def _about(made: Made, *, version: str) -> str:
    under = conditions()
    return (
        f"{under.date}; {under.cpu}, {under.cores} cores, {under.system}; Python {under.python}, Chromium {version}\n\n"
        f"Results: a real run over {made.lines:,} grown lines ({made.size / MEGA:,.0f} MB) took {made.wall:.0f} s, "
        f"{made.peak / MEGA:,.0f} MB at most. Its findings and those of the story, {made.found} together, were "
        f"multiplied to {made.findings:,}, and its {made.kinds:,} templates to {made.templates:,}."
    )


def _starts(browser: Browser, folder: Path, *, command: Sequence[str], times: int) -> None:
    printed, answered, drawn, after = [], [], [], []
    for _ in range(times):
        begun = time.perf_counter()
        with _served(folder, command=command) as (_, address, told):
            with urllib.request.urlopen(address, timeout=_START) as answer:
                answer.read()
            first = time.perf_counter()
            page = _page(browser)
            opened = time.perf_counter()
            shown = first_screen(page, address)
            page.context.close()
        printed.append(told - begun)
        answered.append(first - begun)
        drawn.append(shown - begun - (opened - first))
        after.append(shown - opened)
    rows = [
        ("address printed, from the start of the process", printed),
        ("first answer, from the start of the process", answered),
        ("first screen, from the start of the process", drawn),
        ("first screen, from the first answer", after),
    ]
    table(
        ("start", "times", "median s", "largest s"),
        [(name, str(len(took)), f"{statistics.median(took):.2f}", f"{max(took):.2f}") for name, took in rows],
    )


def _acts(taken: Sequence[Taken]) -> None:
    table(
        ("act", "times", "shown, median ms", "largest", "answered, median ms", "largest"),
        [
            (
                each.name,
                str(len(each.shown)),
                *(
                    cell
                    for took in (each.shown, each.answered)
                    for cell in ((_ms(statistics.median(took)), _ms(max(took))) if took else ("-", "-"))
                ),
            )
            for each in taken
        ],
    )
    print(
        "\n- shown: from the event of the user (a click, the last input, the end of a drag or scroll) until the page "
        "has the new rows, the finding, or the tiles and the timeline; looked at once a frame."
        "\n- A search waits for 400 ms without another key before it begins; that is part of what is shown here."
        "\n- answered: from the request until the first byte of the server's answer, as the browser measures it."
    )


def _memory(browser: Browser, page: Page, process: "subprocess.Popen[str]") -> None:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    resident = [_status(int(each["id"]), "VmRSS") for each in found]
    rows = [
        ("server, largest resident size", _status(process.pid, "VmHWM")),
        ("server, resident size at the end", _status(process.pid, "VmRSS")),
        ("page, heap of JavaScript in use at the end", int(metrics["JSHeapUsedSize"])),
        (f"browser, resident sizes of its {len(found)} processes at the end", sum(resident) if all(resident) else 0),
    ]
    table(("memory", "MB"), [(name, f"{size / MEGA:,.0f}" if size else "-") for name, size in rows])
    print("\n- What processes of the browser share is counted in each of them.")


def _status(process: int, name: str) -> int:
    """Return bytes of a line of /proc/PID/status; 0 where there is none."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)


def _page(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": WINDOW["width"], "height": WINDOW["height"]}).new_page()
    page.set_default_timeout(_START * 1000)
    return page


@contextlib.contextmanager
def _served(folder: Path, *, command: Sequence[str]) -> Iterator[tuple["subprocess.Popen[str]", str, float]]:
    """Run the dashboard; yield its process, its address, and when it printed that."""
    process = subprocess.Popen(
        [*command, "dashboard", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if "http" not in line:
            raise CommandFailedError(f"{shlex.join(process.args)} printed no address: {line!r}")  # type: ignore[arg-type]
        yield process, line.split()[-1], time.perf_counter()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
