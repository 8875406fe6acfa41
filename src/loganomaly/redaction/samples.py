"""Fills in the samples of kinds: no file holds what looks like a real secret."""

import random
import re
import string

__all__ = ["filled"]

_ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "_-",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "letters": string.ascii_letters,
    "lowerdigit": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + string.digits,
}
_BLANK = re.compile("«([a-z0-9]+) ([0-9]+)»")


def filled(sample: str, *, seed: int = 0) -> str:
    """Return a sample with each «ALPHABET N» filled in with N random signs of it, the same for the same seed.

    The first and the last sign are a letter or a digit.

    Examples
    --------
    >>> filled("key «digits 4»")
    'key 5007'
    """
    chance = random.Random(f"{seed}/{sample}")  # noqa: S311 - samples, not secrets

    def signs(found: re.Match[str]) -> str:
        alphabet, count = _ALPHABETS[found[1]], int(found[2])
        plain = [sign for sign in alphabet if sign.isalnum()]
        ends = {0, count - 1}
        return "".join(chance.choice(plain if at in ends else alphabet) for at in range(count))

    return _BLANK.sub(signs, sample)
