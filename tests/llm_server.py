"""A server on this machine that answers as the servers of language models do, right or wrong.

::

    with serving([openai_error(429, "slow down"), openai_chat("{}")]) as server:
        ...  # ask server.url + "/v1/chat/completions"
        assert [each.path for each in server.requests] == ["/v1/chat/completions"] * 2

What it answers is told by a script: an `Answer`, a list of them that are used one after the other (the last one
repeats), or a function from `Asked` to `Answer`; `by_path` and `ollama` make such functions. Whatever is asked is
in `server.requests`.

The forms are those of Ollama 0.33, OpenAI's Chat Completions (Mistral's are the same), Anthropic's Messages and
Gemini's generateContent, without the fields that no client needs. The official clients read them: see test_providers.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = [
    "Answer",
    "Asked",
    "LLMServer",
    "anthropic_error",
    "anthropic_message",
    "bad_gzip",
    "by_path",
    "cut",
    "dripping",
    "gemini_content",
    "gemini_error",
    "huge",
    "json_answer",
    "mistral_error",
    "nested",
    "ollama",
    "ollama_chat",
    "ollama_error",
    "ollama_generate",
    "ollama_lines",
    "ollama_show",
    "ollama_tags",
    "openai_chat",
    "openai_error",
    "redirect",
    "serving",
    "stalled",
    "text_answer",
]

_CREATED = "2026-11-23T08:00:00.000000Z"
_DONE = {"total_duration": 900_000_000, "load_duration": 0, "prompt_eval_duration": 300_000_000}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response; what goes wrong in it is made by `stalled`, `cut` and `dripping`.

    Parameters
    ----------
    stall
        Send nothing, until the server is stopped.
    missing
        Bytes by which the body is shorter than its announced length.
    pause
        Seconds between two bytes of the body; None to send it at once.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stall: bool = False
    missing: int = 0
    pause: float | None = None


Script = Answer | Sequence[Answer] | Callable[[Asked], Answer]


class LLMServer(ThreadingHTTPServer):
    """Answers by a script, many requests at a time, and keeps what was asked; made by `serving`."""

    daemon_threads = False  # so that the end of `serving` waits for them
    request_queue_size = 128  # connections that wait to be accepted

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.stopped = threading.Event()
        self.errors: list[Exception] = []
        self._requests: list[Asked] = []
        self._lock = threading.Lock()
        self._script = _function(script)

    @property
    def requests(self) -> list[Asked]:
        """What was asked so far."""
        with self._lock:
            return list(self._requests)

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self._requests.append(asked)
        try:
            return self._script(asked)
        except Exception as error:  # noqa: BLE001  (raised again where the test can see it)
            self.errors.append(error)
            return text_answer("the script of the test failed", status=500)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away, or speak TLS."""


