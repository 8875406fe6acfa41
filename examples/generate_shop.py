"""Write two hours of logs of a small online shop, with or without an incident.

The same seed gives the same bytes: every draw comes from ``random.Random.random``, the one method whose
sequence Python keeps from version to version. Each request has a stream of its own, so the ordinary
traffic is the same with and without the incident.

    python generate_shop.py [DIR] [--seed N] [--without-story]
"""

import argparse
import json
import math
import random
import re
import string
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

Option = TypeVar("Option")
Fields = Mapping[str, object]

BEGIN = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
LENGTH = 2 * 3600 * 1000  # all times below are milliseconds since BEGIN


def clock(hour: int, minute: int, second: int = 0) -> int:
    """Return a time of that day as milliseconds since ``BEGIN``."""
    return (((hour - BEGIN.hour) * 60 + minute) * 60 + second) * 1000


DEPLOY = clock(10, 5)
SLOW_FROM = clock(10, 8)
POOL_FROM = clock(10, 12)
FLOOD_FROM, FLOOD_TO = clock(10, 14), clock(10, 17)
SILENT_FROM = clock(10, 20)
POOL_TO = clock(10, 25)
AWS_LEAK = clock(10, 31, 12)
ROLLBACK = clock(10, 39, 30)
RESTART = 18_500  # from the shutdown signal to the first request served
CONNECTION_TIMEOUT = 10_000

STORY = {
    "deploy": (
        "Orders 2.15.0 is deployed",
        "The orders service stops, migrates its schema and starts again.",
    ),
    "leaked-db-password": (
        "A database password is logged",
        "The start-up logs the connection string as it is.",
    ),
    "slow-database": (
        "The database is slow",
        "Without its index, queries on orders take seconds, not 3-40 ms.",
    ),
    "pool-exhausted": (
        "No database connections are left",
        "Requests wait 10 s for a connection, then get 503.",
    ),
    "retry-flood": ("Checkout floods its log", "Refused orders are retried every few ms without back-off."),
    "inventory-silence": ("inventory-sync falls silent", "Its heartbeat stops for good, without any error."),
    "leaked-aws-key": ("An AWS key pair is logged", "A debug line prints the settings of the S3 client."),
    "rollback": ("Orders 2.14.4 brings recovery", "The old code returns and a migration restores the index."),
}


