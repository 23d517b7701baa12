"""What one running portal holds: its pool, its secret, its misbehaviours, and who is at work."""

from dataclasses import dataclass, field
from typing import Annotated

import asyncpg
from fastapi import Depends, Request

from monitor.demo.portal.active_users import ActiveUsers
from monitor.demo.portal.misbehaviour import Misbehaviours


@dataclass(slots=True)
class PortalState:
    """One running portal. `token_minutes` is how long a log-in lasts."""

    pool: asyncpg.Pool
    secret: str = field(repr=False)
    token_minutes: int
    misbehaviours: Misbehaviours
    active_users: ActiveUsers
    watch_url: str | None = None


async def current_portal(request: Request) -> PortalState:
    """The portal that serves this request."""
    state: PortalState = request.app.state.portal
    return state


Portal = Annotated[PortalState, Depends(current_portal)]
