"""The shipped recipes: a part of a configuration, and the thirteen limits of the features hold what they say."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from monitor.configuration import load_configuration
from monitor.recipes import recipe, recipe_names
from probes import ProbeSet, series_of
from tests.monitor.cli.commands import configuration, portalwatch
from tests.monitor.test_pipeline import opened
from tests.probes.watched import SystemClock, watched
from tests.probes.web_server import web_server
from thresholds import load_matrix

FEATURES = ("information_items", "unmanaged_products", "networth_statements", "kyc_reports")


def targets(portal: str = "http://127.0.0.1:1", database: str = "postgresql://nobody@127.0.0.1:1/x") -> dict[str, Any]:
    """What the recipes look at."""
    return {
        "portal_anonymous": {"kind": "http", "url": portal},
        "portal_database": {"kind": "postgresql", "url": database},
    }


def probes_of(name: str) -> dict[str, Any]:
    """The probes of a recipe, as they are written."""
    probes: dict[str, Any] = yaml.safe_load(recipe(name))["probes"]
    return probes


def samples(**values: float) -> str:
    """A page of metrics: `x_ok` and `x_failed` are the two outcomes of the counter `x_total`."""
    lines = []
    for name, value in values.items():
        base, _, outcome = name.rpartition("_")
        is_outcome = outcome in {"ok", "failed"}
        lines.append(f'{base}_total{{outcome="{outcome}"}} {value}' if is_outcome else f"{name} {value}")
    return "\n".join(lines) + "\n"


def histogram(name: str, fast: int, slow: int, limit: float) -> str:
    """Observations well within a limit, and some at twice the limit."""
    bounds = [(limit / 2, fast), (limit, fast), (2 * limit, fast + slow), ("+Inf", fast + slow)]
    return "".join(f'{name}_bucket{{le="{bound}"}} {count}\n' for bound, count in bounds)


@dataclass(frozen=True)
class Story:
    """One limit: the pages of a course of runs that keeps it, and of one that breaks it; `every` lies between two."""

    probe: str
    metric: str
    well: Sequence[str]
    broken: Sequence[str]
    every: float = 60.0


def share(probe: str, metric: str, counter: str, *, well: tuple[int, int], broken: tuple[int, int]) -> Story:
    """Right at the limit, and just beyond it: how many went well and how many failed, within the first minute."""

    def pages(counts: tuple[int, int]) -> list[str]:
        zero = {f"{counter}_ok": 0.0, f"{counter}_failed": 0.0}
        return [samples(**zero)] + [samples(**dict(zip(zero, counts, strict=True)))] * 4

    return Story(probe, metric, pages(well), pages(broken))


def events(probe: str, metric: str, name: str, limit: int, window: float) -> Story:
    """One event more than the limit allows: over more than the window it is kept, within half of it it is broken."""
    counts, runs = range(limit + 2), 8
    spread = [samples(**{name: count}) for count in counts for _ in range(runs)]
    dense = [samples(**{name: count}) for count in counts] + [samples(**{name: limit + 1})] * 3
    return Story(probe, metric, spread, dense, every=1.25 * window / limit / runs)


def quantile(probe: str, metric: str, name: str, limit: float) -> Story:
    """All within the limit, and one in five far beyond it."""
    zero = histogram(name, 0, 0, limit)
    well, broken = histogram(name, 50, 0, limit), histogram(name, 40, 10, limit)
    return Story(probe, metric, [zero, *[well] * 4], [zero, *[broken] * 4])


HOUR, DAY = 3600.0, 86400.0
STORIES = (
    share("information_item_features", "creation_success_rate", "item_creations", well=(98, 2), broken=(97, 3)),
    events("information_item_features", "update_conflicts", "item_update_conflicts_total", 5, HOUR),
    quantile("information_item_features", "search_response_time", "item_search_seconds", 0.3),
    share("information_item_features", "auto_save_failure_rate", "item_autosaves", well=(99, 1), broken=(98, 2)),
    events("unmanaged_product_features", "status_transition_errors", "unmanaged_status_transitions_failed", 2, HOUR),
    share(
        "unmanaged_product_features",
        "provider_validation_failures",
        "unmanaged_provider_validations",
        well=(95, 5),
        broken=(94, 6),
    ),
    share(
        "unmanaged_product_features", "bulk_import_success_rate", "unmanaged_bulk_imports", well=(95, 5), broken=(94, 6)
    ),
    quantile("networth_statement_features", "generation_time", "networth_generation_seconds", 5.0),
    events("networth_statement_features", "snapshot_creation_failures", "networth_snapshots_failed", 1, DAY),
    quantile("kyc_report_features", "report_generation_time", "kyc_report_seconds", 10.0),
    share("kyc_report_features", "template_rendering_errors", "kyc_template_renderings", well=(99, 1), broken=(98, 2)),
    share("kyc_report_features", "pdf_generation_failures", "kyc_pdfs", well=(98, 2), broken=(97, 3)),
)


def alerted(store: str, directory: Path, story: Story, pages: Sequence[str]) -> list[str]:
    """The series of the alerts that come of those pages, through the whole of the pipeline."""
    probe = probes_of("features")[story.probe]
    series = {story.metric: probe["series"][story.metric]}
    every = {"every": story.every}

    async def main() -> list[str]:
        async with web_server() as server:
            sections = {"targets": targets(server.url), "probes": {story.probe: {**probe, **every, "series": series}}}
            async with opened(store, directory, **sections) as house:
                seen = watched(sections["targets"], sections["probes"])
                async with ProbeSet(seen.probes, seen.targets, house.clock) as probe_set:
                    for page in pages:
                        server.pages["/metrics"] = page.encode()
                        house.clock.advance(story.every)
                        await house.pipeline.take(await probe_set.run(story.probe, house.clock.now()))
                return [one.alert.series for one in await house.alerts.list_alerts()]

    return asyncio.run(main())


@pytest.mark.parametrize("story", STORIES, ids=lambda one: one.metric)
def test_each_limit_of_a_counter_is_kept_and_broken(store: str, tmp_path: Path, story: Story) -> None:
    """On the limit nobody is told; just beyond it there is one alert of just that series."""
    assert alerted(store, tmp_path, story, story.well) == []
    series = f"{probes_of('features')[story.probe]['category']}.{story.metric}"
    assert alerted(store, tmp_path, story, story.broken) == [series]


def test_the_accuracy_of_statements_is_told_by_sql(store: str, empty_database: str, tmp_path: Path) -> None:
    """One wrong total of 10,000 is on the limit, and a second one breaks it; yesterday's do not count, and without any
    there is nothing to judge.
    """
    sections = {
        "targets": targets(database=empty_database),
        "probes": {"calculation_accuracy": probes_of("features")["calculation_accuracy"]},
    }
    seen = watched(sections["targets"], sections["probes"])

    async def main() -> None:
        portal = await asyncpg.connect(empty_database)
        await portal.execute(_STATEMENTS)
        async with opened(store, tmp_path, **sections) as house:

            async def measured() -> list[float | None]:
                values = []
                async with ProbeSet(seen.probes, seen.targets, SystemClock()) as probe_set:
                    for _ in range(3):
                        house.clock.advance(300)
                        (one,) = await probe_set.run("calculation_accuracy", house.clock.now())
                        values.append(one.value)
                        await house.pipeline.take([one])
                return values

            assert await measured() == [None] * 3
            await portal.execute(_ADD, 9_999, 0.0, "1 hour")
            await portal.execute(_ADD, 1, 1.0, "1 hour")
            await portal.execute(_ADD, 50, 1.0, "25 hours")
            assert await measured() == [pytest.approx(0.9999)] * 3
            assert await house.states() == []
            await portal.execute(_ADD, 1, 1.0, "1 hour")
            assert await measured() == [pytest.approx(0.9998, abs=1e-6)] * 3
            assert [one.alert.series for one in await house.alerts.list_alerts()] == [
                "networth_statements.calculation_accuracy"
            ]
        await portal.close()

    asyncio.run(main())


def test_every_limit_of_a_feature_is_fed_by_the_recipe() -> None:
    """The thirteen lines of the matrix are the thirteen series of the recipe, each with a limit that fits it."""
    matrix = load_matrix()
    listed = {f"{name}.{metric}" for name in FEATURES for metric in matrix.categories[name].series}
    series = series_of(watched(targets(), probes_of("features")).probes)
    assert len(listed) == 13
    assert set(series) == listed
    page = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in listed)
    assert all(matrix.limits_of(one).warning is not None for one in series.values())
    assert {f"{story.probe}.{story.metric}" for story in STORIES} == {
        f"{probe}.{metric}" for probe, one in probes_of("features").items() for metric in one.get("series", ())
    }


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_is_a_part_of_a_configuration(name: str, tmp_path: Path) -> None:
    """What the command prints is accepted as the probes of a file with the targets of the shipped portalwatch.yml."""
    printed = portalwatch("config", "recipe", name)
    assert printed.code == 0
    fragment = yaml.safe_load(printed.out)
    assert set(fragment) == {"probes"}
    path = configuration(tmp_path, "postgresql://nobody@127.0.0.1:1/x", targets=targets(), **fragment)
    assert load_configuration(path, {}).settings.probes
    assert portalwatch("config", "check", "--offline", "--config", path).code == 0
    shipped = yaml.safe_load((Path(__file__).parents[2] / "portalwatch.yml").read_text(encoding="utf-8"))
    assert {one["target"] for one in fragment["probes"].values()} <= set(shipped["targets"])
    assert not set(fragment["probes"]) & set(shipped["probes"])


_STATEMENTS = """
CREATE TABLE networth_statements (statement jsonb NOT NULL, total_assets numeric NOT NULL, created_at timestamptz)
"""
_ADD = """
INSERT INTO networth_statements
SELECT '{"invested": 100, "unmanaged": 20.5}', 120.5 + $2::float8::numeric, now() - $3::text::interval
FROM generate_series(1, $1)
"""
