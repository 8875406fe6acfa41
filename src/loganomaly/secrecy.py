"""What configurations mean for secrets: which kinds are searched for and masked, and how they are named."""

import os
from collections.abc import Iterable

from loganomaly.config import Config
from loganomaly.errors import ConfigError
from loganomaly.redaction.kinds import Kind, all_kinds, default_kinds, own_kind
from loganomaly.redaction.pseudonyms import Pseudonymizer
from loganomaly.redaction.secrets import Redactor
from loganomaly.scan.leaks import LeakSearch

__all__ = ["leak_kinds", "leak_search", "pseudonymizer", "redactor"]

_SHORTEST_KEY = 16  # characters


def leak_kinds(config: Config) -> tuple[Kind, ...]:
    """Return the kinds of secrets that are searched for and masked, the user's first."""
    own = [
        own_kind(entry.name, entry.pattern, severity=entry.severity) for entry in config.additional_security_patterns
    ]
    known = all_kinds() if config.leaks.ip_addresses else default_kinds()
    return (*own, *(kind for kind in known if kind.name not in config.leaks.without))


def leak_search(config: Config, *, pseudonyms: Pseudonymizer) -> LeakSearch | None:
    """Return what secrets are searched for in every line; None where none are."""
    return LeakSearch(kinds=leak_kinds(config), pseudonyms=pseudonyms) if config.leaks.enabled else None


def pseudonymizer(config: Config) -> Pseudonymizer:
    """Return what makes pseudonyms, with the key that the settings name, or a random one.

    Raises
    ------
    ConfigError
        The variable is not set, or the key is too short to keep anybody from guessing values.
    """
    name = config.leaks.key_env
    if name is None:
        return Pseudonymizer()
    key = os.environ.get(name, "")
    if len(key) < _SHORTEST_KEY:
        given = f"has {len(key)} characters" if key else "is not set"
        msg = (
            f"leaks.key_env names the environment variable {name}, which {given}; expected a random key of at least "
            f'{_SHORTEST_KEY}: export {name}="$(openssl rand -hex 32)"'
        )
        raise ConfigError(msg)
    return Pseudonymizer(key.encode())


def redactor(configs: Iterable[Config], *, everything: bool) -> Redactor:
    """Return what masks all that is written: what any of the configurations calls secret.

    With `everything`, all built-in kinds, whatever the configurations leave out.
    """
    kinds = {kind.name: kind for config in configs for kind in leak_kinds(config)}
    own = [kind for kind in kinds.values() if not kind.anchored]
    built_in = [kind for kind in all_kinds() if everything or kind.name in kinds]
    return Redactor((*own, *built_in))
