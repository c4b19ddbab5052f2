"""Who is signed in, and where signing in has failed lately."""

from sqlalchemy import Index
from sqlmodel import Field

from shared.columns import Moment

from .base import DispatchTable


class SignIn(DispatchTable, table=True):
    """One person signed in on one browser, whose cookie names the row. Ended by deleting it."""

    __tablename__ = "sign_in"
    __table_args__ = (
        Index("sign_in_of_staff", "sign_in_name"),
        Index("sign_in_at", "signed_in_at"),
    )

    id: str = Field(primary_key=True)
    sign_in_name: str = Field(foreign_key="staff.sign_in_name")
    signed_in_at: Moment
    last_seen_at: Moment


class SignInFailures(DispatchTable, table=True):
    """How often signing in has failed lately, by name, device or address."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index("sign_in_failed_at", "last_at"),)

    counter: str = Field(primary_key=True)
    """A digest: people type their password as their name at times."""
    count: int
    last_at: Moment
