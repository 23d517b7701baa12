"""The contract of every kind of probe, and how a new one comes in."""

import asyncio
import socket
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import probes
from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import Unit
from probes import (
    DuplicateKindError,
    HttpTarget,
    Login,
    PostgresTarget,
    ProbeSet,
    load_probe_kinds,
    probe_kind,
)
from probes.kinds.host import HostProbe, HostSettings
from probes.web.expectation import Comparison, Expectation
from probes.web.steps import Step
from tests.probes.scripted import own_kinds
from tests.probes.watched import Watched, watched, with_probes
from tests.probes.web_server import web_server

# An entry of each kind that succeeds against the good targets.
ENTRIES: Mapping[str, Mapping[str, Any]] = {
    "sql": {"target": "database", "query": "SELECT $1::int", "arguments": [[1]]},
    "http": {"target": "portal", "path": "/good"},
    "host": {},
    "journey": {"target": "portal", "steps": [{"name": "one", "path": "/good"}, {"name": "two", "path": "/good"}]},
    "postgresql_server": {"target": "database"},
    "scrape": {
        "target": "portal",
        "series": {
            "now": {"value": "requests_in_progress"},
            "errors": {"ratio": "requests_total", "of": "requests_total"},
        },
    },
    "page": {"target": "portal", "path": "/good", "quiet": "200ms"},
    "promql": {"target": "portal", "series": {"now": {"query": "sum(requests_in_progress)"}}},
}
KINDS = pytest.mark.parametrize("kind", sorted(load_probe_kinds()))


def configuration(kind: str, database: str, portal: str, **changes: Any) -> Watched:
    """One probe of that kind, with those targets."""
    return watched(
        {"database": {"kind": "postgresql", "url": database}, "portal": {"kind": "http", "url": portal}},
        {"probe": {"kind": kind, "category": "tests", **ENTRIES[kind], **changes}},
    )


async def all_series(one: Watched) -> list[Measurement]:
    """The measurements of one run; proves that there is one for each series the registry knew before."""

    async def use(probe_set: ProbeSet) -> list[Measurement]:
        measured = await probe_set.run("probe", datetime.now(UTC))
        assert sorted(each.series for each in measured) == sorted(probe_set.series)
        return measured

    return await with_probes(one, use)


@KINDS
def test_a_good_target_is_measured(kind: str, empty_database: str) -> None:
    """Every kind has a value in each series, unless there is too little to tell one from; ratios are at most 1."""

    async def main() -> None:
        async with web_server() as server:
            one = configuration(kind, empty_database, server.url)
            told = [each for each in await all_series(one) if each.reason is not Reason.TOO_LITTLE]
            assert told
            for measured in told:
                assert measured.outcome is Outcome.OK
                assert measured.value is not None
                ratio = probes.series_of(one.probes)[measured.series].unit is Unit.RATIO
                assert 0 <= measured.value <= (1 if ratio else 60)

    asyncio.run(main())


@pytest.mark.parametrize("kind", sorted(kind for kind, entry in ENTRIES.items() if "target" in entry))
@pytest.mark.parametrize(("listening", "outcome"), [(False, Outcome.ERROR), (True, Outcome.TIMEOUT)])
def test_a_bad_target_is_measured_too(kind: str, listening: bool, outcome: Outcome) -> None:
    """Nobody listening is an error without a value, a listener that keeps silent a time-out with the time waited; for a
    series that is no duration an error too, because the time waited says nothing of it."""
    with socket.socket() as target:
        target.bind(("127.0.0.1", 0))
        if listening:
            target.listen()
        host = f"127.0.0.1:{target.getsockname()[1]}"
        one = configuration(kind, f"postgresql://u@{host}/x", f"http://{host}", timeout="200ms")
        for measured in asyncio.run(all_series(one)):
            timed = probes.series_of(one.probes)[measured.series].is_duration
            assert measured.outcome is (outcome if timed else Outcome.ERROR)
            assert (measured.value is not None and measured.value >= 0.2) == (listening and timed)


@KINDS
def test_an_unknown_setting_is_refused(kind: str) -> None:
    """No kind takes a setting it does not know."""
    with pytest.raises(ValidationError, match="Extra inputs"):
        configuration(kind, "postgresql://localhost/x", "http://localhost", surprise=1)


def test_every_kind_is_under_contract() -> None:
    """A new kind needs an entry here; nothing else in this file changes."""
    assert set(ENTRIES) == set(load_probe_kinds())


def test_a_kind_has_one_owner() -> None:
    """Registering a name a second time is an error that names both classes."""
    with own_kinds(), pytest.raises(DuplicateKindError, match=r"'sql' is registered twice.*SqlProbe"):
        probe_kind("sql", HostSettings)(HostProbe)


def test_importing_the_room_loads_no_driver() -> None:
    """The public names can be imported where no driver is installed; the kinds are read when they are asked for."""
    program = "import sys, probes; print([m for m in ('asyncpg', 'httpx', 'psutil') if m in sys.modules])"

    async def run() -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=Path(probes.__path__[0]).parent
        )
        out, _ = await child.communicate()
        return out

    assert asyncio.run(run()).strip() == b"[]"


def documented() -> list[tuple[str, str]]:
    """(section, setting) of every kind and target, as they are written in the configuration."""
    models: dict[str, type[BaseModel]] = {f"`{name}`": kind.settings for name, kind in load_probe_kinds().items()}
    models |= {"A database": PostgresTarget, "A web server": HttpTarget, "Login": Login, "Expect": Expectation}
    models |= {"Compare": Comparison, "A step": Step}
    shared = set(probes.ProbeSettings.model_fields) - {"name"}
    pairs = [("All kinds", setting) for setting in sorted(shared)]
    for section, model in models.items():
        own = {name: field.alias or name for name, field in model.model_fields.items() if name not in shared}
        pairs += [(section, alias) for name, alias in own.items() if name != "name"]
    return pairs


@pytest.mark.parametrize(("section", "setting"), documented())
def test_every_setting_is_documented(section: str, setting: str) -> None:
    """Each setting stands in the section of its kind in docs/probes.md."""
    text = (Path(__file__).parents[2] / "docs" / "probes.md").read_text()
    sections = [part for part in text.split("\n#") if part.lstrip("# ").startswith(section)]
    assert len(sections) == 1, f"one section {section}"
    assert f"| `{setting}` |" in sections[0]


def test_exported_names_are_complete() -> None:
    """What __all__ promises is there."""
    assert [name for name in probes.__all__ if not hasattr(probes, name)] == []
