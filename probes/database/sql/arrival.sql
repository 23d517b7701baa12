-- Who answers, and how the way to it is kept. Every role may see its own line of pg_stat_ssl.
SELECT current_setting('server_version') AS version,
       (SELECT s.version || ' ' || s.cipher FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid() AND s.ssl) AS cipher,
       inet_client_addr() IS NULL OR inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1' AS is_local
