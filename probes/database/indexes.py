"""How a database's indexes and tables are used, by the server's own counters."""

from baselines.database_state import IndexState, IndexUse, TableReads
from probes.database.asking import Asking
from probes.database.sql import statement


async def index_use(asking: Asking) -> IndexUse:
    """All indexes and tables of the user's. Raises ProbeFailed, and TimeoutError where the database is too busy."""
    (counting,) = await asking.rows(statement("counting_since"))
    return IndexUse(
        indexes=[
            IndexState(
                table=row["relation"],
                name=row["name"],
                definition=row["definition"],
                scans=row["scans"],
                size_bytes=row["size_bytes"],
                valid=row["valid"],
                needed=row["needed"],
            )
            for row in await asking.rows(statement("index_use"))
        ],
        tables=[
            TableReads(
                name=row["relation"],
                sequential=row["sequential"],
                by_index=row["by_index"],
                size_bytes=row["size_bytes"],
            )
            for row in await asking.rows(statement("table_reads"))
        ],
        observed_seconds=counting["seconds"],
    )
