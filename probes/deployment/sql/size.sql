-- Of the database on disk; asks for CONNECT on it, or pg_read_all_stats.
SELECT pg_database_size(current_database()) AS bytes
