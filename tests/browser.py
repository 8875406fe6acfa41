"""Real pages in a real browser: what they show, and that nothing goes wrong in them.

The fixtures `chromium` and `visit` (see conftest) start the browser of `browser_setup` and open pages in it; whatever
goes wrong in a page, from a message in the console to a request to another host, fails its test at the end.
`serving` runs the real command as a process of its own.
"""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from faulty import environment

__all__ = ["PHONE", "Visitor", "chromium", "free_port", "screenshot", "serving", "visit"]

SCREENSHOTS = Path(__file__).resolve().parent.parent / "build" / "screenshots"
"""Pictures of the pages, as the last run of the tests saw them."""
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 30_000  # milliseconds until a test that waits for a page fails: two cores are shared by many tests
_START = 60  # seconds until a server has to say where it is
_OWN = {"about", "blob", "data"}  # addresses that ask nobody
_PRINTED = re.compile(r"https?://[^\s\"'<>]+")


@pytest.fixture(scope="module")
def chromium():
    """Return the browser, one for all tests of a module: while it runs, no other event loop can."""
    from playwright.sync_api import sync_playwright

    from browser_setup import NoBrowserError, launch, required

    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowserError as error:
            (pytest.fail if required() else pytest.skip)(str(error))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Return a function that opens an address in a fresh profile: see `Visitor`."""
    visitor = Visitor(chromium)
    yield visitor
    visitor.leave()


class Visitor:
    """Opens pages, each in a profile of its own, and keeps what goes wrong in them.

    Attributes
    ----------
    troubles
        What went wrong so far. A test may look for what it provokes, and take it out.
    """

    def __init__(self, browser):
        self.troubles = []
        self._browser = browser
        self._contexts = []

    def __call__(self, address, *, viewport=None, colours="light", scripts=True, network=True, to=None, **options):
        """Open *address*; requests to another host than its own are troubles.

        Without *network* every request is refused and is a trouble, but for those to files; *to* is the element to
        wait for.
        """
        context = self._browser.new_context(
            viewport=viewport or DESKTOP,
            color_scheme=colours,
            java_script_enabled=scripts,
            accept_downloads=True,
            locale="en-GB",
            timezone_id="UTC",
            **options,
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.set_offline(not network)
        page = context.new_page()
        self._watch(page, urlsplit(address).netloc)
        page.goto(address)
        if to:
            page.locator(to).first.wait_for()
        return page

    def leave(self):
        """Close all pages, and fail if anything went wrong in one."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        self.check()

    def check(self):
        """Fail if anything went wrong since it was last asked."""
        troubles = self.troubles.copy()
        self.troubles.clear()
        assert not troubles, troubles

    def _watch(self, page, host):
        def console(message):
            if message.type in {"error", "warning"}:
                self.troubles.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

        def dialog(shown):
            self.troubles.append(f"dialog: {shown.message}")
            shown.dismiss()

        def request(asked):
            parts = urlsplit(asked.url)
            if parts.scheme not in _OWN and parts.netloc != host:
                self.troubles.append(f"request to another host: {asked.url}")
            if parts.scheme in {"http", "https", "ws", "wss"} and not host:
                self.troubles.append(f"request: {asked.url}")

        def response(answer):
            if answer.status >= 400:
                self.troubles.append(f"answer {answer.status}: {answer.url}")

        page.on("console", console)
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("dialog", dialog)
        page.on("request", request)
        page.on("response", response)
        page.on("requestfailed", lambda asked: self.troubles.append(f"failed: {asked.url}: {asked.failure}"))
        page.on("crash", lambda _: self.troubles.append("crash"))
        page.on("popup", lambda other: self.troubles.append(f"window: {other.url}"))


def screenshot(page, name):
    """Keep a picture of what the page shows now."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")


def free_port(host="127.0.0.1"):
    """Return a port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind((host, 0))
        return taken.getsockname()[1]


class Served:
    """A server that runs: its address, as it prints it, and what it wrote so far."""

    def __init__(self, process):
        self.process = process
        self.address = ""
        self.output = []
        self.errors = []

    def said(self):
        return "".join([*self.output, *self.errors])


@contextlib.contextmanager
def serving(folder, *arguments, code=0):
    """Run ``loganomaly`` with *arguments* in *folder* until the end of the block, then stop it as Ctrl-C does.

    It has to print an address, to end with exit code *code*, and to show no traceback.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "loganomaly", *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    served = Served(process)
    readers = [
        threading.Thread(target=lambda stream, lines: lines.extend(stream), args=each)
        for each in ((process.stdout, served.output), (process.stderr, served.errors))
    ]
    for reader in readers:
        reader.start()
    try:
        served.address = _address(served)
        yield served
        process.send_signal(signal.SIGINT)
        assert process.wait(_START) == code, served.said()
        assert "Traceback" not in served.said(), served.said()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for reader in readers:
            reader.join()
        process.stdout.close()
        process.stderr.close()


def _address(served):
    end = time.monotonic() + _START
    while time.monotonic() < end:
        if found := _PRINTED.search(served.said()):
            return found.group()
        assert served.process.poll() is None, served.said()
        time.sleep(0.02)
    raise AssertionError(f"no address was printed: {served.said()}")
