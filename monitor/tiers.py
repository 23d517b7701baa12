"""The shipped ladder of tiers held against the channels that are configured."""

from monitor.settings import AlertSettings
from thresholds import load_routing


def untold_tiers(settings: AlertSettings) -> dict[str, list[str]]:
    """By tier, the channels it names that nobody configured; empty where everybody can be told."""
    missing = {
        name: [channel for channel in tier.channels if channel not in settings.channels]
        for name, tier in load_routing().tiers.items()
    }
    return {name: channels for name, channels in missing.items() if channels}
