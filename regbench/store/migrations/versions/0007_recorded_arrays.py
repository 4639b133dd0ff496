"""Arrays that runs record for figures after chosen epochs: features of some test rows, weights of the last layer."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recorded",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shape", sa.JSON(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_recorded_run_id")),
        sa.PrimaryKeyConstraint("run_id", "epoch", "name", name=op.f("pk_recorded")),
    )


def downgrade() -> None:
    op.drop_table("recorded")
