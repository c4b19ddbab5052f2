"""A rule by which drafts go out by themselves. Off until a person switches it on."""

from datetime import datetime

from sqlmodel import Field

from services.reply.rules.drafting import Answering
from services.reply.rules.release import ReleaseRule as Rule
from shared.columns import Moment

from .base import ReplyTable


class ReleaseRule(ReplyTable, table=True):
    __tablename__ = "release_rule"

    county: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    version: int = 1
    platform: str
    answering: str
    category: str
    """A category's code, or any."""
    most_complaints: int
    written_by: str
    written_at: Moment
    enabled: bool = False
    switched_by: str | None = None
    """Who switched it on, or off, last."""
    switched_at: Moment | None = None

    def rewrite(self, rule: Rule, by: str, now: datetime) -> None:
        """What it says changes, and it is off until somebody switches it on again."""
        self.platform, self.answering = rule.platform, rule.answering.value
        self.category, self.most_complaints = rule.category, rule.most_complaints
        self.written_by, self.written_at = by, now
        self.version += 1
        if self.enabled:
            self.switch(by, now, on=False)

    def switch(self, by: str, now: datetime, *, on: bool) -> None:
        self.enabled, self.switched_by, self.switched_at = on, by, now

    @property
    def rule(self) -> Rule:
        return Rule(
            self.name, self.platform, Answering(self.answering), self.category, self.most_complaints
        )
