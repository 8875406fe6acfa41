"""The HTTP client that all providers share: verified TLS, no redirects, a limit on time and on size."""

import asyncio
import re
import ssl
from types import TracebackType
from typing import Self

import httpx2

from loganomaly.errors import (
    LLMAuthenticationError,
    LLMError,
    LLMRequestError,
    LLMRetryError,
    LLMTimeoutError,
    LLMUnparsedError,
    LLMUnreachableError,
)
from loganomaly.providers.endpoints import host_of, is_loopback
from loganomaly.providers.provider import Reply, Request

__all__ = ["FAULTS", "LARGEST_REPLY", "HTTPClient"]

LARGEST_REPLY = 2 * 1024 * 1024
"""Bytes of a reply that are read: an answer has a few hundred."""

FAULTS: dict[type[Exception], type[LLMError]] = {
    httpx2.ConnectError: LLMUnreachableError,
    httpx2.ConnectTimeout: LLMUnreachableError,
    httpx2.ProxyError: LLMUnreachableError,
    httpx2.TimeoutException: LLMRetryError,
    httpx2.NetworkError: LLMRetryError,
    httpx2.RemoteProtocolError: LLMRetryError,
    httpx2.DecodingError: LLMUnparsedError,
    httpx2.HTTPError: LLMRequestError,
    httpx2.InvalidURL: LLMRequestError,
}
"""What each fault of the connection means; the first that fits counts."""

_SENDABLE = re.compile(r"[!-~](?:[\t -~]*[!-~])?")
"""Values of headers; the library shows the others, which may be keys, in its errors."""


class HTTPClient:
    """Posts requests, as an asynchronous context manager.

    Requests to this machine never go through a proxy, so that what is meant for this machine stays on it.
    """

    def __init__(self) -> None:
        self._direct: httpx2.AsyncClient | None = None
        self._outside: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in (self._direct, self._outside):
            if client is not None:
                await client.aclose()
        self._direct = self._outside = None

    async def __call__(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109  (of the whole request)
        """Return the reply to a request, of whatever status.

        Raises
        ------
        LLMRetryError
            If it does not come in time, or not as a whole.
        LLMUnreachableError
            If nobody answers at the address.
        LLMUnparsedError
            If it is larger than any answer.
        LLMRequestError
            If the request cannot be sent, or the server's certificate is not trusted.
        LLMAuthenticationError
            If the key cannot stand in a header.
        """
        host = host_of(request.url)
        if not all(_SENDABLE.fullmatch(value) for value in request.headers.values()):
            msg = f"{host}: no header can hold the key: it is empty, or has line ends or letters that are not ASCII"
            raise LLMAuthenticationError(msg)
        try:
            async with asyncio.timeout(timeout):
                return await self._post(request)
        except TimeoutError as error:
            msg = f"{host} did not answer within {timeout:.3g} s"
            raise LLMTimeoutError(msg) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _fault(error, host) from error

    async def _post(self, request: Request) -> Reply:
        headers = {"content-type": "application/json", **request.headers}
        body = bytearray()
        async with self._client(request.url).stream(
            "POST", request.url, content=request.content, headers=headers
        ) as response:
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST_REPLY:
                    msg = f"{host_of(request.url)} answers with more than {LARGEST_REPLY // 1024**2} MiB"
                    raise LLMUnparsedError(msg)
            return Reply(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=bytes(body),
            )

    def _client(self, url: str) -> httpx2.AsyncClient:
        # The time of the whole request is limited above.
        if is_loopback(url):
            self._direct = self._direct or httpx2.AsyncClient(timeout=None, trust_env=False)
            return self._direct
        self._outside = self._outside or httpx2.AsyncClient(timeout=None)
        return self._outside


def _fault(error: Exception, host: str) -> LLMError:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return LLMRequestError(f"{host}: the certificate is not trusted, or no TLS is spoken there: {causes[-1]}")
    kind = next(kind for fault, kind in FAULTS.items() if isinstance(error, fault))
    return kind(f"{host}: {str(error) or type(error).__name__}")
