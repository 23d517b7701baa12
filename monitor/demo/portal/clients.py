"""The endpoints that every version of the portal has: clients, their products, what they are worth."""

from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel

from monitor.demo.portal.access import User, require_user
from monitor.demo.portal.misbehaviour import Misbehaviour
from monitor.demo.portal.returns import internal_rates_of_return
from monitor.demo.portal.state import Portal

_LANDING = "/dashboard"


async def fail_as_most(request: Request, portal: Portal) -> None:
    """Raises 500 for every endpoint but the first one that an adviser sees, while most are made to fail."""
    if request.url.path != _LANDING:
        portal.misbehaviours.fail_as_most()


router = APIRouter(dependencies=[Depends(require_user), Depends(fail_as_most)])

PAGE_ROWS = 50

_TOTALS = """
SELECT (SELECT count(*) FROM client_groups WHERE status = 'active') AS active_client_groups,
       (SELECT count(*) FROM client_products WHERE status = 'active') AS active_products,
       (SELECT sum(amount_invested)::float8 FROM portfolio_funds) AS invested
"""
_GROUPS = """
SELECT g.id, g.name, g.type, g.status, count(p.client_id) AS products
FROM client_groups AS g LEFT JOIN client_products AS p ON p.client_id = g.id
GROUP BY g.id ORDER BY g.name LIMIT $1 OFFSET $2
"""
_PRODUCTS = """
SELECT p.id, p.product_name, v.name AS provider, p.portfolio_id, p.status, count(o.id) AS owners
FROM client_products AS p
JOIN available_providers AS v ON v.id = p.provider_id
LEFT JOIN product_owner_products AS o ON o.product_id = p.id
WHERE p.client_id = $1
GROUP BY p.id, v.name ORDER BY p.id
"""
_PORTFOLIOS = """
SELECT p.id, p.portfolio_name, p.status, count(f.id) AS funds, sum(f.amount_invested)::float8 AS invested
FROM portfolios AS p JOIN portfolio_funds AS f ON f.portfolio_id = p.id
WHERE p.id > $1 AND p.id <= $1 + 50
GROUP BY p.id ORDER BY p.id
"""
_SUMMARY = """
SELECT g.id, g.name, count(DISTINCT p.id) AS products, sum(f.amount_invested)::float8 AS invested
FROM client_groups AS g
JOIN client_products AS p ON p.client_id = g.id
JOIN portfolio_funds AS f ON f.portfolio_id = p.portfolio_id
WHERE g.status = 'active'
GROUP BY g.id ORDER BY g.name
"""
_HAND_OVER = """
UPDATE product_owner_products SET product_owner_id = $3 WHERE product_id = $1 AND product_owner_id = $2
RETURNING product_id
"""


class HandOver(BaseModel):
    """Whose share of a product becomes whose, by the ids of the owners."""

    from_owner: int
    to_owner: int


@router.get(_LANDING)
async def dashboard(user: User, portal: Portal) -> dict[str, Any]:
    """What an adviser sees first: totals and the latest activity."""
    recent = await portal.pool.fetch(
        "SELECT id, product_id, activity_type, amount::float8 AS amount, activity_date"
        " FROM holding_activity_log ORDER BY activity_date DESC, id LIMIT 10"
    )
    return {"adviser": user, "totals": await totals(portal.pool), "recent_activity": _rows(recent)}


@router.get("/portfolios")
async def portfolios(portal: Portal, after: int = 0) -> dict[str, Any]:
    """Fifty portfolios with an id above `after`."""
    await portal.misbehaviours.hang()
    items = _rows(await portal.pool.fetch(_PORTFOLIOS, after))
    return {"count": len(items), "items": items}


@router.get("/api/client_groups")
async def client_groups(portal: Portal, page: Annotated[int, Query(ge=1)] = 1) -> dict[str, Any]:
    """One page of fifty client groups by name."""
    items = await groups_page(portal.pool, page, PAGE_ROWS)
    if Misbehaviour.WRONG_BODY in portal.misbehaviours:
        items = []
    return {"page": page, "count": len(items), "items": items}


@router.get("/api/client_groups/{group_id}/products")
async def products(group_id: int, portal: Portal) -> dict[str, Any]:
    """The products of one client group."""
    portal.misbehaviours.fail_sometimes()
    items = _rows(await portal.pool.fetch(_PRODUCTS, group_id))
    if not items:
        raise HTTPException(404, f"client group {group_id} has no products")
    return {"count": len(items), "items": items}


@router.put("/api/products/{product_id}/owner")
async def hand_over(product_id: int, change: HandOver, portal: Portal) -> dict[str, int]:
    """One owner's share of a product passes to another; 404 where the first has none, 409 where the second has one."""
    try:
        changed = await portal.pool.fetchval(_HAND_OVER, product_id, change.from_owner, change.to_owner)
    except asyncpg.UniqueViolationError as error:
        raise HTTPException(409, f"owner {change.to_owner} has a share of product {product_id} already") from error
    if changed is None:
        raise HTTPException(404, f"owner {change.from_owner} has no share of product {product_id}")
    return {"product_id": changed, "owner": change.to_owner}


@router.get("/api/analytics/portfolio_summary")
async def portfolio_summary(portal: Portal) -> dict[str, Any]:
    """Active groups with the number of their products and what is invested."""
    await portal.misbehaviours.wait_for_dependency()
    items = _rows(await portal.pool.fetch(_SUMMARY))
    return {"count": len(items), "items": items}


@router.get("/api/reports/irr_analysis")
async def irr_analysis(portal: Portal) -> dict[str, Any]:
    """The internal rate of return of every client group, in percent a year."""
    rates = await internal_rates_of_return(portal.pool)
    items = [{"client_group_id": group, "irr_percent": round(100 * rate, 4)} for group, rate in rates.items()]
    return {"count": len(items), "items": items}


async def totals(pool: asyncpg.Pool) -> dict[str, Any]:
    """The numbers at the top of the dashboard."""
    return dict(await pool.fetchrow(_TOTALS) or {})


async def groups_page(pool: asyncpg.Pool, number: int, rows: int) -> list[dict[str, Any]]:
    """One page of client groups by name; the first one has the number 1."""
    return _rows(await pool.fetch(_GROUPS, rows, rows * (number - 1)))


def _rows(records: list[asyncpg.Record]) -> list[dict[str, Any]]:
    return [dict(record) for record in records]
