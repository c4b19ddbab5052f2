"""Long lists that are made into files beside the requests, and kept for a day."""

from datetime import datetime, timedelta
from typing import Annotated

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable

CLAIMED_FOR = timedelta(seconds=60)
"""A process that has told nothing for so long has ended: another one begins anew."""
_ATTEMPTS = 3


class ExportJob(DispatchTable, table=True):
    """One list that somebody wants as a file."""

    __tablename__ = "export_job"
    __table_args__ = (
        Index("export_to_do", "asked_at", postgresql_where=text("state IN ('waiting', 'running')")),
        Index("export_asked_at", "asked_at"),
    )

    id: str = Field(primary_key=True)
    county: str
    asked_by: str
    asked_at: Moment
    listing: str
    """The name of an exports.listing.Listing."""
    form: str
    """csv or xlsx."""
    language: str
    chosen: Annotated[dict[str, str], Field(sa_type=JSONB)]
    """The list's filters. Lists that are searched by personal data are never made this way."""
    state: str = "waiting"
    """waiting, running, done or failed."""
    attempts: int = 0
    claimed_until: Moment | None = None
    rows_in_all: int
    """As counted when it was asked for."""
    rows_written: int = 0
    finished_at: Moment | None = None

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed")

    def claim(self, now: datetime) -> bool:
        """A process begins with it. False: it has failed as often as it may, and does so now."""
        if self.attempts >= _ATTEMPTS:
            self.fail(now)
            return False
        self.state, self.rows_written = "running", 0
        self.attempts += 1
        self.claimed_until = now + CLAIMED_FOR
        return True

    def note(self, rows: int, now: datetime) -> None:
        """So many rows are written, and the process goes on."""
        self.rows_written, self.claimed_until = rows, now + CLAIMED_FOR

    def finish(self, rows: int, now: datetime) -> None:
        self.state, self.rows_written, self.finished_at = "done", rows, now

    def fail(self, now: datetime) -> None:
        self.state, self.finished_at = "failed", now


class ExportPart(DispatchTable, table=True):
    """A piece of a finished file, so that any replica can give it out."""

    __tablename__ = "export_part"

    job_id: str = Field(primary_key=True, foreign_key="export_job.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    content: Annotated[bytes, Field(sa_type=LargeBinary)]