class Dice:
    """One seeded stream of draws, named by its key."""

    def __init__(self, *key: object) -> None:
        self._draw = random.Random(":".join(map(str, key))).random

    def share(self) -> float:
        """Return a number in [0, 1)."""
        return self._draw()

    def number(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + int(self._draw() * (high - low + 1))

    def skewed(self, low: int, high: int) -> int:
        """Return an integer from low to high, mostly near low, as durations are."""
        return low + int(self._draw() ** 3 * (high - low + 1))

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of the options, all equally likely."""
        return options[int(self._draw() * len(options))]

    def text(self, length: int, alphabet: str = "0123456789abcdef") -> str:
        """Return random characters of the alphabet."""
        return "".join(self.pick(alphabet) for _ in range(length))

    def weighted(self, options: Sequence[tuple[Option, int]]) -> Option:
        """Return one of the options, each as likely as its weight says."""
        left = self._draw() * sum(weight for _, weight in options)
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record of one file: a line, or several when it holds a stack trace."""

    at: int
    text: str
    event: str


class Logbook:
    """The rows of the four files, each written in the format of its program."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)

    def _add(self, file: str, at: int, text: str, event: str) -> None:
        if at < LENGTH:
            self._rows[file].append(Row(at=at, text=text, event=event))

    def api(
        self, at: int, level: str, service: str, msg: str, *, event: str = "", fields: Fields | None = None
    ) -> None:
        """Add a JSON line of one of the API's services."""
        stamp = f"{moment(at):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"
        row = {"ts": stamp, "level": level, "service": service, "msg": msg, **(fields or {})}
        self._add("api.jsonl", at, json.dumps(row), event)

    def orders(self, at: int, level: str, thread: str, logger: str, msg: str, *, event: str = "") -> None:
        """Add a line of the orders service, as logback writes it."""
        stamp = f"{moment(at):%Y-%m-%d %H:%M:%S},{at % 1000:03d}"
        logger = logger if "." in logger else f"com.shop.orders.{logger}"
        self._add("orders.log", at, f"{stamp} {level:<5} [{thread}] {logger} - {msg}", event)

    def access(
        self, at: int, *, client: str, request: str, status: int, size: int, agent: str, event: str = ""
    ) -> None:
        """Add a line of nginx in its combined format."""
        stamp = f"{moment(at):%d/%b/%Y:%H:%M:%S} +0000"
        text = f'{client} - - [{stamp}] "{request} HTTP/1.1" {status} {size} "-" "{agent}"'
        self._add("access.log", at, text, event)

    def syslog(self, at: int, host: str, program: str, msg: str, *, event: str = "") -> None:
        """Add a syslog line (RFC 3164)."""
        when = moment(at)
        self._add("syslog", at, f"{when:%b} {when.day:>2} {when:%H:%M:%S} {host} {program}: {msg}", event)

    def write(self, folder: Path) -> dict[str, list[dict[str, object]]]:
        """Write the files and return the story: which lines belong to which event."""
        lines: dict[str, dict[str, list[list[int]]]] = {event: {} for event in STORY}
        times: dict[str, list[int]] = {event: [] for event in STORY}
        for file, rows in sorted(self._rows.items()):
            rows.sort(key=lambda row: row.at)
            number = 1
            for row in rows:
                last = number + row.text.count("\n")
                if row.event:
                    append_range(lines[row.event].setdefault(file, []), number, last)
                    times[row.event].append(row.at)
                number = last + 1
            (folder / file).write_text("".join(f"{row.text}\n" for row in rows), encoding="utf-8", newline="\n")
            print(f"{folder / file}: {number - 1} lines")
        return {"events": [describe(event, lines[event], times[event]) for event in STORY if times[event]]}


def moment(at: int) -> datetime:
    """Return the UTC time of a row."""
    return BEGIN + timedelta(milliseconds=at)


def append_range(ranges: list[list[int]], first: int, last: int) -> None:
    """Add lines first to last, joined to the range before when nothing lies between."""
    if ranges and ranges[-1][1] + 1 == first:
        ranges[-1][1] = last
    else:
        ranges.append([first, last])


def describe(event: str, files: dict[str, list[list[int]]], times: list[int]) -> dict[str, object]:
    """Return one event of story.json."""
    title, what = STORY[event]
    start, end = moment(min(times)).isoformat(), moment(max(times)).isoformat()
    entry: dict[str, object] = {"id": event, "title": title, "what": what, "files": files}
    if event == "inventory-silence":
        return {**entry, "start": end, "end": moment(LENGTH).isoformat(), "silent_from": end}
    return {**entry, "start": start, "end": end}


def ticks(dice: Dice, seconds: float) -> Iterator[int]:
    """Yield times about so many seconds apart, over the whole span."""
    at = seconds * 1000 * dice.share()
    while at < LENGTH:
        yield int(at)
        at += seconds * 1000 * (0.85 + 0.3 * dice.share())


def arrivals(dice: Dice, per_second: float) -> Iterator[int]:
    """Yield times of independent arrivals whose rate rises and falls gently."""
    at = 0.0
    while True:
        rate = per_second * (1 + 0.2 * math.sin(at / 900_000) + 0.1 * math.sin(at / 170_000))
        at += -math.log(1 - dice.share()) / rate * 1000
        if at >= LENGTH:
            return
        yield int(at)


SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) {SAFARI} Version/18.3 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) {SAFARI} Mobile/15E148",
)
CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
)
CATEGORIES = ("lamps", "desks", "chairs", "shelves", "rugs", "plants")
STALE_PATHS = (
    "/robots.txt.bak",
    "/wp-login.php",
    "/old/catalog.html",
    "/feed.xml",
    "/.well-known/security.txt",
)
PAGES = (  # path with its variable part, status, smallest and largest body
    (("/", 200, 8_000, 9_000), 12),
    (("/products/{n}", 200, 11_000, 24_000), 30),
    (("/products/{n}", 304, 0, 0), 6),
    (("/category/{category}?page={page}", 200, 14_000, 31_000), 16),
    (("/static/app.js", 200, 183_220, 183_220), 8),
    (("/static/app.js", 304, 0, 0), 6),
    (("/static/site.css", 200, 24_816, 24_816), 8),
    (("/images/p{n}.webp", 200, 9_000, 88_000), 24),
    (("/p/{n}", 301, 169, 169), 3),
    (("/account", 302, 138, 138), 4),
)


