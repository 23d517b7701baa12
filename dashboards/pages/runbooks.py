"""Runbooks: what an alert means, how to check, what to do, and when to escalate; Markdown files of this room."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from dashboards.pages.frame import Frame, render_page
from thresholds.finding import Rule

# The runbook of a category that only the user's configuration knows.
OTHER = "other"
PARTS = ("What it means", "How to check", "What to do", "When to escalate")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a runbook that a link can lead to, by its `anchor`."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """One file. `summary` is its first paragraph; `html` is the rest, made from Markdown without HTML."""

    name: str
    title: str
    summary: str
    html: Markup
    chapters: Sequence[Chapter]

    @property
    def is_of_prometheus(self) -> bool:
        """Whether it belongs to a shipped rule of Prometheus, whose name it has, and not to an alert category."""
        return self.name[:1].isupper()


def runbook_of(route: str, rule: Rule) -> str:
    """The path of the runbook for an alert of that category, at the part for that kind of rule."""
    name = route if route in runbook_names() else OTHER
    return f"/runbooks/{name}#{rule.value}"


@cache
def runbook_names() -> frozenset[str]:
    """The names of all runbooks: alert categories, and alerts of the shipped rules of Prometheus."""
    return frozenset(one.name.removesuffix(".md") for one in _folder().iterdir() if one.name.endswith(".md"))


@cache
def runbook(name: str) -> Runbook | None:
    """The runbook of that name, None where there is none."""
    if name not in runbook_names():
        return None
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse((_folder() / f"{name}.md").read_text(encoding="utf-8"))
    title, summary = tokens[1].content, tokens[4].content
    chapters = []
    for heading, text in pairwise(tokens):
        if heading.type == "heading_open" and heading.tag == "h2":
            chapter = Chapter(_anchor(text), text.content)
            heading.attrSet("id", chapter.anchor)
            chapters.append(chapter)
    html = Markup(parser.renderer.render(tokens[3:], parser.options, {}))
    return Runbook(name=name, title=title, summary=summary, html=html, chapters=chapters)


def render_runbook_list(frame: Frame) -> str:
    """All runbooks, those of alert categories first."""
    known = [one for name in sorted(runbook_names()) if (one := runbook(name)) is not None]
    groups = [
        ("Alerts of portalwatch, by category", [one for one in known if not one.is_of_prometheus]),
        ("Rules of Prometheus, shipped along", [one for one in known if one.is_of_prometheus]),
    ]
    return render_page("runbooks.html.j2", frame, title="Runbooks", groups=groups)


def render_runbook(one: Runbook, frame: Frame) -> str:
    """One of them."""
    return render_page("runbook.html.j2", frame, title=one.title, runbook=one)


def _folder() -> Traversable:
    return resources.files("dashboards").joinpath("runbooks")


def _anchor(heading: Token) -> str:
    """What stands in front of a colon (`Absolute: over a limit`), or all of it, for a link."""
    return re.sub(r"\W+", "-", heading.content.partition(":")[0].strip().lower())
