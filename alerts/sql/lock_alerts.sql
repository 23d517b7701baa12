-- One change of alerts at a time, of all instances: what speaks for what is then decided on what is so. Held until the
-- transaction ends, which is milliseconds; a claim does not take it.
SELECT pg_advisory_xact_lock(hashtext('portalwatch.alerts'))
