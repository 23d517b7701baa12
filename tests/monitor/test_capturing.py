"""Captures through real probes, of a real web server."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from baselines import Baseline, Forced, Section, Spacing
from baselines.capture import WARM_UP_CALLS, CapturePlan
from baselines.postgres import PostgresBaselines
from monitor.capturing import Capturing, further_name, is_fresh, standard_plan
from monitor.clock import SystemClock
from monitor.configuration import load_configuration
from monitor.errors import CannotRunError, ConfigurationError
from probes import ProbeSet
from tests.clocks import START
from tests.monitor.cli.commands import configuration
from tests.monitor.cli.stored import in_store, made, save
from tests.monitor.ledgers import KeptEntries
from tests.probes.web_server import WebServer, web_server

QUICK = CapturePlan(sessions=2, samples=3, spacing=Spacing.BURST)


@dataclass
class Steps:
    """`monitor.capturing.Progress` that counts: for each title, what was announced and what was done."""

    announced: list[int] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    @contextmanager
    def track(self, title: str, total: int) -> Iterator[Callable[[], None]]:  # noqa: ARG002 - the Protocol's signature
        """Count the steps of one campaign."""
        self.announced.append(total)
        self.done.append(0)

        def advance() -> None:
            self.done[-1] += 1

        yield advance


@dataclass
class House:
    """What a test captures with."""

    capturing: Capturing
    steps: Steps
    server: WebServer
    ledger: KeptEntries


def visit(tmp_path: Path, paths: Mapping[str, str], act: Callable[[House], Awaitable[None]], **more: object) -> None:
    """Run `act` with a probe for each of these paths of a web server; `more` are further probes."""

    async def run() -> None:
        async with web_server() as server:
            page = {"kind": "http", "target": "web", "category": "api_endpoints"}
            path = configuration(
                tmp_path,
                "postgresql://s/x",
                targets={
                    "web": {"kind": "http", "url": server.url},
                    "away": {"kind": "http", "url": "http://127.0.0.1:1"},
                },
                probes={**{name: {**page, "path": at} for name, at in paths.items()}, **more},
            )
            configured = load_configuration(path, {})
            clock, steps, ledger = SystemClock(), Steps(), KeptEntries()
            async with ProbeSet(configured.settings.probes, configured.settings.targets, clock) as probes:
                await act(House(Capturing(configured, probes, ledger, clock, steps), steps, server, ledger))

    asyncio.run(run())


def test_a_capture_says_what_it_was_taken_under(tmp_path: Path) -> None:
    """Sessions in order, the calls of the warm-up apart, conditions and configuration kept, every step announced."""

    async def act(house: House) -> None:
        capture = await house.capturing.capture("pre", QUICK, release="v41")
        assert (capture.name, capture.environment, capture.release) == ("pre", "test", "v41")
        assert [session.number for session in capture.sessions] == [1, 2]
        first, second = capture.sessions
        assert len(first.cold["api_endpoints.a"]) > 0
        assert second.cold == {}
        assert (first.conditions.spacing, first.conditions.release) == (Spacing.BURST, "v41")
        assert len(first.conditions.configuration_hash) == 12
        assert house.steps.announced == house.steps.done == [2 * (2 * 3 + WARM_UP_CALLS)]

    visit(tmp_path, {"a": "/good", "b": "/good"}, act)


def test_a_capture_notes_what_was_true_at_its_start_and_its_end(tmp_path: Path) -> None:
    """The release that was captured and this host, also where no service runs; the end is that of the last session."""

    async def act(house: House) -> None:
        capture = await house.capturing.capture("pre", QUICK, release="v41")
        releases = [one for one in house.ledger.entries if one.section is Section.RELEASE]
        assert [one.facts for one in releases] == [{"release": "v41"}] * 2
        assert releases[0].at < capture.sessions[0].started_at
        assert releases[1].at == capture.finished_at
        assert Section.HOST in {one.section for one in house.ledger.entries}

    visit(tmp_path, {"a": "/good"}, act)


def test_a_target_that_is_away_can_not_be_measured(tmp_path: Path) -> None:
    """Every probe of it failed: it is named with the reasons, and no session is taken of the others either."""

    async def act(house: House) -> None:
        with pytest.raises(CannotRunError, match=r"target away can't be measured: .*\(refused\)") as caught:
            await house.capturing.capture("pre", QUICK)
        assert "targets.away" in str(caught.value)
        assert len(house.server.requests) == 1
        assert house.steps.announced == []

    visit(tmp_path, {"a": "/good"}, act, b={"kind": "http", "target": "away", "category": "api_endpoints", "path": "/"})


def test_one_failing_endpoint_among_good_ones_is_a_sample(tmp_path: Path) -> None:
    """The target is there, so what fails on it is measured as failing."""

    async def act(house: House) -> None:
        capture = await house.capturing.capture("pre", QUICK)
        assert all(samples.failed.all() for samples in capture.samples_of("api_endpoints.lost"))
        assert len(capture.samples_of("api_endpoints.lost")) == 2
        assert not any(samples.failed.any() for samples in capture.samples_of("api_endpoints.a"))

    visit(tmp_path, {"a": "/good", "lost": "/dropped"}, act)


def test_a_target_that_answers_wrongly_is_there(tmp_path: Path) -> None:
    """A 500 is an answer, and a capture of nothing else can be taken."""

    async def act(house: House) -> None:
        capture = await house.capturing.capture("pre", QUICK)
        assert all(samples.failed.all() for samples in capture.samples_of("api_endpoints.a"))

    visit(tmp_path, {"a": "/broken"}, act)


def test_a_target_that_lets_everybody_wait_is_there(tmp_path: Path) -> None:
    """Such as behind a lock: a capture can be taken, and tells how long."""

    async def act(house: House) -> None:
        capture = await house.capturing.capture("pre", QUICK)
        assert len(capture.sessions) == 2

    silent = {"kind": "http", "target": "web", "category": "api_endpoints", "path": "/silent", "timeout": "100ms"}
    visit(tmp_path, {}, act, slow=silent)


@pytest.mark.parametrize(
    ("globs", "chosen"), [((), "abc"), (("slow_*",), "bc"), (("a", "*_c"), "ac"), (("slow_[bx]",), "b")]
)
def test_globs_choose_probes(tmp_path: Path, globs: tuple[str, ...], chosen: str) -> None:
    """One that fits any of them is captured; without a glob all are."""

    async def act(house: House) -> None:
        capture = await house.capturing.capture("pre", QUICK, globs=globs)
        assert "".join(name[-1] for name in capture.series) == chosen
        assert {name for session in capture.sessions for name in session.samples} == set(capture.series)

    visit(tmp_path, {"a": "/good", "slow_b": "/good", "slow_c": "/good"}, act)


def test_a_campaign_knows_how_long_it_will_take(tmp_path: Path) -> None:
    """From calls over connections that are open: the first ones show that the targets are there."""

    async def act(house: House) -> None:
        campaign = await house.capturing.prepare(CapturePlan(sessions=2, samples=3, spacing=Spacing.SPREAD))
        assert campaign.probes == ["a", "b"]
        assert len(house.server.requests) == 2 * 2
        assert campaign.calls_seconds > 0
        assert campaign.seconds == campaign.plan.seconds(campaign.calls_seconds)

    visit(tmp_path, {"a": "/good", "b": "/good"}, act)


def test_what_was_forced_is_a_condition_of_each_session(tmp_path: Path) -> None:
    """And who captured it may be somebody else than whoever runs this."""

    async def act(house: House) -> None:
        forced = Forced("release night", ("this host is busy",))
        campaign = await house.capturing.prepare(QUICK)
        capture = await house.capturing.carry_out(campaign, "pre", by="ann", forced=forced)
        assert capture.captured_by == "ann"
        assert [one.conditions.forced for one in capture.sessions] == [forced, forced]

    visit(tmp_path, {"a": "/good"}, act)


def test_a_glob_without_a_probe_is_a_mistake(tmp_path: Path) -> None:
    """The names there are stand in the message, and what measures no time is not among them."""

    async def act(house: House) -> None:
        with pytest.raises(ConfigurationError, match=r"the configured ones are: a$"):
            await house.capturing.capture("pre", QUICK, globs=["h*"])

    visit(tmp_path, {"a": "/good"}, act, host={"kind": "host", "category": "system_resources"})


def api(milliseconds: float, **more: int) -> Baseline:
    """A capture by hand of the series api_endpoints.a."""
    return made("post", milliseconds, series="api_endpoints.a", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("spacing", list(Spacing))
def test_further_sessions_are_taken_like_the_first_ones(tmp_path: Path, spacing: Spacing) -> None:
    """Same spacing, samples and release, and only of the series that are asked for."""

    async def act(house: House) -> None:
        plan = CapturePlan(sessions=1, samples=1, spacing=spacing)
        capture = await house.capturing.capture("post", plan, release="v42")
        more = await house.capturing.further(capture, {"api_endpoints.a"}, 1, "post+1")
        assert more is not None
        assert (more.name, more.release, len(more.sessions)) == ("post+1", "v42", 1)
        assert list(more.series) == ["api_endpoints.a"]
        assert more.sessions[0].conditions.spacing is spacing
        assert house.steps.announced == [2 * (1 + WARM_UP_CALLS), 1 + WARM_UP_CALLS]

    visit(tmp_path, {"a": "/good", "b": "/good"}, act)


def test_further_sessions_are_as_long_as_the_longest(tmp_path: Path) -> None:
    """A session that the prober disturbed, even wholly, does not shorten those that follow it."""

    async def act(house: House) -> None:
        capture = api(40, sessions=2)
        first, second = capture.sessions
        burst = replace(first.conditions, spacing=Spacing.BURST)
        capture = replace(capture, sessions=[replace(first, conditions=burst, samples={}), second])
        assert await house.capturing.further(capture, {"api_endpoints.a"}, 2, "post+1") is not None
        assert house.steps.announced == [2 * 20 + WARM_UP_CALLS]

    visit(tmp_path, {"a": "/good"}, act)


def test_there_are_no_further_sessions_of_what_is_away(tmp_path: Path) -> None:
    """None where the target does not answer, and where no probe measures the series any more."""

    async def act(house: House) -> None:
        assert await house.capturing.further(api(40), {"api_endpoints.a"}, 3, "post+1") is None
        assert await house.capturing.further(api(40), {"api_endpoints.gone"}, 3, "post+1") is None

    visit(tmp_path, {}, act, a={"kind": "http", "target": "away", "category": "api_endpoints", "path": "/"})


def test_a_further_capture_gets_the_next_free_name(store: str) -> None:
    """+1, then +2, whatever else there is."""
    save(store, made("post", 40), made("pre+1", 40))

    async def name(pool: asyncpg.Pool) -> str:
        return await further_name(PostgresBaselines(pool), "post")

    assert in_store(store, name) == "post+1"
    save(store, made("post+1", 40))
    assert in_store(store, name) == "post+2"


def test_the_standard_plan() -> None:
    """Spread over minutes, or back to back where it has to be quick; none of nothing."""
    assert standard_plan(5, 20, quick=False).least_seconds() == 5 * 20 * 3 + 4 * 60
    assert standard_plan(5, 20, quick=True).least_seconds() == 0
    with pytest.raises(ConfigurationError, match="at least one session"):
        standard_plan(0, 20, quick=True)


def test_a_capture_is_fresh_for_an_hour() -> None:
    """What is measured later may be another system."""
    assert is_fresh(START, START + timedelta(minutes=59, seconds=59))
    assert not is_fresh(START, START + timedelta(hours=1))
