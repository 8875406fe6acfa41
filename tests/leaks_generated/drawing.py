"""Characters that values are made of, drawn at random from a seeded source."""

import base64
import string

DIGITS = string.digits
LOWER = string.ascii_lowercase
UPPER = string.ascii_uppercase
LETTERS = string.ascii_letters
ALNUM = LETTERS + DIGITS
UPPER_ALNUM = UPPER + DIGITS
LOWER_ALNUM = LOWER + DIGITS
HEX = DIGITS + "abcdef"
UPPER_HEX = HEX.upper()
BASE32 = UPPER + "234567"
URL_SAFE = ALNUM + "_-"

USERS = ("jane", "mbrown", "svc-billing", "root", "deploy", "lee", "o.meyer", "app", "ci-runner", "anna")
HOSTS = (
    "api.acme-corp.io",
    "billing.internal",
    "web-3.prod.lan",
    "shop.nordwind.de",
    "gateway.corp.net",
    "db-1.acme.io",
)
WORDS = ("orders", "invoice", "cart", "payment", "catalog", "shipping", "profile", "search", "export", "billing")


def draw(rng, alphabet, count):
    """Return `count` characters of an alphabet."""
    return "".join(rng.choices(alphabet, k=count))


def draw_between(rng, alphabet, least, most):
    """Return `least` to `most` characters of an alphabet."""
    return draw(rng, alphabet, rng.randint(least, most))


def draw_url_safe(rng, count):
    """Return `count` characters of URL-safe base64 with a letter or digit at both ends."""
    return draw(rng, ALNUM, 1) + draw(rng, URL_SAFE, count - 2) + draw(rng, ALNUM, 1)


def draw_base64(rng, size):
    """Return the base64 of `size` random bytes."""
    return base64.b64encode(rng.randbytes(size)).decode()


def draw_digits(rng, count):
    """Return digits that do not begin with 0."""
    return draw(rng, "123456789", 1) + draw(rng, DIGITS, count - 1)


def encode_url_safe(data):
    """Return bytes in URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
