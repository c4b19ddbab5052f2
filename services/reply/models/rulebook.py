"""The versions of what deadlines are counted by, and what each of them moved."""

from sqlalchemy import Text as LongText
from sqlmodel import Field

from shared.columns import Moment

from .base import ReplyTable


class RulebookVersion(ReplyTable, table=True):
    """Policies, or a calendar, as YAML. Rows are added and never changed.

    The newest of a county is in force there; a county without one is counted by the newest of
    `any`, which is taken over from the files that the settings name.
    """

    __tablename__ = "rulebook_version"

    county: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    """`policies` or `calendar`."""
    number: int = Field(primary_key=True)
    """Grows by one. A county's own begin after those of `any` that it was counted by before."""
    content: str = Field(sa_type=LongText)
    saved_at: Moment
    saved_by: str | None
    """A sign-in name; None: taken over from the file."""
    note: str


class RulebookEffect(ReplyTable, table=True):
    """What counting a county's open complaints again by a version did; grows batch by batch."""

    __tablename__ = "rulebook_effect"

    county: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    complaints: int
    """Counted again."""
    complaints_moved: int
    moved: int
    """Deadlines that are due at another time; new ones are not among them."""
    missed: int
    """Of these, those that are past by now."""
    firm: int
    """No longer provisional."""
    earliest_by: int
    """The most that one came forward, in seconds; 0: none came earlier."""
    latest_by: int
    """The most that one was put off, in seconds."""
