"""What a provider of language models is, and what goes in and out of it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from pydantic import SecretStr

__all__ = ["Completion", "HTTPProvider", "LLMProvider", "ModelSettings", "Prompt", "Reply", "Request", "Sender"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question: what the model is told to do, what it is asked, and the JSON Schema of the answer.

    `local` is the answer of the evidence, as JSON, which needs no model.
    """

    system: str
    user: str
    schema: Mapping[str, Any]
    local: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Which model is asked, and how.

    The key is shown by no repr, and leaves in a header only; nor is the endpoint, in which one may stand.

    Parameters
    ----------
    endpoint
        URL that requests are posted to.
    timeout
        Longest wait for one answer (seconds).
    answer_tokens
        Longest answer (tokens).
    local_only
        Whether the text must not leave this machine, whichever server passes it on.
    think
        Whether a model that can think before it answers shall; None to say nothing of it.
    """

    model: str
    endpoint: str = field(repr=False)
    api_key: SecretStr | None = None
    timeout: float = 30.0
    answer_tokens: int = 512
    local_only: bool = False
    think: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is posted: a JSON body, and headers besides those that every JSON request has."""

    url: str = field(repr=False)
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(self.body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: status, headers by lower-case name, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The text of an answer, why it ended, and how many tokens question and answer had (0 where nobody said).

    `end` is "stop" where the model was done, "length" where it was cut off, "refused" where it would not answer.
    """

    text: str
    end: Literal["stop", "length", "refused"] = "stop"
    prompt_tokens: int = 0
    answer_tokens: int = 0


class Sender(Protocol):
    """Posts a request; see `loganomaly.providers.client`."""

    async def __call__(self, request: Request, *, timeout: float) -> Reply:  # noqa: ASYNC109  (of the whole request)
        """Return the reply, of whatever status."""


class LLMProvider(ABC):
    """Answers questions. Providers register in the entry-point group "loganomaly.providers".

    A subclass has a `name`, and says in `remote` whether text leaves this process.
    """

    name: ClassVar[str]
    remote: ClassVar[bool] = True
    default_endpoint: ClassVar[str | None] = None
    default_model: ClassVar[str | None] = None
    key_variable: ClassVar[str | None] = None
    """Environment variable that holds the key, unless the settings name another."""

    @abstractmethod
    async def complete(self, prompt: Prompt, settings: ModelSettings, *, send: Sender) -> Completion:
        """Return the answer to a question.

        Raises
        ------
        LLMError
            If there is none; its type says whether asking again may help.
        """

    async def prepare(self, settings: ModelSettings, *, send: Sender) -> ModelSettings:  # noqa: ARG002
        """Return the settings with what the model can do; asked once, before the first question."""
        return settings

    def serves(self, endpoint: str) -> bool:  # noqa: ARG002
        """Whether an address is one of this provider's, as its path or host tells."""
        return False


class HTTPProvider(LLMProvider):
    """A provider that is reached by HTTP: two pure functions, from question to request and from reply to answer."""

    @abstractmethod
    def request(self, prompt: Prompt, settings: ModelSettings) -> Request:
        """Return what is posted."""

    @abstractmethod
    def read(self, reply: Reply, settings: ModelSettings) -> Completion:
        """Return the answer in a reply.

        Raises
        ------
        LLMError
            If it is none; its type says whether asking again may help.
        """

    async def complete(self, prompt: Prompt, settings: ModelSettings, *, send: Sender) -> Completion:
        """Return the answer to a question."""
        return self.read(await send(self.request(prompt, settings), timeout=settings.timeout), settings)
