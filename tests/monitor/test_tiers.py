"""The ladder of tiers held against the channels that are configured, and against what links need."""

from pathlib import Path
from typing import Any

import pytest

from monitor.configuration import Configuration
from monitor.errors import ConfigurationError, ExitCode
from monitor.settings import Settings
from monitor.tiers import check_alert_settings, untold_tiers
from monitor.yaml_file import YamlFile
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch
from thresholds import load_routing

URL = {"url": f"json://watch:{PASSWORD}@127.0.0.1:1"}
KEY, PUBLIC = "a key of sixteen characters", "http://127.0.0.1:9464"
LINKED = ("tier_2_warning", "tier_3_critical", "tier_4_emergency")


def settings(*channels: str, links: dict[str, str] | None = None, **alerts: Any) -> Settings:
    """Settings with these channels; `links`: what links need, of that what is given."""
    given = {"channels": dict.fromkeys(channels, URL), **alerts}
    return Settings.model_validate({"environment": "test", "alerts": given, **(links or {})})


def mistake(checked: Settings) -> str:
    """What is wrong with them."""
    with pytest.raises(ConfigurationError) as caught:
        check(checked)
    assert caught.value.exit_code is ExitCode.USAGE
    assert PASSWORD not in str(caught.value)
    return str(caught.value).removeprefix("the environment: ")


def check(checked: Settings) -> None:
    """With the tiers as they are overridden."""
    configuration = Configuration(checked, None, YamlFile(Path()))
    check_alert_settings(configuration, load_routing().overridden(checked.alerts))


def test_tiers_say_whom_they_can_not_tell() -> None:
    """By tier, in the order of its channels; a tier that can tell everybody is none of them."""
    told = settings("slack-alerts", "email-ops-team", "phone-call-escalation")
    missing = untold_tiers(told.alerts, load_routing())
    assert {name: missing[name] for name in ("tier_1_info", *LINKED[1:])} == {
        "tier_1_info": ["slack-monitoring"],
        "tier_3_critical": ["slack-critical", "sms-on-call"],
        "tier_4_emergency": ["email-executives"],
    }
    assert "tier_2_warning" not in missing


def test_a_tier_of_the_users_own_is_looked_at_too() -> None:
    """As it is overridden, not as it is shipped."""
    own = settings("pager", tiers={"tier_2_warning": {"channels": ["pager", "nobody"]}})
    assert untold_tiers(own.alerts, load_routing().overridden(own.alerts))["tier_2_warning"] == ["nobody"]


@pytest.mark.parametrize(
    ("links", "said"),
    [
        (
            {},
            "alerts.channels: public_url and signing_key: missing, and messages of tier_2_warning carry a link that",
        ),
        ({"public_url": PUBLIC}, "alerts.channels: signing_key: missing, and messages of tier_2_warning carry a link"),
        ({"signing_key": KEY}, "alerts.channels: public_url: missing, and messages of tier_2_warning carry a link"),
    ],
)
def test_links_need_an_address_and_a_key(links: dict[str, str], said: str) -> None:
    """What is missing is named, with both ways out."""
    told = mistake(settings("slack-alerts", links=links))
    assert told.startswith(said)
    assert told.endswith("or alerts.tiers.tier_2_warning.acknowledge_link to false")


def test_with_an_address_and_a_key_links_can_be_sent() -> None:
    """Nothing is wrong then."""
    check(settings("slack-alerts", "phone-call-escalation", links={"public_url": PUBLIC, "signing_key": KEY}))


def test_the_tier_that_is_named_is_one_that_would_send_a_link() -> None:
    """One whose channels nobody configured sends nothing, and one without links sends none."""
    assert "messages of tier_4_emergency carry" in mistake(settings("phone-call-escalation"))
    without = {"tier_2_warning": {"acknowledge_link": False}}
    check(settings("slack-alerts", tiers=without))
    both = settings("slack-alerts", "email-ops-team", tiers=without)
    assert "messages of tier_3_critical carry" in mistake(both)


