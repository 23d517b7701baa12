"""What all our HTML pages have in common: templates that escape, one style sheet, a strict content security policy."""

import base64
import hashlib
import re
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from dashboards.ages import ago

# Between two word characters only: an escaped entity has none around its own signs. A figure stays whole.
BREAKS = re.compile(r"(?<=\w)(_|\.(?!\d))(?=\w)")


@cache
def environment() -> Environment:
    """The templates of this package. Everything put into one is escaped; a name that is not there is an error."""
    templates = Environment(
        loader=PackageLoader("dashboards"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["breakable"] = breakable
    templates.filters["ago"] = ago
    templates.globals["style"] = Markup(_text("style.css"))
    templates.globals["script"] = Markup(_text("reload.js"))
    templates.globals["content_security_policy"] = content_security_policy()
    return templates


@cache
def content_security_policy() -> str:
    """The policy of a page that is a file: nothing is loaded and nothing runs; the style sheet is known by its hash."""
    return f"default-src 'none'; style-src {_hash('style.css')}; base-uri 'none'; form-action 'none'"


@cache
def service_policy() -> str:
    """The policy of the pages that the service answers with: beside the style sheet there is one script of our own,
    known by its hash as well, which asks for the same page again; forms go to the service alone, and no other page may
    frame one of these."""
    return (
        f"default-src 'none'; style-src {_hash('style.css')}; script-src {_hash('reload.js')}; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def breakable(text: str) -> Markup:
    """Text that may break behind a dot or an underscore, so that a long name folds where its words end."""
    return Markup(BREAKS.sub(r"\1<wbr>", str(escape(text))))


def _hash(name: str) -> str:
    digest = hashlib.sha256(_text(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _text(name: str) -> str:
    return resources.files("dashboards").joinpath("templates", name).read_text(encoding="utf-8")
