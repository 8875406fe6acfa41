"""The web server: what comes in passes the guard, what goes out has its headers."""

import logging
import socket
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, redirect, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from loganomaly.dashboard.app import make_app
from loganomaly.dashboard.guard import Guard, security_headers
from loganomaly.dashboard.results_folder import ResultsFolder

__all__ = ["guarded", "web_app", "web_server"]

_LOCAL = "loganomaly.local_address"
_KEPT = ("/_dash-component-suites/", "/assets/")  # answers that are the same for everybody
_MOST_BYTES = 1 << 20  # of a request


class _Handler(WSGIRequestHandler):
    """Tells the address that a request came to; logs nothing."""

    server_version = "loganomaly"
    sys_version = ""

    def make_environ(self) -> Any:
        environ = super().make_environ()
        environ[_LOCAL] = self.connection.getsockname()[0]
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class _TalkingHandler(_Handler):
    """Logs each request, without its query: that says what somebody looks at."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        logging.getLogger(__name__).info("%s %s %s", self.command, self.path.partition("?")[0], code)


def web_app(folders: Sequence[ResultsFolder], guard: Guard) -> Flask:
    """Return the dashboard on folders of results as a WSGI application, behind a guard."""
    app = make_app(folders)
    server: Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    # Dash makes up what is left of its routes at the first request; before, hashes would lack scripts.
    app._setup_server()  # noqa: SLF001
    return guarded(server, guard, script_hashes=app.csp_hashes())


def guarded(server: Flask, guard: Guard, *, script_hashes: Sequence[str]) -> Flask:
    """Put a guard before all requests of an application."""
    headers = security_headers(script_hashes)

    def check() -> Any:
        refusal = guard.refusal(request.method, dict(request.headers), local=request.environ.get(_LOCAL))
        if refusal is not None:
            return Response(refusal, status=403, mimetype="text/plain")
        if guard.token is None:
            return None
        given = request.args.get("token")
        if given is not None and request.method == "GET" and guard.admits(given):
            return _let_in(guard)
        if guard.admits(request.cookies.get(guard.cookie)):
            return None
        return Response("Open the address that the command printed, with its token.", status=403, mimetype="text/plain")

    def finish(response: Response) -> Response:
        response.headers.update(headers)
        if not request.path.startswith(_KEPT):
            response.headers["Cache-Control"] = "no-store"
        return response

    # Before Dash's own hooks, which already look at the request.
    server.before_request_funcs.setdefault(None, []).insert(0, check)
    server.after_request(finish)
    return server


def _let_in(guard: Guard) -> Any:
    """Answer with the cookie, and the same address without the token."""
    rest = request.args.copy()
    rest.poplist("token")
    path = "/" + request.path.lstrip("/\\")  # or it would lead to another machine
    response = redirect(f"{path}?{_encoded(rest)}" if rest else path, code=303)
    response.set_cookie(guard.cookie, guard.token or "", httponly=True, samesite="Strict", path="/")
    return response


def _encoded(arguments: Any) -> str:
    from urllib.parse import urlencode

    return urlencode(list(arguments.items(multi=True)))


def web_server(
    folders: Sequence[ResultsFolder], guard: Guard, *, bound: socket.socket, host: str, port: int, verbose: bool
) -> BaseWSGIServer:
    """Return a server on a socket that listens already; `serve_forever` answers requests, each in a thread."""
    app = web_app(folders, guard)
    handler = _TalkingHandler if verbose else _Handler
    return make_server(host, port, app, threaded=True, request_handler=handler, fd=bound.fileno())
