"""What the dashboards are built from: each series in its area, with its limits."""

from pathlib import Path

import yaml

from dashboards import Area, Inventory
from monitor.configuration import load_configuration
from monitor.inventory import inventory, runbook_url
from thresholds import Level

DOCUMENT = {
    "targets": {
        "db": {"kind": "postgresql", "url": "postgresql://u@127.0.0.1/x"},
        "web": {"kind": "http", "url": "http://127.0.0.1:1"},
    },
    "probes": {
        "client_groups_list": {"kind": "sql", "target": "db", "category": "database_queries", "query": "SELECT 1"},
        "bills": {"kind": "sql", "target": "db", "category": "billing", "query": "SELECT 1"},
        "invoices": {"kind": "http", "target": "web", "category": "billing", "path": "/invoices"},
        "failed_imports": {
            "kind": "sql",
            "target": "db",
            "category": "unmanaged_products",
            "query": "SELECT 1",
            "measure": "value",
            "unit": "count",
        },
        "page": {"kind": "http", "target": "web", "category": "frontend_performance", "path": "/"},
        "host": {"kind": "host", "category": "system_resources"},
    },
    "thresholds": {"billing.*": {"warning": "2 s"}, "database_queries.client_groups_list": {"multiplier": 1.1}},
    "public_url": "https://watch.example/",
    "http": {"require_operator_token": True},
}


def made(tmp_path: Path, **sections: object) -> Inventory:
    """The inventory of that configuration."""
    return inventory(load_configuration(written(tmp_path, **sections), {}))


def written(tmp_path: Path, **sections: object) -> Path:
    """Its file."""
    path = tmp_path / "portalwatch.yml"
    path.write_text(yaml.safe_dump({**DOCUMENT, **sections}), encoding="utf-8")
    return path


def test_a_series_goes_where_an_investigation_would_look(tmp_path: Path) -> None:
    """By its category where the routing knows it, else by the kind of its probe; a category may be in two areas."""
    areas = {one.series.name: one.area for one in made(tmp_path).series}
    assert areas["database_queries.client_groups_list"] is Area.DATABASE
    assert areas["billing.bills"] is Area.DATABASE
    assert areas["billing.invoices"] is Area.API
    assert areas["unmanaged_products.failed_imports"] is Area.FEATURES
    assert areas["frontend_performance.page"] is Area.FRONT_END
    assert areas["system_resources.cpu_usage"] is Area.HOST


def test_limits_and_tolerances_are_those_in_effect(tmp_path: Path) -> None:
    """The matrix with the user's overrides, in base units."""
    found = {one.series.name: one for one in made(tmp_path).series}
    assert found["database_queries.client_groups_list"].limits == {Level.WARNING: 0.15, Level.CRITICAL: 0.3}
    assert found["database_queries.client_groups_list"].tolerance == 1.1
    assert found["billing.bills"].limits == {Level.WARNING: 2.0}
    assert made(tmp_path).tolerance == 1.1
    assert (made(tmp_path).hold_over, made(tmp_path).roll_back_over) == (1.25, 1.4)
    assert made(tmp_path).error_ratio_limit == 0.02


def test_what_the_matrix_lists_and_nobody_measures_is_known(tmp_path: Path) -> None:
    """With its limit as people write it; what is measured is not in the list."""
    found = made(tmp_path)
    assert found.unmeasured(Area.FEATURES)["information_items.update_conflicts"] == "5 per hour"
    assert found.unmeasured(Area.FRONT_END)["web_vitals.cumulative_layout_shift"] == "0.1 / 0.25"
    measured = made(
        tmp_path,
        probes={
            "creation_success_rate": {
                "kind": "sql",
                "target": "db",
                "category": "information_items",
                "query": "SELECT 1",
                "measure": "value",
                "unit": "ratio",
                "direction": "floor",
            }
        },
        thresholds={},
    )
    assert "information_items.creation_success_rate" not in measured.unmeasured(Area.FEATURES)


def test_runbooks_are_at_the_service_as_people_reach_it(tmp_path: Path) -> None:
    """Without a public address, where it listens."""
    settings = load_configuration(written(tmp_path), {}).settings
    assert runbook_url(settings) == "https://watch.example/runbooks"
    settings = load_configuration(written(tmp_path, public_url=None), {}).settings
    assert runbook_url(settings) == "http://127.0.0.1:9464/runbooks"
