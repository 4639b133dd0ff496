"""Passwords in the recorded command lines are replaced by ***; environments that differed in nothing else are one."""

import sqlalchemy as sa
from alembic import op

from regbench.store.environments import cleaned

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ENVIRONMENT = sa.table("environment", sa.column("id"), sa.column("digest"), sa.column("config", sa.JSON()))
RUN = sa.table("run", sa.column("environment_id"))


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # otherwise the old text stays in unused pages
    for old in connection.execute(sa.select(ENVIRONMENT)).mappings().all():
        new = cleaned({"digest": old["digest"], "config": old["config"]})
        if new["config"] == old["config"]:
            continue
        same = connection.execute(sa.select(ENVIRONMENT.c.id).where(ENVIRONMENT.c.digest == new["digest"])).scalar()
        mine = ENVIRONMENT.c.id == old["id"]
        if same is None:
            connection.execute(sa.update(ENVIRONMENT).where(mine).values(**new))
            continue
        connection.execute(sa.update(RUN).where(RUN.c.environment_id == old["id"]).values(environment_id=same))
        connection.execute(sa.delete(ENVIRONMENT).where(mine))


def downgrade() -> None:
    """The passwords are gone."""
