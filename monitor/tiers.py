"""The ladder of tiers held against the channels that are configured."""

from monitor.configuration import Configuration
from monitor.errors import ConfigurationError
from monitor.settings import AlertSettings
from thresholds import Routing


def untold_tiers(settings: AlertSettings, routing: Routing) -> dict[str, list[str]]:
    """By tier, the channels it names that nobody configured; empty where everybody can be told."""
    missing = {
        name: [channel for channel in tier.channels if channel not in settings.channels]
        for name, tier in routing.tiers.items()
    }
    return {name: channels for name, channels in missing.items() if channels}


def check_alert_settings(configuration: Configuration, routing: Routing) -> None:
    """What fits together only with the tiers. Raises ConfigurationError.

    - a tier whose messages carry links that acknowledge needs the address they lead to, and the key that signs them
    - the watchdog's channels are channels
    """
    settings = configuration.settings
    channels = settings.alerts.channels
    linked = [
        name
        for name, tier in routing.tiers.items()
        if tier.acknowledge_link and any(channel in channels for channel in tier.channels)
    ]
    missing = [
        name
        for name, given in (("public_url", settings.public_url), ("signing_key", settings.signing_key))
        if given is None
    ]
    if linked and missing:
        told = (
            f"{' and '.join(missing)}: missing, and messages of {linked[0]} carry a link that acknowledges; set "
            f"{'them' if len(missing) > 1 else 'it'}, or alerts.tiers.{linked[0]}.acknowledge_link to false"
        )
        raise ConfigurationError(configuration.at(("alerts", "channels"), told))
    if unknown := [name for name in settings.alerts.watchdog.channels if name not in channels]:
        told = f"there is no channel {unknown[0]}; there are: {', '.join(sorted(channels))}"
        raise ConfigurationError(configuration.at(("alerts", "watchdog", "channels"), told))
