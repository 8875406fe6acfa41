"""Reads a page of HTML strictly: what is not closed, not known or wrongly nested is an error."""

from html.parser import HTMLParser

VOID = {"br", "col", "hr", "meta"}
BLOCKS = {
    "article", "details", "div", "dl", "figure", "footer", "h1", "h2", "h3", "h4", "header", "main", "nav", "ol", "p",
    "pre", "section", "table", "ul",
}  # fmt: skip
PARENTS = {
    "caption": {"table"}, "dd": {"dl", "div"}, "dt": {"dl", "div"}, "figcaption": {"figure"}, "li": {"ol", "ul"},
    "summary": {"details"}, "tbody": {"table"}, "td": {"tr"}, "th": {"tr"}, "thead": {"table"},
    "tr": {"tbody", "thead"},
}  # fmt: skip


class Page(HTMLParser):
    """A page: its elements in order, as names with attributes, and the texts in them."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open = [], [], []
        self.raw = {}  # what stands in each script and style
        self.feed(content.decode("utf-8", "strict"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), names
        assert not [name for name in names if name.startswith("on")]
        assert tag not in PARENTS or self.open[-1] in PARENTS[tag], (tag, self.open)
        assert not (tag in BLOCKS and {"p", "pre"} & set(self.open)), (tag, self.open)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in {"script", "style"}:
            self.raw[len(self.elements) - 1] = data
        else:
            self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    def unknown_decl(self, data):
        raise AssertionError(data)

    def handle_pi(self, data):
        raise AssertionError(data)

    @property
    def text(self):
        return "".join(self.texts)

    @property
    def skeleton(self):
        """Names of elements and of their attributes, and the values of those that only the report itself gives."""
        return [
            (tag, sorted(attributes), attributes.get("id"), attributes.get("href")) for tag, attributes in self.elements
        ]

    def values(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def scripts(self, kind):
        """What stands in the scripts of a type, in order."""
        return [
            self.raw[place]
            for place, (tag, attributes) in enumerate(self.elements)
            if tag == "script" and attributes.get("type") == kind
        ]
