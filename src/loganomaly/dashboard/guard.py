"""Who may ask: a browser on this machine, or one that was given the token, and no page of somebody else's.

Other pages in the same browser can send requests to a server on this machine, and can make it look as if it was theirs
by a name of their own that leads here (DNS rebinding). So each request must name the server as it is called, and those
that change or compute something must come from a page of its own. Who is not on this machine needs the token that the
command prints; with it, the browser is given a cookie, so that the token stays in no address and no history.
"""

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["Guard", "guard_for", "security_headers"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What a request must have.

    Attributes
    ----------
    names
        What the server is called, in lower case.
    token
        What a browser must know; None where only this machine can connect.
    cookie
        Name of the cookie that holds the token: cookies know no ports, so it has that of the server.
    """

    names: frozenset[str]
    token: str | None = field(default=None, repr=False)
    cookie: str = "loganomaly"

    def refusal(self, method: str, headers: Mapping[str, str], *, local: str | None = None) -> str | None:
        """Say why a request is refused whoever sends it; None if it is not.

        Parameters
        ----------
        local
            The address of this machine to which the request came.
        """
        host = _host(headers.get("Host"))
        if host is None or (host not in self.names and host != local):
            return "This server does not go by that name. Use the address that the command printed."
        if method in _SAFE_METHODS:
            return None
        if method != "POST":
            return "This server does not do that."
        if headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return "Requests of other pages are refused."
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != (headers.get("Host") or "").lower():
            return "Requests of other pages are refused."
        return None

    def admits(self, given: str | None) -> bool:
        """Tell whether a cookie, or a token in an address, is the right one."""
        if self.token is None:
            return True
        return hmac.compare_digest((given or "").encode(), self.token.encode())


def guard_for(host: str, port: int) -> Guard:
    """Return the guard of a server that is bound to a host: with a token, unless only this machine can connect."""
    if _is_loopback(host):
        return Guard(names=_LOOPBACK | {host.lower()}, cookie=f"loganomaly_{port}")
    own = {socket.gethostname().lower(), socket.getfqdn().lower()} if _is_any(host) else {host.lower()}
    return Guard(names=_LOOPBACK | own, token=secrets.token_urlsafe(24), cookie=f"loganomaly_{port}")


def security_headers(script_hashes: Sequence[str]) -> dict[str, str]:
    """Return the headers that every answer has.

    Parameters
    ----------
    script_hashes
        Of the inline scripts that the page needs, as a Content-Security-Policy has them.
    """
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *script_hashes]),
        # Plotly, AG Grid and React write styles into the page; log text never becomes an attribute or a style.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def _host(header: str | None) -> str | None:
    """Return the name in a Host header, without port and brackets."""
    if not header:
        return None
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # or a port that is none would go unseen
    except ValueError:
        return None
    return parts.hostname if parts.netloc == header and "@" not in header else None


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == ""
