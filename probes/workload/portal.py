"""What a portal tells of itself: its OpenAPI document, its figures, and which identifiers its lists have."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from baselines.clock import Clock
from probes.errors import ProbeFailed
from probes.targets import HttpTarget
from probes.web.link import HttpLink
from probes.web.transport import untimed
from probes.workload.errors import WorkloadError
from probes.workload.routes import Endpoint, RouteCount, Traffic, read_endpoints, read_traffic

OPENAPI_PATH = "/openapi.json"
METRICS_PATH = "/metrics"
_LARGEST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PortalRoutes:
    """`endpoints` as the portal documents them, `traffic` as it counts it; one of both is there at least."""

    endpoints: Sequence[Endpoint]
    traffic: Traffic | None

    @property
    def counts(self) -> Sequence[RouteCount]:
        """Requests by route, one for each endpoint where they are not counted."""
        return self.traffic.counts if self.traffic else [RouteCount(one.route, 1) for one in self.endpoints]


class Portal:
    """A reader of one portal, over a client as the probes have it; `close` it afterwards."""

    def __init__(self, target: HttpTarget, clock: Clock) -> None:
        self._link = HttpLink(target, clock)
        self._clock = clock

    async def routes(self) -> PortalRoutes:
        """What it documents and counts. Raises WorkloadError where it does neither, or does not answer."""
        document = await self.json(OPENAPI_PATH)
        endpoints = [] if document is None else read_endpoints(document)
        page = await self._get(METRICS_PATH)
        routes = [one.route for one in endpoints]
        traffic = None if page is None else read_traffic(page.decode(errors="replace"), routes)
        if not endpoints and traffic is None:
            raise WorkloadError(
                f"the portal has neither an OpenAPI document at {OPENAPI_PATH} nor requests by route at {METRICS_PATH}"
            )
        return PortalRoutes(endpoints, traffic)

    async def json(self, path: str) -> JsonValue:
        """The document at a path; None where there is none. Raises WorkloadError where the portal does not answer."""
        body = await self._get(path)
        try:
            found: JsonValue = None if body is None else json.loads(body)
        except ValueError:
            return None
        return found

    async def close(self) -> None:
        """Close its connections."""
        await self._link.close()

    async def _get(self, path: str) -> bytes | None:
        """What a path answers with 200."""
        request = self._link.prepare("GET", path, {}, None)
        try:
            exchange = await self._link.request(request, _LARGEST_BYTES, untimed(self._clock))
        except ProbeFailed as failure:
            raise WorkloadError(f"the portal: {failure}") from failure
        return exchange.body if exchange.status == 200 else None