@contextmanager
def serving(script: Script) -> Iterator[LLMServer]:
    """Serve a script on a free port of this machine; an error in the script is raised at the end."""
    server = LLMServer(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
        if server.errors:
            raise server.errors[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5  # seconds that a client may leave a connection unused
    server: LLMServer

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(method=self.command, path=self.path, headers=headers, body=self.rfile.read(length))
        with suppress(ConnectionError):
            self._send(self.server.answer(asked))

    def do_GET(self) -> None:
        self.do_POST()

    def _send(self, answer: Answer) -> None:
        if answer.stall:
            self.server.stopped.wait()
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"content-type": "application/json", "connection": "close", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body) + answer.missing))
        self.end_headers()
        if answer.pause is None:
            self.wfile.write(answer.body)
            return
        for byte in answer.body:
            self.wfile.write(bytes([byte]))
            if self.server.stopped.wait(answer.pause):
                break

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing."""


def _function(script: Script) -> Callable[[Asked], Answer]:
    if callable(script):
        return script
    answers = [script] if isinstance(script, Answer) else list(script)
    lock = threading.Lock()

    def next_one(_asked: Asked) -> Answer:
        with lock:
            return answers.pop(0) if len(answers) > 1 else answers[0]

    return next_one


def by_path(scripts: Mapping[str, Script]) -> Callable[[Asked], Answer]:
    """Return a script that follows the one of each path; other paths are not found."""
    functions = {path: _function(script) for path, script in scripts.items()}

    def at(asked: Asked) -> Answer:
        found = functions.get(asked.path)
        return found(asked) if found else text_answer("404 page not found", status=404)

    return at


def ollama(
    answer: Script, *, model: str = "mistral:instruct", capabilities: Sequence[str] = ("completion",)
) -> Callable[[Asked], Answer]:
    """Return the script of an Ollama that has one model; `answer` is what it generates, as chat or not."""
    generate = _function(answer)

    def known(then: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
        def checked(asked: Asked) -> Answer:
            name = asked.json.get("model")
            return then(asked) if name == model else ollama_error(404, f"model '{name}' not found")

        return checked

    return by_path(
        {
            "/": text_answer("Ollama is running"),
            "/api/tags": ollama_tags(model),
            "/api/show": known(lambda _asked: ollama_show(capabilities)),
            "/api/generate": known(generate),
            "/api/chat": known(generate),
        }
    )


# Answers of each API


def json_answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=status, body=json.dumps(value).encode(), headers=headers or {})


def text_answer(text: str, *, status: int = 200) -> Answer:
    """Return an answer in words, as those of proxies are."""
    return Answer(status=status, body=text.encode(), headers={"content-type": "text/plain; charset=utf-8"})


def ollama_generate(
    text: str, *, end: str = "stop", prompt_tokens: int = 20, answer_tokens: int = 8, model: str = "mistral:instruct"
) -> Answer:
    return json_answer(_ollama(model, {"response": text}, end, prompt_tokens, answer_tokens))


def ollama_chat(
    text: str, *, end: str = "stop", prompt_tokens: int = 20, answer_tokens: int = 8, model: str = "mistral:instruct"
) -> Answer:
    message = {"role": "assistant", "content": text}
    return json_answer(_ollama(model, {"message": message}, end, prompt_tokens, answer_tokens))


def ollama_lines(*pieces: str, error: str | None = None, done: bool = True) -> Answer:
    """Return an answer of /api/generate in pieces, one a line; `error` ends it, and so does `done` if it is false."""
    lines = [{"model": "mistral:instruct", "created_at": _CREATED, "response": text, "done": False} for text in pieces]
    if error is not None:
        lines.append({"error": error})
    elif done:
        lines.append(_ollama("mistral:instruct", {"response": ""}, "stop", 20, 8))
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return Answer(body=body, headers={"content-type": "application/x-ndjson"})


def ollama_show(capabilities: Sequence[str] = ("completion",)) -> Answer:
    details = {"format": "gguf", "family": "llama", "parameter_size": "7B", "quantization_level": "Q4_0"}
    return json_answer({"details": details, "model_info": {}, "capabilities": list(capabilities)})


def ollama_tags(*models: str) -> Answer:
    known = [{"name": name, "model": name, "modified_at": _CREATED, "size": 1, "digest": "0"} for name in models]
    return json_answer({"models": known})


def ollama_error(status: int, message: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    return json_answer({"error": message}, status=status, headers=headers)


def openai_chat(
    text: str | None,
    *,
    end: str = "stop",
    prompt_tokens: int = 20,
    answer_tokens: int = 8,
    refusal: str | None = None,
    model: str = "gpt-5.5-mini",
) -> Answer:
    message = {"role": "assistant", "content": text, "refusal": refusal}
    return json_answer(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_795_420_800,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": end, "logprobs": None}],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": answer_tokens,
                "total_tokens": prompt_tokens + answer_tokens,
            },
        }
    )


def openai_error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return json_answer({"error": error}, status=status, headers=headers)


def mistral_error(status: int, message: str, *, kind: str = "invalid_request_error", code: str = "1500") -> Answer:
    """Return an error of Mistral, which has no "error" around it."""
    body = {"object": "error", "message": message, "type": kind, "param": None, "code": code}
    return json_answer(body, status=status)


def anthropic_message(
    text: str,
    *,
    end: str = "end_turn",
    prompt_tokens: int = 20,
    answer_tokens: int = 8,
    model: str = "claude-sonnet-5",
) -> Answer:
    return json_answer(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": end,
            "stop_sequence": None,
            "usage": {"input_tokens": prompt_tokens, "output_tokens": answer_tokens},
        }
    )


def anthropic_error(
    status: int,
    message: str,
    *,
    kind: str = "api_error",
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return an error of Anthropic; `code` stands in the details, as that of a spend limit does."""
    error = {"type": kind, "message": message, **({} if code is None else {"details": {"error_code": code}})}
    return json_answer({"type": "error", "error": error, "request_id": "req_1"}, status=status, headers=headers)


def gemini_content(
    text: str, *, end: str = "STOP", prompt_tokens: int = 20, answer_tokens: int = 8, model: str = "gemini-3.5-flash"
) -> Answer:
    return json_answer(
        {
            "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": end, "index": 0}],
            "usageMetadata": {
                "promptTokenCount": prompt_tokens,
                "candidatesTokenCount": answer_tokens,
                "totalTokenCount": prompt_tokens + answer_tokens,
            },
            "modelVersion": model,
        }
    )


def gemini_error(
    status: int,
    message: str,
    *,
    code: str = "INVALID_ARGUMENT",
    reason: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return an error of Gemini; `reason` is the one in its details."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    error = {"code": status, "message": message, "status": code, "details": details}
    return json_answer({"error": error}, status=status, headers=headers)


# What goes wrong on the way


def stalled() -> Answer:
    """Return an answer that never comes."""
    return Answer(stall=True)


def cut(answer: Answer) -> Answer:
    """Return an answer of which the second half is lost, with the connection."""
    kept = len(answer.body) // 2
    return replace(answer, body=answer.body[:kept], missing=len(answer.body) - kept)


def dripping(answer: Answer, *, pause: float = 0.05) -> Answer:
    """Return an answer that comes byte by byte."""
    return replace(answer, pause=pause)


def huge(size: int = 2 * 1024 * 1024 + 1) -> Answer:
    """Return an answer that is one long JSON text."""
    return Answer(body=b'"' + b"x" * (size - 2) + b'"')


def redirect(to: str = "/elsewhere") -> Answer:
    return Answer(status=302, headers={"location": to})


def bad_gzip() -> Answer:
    """Return an answer that is said to be compressed, and is not."""
    return Answer(body=b"{}", headers={"content-encoding": "gzip"})


def nested(depth: int = 100_000) -> Answer:
    """Return lists in lists, more than any parser follows."""
    return Answer(body=b"[" * depth + b"]" * depth)


def _ollama(
    model: str, said: Mapping[str, object], end: str, prompt_tokens: int, answer_tokens: int
) -> dict[str, object]:
    counts = {"prompt_eval_count": prompt_tokens, "eval_count": answer_tokens, "eval_duration": 600_000_000}
    return {"model": model, "created_at": _CREATED, **said, "done": True, "done_reason": end, **_DONE, **counts}
