"""The real browser of the tests: which it is, how it is started, and how it is had on a machine without one.

The tests drive the system's Chromium through Playwright: the program that LOGANOMALY_CHROMIUM names, else the first of
`NAMES` on the path or in `PLACES` that starts, else Playwright's own. ``make test`` runs this file as a program: where
none starts, it installs Debian's package `chromium` if it may, else what Playwright offers. It asks nothing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

__all__ = ["NoBrowserError", "candidates", "install", "launch", "required"]

VARIABLE = "LOGANOMALY_CHROMIUM"
"""Names the program; then no other is tried, and it has to start."""
REQUIRED = "LOGANOMALY_BROWSER_REQUIRED"
"""Set by .ci/run: then tests without a browser fail, as where CI is set. Elsewhere they are skipped."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    *(f"/{folder}/{name}" for folder in ("usr/bin", "usr/local/bin", "snap/bin") for name in NAMES),
    "/opt/google/chrome/chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ADVICE = (
    f"install one (on Debian: apt install chromium; elsewhere: playwright install chromium), "
    f"or name its program in {VARIABLE}; python tests/browser_setup.py installs one where it may"
)
_START = 60_000  # milliseconds that a browser may take on a busy machine
_INSTALL = 900  # seconds
_TOLD = 300  # characters


class NoBrowserError(Exception):
    """No browser starts; the message says which were tried and what to do."""


def candidates() -> Iterator[str | None]:
    """Return the programs to try, best first; None is Playwright's own."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    found = [shutil.which(name) for name in NAMES]
    found += [place for place in PLACES if Path(place).is_file()]
    yield from dict.fromkeys(path for path in found if path)
    yield None


def launch(playwright: Playwright) -> Browser:
    """Start the first browser that can be started: headless, with an empty profile.

    Raises
    ------
    NoBrowserError
        If there is none.
    """
    return _launched(playwright)[0]


def _launched(playwright: Playwright) -> tuple[Browser, str]:
    tried = []
    for path in candidates():
        try:
            # Without Chromium's sandbox, as Playwright starts it: it is refused to root, and these pages are our own.
            browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS], timeout=_START)
        except Error as error:
            tried.append(f"{path or 'the one of Playwright'}: {_first_line(error.message)}")
        else:
            return browser, path or playwright.chromium.executable_path
    msg = f"No browser starts for the tests ({'; '.join(tried)}): {ADVICE}"
    raise NoBrowserError(msg)


def required() -> bool:
    """Tell whether tests fail where there is no browser: in continuous integration, and where one is named."""
    return any(os.environ.get(name, "").lower() not in {"", "0", "false"} for name in ("CI", REQUIRED, VARIABLE))


def install() -> None:
    """Install a browser, by the package manager where that may be used without a question, else by Playwright."""
    prefix = _privileged()
    if prefix is not None and shutil.which("apt-get"):
        quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        _run([*quiet, "update"])
        if _run([*quiet, "install", "--yes", "--no-install-recommends", "chromium"]) and _starts() is not None:
            return
    # Playwright asks for a password to install libraries, so it is asked only where there is none to ask for.
    libraries = [] if prefix is None or not shutil.which("apt-get") else ["--with-deps"]
    _run([sys.executable, "-m", "playwright", "install", *libraries, "chromium"])


def _privileged() -> list[str] | None:
    """Return what stands before a command so that it may install packages; None where that needs a password."""
    if not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    return [sudo, "-n"] if sudo and _run([sudo, "-n", "true"], quiet=True) else None


def _run(command: Sequence[str], *, quiet: bool = False) -> bool:
    if not quiet:
        sys.stdout.write(f"{' '.join(command)}\n")
        sys.stdout.flush()
    try:
        done = subprocess.run(
            command,
            check=False,
            timeout=_INSTALL,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stdout.write(f"{error}\n")
        return False
    if done.returncode and not quiet:
        sys.stdout.write(f"{done.stdout[-4 * _TOLD :]}\n")
    return done.returncode == 0


def _starts() -> bool:
    try:
        _started()
    except NoBrowserError:
        return False
    return True


def _started() -> str:
    """Return which browser starts and draws."""
    with sync_playwright() as playwright:
        browser, path = _launched(playwright)
        page = browser.new_page()
        page.set_content("<svg role='img' aria-label='drawn'></svg>")
        page.get_by_label("drawn").wait_for(state="attached")
        told = f"Chromium {browser.version} ({path})"
        browser.close()
    return told


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines or ["it did not say why"])[0][:_TOLD]


def main() -> None:
    """See to it that there is a browser, and say which, or that there is none: the tests decide what follows."""
    if not _starts() and VARIABLE not in os.environ:
        install()
    try:
        told = _started()
    except NoBrowserError as error:
        told = f"{error}\nThe tests in a browser {'fail' if required() else 'are skipped'}."
    sys.stdout.write(f"The browser of the tests: {told}\n")


if __name__ == "__main__":
    main()
