"""What a kind is: how its values are made, what they are called, and where they occur."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Whole:
    """A value with what belongs to it at both sides, such as the URL that holds it; only the value is the secret."""

    before: str
    value: str
    after: str = ""


@dataclass(frozen=True)
class Form:
    """One way in which values of a kind are written.

    `names` are what a field with it is called, as words in lower case to be joined in the usual styles, or exactly as
    they stand where they hold a capital or a mark. `places` are the names of the groups of surroundings (see
    `surroundings.PLACES`). `labels` stand before it in sentences. `accepts` are kinds that are right as well. What is
    `personal` is no secret: that of a named value ("password") is not right for it.
    """

    make: Callable[[Random], str | Whole]
    names: tuple[str, ...]
    places: tuple[str, ...]
    labels: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    personal: bool = False


NAMED = ("key_value", "json", "query", "header", "repr", "shell", "environment", "markup")
"""Surroundings in which a name stands beside the value."""
NAMED_PERSONAL = ("key_value", "json", "query", "repr", "markup")
"""Those in which personal data stands."""
ANYWHERE = ("sentence", "quoted", *NAMED)
"""Surroundings of a value that tells by itself what it is."""


def told(make, *names, places=ANYWHERE, bearer=False, accepts=()):
    """Return the form of a value that tells by itself what it is."""
    places = (*places, "bearer") if bearer else places
    return Form(make, names, places, accepts=accepts)


def named(make, *names, places=NAMED, accepts=()):
    """Return the form of a value that only its name tells."""
    return Form(make, names, places, accepts=accepts)


def personal(make, *names, labels=(), places=()):
    """Return the form of personal data, which a name or a label tells, or a place of its own."""
    places = (*places, *NAMED_PERSONAL, *(("labelled", "labelled") if labels else ()))
    return Form(make, names, places, labels=labels, personal=True)
