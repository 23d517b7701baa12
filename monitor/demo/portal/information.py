"""The endpoints that come with the migration: information items, net-worth statements, the KYC report.

On a portal that is not migrated their tables are missing, and app.py answers 404.
"""

import json
from typing import Any, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel

from monitor.demo.portal.access import User, require_user
from monitor.demo.portal.state import Portal

router = APIRouter(prefix="/api/client_groups/{group_id}", dependencies=[Depends(require_user)])

_ITEM_COLUMNS = "id, item_type, priority, status, content::text AS content, updated_at"
_NET_WORTH = """
INSERT INTO networth_statements (client_group_id, created_by, statement, total_assets)
SELECT $1, u.id,
       jsonb_build_object('invested', invested.total, 'unmanaged', unmanaged.total, 'lines', invested.lines),
       invested.total + unmanaged.total
FROM users AS u,
     (SELECT coalesce(sum(f.amount_invested), 0) AS total, count(DISTINCT p.id) AS lines
      FROM client_products AS p JOIN portfolio_funds AS f ON f.portfolio_id = p.portfolio_id
      WHERE p.client_id = $1) AS invested,
     (SELECT coalesce(sum(latest_value), 0) AS total FROM client_unmanaged_products WHERE client_group_id = $1)
     AS unmanaged
WHERE u.email = $2
RETURNING id, total_assets::float8 AS total_assets, statement::text AS statement
"""
_KYC = """
SELECT s.client_group_id, s.name, s.owners, s.products, s.information_items, s.unmanaged_products,
       (SELECT json_agg(json_build_object('type', i.item_type, 'content', i.content) ORDER BY i.item_type, i.id)
        FROM client_information_items AS i WHERE i.client_group_id = s.client_group_id) AS items,
       (SELECT json_agg(json_build_object('title', o.title, 'target', o.target_date) ORDER BY o.id)
        FROM client_objectives AS o WHERE o.client_group_id = s.client_group_id) AS objectives
FROM client_complete_summary AS s WHERE s.client_group_id = $1
"""


class NewItem(BaseModel):
    """An information item as an adviser writes it."""

    item_type: Literal["basic_detail", "income_expenditure", "assets_liabilities", "protection", "vulnerability"]
    priority: Literal["low", "normal", "high"] = "normal"
    content: dict[str, Any]


class Item(NewItem):
    """An information item that is there already."""

    id: int


@router.get("/information_items")
async def list_items(group_id: int, portal: Portal) -> dict[str, Any]:
    """The information items of one client group, newest first."""
    records = await portal.pool.fetch(
        f"SELECT {_ITEM_COLUMNS} FROM client_information_items WHERE client_group_id = $1"
        " ORDER BY updated_at DESC, id DESC",
        group_id,
    )
    items = [dict(record) | {"content": json.loads(record["content"])} for record in records]
    return {"count": len(items), "items": items}


@router.post("/information_items", status_code=201)
async def add_item(group_id: int, item: NewItem, user: User, portal: Portal) -> dict[str, int]:
    """Adds an item and answers its id."""
    item_id = await portal.pool.fetchval(
        "INSERT INTO client_information_items (client_group_id, item_type, priority, content, created_by)"
        " SELECT $1, $2, $3, $4::text::jsonb, id FROM users WHERE email = $5 RETURNING id",
        group_id,
        item.item_type,
        item.priority,
        json.dumps(item.content),
        user,
    )
    return {"id": item_id}


@router.put("/information_items")
async def change_item(group_id: int, item: Item, portal: Portal) -> dict[str, int]:
    """Replaces an item's type, priority and content."""
    changed = await portal.pool.fetchval(
        "UPDATE client_information_items SET item_type = $3, priority = $4, content = $5::text::jsonb"
        " WHERE client_group_id = $1 AND id = $2 RETURNING id",
        group_id,
        item.id,
        item.item_type,
        item.priority,
        json.dumps(item.content),
    )
    if changed is None:
        raise HTTPException(404, f"client group {group_id} has no information item {item.id}")
    return {"id": item.id}


@router.delete("/information_items", status_code=204)
async def remove_item(group_id: int, item_id: int, portal: Portal) -> None:
    """Removes an item."""
    removed = await portal.pool.fetchval(
        "DELETE FROM client_information_items WHERE client_group_id = $1 AND id = $2 RETURNING id", group_id, item_id
    )
    if removed is None:
        raise HTTPException(404, f"client group {group_id} has no information item {item_id}")


@router.post("/networth_statements", status_code=201)
async def add_networth_statement(group_id: int, user: User, portal: Portal) -> dict[str, Any]:
    """Adds up what a client group owns at this moment and keeps the statement."""
    record = await portal.pool.fetchrow(_NET_WORTH, group_id, user)
    if record is None:
        raise HTTPException(404, f"{user} is not an adviser any more")
    return dict(record) | {"statement": json.loads(record["statement"])}


@router.get("/kyc_report")
async def kyc_report(group_id: int, portal: Portal) -> dict[str, Any]:
    """Everything the firm must know of a client group, in one document."""
    record = await portal.pool.fetchrow(_KYC, group_id)
    if record is None:
        raise HTTPException(404, f"there is no client group {group_id}")
    return dict(record) | {name: json.loads(record[name] or "[]") for name in ("items", "objectives")}
