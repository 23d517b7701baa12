"""The shipped recipes against the real portal, its features used and misused."""

import asyncio

import httpx
import pytest

from baselines import Measurement, Outcome, Reason
from monitor.recipes import recipe_names
from probes import ProbeSet
from tests.clocks import ManualClock
from tests.monitor.demo.deployed_portal import migrate_quietly
from tests.monitor.test_recipes import probes_of, targets
from tests.probes.watched import watched


def test_recipes_read_the_demo_portal(portal: httpx.Client, portal_database: str) -> None:
    """On the migrated portal each series of each recipe has a figure once the features are used; what failed shows."""
    migrate_quietly(portal_database)
    url = str(portal.base_url)
    probes = {name: one for each in recipe_names() for name, one in probes_of(each).items()}
    seen = watched(targets(url, portal_database), probes)

    async def main() -> tuple[dict[str, Measurement], dict[str, Measurement]]:
        clock = ManualClock()
        async with ProbeSet(seen.probes, seen.targets, clock) as probe_set:

            async def round_of_all() -> dict[str, Measurement]:
                clock.advance(60)
                runs = [await probe_set.run(name, clock.now()) for name in probes]
                return {one.series: one for run in runs for one in run}

            first = await round_of_all()
            await asyncio.to_thread(use_every_feature, portal)
            return first, await round_of_all()

    first, second = asyncio.run(main())
    assert {one.reason for one in first.values()} <= {None, Reason.TOO_LITTLE}
    assert {name: one.detail for name, one in second.items() if one.outcome is not Outcome.OK} == {}
    values = {name: one.value for name, one in second.items() if one.value is not None}
    expected = {
        "information_items.creation_success_rate": 20 / 21,
        "information_items.update_conflicts": 1,
        "information_items.auto_save_failure_rate": 1 / 20,
        "unmanaged_products.status_transition_errors": 1,
        "unmanaged_products.provider_validation_failures": 1 / 21,
        "unmanaged_products.bulk_import_success_rate": 5 / 6,
        "networth_statements.snapshot_creation_failures": 1,
        "networth_statements.calculation_accuracy": 1,
        "kyc_reports.template_rendering_errors": 1 / 13,
        "kyc_reports.pdf_generation_failures": 1 / 12,
        "portal_usage.concurrent_users": 1,
        "portal_usage.information_items_added": 20,
        "portal_usage.information_items_searched": 5,
        "portal_usage.statements_generated": 3,
        "portal_usage.kyc_reports_generated": 13,
        "adoption.client_groups_with_information_items": 1,
    }
    assert {name: values[name] for name in expected} == pytest.approx(expected)
    assert 0 < values["information_items.search_response_time"] < 5
    assert values["adoption.information_items_written"] >= 20
    assert values["adoption.distinct_users"] >= 1


def use_every_feature(portal: httpx.Client) -> None:
    """Each of them often enough to be judged, and once so that it fails."""
    group = "/api/client_groups/7"
    item = {"item_type": "protection", "content": {"title": "Cover"}}
    added = [portal.post(f"{group}/information_items", json=item).json()["id"] for _ in range(20)]
    assert portal.post("/api/client_groups/9999/information_items", json=item).status_code == 404
    for one in added[:19]:
        saved = {**item, "id": one, "auto_save": True}
        assert portal.put(f"{group}/information_items", json=saved).status_code == 200
    stale = {**item, "id": added[0], "auto_save": True, "updated_at": "2020-01-01T00:00:00Z"}
    assert portal.put(f"{group}/information_items", json=stale).status_code == 409
    for _ in range(5):
        assert portal.get(f"{group}/information_items", params={"search": "cover"}).json()["count"] == 20
    product = {"provider_id": 1, "product_name": "Elsewhere", "latest_value": 10.5}
    unmanaged = f"{group}/unmanaged_products"
    ids = [portal.post(unmanaged, json=product).json()["id"] for _ in range(10)]
    for _ in range(5):
        assert portal.post(f"{unmanaged}/import", json=[product, product]).status_code == 201
    assert portal.post(f"{unmanaged}/import", json=[{**product, "provider_id": 99}]).status_code == 422
    assert portal.put(f"{unmanaged}/{ids[0]}/status", json={"status": "closed"}).status_code == 200
    assert portal.put(f"{unmanaged}/{ids[0]}/status", json={"status": "transferred"}).status_code == 409
    for _ in range(3):
        assert portal.post(f"{group}/networth_statements").status_code == 201
    assert portal.post("/api/client_groups/9999/networth_statements").status_code == 404
    for _ in range(11):
        document = portal.get(f"{group}/kyc_report.pdf")
        assert document.content.startswith(b"%PDF-1.4")
    greek = {"id": added[0], **item, "content": {"title": "Κάλυψη"}}
    assert portal.put(f"{group}/information_items", json=greek).status_code == 200
    assert portal.get(f"{group}/kyc_report.pdf").status_code == 500
    untitled = {"id": added[0], **item, "content": {}}
    assert portal.put(f"{group}/information_items", json=untitled).status_code == 200
    assert portal.get(f"{group}/kyc_report.txt").status_code == 500
