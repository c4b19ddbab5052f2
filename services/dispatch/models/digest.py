"""Who wants the morning digest as a message."""

from datetime import time

from sqlmodel import Field

from .base import DispatchTable


class DigestSubscription(DispatchTable, table=True):
    """Somebody wants it on working days; those who do not have no row."""

    __tablename__ = "digest_subscription"

    sign_in_name: str = Field(primary_key=True, foreign_key="staff.sign_in_name")
    at: time
    """Shanghai."""
