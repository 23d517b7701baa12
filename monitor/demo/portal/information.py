"""The endpoints that come with the migration: information items, net-worth statements, the KYC report.

On a portal that is not migrated their tables are missing, and app.py answers 404.
"""

import json
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import BaseModel

from monitor.demo.portal.access import User, require_user
from monitor.demo.portal.feature_counts import Counts
from monitor.demo.portal.kyc_document import DocumentError, kyc_pdf, kyc_text
from monitor.demo.portal.state import Portal, PortalState

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
    """An information item that is there already.

    `updated_at` is what the writer saw: where somebody else has changed the item since, it stays as it is.
    """

    id: int
    updated_at: datetime | None = None
    auto_save: bool = False


@router.get("/information_items")
async def list_items(
    group_id: int, portal: Portal, counts: Counts, search: Annotated[str, Query(max_length=100)] = ""
) -> dict[str, Any]:
    """The information items of one client group, newest first; with `search` those whose content has these words."""
    with counts.item_search_seconds.time() if search else nullcontext():
        records = await portal.pool.fetch(
            f"SELECT {_ITEM_COLUMNS} FROM client_information_items WHERE client_group_id = $1"
            " AND position(lower($2) IN lower(content::text)) > 0 ORDER BY updated_at DESC, id DESC",
            group_id,
            search,
        )
    items = [dict(record) | {"content": json.loads(record["content"])} for record in records]
    return {"count": len(items), "items": items}


@router.post("/information_items", status_code=201)
async def add_item(group_id: int, item: NewItem, user: User, portal: Portal, counts: Counts) -> dict[str, int]:
    """Adds an item and answers its id."""
    with counts.item_creations.counted():
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
async def change_item(group_id: int, item: Item, portal: Portal, counts: Counts) -> dict[str, int]:
    """Replaces an item's type, priority and content; 409 where somebody else was faster."""
    with counts.item_autosaves.counted() if item.auto_save else nullcontext():
        changed = await portal.pool.fetchval(
            "UPDATE client_information_items SET item_type = $3, priority = $4, content = $5::text::jsonb"
            " WHERE client_group_id = $1 AND id = $2 AND updated_at = coalesce($6, updated_at) RETURNING id",
            group_id,
            item.id,
            item.item_type,
            item.priority,
            json.dumps(item.content),
            item.updated_at,
        )
        if changed is not None:
            return {"id": item.id}
        there = "SELECT EXISTS (SELECT FROM client_information_items WHERE client_group_id = $1 AND id = $2)"
        if await portal.pool.fetchval(there, group_id, item.id):
            counts.item_update_conflicts.inc()
            raise HTTPException(409, f"somebody else has changed information item {item.id}")
        raise HTTPException(404, f"client group {group_id} has no information item {item.id}")


@router.delete("/information_items", status_code=204)
async def remove_item(group_id: int, item_id: int, portal: Portal) -> None:
    """Removes an item."""
    removed = await portal.pool.fetchval(
        "DELETE FROM client_information_items WHERE client_group_id = $1 AND id = $2 RETURNING id", group_id, item_id
    )
    if removed is None:
        raise HTTPException(404, f"client group {group_id} has no information item {item_id}")


@router.post("/networth_statements", status_code=201)
async def add_networth_statement(group_id: int, user: User, portal: Portal, counts: Counts) -> dict[str, Any]:
    """Adds up what a client group owns at this moment and keeps the statement."""
    with counts.networth_snapshots.counted(), counts.networth_seconds.time():
        record = await portal.pool.fetchrow(_NET_WORTH, group_id, user)
        if record is None:
            raise HTTPException(404, f"{user} is not an adviser any more")
        return dict(record) | {"statement": json.loads(record["statement"])}


@router.get("/kyc_report")
async def kyc_report(group_id: int, portal: Portal, counts: Counts) -> dict[str, Any]:
    """Everything the firm must know of a client group, in one document."""
    with counts.kyc_seconds.time():
        return await _kyc(group_id, portal)


@router.get("/kyc_report.{form}")
async def kyc_document(group_id: int, form: Literal["txt", "pdf"], portal: Portal, counts: Counts) -> Response:
    """The same for people; 500 where it can't be rendered, or has a character that the PDF's font lacks."""
    try:
        with counts.kyc_seconds.time():
            report = await _kyc(group_id, portal)
            with counts.kyc_renderings.counted():
                text = kyc_text(report)
            if form == "txt":
                return Response(text, media_type="text/plain")
            with counts.kyc_pdfs.counted():
                return Response(kyc_pdf(text), media_type="application/pdf")
    except DocumentError as error:
        raise HTTPException(500, str(error)) from error


async def _kyc(group_id: int, portal: PortalState) -> dict[str, Any]:
    record = await portal.pool.fetchrow(_KYC, group_id)
    if record is None:
        raise HTTPException(404, f"there is no client group {group_id}")
    return dict(record) | {name: json.loads(record[name] or "[]") for name in ("items", "objectives")}
