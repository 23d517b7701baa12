"""Whether the targets may be watched as they are configured: asked of the servers and of the resolver themselves."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from probes import HttpTarget, PostgresTarget, ProbeFailed
from probes.database.role import reach_guard_database, role_at
from probes.web.addresses import Resolver

# Nobody waits longer for an answer of `config check`, whatever a target's own time-outs are.
_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class TargetReport:
    """What speaks against a target, and what could not be looked at or will not be measured."""

    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def examine_targets(targets: Mapping[str, PostgresTarget | HttpTarget]) -> dict[str, TargetReport]:
    """A report on each target by its name, whatever state it is in."""
    reports = await asyncio.gather(*(_examine(target) for target in targets.values()))
    return dict(zip(targets, reports, strict=True))


async def _examine(target: PostgresTarget | HttpTarget) -> TargetReport:
    try:
        async with asyncio.timeout(2 * _PATIENCE_SECONDS):
            if isinstance(target, HttpTarget):
                return await _examine_server(target)
            return await _examine_role(target)
    except TimeoutError:
        return TargetReport(notes=("it did not answer in time, and was not looked at",))
    except ProbeFailed as failure:
        return TargetReport(notes=(f"it could not be looked at ({failure.reason}): {failure}",))


async def _examine_role(target: PostgresTarget) -> TargetReport:
    hasty = target.model_copy(update={"connect_timeout": min(target.connect_timeout, _PATIENCE_SECONDS)})
    role = await role_at(hasty)
    notes = list(role.notes())
    try:
        await reach_guard_database(hasty)
    except ProbeFailed as failure:
        notes.append(
            f"no connection to the guard_database {target.guard_database} ({failure}): "
            "nothing ends a statement of ours that keeps others waiting"
        )
    return TargetReport(tuple(role.refusals()), tuple(notes))


async def _examine_server(target: HttpTarget) -> TargetReport:
    if target.proxy is None and target.url.host is not None:
        await Resolver(target).resolve(target.url.host.strip("[]"), target.url.port or 0)
    return TargetReport()
