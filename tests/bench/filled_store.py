"""A store as it is after weeks of watching: so many measurements of so many series, closed hours and a running one."""

from datetime import datetime, timedelta

import asyncpg

from baselines import Series, SeriesRegistry
from baselines.postgres import PostgresMeasurements

CADENCE_SECONDS = 30.0
_AN_HOUR = int(3600 / CADENCE_SECONDS)

# As compact_samples leaves them, without taking the way over the head: 120 calls an hour, one in a thousand fails, and
# each series has a level of its own between 2 and 300 ms with a scatter of 20 %.
_FILL_CHUNKS = """
INSERT INTO sample_chunk (series_id, hour, offset_ms, value, state, disturbed, lateness_ms, ids)
SELECT series.id, hour, made.offsets, made.values, made.states, made.disturbed, made.late,
       jsonb_build_object(made.offsets[1], made.id, made.offsets[2], made.id, made.offsets[3], made.id)
FROM series CROSS JOIN generate_series($1::timestamptz, $2::timestamptz, '1 hour') AS hour
CROSS JOIN LATERAL (
    SELECT array_agg((number * 30000 + random() * 40)::integer) AS offsets,
           array_agg((0.002 * (1 + series.id % 150) * exp(0.4 * (random() - 0.5) + 0 * number))::real) AS values,
           array_agg((CASE WHEN random() < 0.001 THEN 770 ELSE 0 END)::smallint) AS states,
           array_agg(number < 0) AS disturbed, array_agg((random() * 5)::smallint) AS late,
           md5(random()::text) AS id
    FROM generate_series(0, 119) AS number
) AS made
"""
_FILL_ROLLUPS = """
INSERT INTO sample_rollup (series_id, hour, n, failed, disturbed, mean, minimum, p20, median, p95, p99, maximum)
SELECT chunk.series_id, chunk.hour, 120, failed, 0, mean, low, at[1], at[2], at[3], at[4], high
FROM sample_chunk AS chunk
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE one.state <> 0) AS failed, avg(one.value) AS mean, min(one.value) AS low,
           max(one.value) AS high, percentile_cont(ARRAY[0.2, 0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY one.value) AS at
    FROM unnest(chunk.value, chunk.state) AS one (value, state)
) AS figures
WHERE chunk.hour >= $1 AND chunk.hour <= $2
"""
_FILL_HEAD = """
INSERT INTO sample_head (series_id, started_at, value, state, disturbed, lateness_ms, correlation_id)
SELECT series.id, at, 0.002 * (1 + series.id % 150) * exp(0.4 * (random() - 0.5)), 0, false, 2, 'c'
FROM series CROSS JOIN generate_series($1::timestamptz, $2::timestamptz, '30 seconds') AS at
"""


def registry(series: int) -> SeriesRegistry:
    """So many series in six categories."""
    categories = ("api_endpoints", "database_queries", "web_vitals", "kyc_reports", "postgresql", "system_resources")
    return SeriesRegistry(
        Series(f"{categories[number % 6]}.{_name(number)}", cadence_seconds=CADENCE_SECONDS) for number in range(series)
    )


async def fill(pool: asyncpg.Pool, series: SeriesRegistry, calls: int, now: datetime) -> None:
    """At least `calls` measurements of these series up to `now`, in a store that has none."""
    hours = -(-calls // (len(series) * _AN_HOUR))
    running = now.replace(minute=0, second=0, microsecond=0)
    await PostgresMeasurements(pool).register(series)
    first = running - timedelta(hours=hours)
    day = timedelta(days=1)
    while first < running:
        last = min(first + day, running) - timedelta(hours=1)
        await pool.execute("SELECT ensure_sample_partitions($1)", first)
        await pool.execute("SELECT ensure_sample_partitions($1)", last)
        await pool.execute(_FILL_CHUNKS, first, last, timeout=600)
        await pool.execute(_FILL_ROLLUPS, first, last, timeout=600)
        first = last + timedelta(hours=1)
    await pool.execute(_FILL_HEAD, running, now)
    await pool.execute("VACUUM ANALYZE", timeout=600)


def _name(number: int) -> str:
    return f"portfolio_valuation_aggregation_{number:03}"