def client_address(dice: Dice) -> str:
    """Return an address of the ranges kept for documentation (RFC 5737)."""
    return f"{dice.pick(('192.0.2', '198.51.100', '203.0.113'))}.{dice.number(1, 254)}"


def browse(log: Logbook, seed: int) -> None:
    """Write page views, static files and crawlers: what only nginx sees."""
    dice = Dice(seed, "browse")

    def get(at: int, path: str, status: int, *, size: int, agents: Sequence[str] = BROWSERS) -> None:
        client, agent = client_address(dice), dice.pick(agents)
        log.access(at, client=client, request=f"GET {path}", status=status, size=size, agent=agent)

    for at in arrivals(dice, 0.2):
        path, status, low, high = dice.weighted(PAGES)
        path = path.format(n=dice.number(1000, 9999), category=dice.pick(CATEGORIES), page=dice.number(1, 9))
        agents = BROWSERS if dice.share() < 0.9 else CRAWLERS
        get(at, path, status, size=dice.number(low, high), agents=agents)
    for at in ticks(dice, 45):
        get(at, dice.pick(STALE_PATHS), 404, size=153, agents=CRAWLERS)
    for at in ticks(dice, 400):
        get(at, f"/images/p{dice.number(1000, 9999)}.webp", 499, size=0)
    for at in ticks(dice, 500):
        path = f"/api/recommendations/{dice.number(1000, 9999)}"
        fields = {"request_id": dice.text(12), "method": "GET", "path": path, "status": 502}
        fields["duration_ms"] = dice.number(2000, 2030)
        log.api(at, "ERROR", "gateway", "upstream recommendations answered 502", fields=fields)
        get(at, path, 502, size=157)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call of the API."""

    rid: str
    client: str
    agent: str
    customer: int
    thread: str
    method: str = "GET"
    path: str = ""


def new_request(dice: Dice, method: str, path: str) -> Request:
    """Return a call by some customer from somewhere."""
    return Request(
        rid=dice.text(12),
        client=client_address(dice),
        agent=dice.pick(BROWSERS),
        customer=dice.number(1000, 9999),
        thread=f"http-nio-8080-exec-{dice.number(1, 10)}",
        method=method,
        path=path,
    )


def answer(log: Logbook, request: Request, start: int, *, end: int, status: int, size: int, event: str = "") -> None:
    """Write the lines with which the gateway and nginx close a call."""
    fields = {"request_id": request.rid, "method": request.method, "path": request.path, "status": status}
    fields["duration_ms"] = end - start
    failed = status == 503
    level, msg = ("ERROR", "upstream orders answered 503") if failed else ("INFO", "request completed")
    log.api(end, level, "gateway", msg, event=event, fields=fields)
    # Nginx writes no duration: a slow answer leaves no trace in its log, a failed one does.
    log.access(
        end,
        client=request.client,
        request=f"{request.method} {request.path}",
        status=status,
        size=size,
        agent=request.agent,
        event=event if failed else "",
    )


def call_catalog(log: Logbook, seed: int) -> None:
    """Write the calls of catalog, cart and sign-in, which the incident leaves alone."""
    arrival = Dice(seed, "catalog")
    for number, at in enumerate(arrivals(arrival, 0.2)):
        dice = Dice(seed, "catalog", number)
        kind = dice.weighted((("product", 40), ("search", 25), ("cart", 20), ("sign-in", 12), ("refused", 3)))
        product, took = dice.number(1000, 9999), dice.skewed(8, 90)
        if kind == "product":
            request = new_request(dice, "GET", f"/api/products/{product}")
            answer(log, request, at, end=at + took, status=200, size=dice.number(900, 2400))
        elif kind == "search":
            word = dice.pick(CATEGORIES)
            request = new_request(dice, "GET", f"/api/search?q={word}")
            msg = f"search for {word} returned {dice.number(3, 60)} hits in {took} ms"
            log.api(at + took, "INFO", "catalog", msg, fields={"request_id": request.rid})
            answer(log, request, at, end=at + took + 2, status=200, size=dice.number(1200, 9800))
        elif kind == "cart":
            request = new_request(dice, "POST", "/api/cart/items")
            msg = f"product {product} added to cart of customer {request.customer}"
            log.api(at + took, "INFO", "cart", msg, fields={"request_id": request.rid})
            answer(log, request, at, end=at + took + 1, status=201, size=dice.number(180, 640))
        else:
            request = new_request(dice, "POST", "/api/session")
            took += 60  # the password hash is slow on purpose
            level, msg = ("INFO", "signed in") if kind == "sign-in" else ("WARN", "sign-in refused")
            fields = {"request_id": request.rid, "customer": request.customer}
            log.api(at + took, level, "auth", f"customer {msg}", fields=fields)
            status = 201 if kind == "sign-in" else 401
            answer(log, request, at, end=at + took + 1, status=status, size=dice.number(90, 240))


@dataclass(frozen=True, kw_only=True)
class Story:
    """When what goes wrong; all quiet when it is not told."""

    told: bool

    def slow(self, at: int) -> bool:
        """Tell whether the index on orders is missing."""
        return self.told and SLOW_FROM <= at < ROLLBACK

    def exhausted(self, at: int) -> bool:
        """Tell whether the pool has no connection left."""
        return self.told and POOL_FROM <= at < POOL_TO

    def restarting(self, at: int) -> str:
        """Return the event whose restart keeps the orders service down, or an empty string."""
        for event, down in (("deploy", DEPLOY), ("rollback", ROLLBACK)):
            if self.told and down <= at < down + RESTART:
                return event
        return ""

    def ready(self, at: int) -> int:
        """Return when the orders service takes a request that arrives at that time."""
        down = {"deploy": DEPLOY, "rollback": ROLLBACK}.get(self.restarting(at))
        return at if down is None else down + RESTART + at % 400


POOL_TRACE = """Request {rid} failed: Could not open JDBC Connection
org.springframework.jdbc.CannotGetJdbcConnectionException: Failed to obtain JDBC Connection
\tat org.springframework.jdbc.datasource.DataSourceUtils.getConnection(DataSourceUtils.java:84)
\tat org.springframework.jdbc.core.JdbcTemplate.query(JdbcTemplate.java:723)
\tat com.shop.orders.OrderRepository.{query}(OrderRepository.java:{line})
\tat com.shop.orders.OrderController.handle(OrderController.java:58)
Caused by: java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, \
request timed out after {waited}ms (total=20, active=20, idle=0, waiting={waiting})
\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)
\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:181)
\tat com.zaxxer.hikari.HikariDataSource.getConnection(HikariDataSource.java:100)
\t... 4 more"""

COUPON_TRACE = """Request {rid} failed: coupon {coupon} is not valid
com.shop.orders.coupon.CouponValidationException: Coupon {coupon} expired on 2026-02-28
\tat com.shop.orders.coupon.CouponService.validate(CouponService.java:112)
\tat com.shop.orders.OrderService.place(OrderService.java:87)
\tat com.shop.orders.OrderController.handle(OrderController.java:58)"""

COUPONS = ("WINTER25", "WELCOME5", "SAVE10")
QUERIES = {"findOrdersByCustomer": 71, "findOrderById": 64, "findOpenOrders": 93}


def run_query(log: Logbook, story: Story, at: int, *, thread: str, query: str, dice: Dice) -> tuple[int, str]:
    """Write one query on the orders table; return when it ends and the event it belongs to."""
    took, event = dice.skewed(3, 40), ""
    if story.slow(at) and dice.share() < 0.9:  # the rest is answered from the database's cache
        took, event = dice.number(1_100, 3_400 if at < POOL_FROM else 7_900), "slow-database"
    msg = f"Query {query} took {took} ms"
    log.orders(at + took, "INFO", thread, "OrderRepository", msg, event=event)
    if event:
        msg = f"Slow query {query}: {took} ms, limit 1000 ms, plan: Seq Scan on orders"
        log.orders(at + took, "WARN", thread, "SlowQueryListener", msg, event=event)
    return at + took, event


def call_orders(log: Logbook, seed: int, story: Story) -> None:
    """Write the calls that end in the orders service, those that fail included."""
    arrival, order = Dice(seed, "orders"), 81_200
    for number, at in enumerate(arrivals(arrival, 0.19)):
        dice = Dice(seed, "orders", number)
        kind = dice.weighted((("list", 45), ("show", 30), ("place", 25)))
        order += kind == "place"
        path = "/api/orders" if kind != "show" else f"/api/orders/{order - dice.number(1, 900)}"
        request = new_request(dice, "POST" if kind == "place" else "GET", path)
        query = {"list": "findOrdersByCustomer", "show": "findOrderById", "place": "findOpenOrders"}[kind]
        start, event = story.ready(at), story.restarting(at)
        msg = f"{request.method} {path} for customer {request.customer} request_id={request.rid}"
        log.orders(start, "INFO", request.thread, "OrderController", msg)
        if story.exhausted(start + CONNECTION_TIMEOUT) and dice.share() < 0.75:
            fail(log, request, at, start=start, query=query, dice=dice)
            continue
        end, slow = run_query(log, story, start, thread=request.thread, query=query, dice=dice)
        if kind == "place":
            end = place(log, request, end, order, dice)
        status, size = (201, 310) if kind == "place" else (200, dice.number(400, 5200))
        answer(log, request, at, end=end + 2, status=status, size=size, event=event or slow)


def fail(log: Logbook, request: Request, at: int, *, start: int, query: str, dice: Dice) -> None:
    """Write a request that waited for a connection in vain."""
    waited = CONNECTION_TIMEOUT + dice.number(1, 9)
    values = {"rid": request.rid, "query": query, "line": QUERIES[query], "waited": waited}
    msg = POOL_TRACE.format(**values, waiting=dice.number(12, 60))
    logger, event = "OrderController", "pool-exhausted"
    log.orders(start + waited, "ERROR", request.thread, logger, msg, event=event)
    answer(log, request, at, end=start + waited + 3, status=503, size=197, event=event)


def place(log: Logbook, request: Request, at: int, order: int, dice: Dice) -> int:
    """Write the payment and confirmation of an order; return when it is placed."""
    paid = dice.skewed(120, 480)
    msg = f"Payment for order {order} authorised in {paid} ms"
    log.orders(at + paid, "INFO", request.thread, "PaymentClient", msg)
    total = f"{dice.number(9, 240)}.{dice.number(0, 99):02d}"
    msg = f"Order {order} placed by customer {request.customer}: {dice.number(1, 6)} items, total {total} EUR"
    log.orders(at + paid + 4, "INFO", request.thread, "OrderService", msg)
    log.api(at + paid + 6, "INFO", "checkout", f"order {order} accepted", fields={"request_id": request.rid})
    log.api(at + paid + 40, "INFO", "notify", f"e-mail queued for order {order}")
    return at + paid + 5


def reject_coupons(log: Logbook, seed: int, story: Story) -> None:
    """Write the known error of an expired coupon that customers still try."""
    dice = Dice(seed, "coupons")
    for number, at in enumerate(ticks(dice, 230)):
        request = new_request(dice, "POST", "/api/orders")
        coupon, took = COUPONS[number % len(COUPONS)], dice.number(4, 15)
        if story.restarting(at):
            continue
        trace = COUPON_TRACE.format(rid=request.rid, coupon=coupon)
        log.orders(at + took, "ERROR", request.thread, "OrderController", trace)
        msg, fields = f"coupon {coupon} refused: expired", {"request_id": request.rid}
        log.api(at + took, "ERROR", "checkout", msg, fields=fields)
        answer(log, request, at, end=at + took + 2, status=422, size=118)


def run_background(log: Logbook, seed: int, story: Story) -> None:
    """Write what the orders service does by itself."""
    dice = Dice(seed, "background")
    routine = (
        ("INFO", "outbox-1", "OutboxPublisher", 20, "Published {a} events in {b} ms"),
        ("INFO", "scheduling-1", "ReservationCleaner", 60, "Released {a} expired reservations"),
        ("WARN", "scheduling-1", "RateCache", 240, "Rate refresh took 1{b:03d} ms, limit 1000 ms"),
        ("WARN", "mail-1", "MailSender", 150, "E-mail for order 80{b:03d} deferred: 451, retry in 60 s"),
        ("INFO", "mail-1", "MailSender", 150, "E-mail for order 80{b:03d} sent on attempt {c}"),
        ("INFO", "scheduling-1", "InvoiceJob", 300, "Wrote {a} invoices in {b} ms"),
    )
    for level, thread, logger, seconds, text in routine:
        for at in ticks(dice, seconds):
            msg = text.format(a=dice.number(1, 14), b=dice.skewed(20, 399), c=dice.number(2, 4))
            if not story.restarting(at):
                log.orders(at, level, thread, logger, msg)
    for at in ticks(dice, 30):
        if story.restarting(at):
            continue
        total, active, waiting, event = 20, dice.number(0, 5), 0, ""
        if story.exhausted(at):
            active, waiting, event = 20, dice.number(12, 60), "pool-exhausted"
        elif story.slow(at):
            total, event = (20, "slow-database") if at < POOL_FROM else (60, "slow-database")
            active = dice.number(9, 19) if at < POOL_FROM else dice.number(22, 48)
        stats = f"(total={total}, active={active}, idle={total - active}, waiting={waiting})"
        msg, thread = f"HikariPool-1 - Pool stats {stats}", "HikariPool-1 housekeeper"
        log.orders(at, "DEBUG", thread, "com.zaxxer.hikari.pool.HikariPool", msg, event=event)


def run_services(log: Logbook, seed: int) -> None:
    """Write what the API's services do by themselves."""
    dice = Dice(seed, "services")
    routine = (
        ("INFO", "gateway", 30, "health check passed in {a} ms"),
        ("WARN", "gateway", 170, "rate limit reached for client 198.51.100.{a}"),
        ("INFO", "catalog", 45, "cache refreshed: {b} entries in {a} ms"),
        ("WARN", "catalog", 150, "cache refresh slow: {b} entries in 1{a:03d} ms"),
        ("DEBUG", "catalog", 60, "image bucket listed: region=eu-central-1 objects={b}"),
        ("DEBUG", "auth", 60, "expired sessions removed: {a}"),
        ("INFO", "payments", 300, "settlement batch {b} posted"),
        ("WARN", "payments", 200, "webhook delivery {b} failed, retry {c} of 5"),
        ("WARN", "notify", 110, "e-mail {b} deferred with 451, retry {c} of 5"),
        ("INFO", "checkout", 120, "abandoned carts swept: {a}"),
    )
    for level, service, seconds, text in routine:
        for at in ticks(dice, seconds):
            msg = text.format(a=dice.number(2, 199), b=dice.number(4000, 4999), c=dice.number(1, 3))
            log.api(at, level, service, msg)


