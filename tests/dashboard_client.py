"""A browser's part in the tests of the dashboard: asks for pages as the one in the browser does."""

import re

from loganomaly.dashboard.guard import guard_for
from loganomaly.dashboard.results_folder import opened
from loganomaly.dashboard.web import web_app

HOST = {"Host": "127.0.0.1:8050"}


class Browser:
    """Asks one dashboard on some folders."""

    def __init__(self, *folders):
        self.app = web_app(opened(list(folders)), guard_for("127.0.0.1", 8050))
        self.client = self.app.test_client()

    def get(self, path):
        return self.client.get(path, headers=HOST)

    def ask(self, outputs, inputs, state=()):
        """Return what a callback answers, by output, and its status."""
        body = {
            "output": f"..{'...'.join(outputs)}..",
            "outputs": [dict(zip(("id", "property"), each.split("."), strict=True)) for each in outputs],
            "inputs": [_valued(each) for each in inputs],
            "changedPropIds": [inputs[-1][0]],
            "state": [_valued(each) for each in state],
        }
        answer = self.client.post("/_dash-update-component", json=body, headers=HOST)
        assert answer.status_code in {200, 204}, answer.text
        return (answer.get_json() or {}).get("response", {})

    def page(self, path="/", query="", *, theme="light"):
        """Return the components of a page, and of what is said of its folder."""
        found = self.ask(
            ["page.children", "nav.children", "problems.children", "shown.data"],
            [("address.pathname", path), ("address.search", query), ("theme.data", theme), ("pulse.n_intervals", 0)],
            [("shown.data", None)],
        )
        return [found.get("page", {}).get("children"), found.get("problems", {}).get("children")]

    def detail(self, query):
        found = self.ask(
            ["detail.children", "detail.hidden"],
            [("address.pathname", "/"), ("address.search", query), ("theme.data", "dark")],
        )
        return found["detail"]

    def rows(self, query="", request=None, *, grid="finding-grid"):
        """Return the rows of a table, how many there are, and what is wrong."""
        found = self.ask(
            [f"{grid}.getRowsResponse", "count.children", "filter-error.children"],
            [(f"{grid}.getRowsRequest", {"startRow": 0, "endRow": 100} if request is None else request)],
            [("address.search", query)],
        )
        return found[grid]["getRowsResponse"], found["count"]["children"], found["filter-error"]["children"]


def _valued(each):
    name, value = each
    return {**dict(zip(("id", "property"), name.split("."), strict=True)), "value": value}


def components(part):
    """Yield all components of an answer: type, and properties."""
    if isinstance(part, list):
        for each in part:
            yield from components(each)
    elif isinstance(part, dict):
        if "type" in part and "namespace" in part:
            yield part["type"], part["props"]
            yield from components(part["props"].get("children"))
        else:
            for each in part.values():
                yield from components(each)


def text(part):
    """Return all text of an answer."""
    if isinstance(part, str):
        return part
    if isinstance(part, int | float) and not isinstance(part, bool):
        return str(part)
    if isinstance(part, list):
        return re.sub(r"\s+", " ", " ".join(text(each) for each in part))
    if isinstance(part, dict):
        return text(part.get("props", part).get("children", ""))
    return ""


def by_id(part, name):
    """Return the properties of the component with an id."""
    return next((props for _, props in components(part) if props.get("id") == name), None)
