"""What every page of ours has to be: whole, and alone."""

from html.parser import HTMLParser

VOID = {"meta", "br", "wbr", "link", "img", "input", "hr", "col"}
# Attributes that make a browser fetch or run something.
REFERENCES = {"src", "href", "srcset", "action", "poster", "data", "formaction", "xlink:href", "background"}


class Page(HTMLParser):
    """A page as a browser would read it: tags, references, words; `problems` says what is wrong with it."""

    def __init__(self, html: str, *, served: bool = False) -> None:
        """`served`: by the service, so that it may lead to other pages of it and send forms to them."""
        self._served = served
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.words: list[str] = []
        self.problems: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        if self._open:
            self.problems.append(f"never closed: {self._open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remembers the tag and looks at where its attributes lead."""
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value))
            if name.startswith("on"):
                self.problems.append(f"{tag} has the handler {name}")
            if name in REFERENCES and not self._may_lead_to(value or ""):
                self.problems.append(f"{tag} leads to {value}")
            if name == "style":
                self.problems.append(f"{tag} has a style that the policy does not allow")

    def _may_lead_to(self, value: str) -> bool:
        return value.startswith("#") or (self._served and value.startswith("/") and not value.startswith("//"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A self-closing tag of SVG."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Closes what was opened last, or says that it does not."""
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        """The words a person reads, style sheets aside."""
        if self._open and self._open[-1] == "script":
            return
        if self._open and self._open[-1] == "style":
            if "url(" in data or "@import" in data:
                self.problems.append("the style sheet loads something")
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words, with single spaces."""
        return " ".join("".join(self.words).split())


def read(html: str) -> Page:
    """The page, after checking that it is well-formed, loads nothing and runs nothing."""
    page = Page(html)
    assert not page.problems
    assert not {"script", "link", "iframe", "object", "embed", "img", "base", "form"} & set(page.tags)
    return page


def read_served(html: str) -> Page:
    """The same of a page that the service answers with: it leads nowhere but to the service."""
    page = Page(html, served=True)
    assert not page.problems
    assert not {"iframe", "object", "embed", "img", "base"} & set(page.tags)
    return page
