"""The product's alert room in a process of its own: `python -m tests.bench.alert_room CONFIGURATION DSN`.

Reads orders from standard input and answers each on standard output, one JSON value a line: a list of findings as
`[series, number, level]` is recorded and answered with `[began, {series: alert id}]`, a text is the id of an alert to
acknowledge and answered with the text. It ends with its input.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from alerts import AlertClosedError, Alerts
from alerts.postgres import PostgresAlerts
from baselines import Unit
from baselines.postgres_ledger import PostgresLedger
from monitor.alerting import alert_policy, configured_channels, open_alerts
from monitor.briefing import ServiceBriefer
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import load_configuration
from monitor.database import store_pool
from monitor.event_loop import run
from monitor.exporter import Exporter
from monitor.watch import Watch
from probes import series_of
from tests.bench.alert_side import Fault, Says, SideDownError, Told
from thresholds import Finding, Level, Rule

_LABEL = re.compile(r"Alert ([0-9a-f]{12}), message (\d+\.\d+) \((\w+)\)")
_MORE = re.compile(r"^and (\d+) more", re.MULTILINE)
_SAYS = {"resolved": Says.OVER, "acknowledged": Says.IN_HAND}


class AlertRoom:
    """`tests.bench.alert_side.Side`; what it tells goes to every one of `urls`, by a channel each."""

    name = "ours"
    # That of a warning in a category that has none of its own, and its channels.
    _TIER = "tier_2_warning"
    _CHANNELS = ("slack-alerts", "email-ops-team")

    def __init__(self, directory: Path, dsn: str, urls: Sequence[str], *, rate_limit: str | None = None) -> None:
        """`dsn`: the migrated store. `urls`: of HTTP, one or two. `rate_limit`: of each channel, if not the shipped."""
        limits = {} if rate_limit is None else {"rate_limit": rate_limit}
        channels = {
            name: {"url": url.replace("http://", "json://"), **limits}
            for name, url in zip(self._CHANNELS, urls, strict=False)
        }
        document = {
            "store": {"directory": str(directory / "store")},
            "alerts": {"channels": channels, "tiers": {self._TIER: {"group_wait": "0 s"}}},
        }
        file = directory / "portalwatch.yml"
        file.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
        self._command = [sys.executable, "-m", "tests.bench.alert_room", str(file), dsn]
        self._log = directory / "alert_room.log"
        self._process: subprocess.Popen[str] | None = None
        self._ids: dict[int, str] = {}

    def start(self) -> None:
        """Start the process."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def wait_until_ready(self) -> None:
        """Return once it has carried out an order; raises SideDownError where it ended."""
        self._order([])

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def hand_in(self, faults: Sequence[Fault]) -> float:
        """As the pipeline does: a finding a series, of those that are well too."""
        findings = [(one.series, one.number, Level.OK if one.cleared_at else Level.WARNING) for one in faults]
        began, ids = self._order(findings)
        for one in faults:
            if one.series in ids:
                self._ids[one.number] = ids[one.series]
        return float(began)

    def acknowledge(self, fault: Fault) -> None:
        """As a person does, on a page or by the CLI."""
        self._order(self._ids[fault.number])

    def alert_of(self, fault: Fault) -> str | None:
        """The id that the room answered with."""
        return self._ids.get(fault.number)

    def read(self, body: str) -> Sequence[Told]:
        """Every alert that a message lists stands in it with its id and sequence."""
        return [
            Told(alert, f"{sequence} {reason}", _SAYS.get(reason, Says.BROKEN))
            for alert, sequence, reason in _LABEL.findall(json.loads(body)["message"])
        ]

    def unnamed(self, body: str) -> int:
        """Those that a long list leaves out."""
        more = _MORE.search(json.loads(body)["message"])
        return int(more[1]) if more else 0

    def _order(self, order: object) -> Any:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError as error:
            raise SideDownError(f"the alert room: {type(error).__name__}") from error
        if not answer.endswith("\n"):
            raise SideDownError("the alert room died over an order")
        return json.loads(answer)


async def _serve(path: Path, dsn: str) -> None:
    """Put together as the service does it."""
    configuration, clock = load_configuration(path, {}), SystemClock()
    settings = configuration.settings
    series = series_of(settings.probes)
    figures = Figures.load(configuration, series)
    exporter = Exporter(series, version="0")
    async with store_pool(dsn) as pool, httpx.AsyncClient() as client, asyncio.TaskGroup() as group:
        records = PostgresAlerts(pool, alert_policy(settings, figures, series))
        watch = Watch(series, clock.now())
        alerts = open_alerts(
            pool,
            settings,
            figures,
            series,
            channels=configured_channels(configuration, exporter),
            client=client,
            briefer=ServiceBriefer(settings, PostgresLedger(pool), watch, records, clock),
            clock=clock,
            observer=exporter,
            instance=f"bench-{os.getpid()}",
        )
        running = group.create_task(alerts.run())
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await _carry_out(json.loads(line), alerts)), flush=True)
        running.cancel()


async def _carry_out(order: Any, alerts: Alerts) -> object:
    if isinstance(order, str):
        with suppress(AlertClosedError):  # it was over before anybody had it in hand
            await alerts.acknowledge(order, "bench")
        return order
    findings = [_finding(*one) for one in order]
    began = time.monotonic()
    transitions = await alerts.record(findings)
    return began, {one.after.series: one.after.id for one in transitions if one.after is not None}


def _finding(series: str, number: int, level: str) -> Finding:
    return Finding(
        series=series,
        route=series.partition(".")[0],  # what has no target is grouped by it
        rule=Rule.BASELINE,
        level=Level(level),
        unit=Unit.SECONDS,
        summary=f"{series} is slower than its baseline (fault {number})",
        since=datetime.now(UTC),
        value=1.0 if level == Level.OK else 1.4,
        limit=1.25,
    )


if __name__ == "__main__":
    run(_serve(Path(sys.argv[1]), sys.argv[2]))
