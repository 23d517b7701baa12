"""What stands around every page."""

import pytest

from dashboards.pages.frame import ENTRIES, Frame
from dashboards.pages.runbooks import render_runbook_list
from tests.dashboards.html_checks import read_served


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "Status"),
        ("/series/q.a", "Status"),
        ("/alerts/12", "Alerts"),
        ("/baselines/before", "Baselines"),
        ("/compare", "Baselines"),
        ("/runbooks/host", "Runbooks"),
        ("/login", None),
    ],
)
def test_the_navigation_says_where_one_is(path: str, expected: str | None) -> None:
    """A page below an entry, and one that belongs to it, mark that entry and no other."""
    frame = Frame(environment="test", path=path)
    assert [one.name for one in ENTRIES if frame.is_at(one)] == ([expected] if expected else [])


def test_one_can_log_in_or_out_and_never_both() -> None:
    """The public may log in, whoever has a cookie may log out, and on loopback there is nothing to do."""

    def shown(*, is_operator: bool, can_log_out: bool) -> str:
        frame = Frame(environment="test", path="/runbooks", is_operator=is_operator, can_log_out=can_log_out)
        return read_served(render_runbook_list(frame)).text

    assert "Log in" in shown(is_operator=False, can_log_out=False)
    assert "Log out" in shown(is_operator=True, can_log_out=True)
    assert "Log" not in shown(is_operator=True, can_log_out=False).partition("Runbooks")[0]
