"""What all our HTML pages have in common: templates that escape, one style sheet, a strict content security policy."""

import base64
import hashlib
import re
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

# Between two word characters only: an escaped entity has none around its own signs.
BREAKS = re.compile(r"(?<=\w)([._])(?=\w)")


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
    templates.globals["style"] = Markup(_style())
    templates.globals["content_security_policy"] = content_security_policy()
    return templates


@cache
def content_security_policy() -> str:
    """The policy for our pages: nothing is loaded and nothing runs; the one style sheet is known by its hash."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def service_policy() -> str:
    """The policy of the pages that the service answers with: their forms go to the service, and nobody frames them."""
    return content_security_policy().replace("form-action 'none'", "form-action 'self'; frame-ancestors 'none'")


def breakable(text: str) -> Markup:
    """Text that may break behind a dot or an underscore, so that a long name folds where its words end."""
    return Markup(BREAKS.sub(r"\1<wbr>", str(escape(text))))


def _style() -> str:
    return resources.files("dashboards").joinpath("templates", "style.css").read_text(encoding="utf-8")
