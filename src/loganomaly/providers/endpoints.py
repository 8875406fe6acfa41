"""Addresses of models: which are on this machine."""

import ipaddress
import socket
from urllib.parse import SplitResult, parse_qsl, urlsplit

from loganomaly.errors import UsageError
from loganomaly.redaction.names import secret_name

__all__ = ["check_loopback", "check_no_key", "host_of", "is_loopback", "parts_of"]


_KEYS = frozenset({"code", "key", "sig", "signature", "token"})
"""Names in queries behind which services take keys, besides those that say so."""


def parts_of(url: str) -> SplitResult:
    """Return the parts of a URL.

    Raises
    ------
    UsageError
        If it is none. Nothing of it is shown: it may hold a password.
    """
    try:
        url.encode()  # half a character is in no URL
        parts = urlsplit(url)
        parts.port  # noqa: B018  (read only now)
    except ValueError:
        msg = "what is given as llm.endpoint is no URL; expected one such as http://localhost:11434/api/chat"
        raise UsageError(msg) from None
    return parts


def host_of(url: str) -> str:
    """Return the scheme, host and port of a URL: what is shown of it, without names, passwords and queries.

    Examples
    --------
    >>> host_of("https://me:secret@models.example:8443/v1/messages?key=1")
    'https://models.example:8443'
    """
    parts = parts_of(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def check_no_key(url: str) -> None:
    """Make sure that no key or password stands in a URL: it would be in logs, and in the settings of everybody.

    Raises
    ------
    UsageError
        If one does. Nothing of it is shown.
    """
    parts = parts_of(url)
    names = [name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if parts.username or parts.password or any(name in _KEYS or secret_name(name) for name in names):
        msg = (
            f"the endpoint {host_of(url)} has a key or password in it: give it in an environment variable, and that "
            "variable's name as llm.api_key_env"
        )
        raise UsageError(msg)


def is_loopback(url: str) -> bool:
    """Whether a URL is on this machine: a loopback address, or "localhost".

    Examples
    --------
    >>> is_loopback("http://127.0.0.1:11434/api/chat"), is_loopback("https://localhost.example/v1")
    (True, False)
    """
    host = parts_of(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_loopback(url: str) -> None:
    """Make sure that a URL is on this machine, whatever its name is said to be.

    Raises
    ------
    UsageError
        If it is not.
    """
    addresses: set[str] = set()
    if is_loopback(url):
        parts = parts_of(url)
        try:
            addresses = {str(found[4][0]) for found in socket.getaddrinfo(parts.hostname, parts.port or 80)}
        except OSError:
            return  # there is no such address: nothing can be sent there
    if not addresses or not all(ipaddress.ip_address(each.partition("%")[0]).is_loopback for each in addresses):
        msg = (
            f"given the endpoint {host_of(url)}, expected one on this machine, such as http://localhost:11434: "
            "--compliance-mode sends nothing elsewhere; give another llm.endpoint, or leave out the option"
        )
        raise UsageError(msg)
