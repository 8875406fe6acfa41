"""Hashes, identifiers and numbers that look like secrets or personal data and are none.

Left out, because people disagree on them: analytics cookies (`_ga`), serial numbers of telephones, Message-IDs,
Kerberos principals, numbers with a wrong check digit that a field calls an IBAN or a card.
"""

import base64
import json
import uuid

from stdnum import luhn

from leaks_generated.drawing import (
    ALNUM,
    BASE32,
    DIGITS,
    HEX,
    LOWER_ALNUM,
    UPPER_ALNUM,
    UPPER_HEX,
    WORDS,
    draw,
    draw_base64,
    draw_between,
    draw_digits,
)
from leaks_generated.kinds import Form

AT_WORK = ("noted", "key_value", "json", "query", "repr")


def known(make, *names, labels=(), places=AT_WORK):
    """Return the forms of one sort of identifier: its names in fields, its labels in sentences."""
    return (Form(make, names, places, labels=labels or names),)


def drawn(alphabet, *counts, before="", after=""):
    """Return a maker of so many characters of an alphabet."""
    return lambda rng: before + draw(rng, alphabet, rng.choice(counts)) + after


def a_uuid(rng):
    return str(uuid.UUID(bytes=rng.randbytes(16), version=4))


def pod(rng):
    return f"{rng.choice(WORDS)}-{draw(rng, 'bcdf456789', 10)}-{draw(rng, 'bcdfghjklmnpqrstvwxz2456789', 5)}"


def image(rng):
    return f"{rng.choice(('nginx', 'acme/app', 'registry.acme.io/shop'))}@sha256:{draw(rng, HEX, 64)}"


def java_object(rng):
    return f"com.acme.{rng.choice(WORDS).capitalize()}Service@{draw(rng, HEX, 8)}"


def package(rng):
    name = rng.choice(("lodash", "react", "@types/node", "left-pad", "express"))
    return f"{name}@{rng.randint(1, 20)}.{rng.randint(0, 40)}.{rng.randint(0, 30)}"


def no_card(rng):
    """Sixteen digits that begin as a card does, with a wrong check digit."""
    stem = rng.choice("45") + draw(rng, DIGITS, 14)
    return stem + str((int(luhn.calc_check_digit(stem)) + rng.randint(1, 9)) % 10)


def isbn(rng):
    stem = "978" + draw(rng, DIGITS, 9)
    check = -sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(stem)) % 10
    return f"978-{stem[3]}-{stem[4:6]}-{stem[6:]}-{check}"


def decimal(rng):
    return f"{rng.randint(0, 99)}.{draw(rng, DIGITS, 15)}"


def offset_time(rng):
    offset = rng.choice(("+0100", "+01:00", "-0530", "+1030"))
    return f"2026-03-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:15:30{offset}"


def payload(rng):
    content = {"id": rng.randint(1, 10**6), "sort": rng.choice(WORDS), "dir": "asc"}
    return base64.b64encode(json.dumps(content).encode()).decode()


def words_in_base64(rng):
    return base64.b64encode(" ".join(rng.sample(WORDS, 5)).encode()).decode()


def picture(rng):
    return f"data:image/png;base64,iVBORw0KGgo{draw_base64(rng, 60)}"


def hex_dump(rng):
    return " ".join(draw(rng, HEX, 2) for _ in range(16))


def ipv6(rng):
    return f"2001:db8:{':'.join(draw_between(rng, HEX, 2, 4) for _ in range(6))}"


def mac(rng):
    return ":".join(draw(rng, HEX, 2) for _ in range(6))


def arn(rng):
    return f"arn:aws:{rng.choice(('sqs', 'lambda', 'sns'))}:eu-west-1:{draw_digits(rng, 12)}:{rng.choice(WORDS)}"


def hadoop(rng):
    return rng.choice(
        (f"application_17{draw(rng, DIGITS, 11)}_0042", f"attempt_20260302{draw(rng, DIGITS, 4)}_m_000003_0")
    )


def public_ssh_key(rng):
    return f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{draw(rng, ALNUM, 43)}"


def certificate(rng):
    what = rng.choice(("CERTIFICATE", "PUBLIC KEY", "CERTIFICATE REQUEST"))
    return f"-----BEGIN {what}-----\nMIIBIjAN{draw(rng, ALNUM, 56)}\n{draw(rng, ALNUM, 40)}\n-----END {what}-----"


def integrity(rng):
    return f"sha512-{draw_base64(rng, 64)}"


def coordinates(rng):
    return f"{rng.randint(-80, 80)}.{draw(rng, DIGITS, 7)},{rng.randint(-179, 179)}.{draw(rng, DIGITS, 7)}"


def traceparent(rng):
    return f"00-{draw(rng, HEX, 32)}-{draw(rng, HEX, 16)}-01"


def bundle(rng):
    return f"/assets/{rng.choice(WORDS)}.{draw(rng, HEX, rng.choice((8, 20)))}.js"


