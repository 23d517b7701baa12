-- How long the counters of this database have been running, NULL where nobody ever set them back.
SELECT extract(epoch FROM now() - stats_reset)::double precision AS seconds
FROM pg_stat_database WHERE datname = current_database()
