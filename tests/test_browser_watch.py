"""What goes wrong in a page fails the test that opened it."""

import http.server
import threading

import pytest


@pytest.fixture
def page_of(tmp_path):
    """Return a function from HTML to the address of a page."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=tmp_path)

        def log_message(self, *_):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def served(html):
            text = f"<!doctype html><link rel=icon href=data:,><title>t</title>{html}"
            (tmp_path / "p.html").write_text(text, encoding="utf-8")
            return f"http://127.0.0.1:{server.server_port}/p.html"

        yield served
        server.shutdown()
        thread.join()


TROUBLES = {
    "<script>console.error('seen')</script>": "console error: seen",
    "<script>console.warn('seen')</script>": "console warning: seen",
    "<script>throw new Error('seen')</script>": "error: seen",
    "<script>alert('seen')</script>": "dialog: seen",
    "<img src=/absent.png>": "answer 404",
    "<img src=http://127.0.0.2:9/>": "request to another host: http://127.0.0.2:9/",
    "<script>window.open('about:blank')</script>": "window: ",
}


def test_what_goes_wrong_is_kept_and_fails_at_the_end(visit, page_of):
    for html, told in TROUBLES.items():
        page = visit(page_of(html))
        page.wait_for_timeout(50)
        assert any(each.startswith(told) for each in visit.troubles), (html, visit.troubles)
        with pytest.raises(AssertionError):
            visit.leave()


def test_a_page_in_which_nothing_goes_wrong_passes(visit, page_of):
    page = visit(page_of("<h1>fine</h1><script>console.log('fine')</script>"), to="h1")
    assert page.title() == "t"
    visit.leave()


def test_without_the_network_a_page_of_a_server_cannot_be_opened(visit, page_of):
    from playwright.sync_api import Error

    with pytest.raises(Error, match="INTERNET_DISCONNECTED"):
        visit(page_of("<h1>fine</h1>"), network=False)
    assert visit.troubles
    visit.troubles.clear()
