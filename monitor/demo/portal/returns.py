"""Internal rates of return of client groups, from the first and last valuations and the money moved in between."""

import asyncpg
import numpy as np
from numpy.typing import NDArray

# Both ends of the table in one pass each; money a client pays in is negative, as is what the first valuation ties up.
_FLOWS = """
WITH span AS (SELECT min(valuation_date) AS first, max(valuation_date) AS last FROM portfolio_valuations),
flow AS (
    SELECT p.client_id, v.valuation_date AS day,
           sum(CASE WHEN v.valuation_date = span.first THEN -v.valuation ELSE v.valuation END) AS amount
    FROM span
    JOIN portfolio_valuations AS v ON v.valuation_date IN (span.first, span.last)
    JOIN client_products AS p ON p.portfolio_id = v.portfolio_id
    GROUP BY p.client_id, v.valuation_date
    UNION ALL
    SELECT p.client_id, h.activity_date,
           sum(CASE WHEN h.activity_type = 'withdrawal' THEN h.amount ELSE -h.amount END)
    FROM span
    JOIN holding_activity_log AS h ON h.activity_date > span.first AND h.activity_date < span.last
    JOIN client_products AS p ON p.id = h.product_id
    GROUP BY p.client_id, h.activity_date
)
SELECT client_id, (day - (SELECT first FROM span)) / 365.0::float8 AS years, amount::float8 AS amount FROM flow
"""


async def internal_rates_of_return(pool: asyncpg.Pool) -> dict[int, float]:
    """By client group id, the yearly rate at which its flows are worth nothing (0.05 is 5 % a year)."""
    rows = await pool.fetch(_FLOWS)
    groups = sorted({row["client_id"] for row in rows})
    days = sorted({row["years"] for row in rows})
    row_of = {group: index for index, group in enumerate(groups)}
    column_of = {day: index for index, day in enumerate(days)}
    flows = np.zeros((len(groups), len(days)))
    for row in rows:
        flows[row_of[row["client_id"]], column_of[row["years"]]] += row["amount"]
    return dict(zip(groups, solve_rates(flows, np.array(days)).tolist(), strict=True))


def solve_rates(flows: NDArray[np.float64], years: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rate of each row of `flows` (rows × instants, `years` from the first) at which it is worth nothing today.

    Bisection between -99 % and 1000 % a year, to 1e-9: money goes in before it comes out, so the worth falls as the
    rate rises and crosses zero once. A row without such a crossing answers one of the two ends.
    """
    low = np.full(len(flows), -0.99)
    high = np.full(len(flows), 10.0)
    for _ in range(34):
        middle = (low + high) / 2
        worth = (flows * (1 + middle[:, None]) ** -years).sum(axis=1)
        low = np.where(worth > 0, middle, low)
        high = np.where(worth > 0, high, middle)
    rates: NDArray[np.float64] = (low + high) / 2
    return rates