CRON_JOBS = (
    (60, "shop-web-1", "www-data", "/usr/bin/php /srv/shop/bin/sitemap --incremental"),
    (300, "shop-web-1", "root", "command -v debian-sa1 > /dev/null && debian-sa1 1 1"),
    (600, "shop-db-1", "postgres", "/usr/local/bin/archive-wal --keep 48"),
)
INTRUDERS = ("admin", "test", "oracle", "ubuntu")


def run_cron(log: Logbook, seed: int) -> None:
    """Write the cron jobs, on the minute as cron starts them."""
    dice, session = Dice(seed, "cron"), "pam_unix(cron:session): session"
    for seconds, host, user, command in CRON_JOBS:
        for at in range(dice.number(1000, 1800), LENGTH, seconds * 1000):
            cron, end = f"CRON[{20_000 + at // 1100}]", at + dice.number(90, 900)
            log.syslog(at, host, cron, f"{session} opened for user {user} by (uid=0)")
            log.syslog(at + 3, host, cron, f"({user}) CMD ({command})")
            log.syslog(end, host, cron, f"{session} closed for user {user}")


def run_systems(log: Logbook, seed: int) -> None:
    """Write what systemd, chrony, the firewall and the database server log."""
    dice = Dice(seed, "systems")
    for at in ticks(dice, 900):
        log.syslog(at, "shop-web-1", "systemd[1]", "Starting logrotate.service - Rotate log files...")
        log.syslog(at + 210, "shop-web-1", "systemd[1]", "logrotate.service: Deactivated successfully.")
        log.syslog(at + 215, "shop-web-1", "systemd[1]", "Finished logrotate.service - Rotate log files.")
    for at in ticks(dice, 40):
        uptime = f"{482_113 + at // 1000}.{dice.number(100_000, 999_999)}"
        packet = f"SRC={client_address(dice)} DST=10.20.0.11 LEN={dice.pick((40, 44, 52, 60))} TTL=54 PROTO=TCP"
        ports = f"SPT={dice.number(1025, 65_000)} DPT={dice.number(20, 9999)}"
        log.syslog(at, "shop-web-1", "kernel", f"[{uptime}] [UFW BLOCK] IN=eth0 OUT= {packet} {ports}")
    for at in ticks(dice, 600):
        log.syslog(at, "shop-app-1", "chronyd[598]", f"Selected source 10.20.0.{dice.number(2, 4)}")
    for at in ticks(dice, 300):
        log.syslog(at, "shop-db-1", "postgres[904]", "LOG: checkpoint starting: time")
        msg = f"LOG: checkpoint complete: wrote {dice.number(180, 620)} buffers"
        log.syslog(at + dice.number(20_000, 60_000), "shop-db-1", "postgres[904]", msg)


