"""The product's exporter with so many series, and `python -m tests.bench.exposed SERIES` that answers /metrics with it.

Its first line is its port. A tenth of the series has changed between two scrapes.
"""

import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import Random

from baselines import Measurement, Outcome, Series, SeriesRegistry
from monitor.event_loop import settle
from monitor.exporter import Exporter

CHANGED = 0.1


class Exposed:
    """An exporter with so many probes. A series is one in the sense of Prometheus: a line of the exposition."""

    def __init__(self, probes: int) -> None:
        self._random = Random(4)
        self._names = [f"api_endpoints.probe_{number}" for number in range(probes)]
        registry = SeriesRegistry(Series(name, cadence_seconds=60.0) for name in self._names)
        self.exporter = Exporter(registry, version="bench")
        for name in self._names:
            self._run(name)
        before = self.render().splitlines()
        for name in self._names:
            self._run(name)
        after = self.render().splitlines()
        # A run changes about half of the lines of its probe: those of the buckets above it, and not those below.
        changed = sum(one != other for one, other in zip(before, after, strict=True)) / len(after)
        self._runs = -(-len(self._names) * CHANGED // changed)

    @classmethod
    def of(cls, series: int) -> "Exposed":
        """With at least that many series: as many probes as it takes."""
        one, two = cls(1).series, cls(2).series
        made = cls(1 + -(-(series - one) // (two - one)))
        settle()
        return made

    @property
    def series(self) -> int:
        """How many there are."""
        return sum(not line.startswith(b"#") for line in self.exporter.render()[0].splitlines())

    def change(self) -> None:
        """What happens between two scrapes: runs of so many probes that a tenth of the series changes."""
        for name in self._random.sample(self._names, int(self._runs)):
            self._run(name)

    def render(self, accept: str = "") -> bytes:
        """What a scrape is answered."""
        return self.exporter.render(accept)[0]

    def _run(self, name: str) -> None:
        now = datetime.now(UTC)
        self.exporter.observe(
            Measurement(
                series=name,
                intended_at=now,
                started_at=now,
                outcome=Outcome.OK,
                value=self._random.lognormvariate(-3, 1),
                phases=dict.fromkeys(("send", "first_byte", "transfer"), 0.01),
                correlation_id=f"pw-{self._random.randrange(2**32):08x}",
            )
        )


def main(series: int) -> None:
    """Answer until killed."""
    exposed = Exposed.of(series)

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            exposed.change()
            content = exposed.render(self.headers.get("Accept", ""))
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Metrics)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
