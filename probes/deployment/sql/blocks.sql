-- Blocks of this database that were found in the cache and that had to be read, and what would set the counters back.
SELECT blks_hit AS hits, blks_read AS reads, stats_reset, pg_postmaster_start_time() AS started_at
FROM pg_stat_database
WHERE datname = current_database()
