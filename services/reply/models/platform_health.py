"""How each platform answers us, as the sender and the probes find it."""

from sqlmodel import Field

from shared.columns import Moment

from .base import ReplyTable


class PlatformHealth(ReplyTable, table=True):
    """Of one platform that we have a channel to."""

    __tablename__ = "platform_health"

    platform: str = Field(primary_key=True)
    last_success_at: Moment | None = None
    """When it last answered, be it with a refusal of one reply."""
    last_failure_at: Moment | None = None
    failure: str | None = None
    """What the last failure was: `unavailable`, or `ambiguous` where it did not answer."""
    unavailable_since: Moment | None = None
    """The first failure since the last success; None: it answers."""
