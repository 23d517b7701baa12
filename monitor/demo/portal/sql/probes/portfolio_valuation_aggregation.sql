-- Three years of valuations of one client group's portfolios. $1: client group id.
-- Relies on portfolio_valuations (portfolio_id, valuation_date): without it every valuation there is must be read.
SELECT v.portfolio_id, count(*) AS valuations, min(v.valuation)::float8 AS lowest, max(v.valuation)::float8 AS highest,
       avg(v.valuation)::float8 AS average, stddev_samp(v.valuation)::float8 AS spread,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY v.valuation) AS median,
       regr_slope(v.valuation, v.valuation_date - DATE '2022-01-01') AS growth_a_day, max(v.valuation_date) AS latest
FROM client_products AS p
JOIN portfolio_valuations AS v ON v.portfolio_id = p.portfolio_id
WHERE p.client_id = $1::bigint AND v.valuation_date >= DATE '2022-01-01'
GROUP BY v.portfolio_id
ORDER BY v.portfolio_id
