"""The endpoints of unmanaged products, which come with the migration: add one, import many, change a status."""

import json
from typing import Any, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field

from monitor.demo.portal.access import require_user
from monitor.demo.portal.feature_counts import Counts, FeatureCounts
from monitor.demo.portal.state import Portal, PortalState

router = APIRouter(prefix="/api/client_groups/{group_id}/unmanaged_products", dependencies=[Depends(require_user)])

# What a product may become; from `closed` there is no way back.
_FROM = {"transferred": ["active"], "closed": ["active", "transferred"]}
_ADD = """
INSERT INTO client_unmanaged_products (client_group_id, provider_id, product_name, latest_value, ownership_details)
SELECT $1, $2, $3, $4::float8::numeric, $5::text::jsonb RETURNING id
"""


class NewProduct(BaseModel):
    """A product that somebody else manages."""

    provider_id: int
    product_name: str = Field(min_length=1)
    latest_value: float = Field(ge=0)


class NewStatus(BaseModel):
    """What a product becomes."""

    status: Literal["transferred", "closed"]


@router.post("", status_code=201)
async def add_product(group_id: int, product: NewProduct, portal: Portal, counts: Counts) -> dict[str, int]:
    """Adds a product and answers its id; 422 for a provider that is not available."""
    await _require_provider(product.provider_id, portal, counts)
    return {"id": await _added(group_id, product, portal)}


@router.post("/import", status_code=201)
async def import_products(
    group_id: int, products: list[NewProduct], portal: Portal, counts: Counts
) -> dict[str, list[int]]:
    """Adds a list of products, and none of them where one can't be added."""
    with counts.bulk_imports.counted():
        for one in products:
            await _require_provider(one.provider_id, portal, counts)
        return {"ids": [await _added(group_id, one, portal) for one in products]}


@router.put("/{product_id}/status")
async def change_status(
    group_id: int, product_id: int, new: NewStatus, portal: Portal, counts: Counts
) -> dict[str, str]:
    """Changes the status; 409 where there is no way from the present one."""
    with counts.status_transitions.counted():
        changed = await portal.pool.fetchval(
            "UPDATE client_unmanaged_products SET status = $3"
            " WHERE client_group_id = $1 AND id = $2 AND status = ANY ($4) RETURNING status",
            group_id,
            product_id,
            new.status,
            _FROM[new.status],
        )
        if changed is None:
            raise HTTPException(409, f"product {product_id} can't become {new.status}")
        return {"status": changed}


async def _added(group_id: int, product: NewProduct, portal: PortalState) -> int:
    owner: dict[str, Any] = {"type": "individual", "owners": {str((group_id - 1) * 3 + 1): 100}}
    added: int = await portal.pool.fetchval(
        _ADD, group_id, product.provider_id, product.product_name, product.latest_value, json.dumps(owner)
    )
    return added


async def _require_provider(provider_id: int, portal: PortalState, counts: FeatureCounts) -> None:
    with counts.provider_validations.counted():
        query = "SELECT EXISTS (SELECT FROM available_providers WHERE id = $1 AND status = 'active')"
        if not await portal.pool.fetchval(query, provider_id):
            raise HTTPException(422, f"there is no provider {provider_id}")
