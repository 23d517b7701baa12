"""Alembic's entry: it migrates over the connection that `monitor.database.migrate` hands it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
