"""What a probe may not ask of a server: writes are refused by its read-only transaction, these are not."""

import re
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from probes.database.tokens import Token, tokens

# In lower case, `*` for any rest; PostgreSQL 15 to 18 and the extensions that come with it. pg_sleep does no harm.
_FUNCTIONS = (
    # locks that outlive a statement, and what reaches into the sessions of others
    *("pg_advisory_*", "pg_try_advisory_*", "pg_cancel_backend", "pg_terminate_backend", "pg_notify"),
    # the settings that keep a probe harmless; counters that no transaction takes back
    *("set_config", "nextval", "setval", "pg_export_snapshot"),
    # statements given as texts, which nobody has looked at
    *("query_to_xml*", "cursor_to_xml*", "table_to_xml*", "schema_to_xml*", "database_to_xml*"),
    *("ts_stat", "ts_rewrite", "dblink*", "crosstab*", "connectby", "xpath_table"),
    # large objects, and files of the server
    *(
        "lo_creat",
        "lo_create",
        "lo_export",
        "lo_from_bytea",
        "lo_get",
        "lo_import",
        "lo_open",
        "lo_put",
        "lo_truncate*",
    ),
    *("lo_unlink", "loread", "lowrite", "pg_file_*", "pg_ls_*", "pg_read_binary_file", "pg_read_file", "pg_stat_file"),
    # the server's operation: log, backup, replication, statistics, memory
    *("pg_backup_*", "pg_start_backup", "pg_stop_backup", "pg_create_*", "pg_copy_*_slot", "pg_drop_*_slot"),
    *("pg_logical_*", "pg_replication_*", "pg_sync_replication_slots", "pg_promote", "pg_switch_wal"),
    *("pg_wal_replay_pause", "pg_wal_replay_resume", "pg_log_*", "pg_reload_conf", "pg_rotate_logfile*"),
    *("pg_stat_reset*", "pg_stat_statements_reset", "pg_clear_*_stats", "pg_restore_*_stats"),
    *("pg_prewarm", "autoprewarm_*", "pg_buffercache_evict*", "pg_import_system_collations", "binary_upgrade_*"),
    *("brin_summarize_*", "brin_desummarize_*", "gin_clean_pending_list", "pg_truncate_visibility_map", "heap_force_*"),
)
# Commands that a read-only transaction carries out, or that end it or its settings.
_COMMANDS = (
    *("set", "reset", "discard", "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "lock"),
    *("listen", "unlisten", "notify", "do", "call", "copy", "load", "prepare", "execute", "declare"),
    *("checkpoint", "vacuum", "analyze", "cluster", "reindex"),
)
_FUNCTION = re.compile("|".join(re.escape(name).replace(r"\*", r"\w*") for name in _FUNCTIONS))


def denied(query: str) -> list[str]:
    """What of the deny-list a query asks for: the command that it is, and the functions that it calls.

    Names in comments, texts and columns are no calls.
    """
    found = list(tokens(query))
    command = [f"the command {one.text.upper()}" for one in found[:1] if one.text in _COMMANDS]
    calls = [
        f"the function {one.text}" for one, following in pairwise(found) if following.text == "(" and _is_denied(one)
    ]
    return command + calls


def _is_denied(token: Token) -> bool:
    """A name spelled in escapes (`U&"…"`) can be any."""
    return token.kind == "word" and bool(_FUNCTION.fullmatch(token.text) or token.text.startswith("u&"))


def _harmless(query: str) -> str:
    if found := denied(query):
        raise ValueError(f"a probe may not use {' and '.join(found)}: no read-only transaction holds that back")
    return query


# The statement of a probe, as it stands in a configuration.
Query = Annotated[str, Field(min_length=1), AfterValidator(_harmless)]
