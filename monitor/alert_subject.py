"""What an alert is about has a page of its own, and not all of it is a series that probes measure."""

from collections.abc import Container
from urllib.parse import quote


def subject_page(series: str, measured: Container[str]) -> str:
    """The path of the page about what an alert calls its series; empty where there is none, as of a probe that is gone.

    `measured` are the names of the series that probes measure.
    """
    if series in measured:
        return f"/series/{quote(series)}"
    category, _, name = series.partition(".")
    pages = {
        "errors": f"/errors?class={quote(name)}",
        "real_users": "/vitals",
        "deployment": "/deployment",
        "checks": "/checks",
    }
    return pages.get(category, "")
