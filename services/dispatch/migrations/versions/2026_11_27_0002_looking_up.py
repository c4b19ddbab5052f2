"""A complaint is found by its platform's number; what was made good late is no longer overdue."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("complaint_of_number", "complaint", ["county", "external_id"])
    op.create_index(
        "deadline_overdue",
        "deadline_view",
        ["county", "due_at"],
        postgresql_where=sa.text("state = 'missed' AND met_at IS NULL"),
    )
    op.drop_index("deadline_missed", "deadline_view")
