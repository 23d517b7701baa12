"""What stands around every page of the service, and how a template becomes such a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards.page import environment
from dashboards.reports import figures


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that the navigation leads to; `operator` where it shows itself to operators only."""

    name: str
    path: str
    operator: bool = True


ENTRIES = (
    Entry("Status", "/", operator=False),
    Entry("Alerts", "/alerts"),
    Entry("Errors", "/errors"),
    Entry("Baselines", "/baselines"),
    Entry("Deployment", "/deployment"),
    Entry("Checks", "/checks"),
    Entry("Front end", "/vitals"),
    Entry("Runbooks", "/runbooks", operator=False),
    Entry("System", "/system"),
)
# What lies elsewhere than below its entry.
_BELONGS = {"/series": "/", "/compare": "/baselines"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Who reads what, and when. `environment` is what is watched and `path` that of the page.

    `is_operator`: the reader has that right; `can_log_out`: because a cookie of the log-in page gives it.
    """

    environment: str
    path: str
    now: datetime | None = None
    is_operator: bool = True
    can_log_out: bool = False

    @property
    def entries(self) -> Sequence[Entry]:
        """The navigation; what a reader has no right to is not in it."""
        return [one for one in ENTRIES if self.is_operator or not one.operator]

    def is_at(self, entry: Entry) -> bool:
        """Whether the page is that one or lies below it."""
        head = "/" + self.path.lstrip("/").partition("/")[0]
        return _BELONGS.get(head, head) == entry.path


def render_page(template: str, frame: Frame, *, title: str, reload: int | None = None, **values: object) -> str:
    """A template of this package that extends `frame.html.j2`, as HTML.

    `title` names the page; `reload`, where given, is after how many seconds it renews itself. Whatever the template
    shows besides comes in `values`; it is escaped.
    """
    page = environment().get_template(template)
    return page.render(frame=frame, title=title, reload=reload, figures=figures, **values)
