"""Grafana's provisioning files as plain data. Grafana expands `$` in them, so a literal one is doubled."""

from dashboards.grafana.names import DATASOURCE_UID, TAG


def datasource(*, prometheus_url: str, scrape_interval_seconds: int) -> dict[str, object]:
    """The data source. Its interval is that of the scrape, else `$__rate_interval` is too short for a rate."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "portalwatch",
                "type": "prometheus",
                "uid": DATASOURCE_UID,
                "access": "proxy",
                "url": _literal(prometheus_url),
                "jsonData": {"httpMethod": "POST", "timeInterval": f"{scrape_interval_seconds}s"},
            }
        ],
    }


def dashboard_provider(*, dashboards_path: str) -> dict[str, object]:
    """Where Grafana finds the dashboards on its own machine."""
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": TAG,
                "folder": TAG,
                "type": "file",
                "allowUiUpdates": False,
                "options": {"path": _literal(dashboards_path)},
            }
        ],
    }


def _literal(text: str) -> str:
    return text.replace("$", "$$")
