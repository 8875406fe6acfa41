"""Messages in which a value occurs: sentences, key=value, JSON, URLs, headers, commands and more.

In a template `$v` is the value, `$n` its name in a style of the place, `$label` a label for people; `$user`, `$host`,
`$word` and `$number` are drawn. In the place "said" the value is a template itself.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from leaks_generated.drawing import HOSTS, USERS, WORDS
from leaks_generated.kinds import Form, Whole


@dataclass(frozen=True)
class Message:
    """A message with one planted value, `before` + `value` + `after`; without any, `value` is empty.

    `field` is the name of the field that `whole` would be in where a format has fields, and "" where there is none.
    """

    before: str
    value: str
    after: str
    accepts: frozenset[str] = frozenset()
    field: str = ""
    secret: bool = False
    whole: Whole = Whole("", "")  # noqa: RUF009  (frozen)


@dataclass(frozen=True)
class Place:
    """A group of templates, in which names are written in `styles` and values are encoded by `encode`."""

    templates: tuple[str, ...]
    styles: tuple[str, ...] = ("snake",)
    encode: str = "plain"
    accepts: tuple[str, ...] = ()


PLACES = {
    "sentence": Place(
        (
            "request to $host failed: $v is not a valid credential",
            "using $v for the upload of $word",
            "retrying $word with $v after $number failures",
            "$v was rejected by $host",
            "found $v in the environment of worker $number",
            "signing in to $host with $v",
            "authentication failed for user $user: $v",
            "$word: rotated $v, $number sessions closed",
        )
    ),
    "quoted": Place(
        (
            'rejected "$v" (HTTP 401)',
            "credential '$v' not accepted by $host",
            "got `$v` from the store",
            "login($v) failed after $number ms",
            "argv: [$user, $v, $host]",
            "unexpected input <$v> in $word",
        )
    ),
    "key_value": Place(
        (
            "starting worker $number with $n=$v",
            "config loaded: $n: $v",
            "connecting to $host, $n=$v, timeout=30s",
            'set $n = "$v"',
            "$word settings: user='$user' $n='$v' retries=3",
            "[$word] $n=$v; path=/data/$word",
            "invalid configuration ($n: $v)",
            "$n = $v",
        ),
        styles=("snake", "upper", "camel", "kebab", "dotted"),
        accepts=("password",),
    ),
    "json": Place(
        (
            'response body: {"user":"$user","$n":"$v","ttl":3600}',
            'payload {"$n": "$v"}',
            'POST /v1/$word 200 {"data": {"$n": "$v"}, "attempt": $number}',
            'event={"id":$number,"$n":"$v"}',
        ),
        styles=("snake", "camel"),
        encode="json",
        accepts=("password",),
    ),
    "query": Place(
        (
            "GET https://$host/v1/$word?$n=$v&page=2 -> 403",
            "fetching https://$host/$word?$n=$v",
            "redirect to /callback?state=ready&$n=$v",
            "POST https://$host/login body: user=$user&$n=$v&remember=1",
        ),
        styles=("snake", "camel"),
        encode="url",
        accepts=("password", "url-credentials"),
    ),
    "header": Place(
        (
            "request headers: X-$n: $v",
            "> X-$n: $v",
            "Host: $host, X-$n: $v, Accept: */*",
            'headers={"Accept": "*/*", "X-$n": "$v"}',
        ),
        styles=("header",),
        accepts=("password", "authorization"),
    ),
    "bearer": Place(
        (
            "request headers: Authorization: Bearer $v",
            "> authorization: Bearer $v",
            'curl -H "Authorization: Bearer $v" https://$host/v1/$word',
            "headers={'Authorization': 'Bearer $v', 'Accept': '*/*'}",
        ),
        accepts=("password", "authorization"),
    ),
    "repr": Place(
        (
            "kwargs={'user': '$user', '$n': '$v', 'timeout': 30}",
            "Client($n='$v', retries=3) created",
            "Settings(debug=False, $n='$v')",
            "Account[name=$user, $n=$v, role=admin]",
            "loaded {Host:$host Port:5432 $n:$v}",
            "{u'$n': u'$v', u'verify': True}",
        ),
        styles=("snake", "camel"),
        accepts=("password",),
    ),
    "shell": Place(
        (
            "running: deploy --$n $v --region eu-west-1",
            "exec /usr/bin/tool --$n=$v --verbose",
            "command failed with exit code 1: ./sync.sh --host $host --$n '$v'",
            'args="--$n=$v" pid=$number',
        ),
        styles=("kebab",),
        accepts=("password",),
    ),
    "environment": Place(
        (
            "+ export $n=$v",
            "env: PATH=/usr/bin $n=$v HOME=/root",
            "docker run -e $n=$v -p 80:80 $word:1.4",
            'Environment="$n=$v"',
            "$n=$v ./run.sh $word",
        ),
        styles=("upper",),
        accepts=("password",),
    ),
    "markup": Place(
        (
            "<request><$n>$v</$n><user>$user</user></request>",
            '<login user="$user" $n="$v"/>',
            "soap body: <ns:$n>$v</ns:$n>",
        ),
        styles=("camel", "snake"),
        accepts=("password",),
    ),
    "raw_header": Place(
        (
            "request headers: $n: $v",
            "> $n: $v",
            "Host: $host, Accept: */*, $n: $v",
            'headers={"Accept": "*/*", "$n": "$v"}',
            "headers={'Accept': '*/*', '$n': '$v'}",
            'curl -H "$n: $v" https://$host/v1/$word',
            "$n: [$v]",
        ),
        styles=("kebab",),
    ),
    "command": Place(("running: $v", "+ $v", "command '$v' failed with exit code 1", "CMD ($v)")),
    "mail": Place(
        (
            "mail to $v queued as job $number",
            "user $v signed in from $host",
            "to=<$v>, relay=$host, delay=$number, status=sent",
            "From: Jane Doe <$v>",
            "no account for $v",
            "rejected recipient '$v': mailbox full",
        )
    ),
    "call": Place(
        (
            "sms to $v sent in $number ms",
            "calling $v",
            "verification code requested for $v",
            "call from $v missed, $word",
        )
    ),
    "pay": Place(
        (
            "charging $v for order $number",
            "card $v declined by $host",
            "payment with $v authorised",
            "refund to $v done in $number ms",
        )
    ),
    "transfer": Place(
        (
            "transfer to $v executed",
            "account $v closed",
            "debit of 12.50 EUR from $v failed",
            "payout of $user to $v pending",
        )
    ),
    "alone": Place(("$v",)),
    "said": Place(("$v",)),
    "noted_part": Place(("part $v out of stock", "reference $v closed by $user")),
    "code": Place(
        (
            '  File "/app/$word.py", line $number: $n = $v',
            "    $n = $v",
            "> $number |   client = Client($n=$v)",
            "$word.js:$number:     const $n = $v;",
        )
    ),
    "noted": Place(
        (
            "$label $v done in $number ms",
            "processing $label $v for $user",
            "$label=$v status=open",
            "got $label: $v",
            "$label '$v' not found on $host",
            "no change for $label $v, skipped",
        )
    ),
    "bare": Place(
        (
            "connecting to $v",
            "could not open $v: timed out",
            'opened "$v" in $number ms',
            "trying $v ...",
            "upstream $v is down",
            "using '$v' for $word",
        )
    ),
    "labelled": Place(
        (
            "$label: $v",
            "customer $number: $label $v verified",
            "check failed for $label $v",
            "$word of $user, $label: $v, status=open",
            "duplicate $label '$v'",
            "no record with $label $v.",
        )
    ),
}
"""Groups of surroundings by their names."""


def surround(rng, form: Form, *, kind: str) -> Message:
    """Return a message of a form, of a kind; an empty kind is that of a value that is no leak."""
    place = PLACES[rng.choice(form.places)]
    whole = form.make(rng)
    whole = whole if isinstance(whole, Whole) else Whole("", whole)
    name = rng.choice(form.names) if form.names else ""
    label = rng.choice(form.labels) if form.labels else ""
    before, after = rng.choice(place.templates).split("$v")
    drawn = {
        "n": styled(name, style=rng.choice(place.styles)),
        "label": label,
        "user": rng.choice(USERS),
        "host": rng.choice(HOSTS),
        "word": rng.choice(WORDS),
        "number": str(rng.randint(2, 99)),
    }
    if place is PLACES["said"]:
        whole = Whole("", _fill(whole.value, drawn))
    encoded = Whole(*(ENCODERS[place.encode](part) for part in (whole.before, whole.value, whole.after)))
    return Message(
        _fill(before, drawn) + encoded.before,
        encoded.value,
        encoded.after + _fill(after, drawn),
        frozenset({kind, *form.accepts, *(() if form.personal else place.accepts)}) if kind else frozenset(),
        name,
        bool(kind) and not form.personal,
        whole,
    )


def styled(name, *, style):
    """Return a name as it is written in a style; one with a capital or a mark is written as it stands."""
    if not re.fullmatch(r"[a-z0-9 ]*", name):
        return name
    words = name.split()
    if style == "camel":
        return "".join([*words[:1], *(word.capitalize() for word in words[1:])])
    if style == "header":
        return "-".join(word.capitalize() for word in words)
    if style == "upper":
        return "_".join(words).upper()
    return {"snake": "_", "kebab": "-", "dotted": "."}[style].join(words)


def in_url(text):
    """Return a text as it stands in a query; programs that mask do it with marks that need no encoding."""
    return quote(text, safe="*[]")


ENCODERS = {
    "plain": lambda text: text,
    "url": in_url,
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
}


def _fill(template, drawn):
    return re.sub(r"\$([a-z]+)\b", lambda match: drawn.get(match[1], match[0]), template)
