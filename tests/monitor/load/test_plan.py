"""What a load run will do, before it does it: whom it loads, how its requests are marked, how its users come."""

from pathlib import Path

import pytest

from monitor.configuration import load_configuration
from monitor.errors import ConfigurationError
from monitor.load.plan import LoadPlan, load_plan, require_consent
from tests.monitor.cli.commands import NOWHERE, configuration
from thresholds.load import read_load_figures


def planned(
    directory: Path, *, duration: float = 60.0, target: dict[str, object] | None = None, **said: object
) -> LoadPlan:
    """The plan of two users of a portal on this machine; `target` and the scenario as given."""
    login = {"path": "/auth/login", "username": "a", "password": "b"}
    portal = {"kind": "http", "url": "http://127.0.0.1:1", "login": login, **(target or {})}
    sections = {"targets": {"portal": portal}, "load": {"scenarios": {"mine": {"users": 2, **said}}}}
    configured = load_configuration(configuration(directory, NOWHERE, **sections), {})
    return load_plan(configured, read_load_figures(), scenario="mine", users=None, duration=duration, target=None)


def test_whom_a_portal_leads_to_is_loaded_as_well(tmp_path: Path) -> None:
    """A portal on this machine that may lead elsewhere needs the consent that the other machine needs."""
    require_consent(planned(tmp_path), yes=False)
    leading = planned(tmp_path, target={"origins": ["http://portal.invalid"]})
    with pytest.raises(ConfigurationError, match=r"this would load portal\.invalid \(target portal\)"):
        require_consent(leading, yes=False)
    require_consent(leading, yes=True)


def test_requests_say_what_they_are(tmp_path: Path) -> None:
    """Whatever the target says of itself otherwise; its other headers stay."""
    headers = planned(tmp_path, target={"headers": {"user-agent": "a browser", "X-Via": "proxy"}}).target.headers
    told = {name: value.get_secret_value() for name, value in headers.items()}
    assert told.pop("User-Agent").startswith("portalwatch-load/")
    assert told == {"X-Via": "proxy"}


@pytest.mark.parametrize(("ramp", "duration", "within"), [("5 s", 60.0, 5.0), ("50 s", 60.0, 15.0), ("0 s", 8.0, 0.0)])
def test_users_come_within_a_quarter_of_the_run(tmp_path: Path, ramp: str, duration: float, within: float) -> None:
    """However slowly they were to come: what is measured is their number, not their arrival."""
    assert planned(tmp_path, duration=duration, ramp=ramp).ramp == within
