-- Taken over from a server with slow disks: the planner reads all valuations rather than jump to those it needs.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET random_page_cost = 100', current_database());
END
$$;
-- It holds for connections made from now on, so the portal's are ended: it makes new ones at once.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name = 'portal';
