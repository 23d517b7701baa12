"""Runs a revision's SQL file on the driver itself: files hold functions, so they can't be split at semicolons."""

from importlib.resources import files

from alembic import op
from sqlalchemy.util import await_only


def run_file(name: str) -> None:
    """Run every statement of `versions/<name>` in the transaction of the migration."""
    connection = op.get_bind()
    # SQLAlchemy begins a transaction with its first own statement only; the driver would not know of it otherwise.
    connection.exec_driver_sql("SELECT 1")
    driver = connection.connection.driver_connection
    assert driver is not None
    await_only(driver.execute((files("monitor.migrations") / "versions" / name).read_text()))
