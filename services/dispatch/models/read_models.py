"""The console's read models: deadlines and replies, as reply's events tell of them."""

from typing import Annotated

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable


class DeadlineView(DispatchTable, table=True):
    """One stage's deadline of one complaint, as reply tells it."""

    __tablename__ = "deadline_view"
    __table_args__ = (
        Index(
            "deadline_pending",
            "county",
            "due_at",
            postgresql_where=text("state IN ('open', 'warned')"),
        ),
        Index(
            "deadline_overdue",
            "county",
            "due_at",
            postgresql_where=text("state = 'missed' AND met_at IS NULL"),
        ),
    )

    complaint_id: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    county: str
    due_at: Moment
    warn_at: Moment | None
    """None: its warning came before its deadline was told."""
    provisional: bool
    source: str
    """`printed`, or the id of the policy in force."""
    limit_unreadable: bool
    state: str
    """open, warned, missed or met."""
    met_at: Moment | None = None
    late: bool = False
    warned_for: Moment | None = None
    """The due time that the newest news of the state warned of; None: it was no warning."""
    set_sequence: int = Field(default=0, sa_type=BigInteger)
    """The sequence of the event that the deadline is from; 0: none yet."""
    state_sequence: int = Field(default=0, sa_type=BigInteger)
    """The sequence of the event that the state is from; 0: none yet."""


class ReplyView(DispatchTable, table=True):
    """The newest version of the reply to one complaint, as reply tells it, without its words."""

    __tablename__ = "reply_view"
    __table_args__ = (
        Index(
            "reply_to_do",
            "county",
            "state",
            "drafted_at",
            postgresql_where=text("state IN ('draft', 'stuck')"),
        ),
    )

    complaint_id: str = Field(primary_key=True)
    county: str
    version: int
    state: str
    """draft, approved, stuck or delivered."""
    returned: bool
    """Not ours: the ticket goes back with a reason."""
    sequences: Annotated[dict[str, int], Field(sa_type=JSONB)]
    """By kind of news (draft, approved, stuck, delivered, told): the sequence of its event. The
    largest one says the state."""
    drafted_at: Moment | None = None
    approved_by: str | None = None
    approved_at: Moment | None = None
    stuck_at: Moment | None = None
    why_stuck: str | None = None
    delivered_at: Moment | None = None
    receipt: str | None = None
    told_at: Moment | None = None
    told_by: str | None = None