def test_where_no_message_carries_a_link_nothing_is_needed() -> None:
    """No channel at all, channels that no tier names, and the tier of trends, which has no links as shipped."""
    check(settings())
    check(settings("of-my-own"))
    check(settings("slack-monitoring"))
    check(settings("slack-alerts", tiers={"tier_2_warning": {"acknowledge_link": False}}))


def test_a_watchdog_calls_channels_that_are_there() -> None:
    """One that is not would be found out on the day it is needed."""
    links = {"public_url": PUBLIC, "signing_key": KEY}
    told = mistake(settings("slack-alerts", "b", links=links, watchdog={"channels": ["b", "sms-on-cal"]}))
    assert told == "alerts.watchdog.channels: there is no channel sms-on-cal; there are: b, slack-alerts"
    check(settings("slack-alerts", "b", links=links, watchdog={"channels": ["b", "slack-alerts"]}))


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        (
            {"tiers": {"tier_2_warning": {"escalates_to": "tier_9"}}},
            "alerts: tiers.tier_2_warning.escalates_to: unknown tier 'tier_9', known are tier_1_info, tier_2_warning",
        ),
        (
            {"tiers": {"tier_3_critical": {"escalates_to": "tier_1_info"}}},
            "alerts: tiers.tier_3_critical.escalates_to: tier_1_info does not stand above it",
        ),
        (
            {"tiers": {"tier_4_emergency": {"channels": []}}},
            "alerts: tiers.tier_4_emergency.channels: empty, and tier_3_critical escalates to it; name a channel",
        ),
        ({"routes": {"host": "tier_9"}}, "alerts: routes.host: unknown tier 'tier_9'"),
        (
            {"routes": {"hosts": "tier_2_warning"}},
            "alerts.routes.hosts: nothing has this alert category; there are: api",
        ),
        (
            {"tiers": {"tier_5": {"channels": ["pager"]}}},
            "alerts: tiers.tier_5.meaning: Field required; tiers.tier_5.acknowledgement_expires: Field required",
        ),
        ({"critical_at_least": "tier_9"}, "alerts: critical_at_least: unknown tier 'tier_9'"),
        (
            {"delivery": {"hosts": "alertmanager"}},
            "alerts: delivery: unknown alert category 'hosts', known are api",
        ),
        ({"tiers": {"tier_2_warning": {"remind": "1 h"}}}, "alerts.tiers.tier_2_warning.remind: there is no such key"),
    ],
)
def test_an_override_that_does_not_fit_is_named(tmp_path: Path, alerts: dict[str, object], said: str) -> None:
    """2, with the file, a line of its section, and the key."""
    path = configuration(tmp_path, NOWHERE, alerts=alerts)
    answer = portalwatch("config", "check", "--offline", "--config", path)
    assert (answer.code, answer.out) == (2, "")
    place, _, told = answer.err.removeprefix("portalwatch: ").partition(": ")
    file, _, line = place.rpartition(":")
    assert file == str(path)
    assert path.read_text("utf-8").splitlines()[int(line) - 1].lstrip().startswith(("alerts:", "remind:", "hosts:"))
    assert told.startswith(said)


def test_a_configuration_that_could_not_send_its_links_is_refused(tmp_path: Path) -> None:
    """Before anything starts, and without a secret."""
    path = configuration(tmp_path, NOWHERE, alerts={"channels": {"slack-alerts": URL}})
    for command in (("config", "check", "--offline"), ("serve",)):
        answer = portalwatch(*command, "--config", path)
        assert (answer.code, answer.out) == (2, "")
        line = path.read_text("utf-8").splitlines().index("  channels:") + 1
        assert f"{path}:{line}: alerts.channels: public_url and signing_key: missing" in answer.err
        assert PASSWORD not in answer.err
