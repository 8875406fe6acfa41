"""The dashboard's server: a port, requests in threads, and an end when it is asked for."""

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from loganomaly.dashboard.installed import check_installed
from loganomaly.errors import UsageError

__all__ = ["PORT", "listening", "serve"]

PORT = 8050
_MOST_PORTS = 100  # that are tried
_LOG = logging.getLogger(__name__)


def listening(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens on a port: the one given, or else the first free one from 8050 on.

    Raises
    ------
    UsageError
        The port is taken, or there is no such host.
    """
    wanted = [port] if port is not None else list(range(PORT, PORT + _MOST_PORTS))
    failure: OSError | None = None
    for number in wanted:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        except (OSError, UnicodeError) as error:
            raise UsageError(f"--host {host}: there is no such name or address on this machine") from error
        taken = socket.socket(family, kind, protocol)
        try:
            if hasattr(signal, "SIGKILL"):  # elsewhere it would let two servers have one port
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
            taken.listen(128)
        except OSError as error:
            taken.close()
            failure = error
            continue
        return taken
    assert failure is not None
    reason = failure.strerror or str(failure)
    if port is None:
        raise UsageError(f"no port of {host} from {PORT} to {wanted[-1]} can be had ({reason}); name one with --port")
    raise UsageError(f"--port {port}: it cannot be had on {host} ({reason}); choose another, or leave --port out")


def serve(
    folders: list[Path], *, host: str, port: int | None, announce: Callable[[str], None], verbose: bool = False
) -> None:
    """Serve the dashboard on folders of results until the process is told to stop by Ctrl-C or SIGTERM.

    Parameters
    ----------
    announce
        Is given the address once it can be opened.

    Raises
    ------
    InputMissingError
        A folder has no results.
    UnavailableError
        What the dashboard needs is not installed.
    UsageError
        The port or host cannot be had.
    """
    from loganomaly.dashboard.results_folder import opened

    check_installed()
    results = opened(folders)
    # Reading begins before the first page is asked for, and while the rest is loaded.
    threading.Thread(target=results[0].current, daemon=True).start()
    with contextlib.closing(listening(host, port)) as bound:
        from loganomaly.dashboard.guard import guard_for
        from loganomaly.dashboard.web import web_server

        number = int(bound.getsockname()[1])
        guard = guard_for(host, number)
        server = web_server(results, guard, bound=bound, host=host, port=number, verbose=verbose)
    with contextlib.closing(server.socket), _ended_by_signals():
        announce(_address(host, number, guard.token))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            _LOG.info("stopped")


def _address(host: str, port: int, token: str | None) -> str:
    name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname(), "": socket.gethostname()}.get(host, host)  # noqa: S104
    shown = f"[{name}]" if ":" in name else name
    return f"http://{shown}:{port}/" + (f"?token={token}" if token is not None else "")


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> Any:  # noqa: ARG001
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # SIGINT is ignored in processes that a shell starts in the background.
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