def visit_over_ssh(log: Logbook, seed: int) -> None:
    """Write the sign-ins over SSH: strangers who are refused and the deploy user."""
    dice = Dice(seed, "ssh")
    for number, at in enumerate(ticks(dice, 180)):
        sshd, port = f"sshd[{dice.number(21_000, 27_000)}]", dice.number(32_768, 60_999)
        user = f"invalid user {INTRUDERS[number % len(INTRUDERS)]}"
        source = f"{client_address(dice)} port {port}"
        log.syslog(at, "shop-web-1", sshd, f"Failed password for {user} from {source} ssh2")
        log.syslog(at + 400, "shop-web-1", sshd, f"Connection closed by {user} {source} [preauth]")
    host, logind = "shop-app-1", "systemd-logind[612]"
    for number, at in enumerate(ticks(dice, 540), start=1042):
        sshd = f"sshd[{dice.number(21_000, 27_000)}]"
        source, end = f"10.20.0.5 port {dice.number(32_768, 60_999)}", at + dice.number(9_000, 90_000)
        log.syslog(at, host, sshd, f"Accepted publickey for deploy from {source} ssh2")
        log.syslog(at + 5, host, logind, f"New session {number} of user deploy.")
        log.syslog(end, host, sshd, f"Received disconnect from {source}:11: disconnected by user")
        log.syslog(end + 30, host, logind, f"Removed session {number}.")


