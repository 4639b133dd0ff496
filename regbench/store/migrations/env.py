"""Alembic's entry point: runs our migrations on the given connection."""

from alembic import context

from regbench.store.models import Base
from regbench.store.upgrade import VERSION_TABLE


def migrate() -> None:
    """Run the migrations in the transaction that is open."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        render_as_batch=True,  # SQLite changes a table by recreating it
        include_name=lambda name, kind, _: kind != "table" or name in Base.metadata.tables,
    )
    with context.begin_transaction():
        context.run_migrations()


if hasattr(context, "config"):  # only while Alembic runs this file
    migrate()