IDENTIFIERS = {
    "MD5": known(drawn(HEX, 32), "md5", "content md5", "checksum"),
    "SHA-1": known(drawn(HEX, 40), "sha1", "file hash", "fingerprint"),
    "SHA-256": known(drawn(HEX, 64), "sha256", "content hash", "digest", "checksum"),
    "SHA-512": known(drawn(HEX, 128), "sha512", "checksum"),
    "hashes in base64": known(integrity, "integrity"),
    "CRC-32": known(drawn(HEX, 8, before="0x"), "crc32", "crc"),
    "UUIDs": known(a_uuid, "request id", "correlation id", "order id", "device id"),
    "idempotency keys": known(a_uuid, "idempotency key"),
    "git commits": known(drawn(HEX, 40, 7, 12), "commit", "revision", "git sha"),
    "container ids": known(drawn(HEX, 64, 12), "container id", "container"),
    "trace ids": known(drawn(HEX, 32), "trace id", "trace"),
    "span ids": known(drawn(HEX, 16), "span id", "parent id"),
    "traceparent": known(traceparent, "traceparent"),
    "ETags": known(drawn(HEX, 32, 16), "etag", "if none match"),
    "image digests": known(image, "image"),
    "HDFS blocks": known(drawn(DIGITS, 18, before="blk_-1"), "block"),
    "pods": known(pod, "pod", "pod name"),
    "Java objects": known(java_object, "bean", "target", "listener"),
    "pinned packages": known(package, "package", "dependency"),
    "decimals": known(decimal, "score", "ratio", "loss"),
    "epoch milliseconds": known(drawn(DIGITS, 10, before="177"), "timestamp", "created at"),
    "epoch microseconds": known(drawn(DIGITS, 13, before="177"), "ts us", "start time"),
    "epoch nanoseconds": known(drawn(DIGITS, 16, before="177"), "ts ns", "time unix nano"),
    "no cards": known(no_card, "order id", "tracking number", "transaction"),
    "numbers of orders": known(
        drawn(DIGITS, 8, 9, 10, 11, 12, before="1"), "order", "invoice number", "ticket", "article"
    ),
    "snowflakes": known(drawn(DIGITS, 17, before="11"), "message id", "channel", "tweet id"),
    "times with offsets": known(offset_time, "expires", "updated at", "last seen"),
    "ISBNs": known(isbn, "isbn"),
    "cursors": known(payload, "cursor", "payload", "state"),
    "words in base64": known(words_in_base64, "body", "payload", "data"),
    "pictures": known(picture, "avatar", "image"),
    "hex dumps": known(hex_dump, "bytes", "dump", places=("noted", "key_value")),
    "IPv6": known(ipv6, "client", "peer", "remote addr"),
    "MAC addresses": known(mac, "mac", "hwaddr"),
    "ARNs": known(arn, "arn", "queue arn", "resource"),
    "AWS accounts": known(drawn("123456789", 12), "account id", "aws account"),
    # Roles and users of AWS have ids with prefixes of their own; these do not sign anybody in.
    "AWS roles": known(drawn(BASE32, 17, before="AROA"), "role id", "principal id"),
    "EC2 instances": known(drawn(HEX, 17, before="i-0"), "instance id", "instance"),
    "S3 requests": known(lambda rng: draw_base64(rng, 56), "x amz id 2", "host id"),
    "object ids": known(drawn(HEX, 24), "object id", "document id"),
    "ULIDs": known(drawn("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24, before="01"), "event id", "ulid"),
    "Stripe objects": known(drawn(ALNUM, 24, before="cus_"), "customer", "customer id"),
    "Stripe charges": known(drawn(ALNUM, 24, before="ch_"), "charge", "charge id"),
    # Stripe: publishable keys "can be published"; they are in every web page with a payment form.
    "publishable keys": known(drawn(ALNUM, 24, before="pk_live_"), "publishable key", "stripe publishable key"),
    "Slack channels": known(drawn(UPPER_ALNUM, 9, before="C0"), "channel", "channel id"),
    "OAuth clients": known(
        lambda rng: f"{draw_digits(rng, 12)}-{draw(rng, LOWER_ALNUM, 32)}.apps.googleusercontent.com", "client id"
    ),
    "Twilio accounts": known(drawn(HEX, 32, before="AC"), "account sid"),
    "Twilio messages": known(drawn(HEX, 32, before="SM"), "message sid"),
    "Hadoop jobs": known(hadoop, "application", "attempt"),
    "ZooKeeper sessions": known(drawn(HEX, 13, before="0x1"), "zookeeper session"),
    "pointers": known(drawn(HEX, 9, before="0x00007f"), "tid", "address", "pointer"),
    "public SSH keys": known(public_ssh_key, "public key", "host key"),
    "public keys of age": known(
        drawn("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58, before="age1"), "recipient key", "public key"
    ),
    "certificates": known(certificate, "certificate", "cert"),
    "fingerprints": known(lambda rng: f"SHA256:{draw_base64(rng, 32).rstrip('=')}", "fingerprint", "key fingerprint"),
    "serials": known(lambda rng: ":".join(draw(rng, UPPER_HEX, 2) for _ in range(16)), "serial", "certificate serial"),
    "coordinates": known(coordinates, "position", "location"),
    "builds": known(lambda rng: f"1.{rng.randint(0, 40)}.{rng.randint(0, 9)}+build.{draw_digits(rng, 6)}", "version"),
    "bundles": known(bundle, "asset", "script"),
    "threads": known(drawn(HEX, 10, before="#1 prio=5 os_prio=0 tid=0x00007f"), "thread", places=("noted",)),
    "securities": known(drawn(DIGITS, 10, before="DE"), "isin"),
    "banks": known(drawn(UPPER_ALNUM, 3, before="DEUTDEFF"), "bic"),
}
"""Forms of each sort, by its name."""
