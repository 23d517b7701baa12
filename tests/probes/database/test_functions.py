"""What a probe may not ask of a server, found in its text."""

import pytest
from pydantic import ValidationError

from probes.database.functions import denied
from tests.probes.watched import watched

CALLS = {
    "SELECT pg_advisory_lock(1)": ["the function pg_advisory_lock"],
    "SELECT Pg_Try_Advisory_Xact_Lock (1)": ["the function pg_try_advisory_xact_lock"],
    "SELECT pg_catalog.PG_NOTIFY('a', 'b')": ["the function pg_notify"],
    'SELECT "pg_terminate_backend"(pid) FROM pg_stat_activity': ["the function pg_terminate_backend"],
    "SELECT 1 FROM pg_read_file\n-- why not\n/* (here) */ ('/etc/passwd')": ["the function pg_read_file"],
    "WITH a AS (SELECT nextval('s')) SELECT setval('s', 1) FROM a": ["the function nextval", "the function setval"],
    "SELECT set_config('transaction_read_only', 'off', false)": ["the function set_config"],
    "SELECT * FROM dblink_exec('x', 'DELETE FROM t')": ["the function dblink_exec"],
    "SELECT query_to_xml('SELECT pg_notify(1, 2)', true, true, '')": ["the function query_to_xml"],
    "/* harmless */ NOTIFY listeners": ["the command NOTIFY"],
    "set default_transaction_read_only = off": ["the command SET"],
    "DO $$ BEGIN PERFORM pg_notify('a', 'b'); END $$": ["the command DO"],
    "BEGIN READ WRITE": ["the command BEGIN"],
    "SELECT $1,$2, pg_terminate_backend(1)": ["the function pg_terminate_backend"],
    'SELECT U&"pg\\005fnotify"(1)': ['the function u&"pg\\005fnotify"'],
}
HARMLESS = (
    "SELECT pg_sleep(1)",
    "SELECT 'pg_notify(1)', $$ nextval('s') $$, E'it\\'s set_config(1)' -- pg_cancel_backend(1)",
    "/* lo_import('x') /* nested */ setval('s', 1) */ SELECT 1",
    "SELECT nextval, t.set_config FROM settings AS t",
    'SELECT "PG_NOTIFY"(1), my_pg_notify(1), pg_notify_me(1)',
    "SELECT id FROM items WHERE kind = 'set' ORDER BY id OFFSET 5",
    "UPDATE items SET kind = 'x'",  # refused by the read-only transaction, when it runs
    "SELECT 'unfinished pg_notify(",
    "TABLE items",
    "VALUES (1)",
)


@pytest.mark.parametrize("query", CALLS)
def test_what_is_denied_is_found(query: str) -> None:
    """However it is spelled: upper case, quotes, schema, comments and line breaks in between."""
    assert denied(query) == CALLS[query]


@pytest.mark.parametrize("query", HARMLESS)
def test_what_only_looks_like_it_is_not(query: str) -> None:
    """Texts, comments, columns, longer names and what can't be read are left alone."""
    assert denied(query) == []


def test_such_a_query_is_a_mistake_of_the_configuration() -> None:
    """It is found at validation, at the key of the query, and says what is wrong."""
    with pytest.raises(ValidationError) as raised:
        watched(
            {"db": {"kind": "postgresql", "url": "postgresql://localhost/x"}},
            {"a": {"kind": "sql", "target": "db", "category": "c", "query": "SELECT pg_notify('a', 'b')"}},
        )
    (error,) = raised.value.errors()
    assert error["loc"] == ("probes", "a", "query")
    assert "a probe may not use the function pg_notify" in error["msg"]
