"""A record of what was sent where, in the order in which it left."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from loganomaly.errors import OutputError
from loganomaly.providers.endpoints import host_of, parts_of
from loganomaly.providers.provider import Reply, Request, Sender

__all__ = ["Audit"]


class Audit:
    """Writes down every request before it is sent, and then what came back: one JSON object a line, appended.

    Keys stand in headers, which are not written down.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number = 0

    def watching(self, send: Sender) -> Sender:
        """Return a way to send that writes down what it sends."""

        async def watched(request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109  (passed on)
            self._number += 1
            number = self._number
            self._write(
                number,
                sent_to=host_of(request.url) + parts_of(request.url).path,
                sha256=hashlib.sha256(request.content).hexdigest(),
                body=request.body,
            )
            try:
                reply = await send(request, timeout=timeout)
            except BaseException as error:
                self._write(number, failed=type(error).__name__)
                raise
            self._write(number, status=reply.status, received_bytes=len(reply.body))
            return reply

        return watched

    def _write(self, number: int, **told: object) -> None:
        entry = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "request": number, **told}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            try:
                os.write(handle, line.encode("utf-8", "replace"))
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            # Nothing is sent that cannot be written down.
            msg = (
                f"cannot write {str(self.path)!r}: {error.strerror or error}; what is sent has to be written down there"
            )
            raise OutputError(msg) from error
