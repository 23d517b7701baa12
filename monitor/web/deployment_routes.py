"""A deployment over HTTP: how it stands for scripts, and what may be done to it, by scripts and by forms."""

from typing import Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import Field

from alerts.messages.wording import one_line
from baselines import Clock
from dashboards import deployment_document
from dashboards.deployment import gate_document
from monitor.access import Right
from monitor.deployment.actions import begin_phase, decide_rollback, end_phase, override_gate, sign_off
from monitor.deployment.deployment import Deployment
from monitor.deployment.evaluated import LastEvaluated
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.postgres import Decide, PostgresDeployments
from monitor.deployment.story import story_of
from monitor.errors import ConfigurationError, RefusedError, UndecidedError
from monitor.web.by import By, Line, name_of
from monitor.web.forms import fields_of
from monitor.web.rights import Gate
from monitor.web.store_needed import store_needed

_REASON_LENGTH = 500
_Told = Literal["started", "completed", "failed", "rolled_back"]


class PhaseTold(By):
    """What became of a phase."""

    status: _Told


class WithReason(By):
    """Who does it, and why."""

    reason: Line = Field(min_length=1, max_length=_REASON_LENGTH)


class Vouching(By):
    """Who vouches for an item of the checklist, or against it."""

    passed: bool
    note: Line = Field(min_length=1, max_length=_REASON_LENGTH)


def deployment_routes(
    deployments: PostgresDeployments, evaluated: LastEvaluated, gate: Gate, clock: Clock
) -> APIRouter:
    """The routes; they hold no state of their own. `evaluated`: checklist and score as the service read them last."""
    routes = APIRouter(dependencies=[Depends(gate.requires(Right.OPERATOR))])

    @routes.get("/api/v1/deployment")
    async def show_deployment(name: str | None = None) -> dict[str, object]:
        """How the deployment of that name stands, by default the one that is open, else the last."""
        found = await _asking(name)
        if found is None:
            raise HTTPException(404, "there is no such deployment" if name else "there is no deployment")
        return _document(found)

    @routes.post("/api/v1/deployment/phases/{phase}")
    async def tell_phase(phase: str, told: PhaseTold) -> Response:
        """A phase begins, or ended: 409 where it can't, with the gate that keeps it from beginning."""
        return await _answer(_phase(phase, told.status, told.by))

    @routes.post("/api/v1/deployment/gate/override")
    async def override(told: WithReason) -> Response:
        """A named person lets the gate that is due be passed."""
        return await _answer(lambda one: override_gate(one, told.by, told.reason, clock.now()))

    @routes.post("/api/v1/deployment/sign-offs/{item}")
    async def vouch(item: str, told: Vouching) -> Response:
        """A named person vouches for an item of the checklist, or against it."""
        return await _answer(lambda one: sign_off(one, item, passed=told.passed, note=told.note, by=told.by))

    @routes.post("/api/v1/deployment/rollback")
    async def roll_back(told: WithReason) -> Response:
        """A named person decided to roll back; people carry it out."""
        return await _answer(lambda one: decide_rollback(one, told.by, told.reason))

    @routes.post("/deployment/phases/{phase}", include_in_schema=False)
    async def tell_phase_on_page(phase: str, request: Request) -> Response:
        """The buttons of the page."""
        form = await fields_of(request)
        status = form.get("status", "")
        if status not in _Told.__args__:  # type: ignore[attr-defined]
            raise HTTPException(422, "say what became of the phase")
        return await _return(_phase(phase, status, _named(form)))

    @routes.post("/deployment/gate/override", include_in_schema=False)
    async def override_on_page(request: Request) -> Response:
        """The form of the page."""
        form = await fields_of(request)
        by, reason = _named(form), _line(form, "reason")
        return await _return(lambda one: override_gate(one, by, reason, clock.now()))

    @routes.post("/deployment/sign-offs", include_in_schema=False)
    async def vouch_on_page(request: Request) -> Response:
        """The form of the page."""
        form = await fields_of(request)
        by, passed = _named(form), form.get("passed") == "yes"
        item, note = form.get("item", ""), _line(form, "note")
        return await _return(lambda one: sign_off(one, item, passed=passed, note=note, by=by))

    @routes.post("/deployment/rollback", include_in_schema=False)
    async def roll_back_on_page(request: Request) -> Response:
        """The form of the page."""
        form = await fields_of(request)
        by, reason = _named(form), _line(form, "reason")
        return await _return(lambda one: decide_rollback(one, by, reason))

    def _phase(phase: str, status: str, by: str) -> Decide:
        if status == PhaseStatus.STARTED:
            return lambda one: begin_phase(one, phase, by, clock.now())
        return lambda one: end_phase(one, phase, PhaseStatus(status), by)

    async def _asking(name: str | None) -> Deployment | None:
        # A store takes some of what no name can have for a fault of its own.
        if name is not None and name != one_line(name):
            return None
        with store_needed():
            return await deployments.find(name)

    async def _change(decide: Decide) -> Deployment:
        try:
            with store_needed():
                return await deployments.change(decide, clock.now())
        except ConfigurationError as error:
            raise HTTPException(409, str(error)) from error

    async def _answer(decide: Decide) -> Response:
        """For a script: how it stands then, or why not."""
        try:
            return JSONResponse(_document(await _change(decide)))
        except (RefusedError, UndecidedError) as error:
            found = await _asking(None)
            due = None if found is None else story_of(found, clock.now()).gate
            shown = None if due is None else gate_document(due)
            return JSONResponse({"detail": str(error), "gate": shown}, 409)

    async def _return(decide: Decide) -> Response:
        """For a person: the page again, or why not."""
        try:
            await _change(decide)
        except (RefusedError, UndecidedError) as error:
            raise HTTPException(409, str(error)) from error
        return RedirectResponse("/deployment", 303)

    def _document(deployment: Deployment) -> dict[str, Any]:
        return deployment_document(story_of(deployment, clock.now(), evaluated.of(deployment)))

    return routes


def _named(form: dict[str, str]) -> str:
    by = name_of(form.get("by", ""))
    if not by:
        raise HTTPException(422, "say who you are: what is done to a deployment has a name")
    return by


def _line(form: dict[str, str], field: str) -> str:
    return one_line(form.get(field, ""))[:_REASON_LENGTH]
