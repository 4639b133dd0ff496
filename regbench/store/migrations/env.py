"""What Alembic runs: our migrations on the connection it is handed."""

from alembic import context

from regbench.store.models import Base
from regbench.store.upgrade import VERSION_TABLE


def migrate() -> None:
    """Run the migrations in the transaction that is open."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        render_as_batch=True,  # SQLite changes a table by making it anew
        include_name=lambda name, kind, _: kind != "table" or name in Base.metadata.tables,
    )
    with context.begin_transaction():
        context.run_migrations()


if hasattr(context, "config"):  # it has, while Alembic runs this file; not when something else imports it
    migrate()
