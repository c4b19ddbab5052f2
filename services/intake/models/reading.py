"""How far platforms that are pulled have been read; whom we have asked."""

from sqlmodel import Field

from shared.columns import Moment

from .base import IntakeTable


class ThreadReread(IntakeTable, table=True):
    """When a thread of the message board was last read again for edits."""

    __tablename__ = "thread_reread"

    complaint_id: str = Field(primary_key=True)
    read_at: Moment


class PlatformCursor(IntakeTable, table=True):
    """How far a pulled platform was read; moves in the transaction that stores its page."""

    __tablename__ = "platform_cursor"

    platform: str = Field(primary_key=True)
    county: str = Field(primary_key=True)
    cursor: str | None
    moved_at: Moment


class Question(IntakeTable, table=True):
    """We have asked the resident of this complaint whether it is solved."""

    __tablename__ = "question"

    complaint_id: str = Field(primary_key=True)
    asked_at: Moment
