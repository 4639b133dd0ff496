"""Sweeps and choices: a job's row in a benchmark, its swept values, and the values chosen for each cell."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "choice",
        sa.Column("benchmark", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("carried_from_k", sa.Integer(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("jobs", sa.JSON(), nullable=False),
        sa.Column("winner", sa.JSON(), nullable=False),
        sa.Column("metric", sa.Double(), nullable=True),
        sa.Column("default_metric", sa.Double(), nullable=True),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("diverged", sa.Integer(), nullable=False),
        sa.Column("on_edge", sa.JSON(), nullable=False),
        sa.Column("made", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["benchmark"], ["benchmark.name"], name=op.f("fk_choice_benchmark")),
        sa.PrimaryKeyConstraint("benchmark", "dataset", "variant", "k", name=op.f("pk_choice")),
    )
    _keep("SELECT benchmark, job_id, position FROM benchmark_job")
    _make(
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("swept", sa.JSON(), nullable=True),
        key=("benchmark", "job_id", "variant"),
    )
    op.execute(
        'INSERT INTO benchmark_job (benchmark, job_id, variant, position, "row") '
        "SELECT b.benchmark, b.job_id, j.variant, b.position, j.variant "
        "FROM benchmark_job_before b JOIN job j ON j.id = b.job_id"
    )
    op.drop_table("benchmark_job_before")


def downgrade() -> None:
    _keep("SELECT benchmark, job_id, min(position) AS position FROM benchmark_job GROUP BY benchmark, job_id")
    _make(key=("benchmark", "job_id"))
    op.execute(
        "INSERT INTO benchmark_job (benchmark, job_id, position) "
        "SELECT benchmark, job_id, position FROM benchmark_job_before"
    )
    op.drop_table("benchmark_job_before")
    op.drop_table("choice")


def _keep(query: str) -> None:
    """Copy the rows and drop the table, because SQLite cannot change a primary key in place."""
    op.execute(f"CREATE TABLE benchmark_job_before AS {query}")
    op.drop_index(op.f("ix_benchmark_job_job_id"))
    op.drop_table("benchmark_job")


def _make(*more: sa.Column, key: tuple[str, ...]) -> None:
    op.create_table(
        "benchmark_job",
        sa.Column("benchmark", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(["benchmark"], ["benchmark.name"], name=op.f("fk_benchmark_job_benchmark")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_benchmark_job_job_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_benchmark_job")),
    )
    op.create_index(op.f("ix_benchmark_job_job_id"), "benchmark_job", ["job_id"], unique=False)
