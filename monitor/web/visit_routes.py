"""What a portal's pages load from here and send back: the collector, and the web vitals of a visit."""

from importlib import resources

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from monitor.access import Right
from monitor.ingest.intake import Intake
from monitor.visits.beacon import Beacon
from monitor.visits.watch import KIND, Visits
from monitor.web.rights import Gate


def collector_script() -> str:
    """The script as it is sent: without its comments and indentation, which are for whoever reads the file."""
    text = resources.files("monitor.visits").joinpath("vitals.js").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def visit_routes(visits: Visits, intake: Intake, gate: Gate) -> APIRouter:
    """`/vitals.js` for everybody, `/api/performance/baseline` for allowed origins and tokens of the right ingest."""
    routes = APIRouter()
    script = collector_script()

    @routes.get("/vitals.js", dependencies=[Depends(gate.requires(Right.PUBLIC_VIEW))], include_in_schema=False)
    async def collector() -> Response:
        headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(script, media_type="text/javascript", headers=headers)

    @routes.post("/api/performance/baseline", status_code=202)
    async def take_vitals(request: Request) -> JSONResponse:
        """Web vitals of one visit: `{"timestamp", "userAgent", "url", "metrics": {"LCP", "INP", "CLS", ...}}`."""
        visits.take(await intake.admit(request, KIND, Beacon))
        return JSONResponse({"accepted": True}, 202)

    return routes