def sync_inventory(log: Logbook, seed: int, story: Story) -> None:
    """Write the heartbeat of inventory-sync, up to the moment it dies."""
    dice, beats = Dice(seed, "inventory"), []
    for number, at in enumerate(ticks(dice, 25)):
        beats.append((at, f"heartbeat ok, queue depth {dice.number(0, 9)}, lag {dice.skewed(60, 300)} ms"))
        took = dice.skewed(200, 900)
        items = f"synced {dice.number(4, 80)} items from warehouse-{dice.number(1, 3)} in {took} ms"
        beats.append((at + took, items))
        if number % 4 == 3:
            beats.append((at + 1100, f"stock snapshot written, {dice.number(18_100, 18_400)} products"))
    alive = [(at, msg) for at, msg in beats if not (story.told and at >= SILENT_FROM)]
    last = alive[-5:] if story.told else []
    for beat in alive:
        event = "inventory-silence" if beat in last else ""
        log.syslog(beat[0], "shop-app-1", "inventory-sync[2211]", beat[1], event=event)


def restart_orders(log: Logbook, event: str, down: int, *, version: str, before: str, migration: str) -> None:
    """Write how the orders service stops and comes back in another version."""
    hook, pool, app = (
        "SpringApplicationShutdownHook",
        "com.zaxxer.hikari.HikariDataSource",
        "OrdersApplication",
    )
    web = "org.springframework.boot.web.embedded.tomcat"
    database = "org.flywaydb.core.internal.command.DbMigrate"
    steps = (
        (0, hook, f"{web}.GracefulShutdown", "Commencing graceful shutdown. Waiting for active requests"),
        (9_500, hook, f"{web}.GracefulShutdown", "Graceful shutdown complete"),
        (9_700, hook, pool, "HikariPool-1 - Shutdown initiated..."),
        (9_900, hook, pool, "HikariPool-1 - Shutdown completed."),
        (11_800, "main", app, f"Starting version {version} (was {before})"),
        (13_000, "main", pool, "HikariPool-1 - Starting..."),
        (13_400, "main", pool, "HikariPool-1 - Start completed."),
        (14_500, "main", database, f'Migrating schema "public" to version "{migration}"'),
        (15_900, "main", database, 'Successfully applied 1 migration to schema "public"'),
        (17_600, "main", f"{web}.TomcatWebServer", "Tomcat started on port 8080 (http)"),
        (18_300, "main", app, f"Started version {version} in 6.5 seconds"),
    )
    for after, thread, logger, msg in steps:
        log.orders(down + after, "INFO", thread, logger, msg, event=event)
    for after, msg in ((0, "Stopping"), (10_100, "Stopped"), (10_400, "Started")):
        unit = f"{msg} orders.service - Orders of the shop{'...' if msg == 'Stopping' else '.'}"
        log.syslog(down + after, "shop-app-1", "systemd[1]", unit, event=event)


