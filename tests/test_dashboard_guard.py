import pytest
from flask import Flask, request

from loganomaly.dashboard.guard import guard_for, security_headers
from loganomaly.dashboard.web import guarded

LOCAL = guard_for("127.0.0.1", 8050)
OPEN = guard_for("0.0.0.0", 8050)
HERE = {"Host": "127.0.0.1:8050"}


def client(guard):
    server = Flask(__name__)

    @server.route("/", methods=["GET", "POST", "PUT"])
    @server.route("/findings", methods=["GET"])
    @server.route("//evil.example/", methods=["GET"])
    def answer():
        return f"seen {request.query_string.decode()}"

    return guarded(server, guard, script_hashes=["'sha256-x'"]).test_client()


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost:8050", "LOCALHOST", "[::1]:8050", "127.0.0.1:9000"])
def test_this_machine_may_call_the_server_by_its_own_names(host):
    assert client(LOCAL).get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8050", "127.0.0.1.evil.example", "localhost.", "", "a@localhost", "localhost:x",
     "192.168.1.5:8050", "127.0.0.1:8050/x", "[::1", "localhost\tx"],
)  # fmt: skip
def test_a_name_that_is_not_its_own_is_refused(host):
    assert client(LOCAL).get("/", headers={"Host": host}).status_code == 403


def test_the_address_that_a_request_came_to_is_a_name_of_the_server():
    asked = {"headers": {"Host": "192.168.1.5:8050"}, "environ_overrides": {"loganomaly.local_address": "192.168.1.5"}}
    assert client(LOCAL).get("/", **asked).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:9000", "null", "http://localhost:8050", ""]
)
def test_pages_of_others_cannot_ask_for_data(origin):
    assert client(LOCAL).post("/", headers={**HERE, "Origin": origin}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_what_a_browser_says_of_another_site_is_heard(site):
    assert client(LOCAL).post("/", headers={**HERE, "Sec-Fetch-Site": site}).status_code == 403


def test_its_own_pages_may_ask_for_data():
    own = {**HERE, "Origin": "http://127.0.0.1:8050", "Sec-Fetch-Site": "same-origin"}
    assert client(LOCAL).post("/", headers=own).status_code == 200


def test_other_methods_are_refused():
    assert client(LOCAL).put("/", headers=HERE).status_code == 403


def test_only_who_is_on_this_machine_needs_no_token():
    assert LOCAL.token is None
    assert guard_for("localhost", 1).token is None
    assert guard_for("::1", 1).token is None
    for host in ("0.0.0.0", "::", "192.168.1.5", "shop.example", ""):
        assert len(guard_for(host, 1).token) >= 32
    assert OPEN.token != guard_for("0.0.0.0", 8050).token


@pytest.mark.parametrize("path", ["/", "/findings", "/?token=", "/?token=wrong", "/?token=é"])
def test_without_the_token_nothing_is_told(path):
    answer = client(OPEN).get(path, headers=HERE)
    assert answer.status_code == 403
    assert b"seen" not in answer.data


def test_the_token_becomes_a_cookie_and_leaves_the_address():
    browser = client(OPEN)
    answer = browser.get(f"/findings?q=a+b&token={OPEN.token}&tag=x", headers=HERE)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/findings?q=a+b&tag=x"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"loganomaly_8050={OPEN.token};")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert browser.get("/findings", headers=HERE).status_code == 200


def test_the_token_leads_to_no_other_machine():
    answer = client(OPEN).get(f"//evil.example/?token={OPEN.token}", headers=HERE)
    assert not answer.headers.get("Location", "").startswith(("//", "http"))


def test_a_wrong_cookie_opens_nothing():
    browser = client(OPEN)
    browser.set_cookie("loganomaly_8050", "wrong", domain="127.0.0.1")
    assert browser.get("/", headers=HERE).status_code == 403


def test_the_token_is_no_way_to_send_data():
    assert client(OPEN).post(f"/?token={OPEN.token}", headers=HERE).status_code == 403


def test_a_guard_does_not_show_its_token():
    assert OPEN.token not in repr(OPEN)


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_every_answer_has_the_headers_of_a_careful_server(path):
    headers = client(LOCAL).get(path, headers=HERE).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self' 'sha256-x';" in policy
    assert "unsafe-eval" not in policy
    assert "*" not in policy
    assert "http" not in policy


def test_refusals_have_the_headers_too():
    answer = client(LOCAL).get("/", headers={"Host": "evil.example"})
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_inline_scripts_are_allowed_by_hash_alone():
    assert "script-src 'self'" in security_headers([])["Content-Security-Policy"].split("; ")
