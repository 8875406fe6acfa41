"""Which provider, model, address and key are meant by the settings."""

import os
import socket
from dataclasses import dataclass, replace

from pydantic import SecretStr

from loganomaly.errors import UsageError
from loganomaly.providers.endpoints import check_loopback, check_no_key, host_of, is_loopback, parts_of
from loganomaly.providers.provider import LLMProvider, ModelSettings
from loganomaly.registry import PROVIDERS, load, names

__all__ = ["AUTO", "LOCAL", "Choice", "answers", "choose"]

AUTO = "auto"
LOCAL = "local"
_PROBE = 2.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A provider, what it is asked for, and whether it was told by the address alone ("auto").

    `missing_key` is the name of the environment variable that should hold the key, where it holds none.
    """

    provider: LLMProvider
    settings: ModelSettings
    automatic: bool = False
    missing_key: str | None = None


def choose(
    provider: str,
    *,
    model: str | None,
    endpoint: str | None,
    api_key_env: str | None = None,
    timeout: float = 30.0,
    answer_tokens: int = 512,
    loopback_only: bool = False,
) -> Choice:
    """Return what the settings mean; nothing is asked or looked for yet.

    Parameters
    ----------
    provider
        A registered name, or "auto": the one whose address `endpoint` is.
    model
        None where none was given: that of the provider, if it has one.
    endpoint
        None where none was given: the provider's own.
    api_key_env
        Variable that holds the key. Without, that of the provider, which is sent to its own address and to this machine
        only: a key is for the one who gave it.
    loopback_only
        Whether addresses elsewhere are an error.

    Raises
    ------
    UsageError
        If there is no such provider, or no model, or the address is not allowed.
    """
    automatic = provider == AUTO
    found: LLMProvider = _serving(endpoint or "") if automatic else load(PROVIDERS, provider)()
    address = endpoint or found.default_endpoint or ""
    check_no_key(address)
    if not found.remote:
        return Choice(provider=found, settings=ModelSettings(model=LOCAL, endpoint=""))
    model = model or found.default_model
    if model is None:
        msg = f"llm.model is not given: name one of the models of {found.name}"
        raise UsageError(msg)
    if loopback_only:
        check_loopback(address)
    settings = ModelSettings(
        model=model, endpoint=address, timeout=timeout, answer_tokens=answer_tokens, local_only=loopback_only
    )
    variable = api_key_env or (found.key_variable if _is_own(found, address) else None)
    key = os.environ.get(variable, "").strip() if variable else ""
    needed = api_key_env is not None or (found.key_variable is not None and not is_loopback(address))
    return Choice(
        provider=found,
        settings=replace(settings, api_key=SecretStr(key)) if key else settings,
        automatic=automatic,
        missing_key=variable if variable and needed and not key else None,
    )


def answers(endpoint: str) -> bool:
    """Return whether anybody listens at an address of this machine; of addresses elsewhere it is assumed."""
    if not is_loopback(endpoint):
        return True
    parts = parts_of(endpoint)
    try:
        with socket.create_connection(
            (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)), timeout=_PROBE
        ):
            return True
    except OSError:
        return False


def _serving(endpoint: str) -> LLMProvider:
    """Return the provider whose address this is."""
    for name in names(PROVIDERS):
        provider: LLMProvider = load(PROVIDERS, name)()
        if provider.serves(endpoint):
            return provider
    msg = (
        f"nothing tells whose address {host_of(endpoint)}{parts_of(endpoint).path} is: give llm.provider, one of "
        f"{', '.join(names(PROVIDERS))}"
    )
    raise UsageError(msg)


def _is_own(provider: LLMProvider, endpoint: str) -> bool:
    """Whether an address is the provider's own, where nobody else can read what is sent, or on this machine."""
    own, given = parts_of(provider.default_endpoint or ""), parts_of(endpoint)
    return is_loopback(endpoint) or (given.hostname == own.hostname and given.scheme == "https")
