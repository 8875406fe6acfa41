"""Files of questions and of answers to them, as this package, OpenAI's batches and Anthropic's batches write them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loganomaly.errors import InputError, InputMissingError, InputUnreadableError, LLMError
from loganomaly.opinions.prepared import Prepared
from loganomaly.providers.anthropic import AnthropicProvider
from loganomaly.providers.openai import OpenAIProvider
from loganomaly.providers.provider import Completion, HTTPProvider, ModelSettings, Prompt, Reply

__all__ = ["QUESTIONS", "GivenAnswer", "read_prepared"]

QUESTIONS = "questions.jsonl"
_LONGEST_FILE = 256 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """What a model answered to the question on a finding: its words, or why there are none."""

    custom_id: str
    provider: str
    model: str
    completion: Completion | None = None
    kind: str = ""
    message: str = ""

    def described(self) -> dict[str, Any]:
        """Return it as a line of answers.jsonl has it."""
        told: dict[str, Any] = {"custom_id": self.custom_id, "provider": self.provider, "model": self.model}
        if self.completion is None:
            return {**told, "error": {"kind": self.kind, "message": self.message}}
        return {**told, "answer": self.completion.text, "end": self.completion.end}


def read_prepared(path: Path) -> tuple[list[Prepared], list[GivenAnswer]]:
    """Return the questions and the answers in a file, or in the file of questions in a folder.

    Raises
    ------
    InputError
        If it cannot be read, or a line of it is neither.
    """
    path = path / QUESTIONS if path.is_dir() else path
    questions: dict[str, Prepared] = {}
    answers: dict[str, GivenAnswer] = {}
    for number, line in enumerate(_lines(path), start=1):
        try:
            value = json.loads(line, parse_constant=_no_number)
            if "user" in value:
                questions[value["custom_id"]] = _question(value)
            else:
                answers[value["custom_id"]] = _answer(value)
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            msg = (
                f"{path}, line {number}: neither a question nor an answer ({type(error).__name__}: {error}); expected "
                "a questions.jsonl of --llm-phase prepare, an answers.jsonl of classify, or what OpenAI's or "
                "Anthropic's batches give back"
            )
            raise InputError(msg) from error
    return list(questions.values()), list(answers.values())


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST_FILE + 1)
    except FileNotFoundError as error:
        msg = f"no file {str(path)!r}: name a questions.jsonl, which --llm-phase prepare writes, or a file of answers"
        raise InputMissingError(msg) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"cannot read {str(path)!r}: {reason}"
        raise InputUnreadableError(msg) from error
    if len(data) > _LONGEST_FILE:
        msg = f"{path}: larger than any file of questions or answers; is this a log?"
        raise InputError(msg)
    yield from (line for line in data.split(b"\n") if line.strip())


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _question(value: Mapping[str, Any]) -> Prepared:
    texts = {name: value[name] for name in ("system", "user")}
    if not all(isinstance(text, str) for text in (*texts.values(), value["custom_id"])):
        raise TypeError("custom_id, system and user are texts")
    if not isinstance(value["schema"], dict) or not isinstance(value["identity"], list):
        raise TypeError("schema is an object and identity a list")
    prompt = Prompt(**texts, schema=value["schema"])
    return Prepared(custom_id=value["custom_id"], prompt=prompt, identity=tuple(value["identity"]))


def _answer(value: Mapping[str, Any]) -> GivenAnswer:
    """Return an answer in one of the three forms."""
    name = value["custom_id"]
    if not isinstance(name, str):
        raise TypeError("custom_id is a text")
    if isinstance(value.get("response"), dict):  # OpenAI's batches
        response = value["response"]
        return _read(name, OpenAIProvider(), response["body"], status=int(response["status_code"]))
    if isinstance(value.get("result"), dict):  # Anthropic's
        result = value["result"]
        if result["type"] == "succeeded":
            return _read(name, AnthropicProvider(), result["message"], status=200)
        return GivenAnswer(custom_id=name, provider="anthropic", model="", kind="failed", message=str(result["type"]))
    provider, model = str(value.get("provider", "")), str(value.get("model", ""))
    error = value.get("error")
    if isinstance(error, dict):
        kind, message = str(error.get("kind", error.get("code", "failed"))), str(error.get("message", ""))
        return GivenAnswer(custom_id=name, provider=provider, model=model, kind=kind, message=message)
    text, end = value["answer"], value.get("end", "stop")
    if not isinstance(text, str) or end not in {"stop", "length", "refused"}:
        raise TypeError("answer is a text, and end one of stop, length and refused")
    return GivenAnswer(custom_id=name, provider=provider, model=model, completion=Completion(text=text, end=end))


def _read(name: str, provider: HTTPProvider, body: Any, *, status: int) -> GivenAnswer:
    model = str(body.get("model", "")) if isinstance(body, dict) else ""
    reply = Reply(status=status, headers={}, body=json.dumps(body).encode())
    try:
        completion = provider.read(reply, ModelSettings(model=model, endpoint=f"batch://{provider.name}"))
    except LLMError as error:
        return GivenAnswer(custom_id=name, provider=provider.name, model=model, kind=error.kind, message=str(error))
    return GivenAnswer(custom_id=name, provider=provider.name, model=model, completion=completion)