def flood(log: Logbook, dice: Dice) -> None:
    """Write the retries of checkout: thousands of nearly equal lines in three minutes."""
    event, at = "retry-flood", FLOOD_FROM
    stuck = [(dice.text(12), 0) for _ in range(40)]
    while (at := at + dice.number(20, 100)) < FLOOD_TO:
        slot = dice.number(0, len(stuck) - 1)
        rid, attempt = stuck[slot]
        fields = {"request_id": rid, "attempt": attempt}
        stuck[slot] = (rid, attempt + 1)
        if attempt == 50:
            stuck[slot] = (dice.text(12), 0)
            msg = "order submit given up after 50 retries"
            log.api(at, "ERROR", "checkout", msg, event=event, fields=fields)
        else:
            msg = f"order submit refused, circuit to orders is open, retry {attempt + 1} of 50 in 50 ms"
            log.api(at, "WARN", "checkout", msg, event=event, fields=fields)


def leak(log: Logbook, dice: Dice) -> None:
    """Write the two secrets; they are random, no key of anybody."""
    alphanumeric = string.ascii_letters + string.digits
    url = f"postgresql://orders_app:{dice.text(18, alphanumeric)}@shop-db-1.internal:5432/orders"
    logger, event = "DataSourceConfig", "leaked-db-password"
    log.orders(DEPLOY + 13_100, "DEBUG", "main", logger, f"Connecting to {url}", event=event)
    key, secret = (
        "AKIA" + dice.text(16, string.ascii_uppercase + "234567"),
        dice.text(40, alphanumeric + "+/"),
    )
    msg = f"image bucket client: region=eu-central-1 aws_access_key_id={key} aws_secret_access_key={secret}"
    log.api(AWS_LEAK + 417, "DEBUG", "catalog", msg, event="leaked-aws-key")


