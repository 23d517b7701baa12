"""The peer of B7 and B8: Debian's prometheus-alertmanager, alone, on loopback."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.running import PATIENCE_SECONDS, free_port
from tests.bench.alert_side import Fault, Says, SideDownError, Told

PEER = "prometheus-alertmanager"
# Prometheus says that an alert which it is silent about ends after four of its beats.
_BEATS_TO_THE_END = 4
_CALL_SECONDS = 20.0


class Alertmanager:
    """`tests.bench.alert_side.Side`; what it tells goes to every one of `urls`, by a webhook each."""

    name = "theirs"

    def __init__(
        self,
        directory: Path,
        urls: Sequence[str],
        *,
        group_by: str,
        group_interval_seconds: float,
        maintenance_seconds: float = 900.0,
        resend_seconds: float = 10.0,
    ) -> None:
        """`group_by`: a label, or `...` for a message an alert. The times are Alertmanager's own, but for the last."""
        self._port = free_port()
        self._resend = timedelta(seconds=resend_seconds)
        self._log = directory / "alertmanager.log"
        file = directory / "alertmanager.yml"
        webhooks = [{"url": one, "send_resolved": True} for one in urls]
        document = {
            "route": {
                "receiver": "sink",
                "group_by": [group_by],
                "group_wait": "0s",
                "group_interval": f"{1000 * group_interval_seconds:.0f}ms",
            },
            "receivers": [{"name": "sink", "webhook_configs": webhooks}],
        }
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        self._command = [
            *(PEER, f"--config.file={file}", f"--storage.path={directory / 'data'}"),
            *(f"--web.listen-address=127.0.0.1:{self._port}", "--cluster.listen-address="),
            f"--data.maintenance-interval={1000 * maintenance_seconds:.0f}ms",
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it on what it has kept in its storage."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def wait_until_ready(self) -> None:
        """Return once it says that it is ready; raises SideDownError where it ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                self._call("GET", "/-/ready")
            except SideDownError:
                if self._process is None or self._process.poll() is not None:
                    raise
                time.sleep(0.01)
            else:
                return
        raise AssertionError(f"never: {PEER} is ready; see {self._log}")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def hand_in(self, faults: Sequence[Fault]) -> float:
        """As Prometheus does: those that last end four beats from now, the others at their end."""
        silent_until = datetime.now(UTC) + _BEATS_TO_THE_END * self._resend
        alerts = [
            {
                "labels": {"alertname": "fault", "cause": one.cause, "series": one.series},
                "annotations": {"summary": f"{one.series} is slower than its baseline", "fault": str(one.number)},
                "startsAt": one.fired_at.isoformat(),
                "endsAt": (one.cleared_at or silent_until).isoformat(),
            }
            for one in faults
        ]
        return self._call("POST", "/api/v2/alerts", json.dumps(alerts))

    def acknowledge(self, fault: Fault) -> None:
        """A silence for four hours, as long as the product's acknowledgement of such an alert counts."""
        now = datetime.now(UTC)
        silence = {
            "matchers": [{"name": "series", "value": fault.series, "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=4)).isoformat(),
            "createdBy": "bench",
            "comment": "acknowledged",
        }
        self._call("POST", "/api/v2/silences", json.dumps(silence))

    def alert_of(self, fault: Fault) -> str:
        """The number that the fault's annotation carries."""
        return str(fault.number)

    def read(self, body: str) -> Sequence[Told]:
        """A webhook lists its alerts; the same alert with the same status again is a duplicate."""
        document: dict[str, Any] = json.loads(body)
        return [
            Told(one["annotations"]["fault"], one["status"], Says.OVER if one["status"] == "resolved" else Says.BROKEN)
            for one in document["alerts"]
        ]

    def unnamed(self, body: str) -> int:
        """None: it lists all of them."""
        truncated: int = json.loads(body)["truncatedAlerts"]
        return truncated

    def _call(self, method: str, path: str, body: str | None = None) -> float:
        """When it was called; raises SideDownError unless it answered that all is well."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_CALL_SECONDS)
        try:
            connection.connect()
            began = time.monotonic()
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            told = answer.read()
        except (OSError, HTTPException) as error:
            raise SideDownError(f"{PEER}: {type(error).__name__}") from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise SideDownError(f"{PEER} answered {path} with {answer.status}: {told[:200]!r}")
        return began


def alertmanager_version(benchmark: str) -> str:
    """Such as 0.25.0. Raises SystemExit where the peer is not installed: a comparison without it is none."""
    if shutil.which(PEER) is None:
        raise SystemExit(f"{benchmark}: {PEER} is not installed")
    told = subprocess.run([PEER, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\S+)", told.stdout + told.stderr)
    return found[1] if found else "of no known version"
