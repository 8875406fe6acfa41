"""Lines of well-known programs that no format file of their own is needed for: a generic layout reads them."""

import pytest

from loganomaly.reading.detect import detect
from loganomaly.testing import read_text

ISO, SPACED = "2026-03-14T09:26:53.589Z", "2026-03-14 09:26:53.589"
# Program: line, severity, component, message.
LINES = {
    "Vault": (f"{ISO} [ERROR] core: unseal failed: error=x", "ERROR", "core", "unseal failed: error=x"),
    "Consul": (f"{ISO} [WARN]  agent.server.raft: timeout", "WARNING", "agent.server.raft", "timeout"),
    "Consul before 1.7": ("    2018/03/14 09:26:53 [ERR] agent: sync failed", "ERROR", None, "agent: sync failed"),
    "RabbitMQ": (f"{SPACED}+01:00 [error] <0.711.0> closing", "ERROR", None, "<0.711.0> closing"),
    "Kafka": (
        "[2026-03-14 09:26:53,589] WARN [Broker id=1] no leader (kafka.server.KafkaServer)",
        *("WARNING", "kafka.server.KafkaServer", "[Broker id=1] no leader"),
    ),
    "Spark": ("26/03/14 09:26:53 WARN TaskSetManager: Lost task 0.0", "WARNING", "TaskSetManager", "Lost task 0.0"),
    "ZooKeeper": (
        "2026-03-14 09:26:53,589 [myid:] - INFO  [main:o.a.z.s.q.QuorumPeerConfig@177] - reading",
        *("INFO", "o.a.z.s.q.QuorumPeerConfig", "reading"),
    ),
    "WildFly": (
        "2026-03-14 09:26:53,589 ERROR [org.jboss.as.controller] (Controller Boot Thread) WFLYCTL0013: failed",
        *("ERROR", "org.jboss.as.controller", "WFLYCTL0013: failed"),
    ),
    "Jetty 9": (f"{SPACED}:WARN:oejs.HttpChannel:qtp17: /x", "WARNING", "oejs.HttpChannel", "/x"),
    "logback": ("09:26:53.589 [main] DEBUG shop.Orders - placed", "DEBUG", "shop.Orders", "placed"),
    "Go slog": ("2026/03/14 09:26:53 ERROR order failed id=17", "ERROR", None, "order failed id=17"),
    "Go slog, text": (f"time={ISO} level=WARN msg=late id=17", "WARNING", None, "late"),
    "zap": ('{"level":"error","ts":1773480413.589,"caller":"a.go:17","msg":"failed"}', "ERROR", None, "failed"),
    "zerolog": (f"{ISO} ERR order failed id=17", "ERROR", None, "order failed id=17"),
    "Istio": (f"{ISO}\terror\tklog\tfailed", "ERROR", None, "klog\tfailed"),
    "etcd": ('{"level":"warn","ts":"2026-03-14T09:26:53.589Z","msg":"slow"}', "WARNING", None, "slow"),
    "Traefik": (f'time="{ISO}" level=error msg="no service"', "ERROR", None, "no service"),
    "winston": (f"{ISO} error: order failed", "ERROR", None, "order failed"),
    "winston, simple": ("error: order failed", "ERROR", None, "error: order failed"),
    "Symfony": (
        "[2026-03-14T09:26:53.5+01:00] request.CRITICAL: no order [] []",
        "CRITICAL",
        "request",
        "no order [] []",
    ),
    "Laravel": ("[2026-03-14 09:26:53] production.ERROR: no order", "ERROR", "production", "no order"),
    "Python, basicConfig": ("WARNING:shop.orders:order is late", "WARNING", "shop.orders", "order is late"),
    "uvicorn": ("ERROR:    Exception in ASGI application", "ERROR", None, "ERROR:    Exception in ASGI application"),
    "Serilog, file": (f"{SPACED} +01:00 [ERR] order failed", "ERROR", None, "order failed"),
    "sshd": ("Mar 14 09:26:53 web-1 sshd[4711]: Accepted publickey", None, "sshd", "Accepted publickey"),
    "Postfix": ("Mar 14 09:26:53 mx1 postfix/smtpd[7]: warning: x", "WARNING", "postfix/smtpd", "warning: x"),
    "UFW": ("Mar 14 09:26:53 fw kernel: [12.6] [UFW BLOCK] IN=eth0", None, "kernel", "[12.6] [UFW BLOCK] IN=eth0"),
    "iptables in RFC 3339": (f"{ISO} fw kernel: DROP IN=eth0 OUT=", None, "kernel", "DROP IN=eth0 OUT="),
    "dmesg -T": ("[Sat Mar 14 09:26:53 2026] usb 2-1.4: reset", None, None, "usb 2-1.4: reset"),
    "strace -f -tt": ("4711 09:26:53.589793 read(3, 17) = 1", None, None, "read(3, 17) = 1"),
    "strace -t": ("09:26:53 read(3, 17) = 1", None, None, "read(3, 17) = 1"),
    "journalctl short-unix": ("1773480413.589793 web-1 sshd[4711]: Accepted", None, "sshd", "Accepted"),
    "journalctl short-iso": ("2026-03-14T09:26:53+0100 web-1 sshd[4711]: Accepted", None, "sshd", "Accepted"),
    "log show --style syslog": (f"{SPACED}+0100 localhost shopd[7]: (Core) x", None, "shopd", "(Core) x"),
    "MySQL, general": (f"{ISO}\t    9 Query\tselect 1", None, None, "9 Query\tselect 1"),
}


@pytest.mark.parametrize(("line", "level", "component", "message"), LINES.values(), ids=LINES)
def test_a_line_of_a_well_known_program_is_read(line, level, component, message):
    data = f"{line}\n".encode() * 5
    records = read_text(data, tables=detect(data).tables())
    assert [(record.level, record.component, record.message) for record in records] == [(level, component, message)] * 5