def tell(log: Logbook, seed: int) -> None:
    """Write the lines that exist only because of the incident."""
    dice = Dice(seed, "story")
    migrated = {"version": "2.15.0", "before": "2.14.3", "migration": "2.15.0 - rework order indexes"}
    restart_orders(log, "deploy", DEPLOY, **migrated)
    restored = {"version": "2.14.4", "before": "2.15.0", "migration": "2.15.1 - restore order indexes"}
    restart_orders(log, "rollback", ROLLBACK, **restored)
    flood(log, dice)
    leak(log, dice)
    msg = "HikariPool-1 - maximumPoolSize changed from 20 to 60"
    log.orders(POOL_TO, "INFO", "jmx-1", "com.zaxxer.hikari.HikariConfig", msg, event="pool-exhausted")


def write_shop(folder: Path, *, seed: int, told: bool) -> None:
    """Write the four logs and story.json into the folder."""
    log, story = Logbook(), Story(told=told)
    browse(log, seed)
    call_catalog(log, seed)
    call_orders(log, seed, story)
    reject_coupons(log, seed, story)
    run_background(log, seed, story)
    run_services(log, seed)
    run_cron(log, seed)
    run_systems(log, seed)
    visit_over_ssh(log, seed)
    sync_inventory(log, seed, story)
    if told:
        tell(log, seed)
    text = json.dumps(log.write(folder), indent=1)
    text = re.sub(r"\[\s+(\d+),\s+(\d+)\s+\]", r"[\1, \2]", text)  # one line for all ranges of a file
    text = re.sub(r"\],\s+\[", "], [", text)
    (folder / "story.json").write_text(f"{text}\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write two hours of logs of a small online shop.")
    here = Path(__file__).resolve().parent / "shop"
    parser.add_argument("folder", nargs="?", type=Path, default=here, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=2026, help="default: %(default)s")
    parser.add_argument("--without-story", action="store_true", help="the same two hours, but nothing goes wrong")
    options = parser.parse_args()
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        write_shop(options.folder, seed=options.seed, told=not options.without_story)
    except OSError as error:
        parser.error(f"cannot write into {options.folder}: {error.strerror}; give a folder you can write to")


if __name__ == "__main__":
    main()
