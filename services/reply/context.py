"""What every use case works with: what is fixed for the process, and one transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bus.outbox import Outbox
from shared.database_time import DatabaseTime
from shared.db import Database
from shared.events.event import Event
from shared.pace import Pace

from .release_rules import ReleaseRules
from .rulebook import Editions
from .rulebooks import Rulebooks
from .rules.call_backs import CallBackPolicy
from .rules.platform_profile import PlatformProfile
from .rules.reply_checks import Checked
from .template_book import TemplateBook

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Office:
    """Who answers."""

    name: str
    service_phone: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyConfig:
    """What is fixed for the process."""

    office: Office
    rulebooks: Rulebooks
    time: DatabaseTime
    profiles: Mapping[str, PlatformProfile]
    channels: frozenset[str] = frozenset()
    """The platforms we reach ourselves."""
    second_person_approves: bool = False
    """Whether whoever wrote a reply may not approve it as well."""
    pace: Pace = field(default_factory=Pace)
    call_backs: CallBackPolicy = field(default_factory=CallBackPolicy)
    templates: TemplateBook = field(default_factory=TemplateBook)
    release_rules: ReleaseRules = field(default_factory=ReleaseRules)

    def profile(self, platform: str) -> PlatformProfile:
        return self.profiles[platform]

    def checked(self, platform: str, text: str) -> Checked:
        """What the checks of a reply's words are told of it."""
        return Checked(text, self.profile(platform).longest_reply, self.office.service_phone)


@dataclass(frozen=True, slots=True)
class Context:
    """One transaction. Use cases never commit: their entry point does."""

    config: ReplyConfig
    session: AsyncSession
    outbox: Outbox
    now: datetime
    editions: Editions = field(init=False)
    """What is counted in this transaction is counted by these."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "editions", self.config.rulebooks.current)

    def tell(self, *events: Event, caused_by: str | None = None) -> None:
        """`caused_by`: the key of the consumed event that these follow from, where it is not
        their own key."""
        for event in events:
            self.outbox.add(event, caused_by=caused_by)


async def open_context(
    config: ReplyConfig, session: AsyncSession, outbox: Outbox, now: datetime | None = None
) -> Context:
    """`now`: None for the database's. With the rulebooks as they are now."""
    await config.rulebooks.refresh(session)
    return Context(config, session, outbox, now or await config.time.now(session))


@asynccontextmanager
async def transaction(database: Database, config: ReplyConfig) -> AsyncIterator[Context]:
    """Commits at the end. Its `now` is the database's."""
    async with database.work() as (session, outbox):
        yield await open_context(config, session, outbox)


async def in_transaction(
    database: Database, config: ReplyConfig, use_case: Callable[[Context], Awaitable[T]]
) -> T:
    """Run one use case; where PostgreSQL ends it for a deadlock, it runs again."""

    async def action(session: AsyncSession, outbox: Outbox) -> T:
        return await use_case(await open_context(config, session, outbox))

    return await database.in_transaction(action)
