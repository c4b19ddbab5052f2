"""One version of a county's own template; versions are added, never changed."""

from sqlalchemy import Text
from sqlmodel import Field

from shared.columns import Moment

from .base import ReplyTable


class TemplateVersion(ReplyTable, table=True):
    __tablename__ = "template_version"

    county: str = Field(primary_key=True)
    platform: str = Field(primary_key=True)
    answering: str = Field(primary_key=True)
    """A rules.drafting.Answering."""
    version: int = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    changed_by: str
    changed_at: Moment
    note: str
    """Why it was changed."""
