"""One complaint of one platform, and what was decided about it."""

from datetime import UTC, datetime
from operator import attrgetter

from sqlalchemy import ARRAY, Index, String, UniqueConstraint, text
from sqlmodel import Field

from services.intake.platforms.incoming import Kind
from services.intake.rules.classification import contradicts
from services.intake.rules.deduplication import Version
from shared.bulk_insert import new_row
from shared.columns import Moment
from shared.events.complaints import (
    ComplaintChased,
    ComplaintDecided,
    ComplaintEdited,
    ComplaintEvaluated,
    Decision,
)
from shared.ids import new_id

from .base import IntakeTable
from .delivery import NewDelivery

_decided = attrgetter(*Decision.model_fields)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Complaint(IntakeTable, table=True):
    """One complaint of one platform, and what was decided about it."""

    __tablename__ = "complaint"
    __table_args__ = (
        UniqueConstraint("platform", "county", "external_id"),
        Index(
            "complaint_needs_human",
            "county",
            "sent_at",
            postgresql_where=text("needs_human"),
        ),
        Index(
            "complaint_to_reread",
            "county",
            "sent_at",
            postgresql_where=text("platform = 'message_board'"),
        ),
        Index(
            "complaint_of_person",
            "person_key",
            "sent_at",
            postgresql_where=text("person_key IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    county: str
    platform: str
    external_id: str
    sent_at: Moment
    """When the platform sent it: deadlines count from here. Where what it states cannot be: when it
    was received."""
    stated_sent_at: Moment | None
    """What the platform states, where that cannot be."""
    received_at: Moment
    changed_at: Moment | None
    """When the platform made the newest change that is applied; an older one changes nothing.
    None: only chases have come so far, their ticket has not."""
    time_limit: str | None
    """The printed limit, verbatim."""
    content_hash: bytes
    """Keyed hash of all that an edit can change: the same again is nothing new."""
    person_key: bytes | None
    """Keyed hash of the handle or phone number, to know the same person again."""
    chases: int

    is_ours: bool
    category: str
    second_category: str | None
    component: str | None
    urgent: bool
    says_repeated: bool
    village_code: str | None
    village: str | None
    town: str | None
    group: str | None
    category_confidence: float
    place_confidence: float
    needs_human: bool
    """A person must decide."""
    reasons: list[str] = Field(sa_type=ARRAY(String))
    """Names of the cues and rules that decided; never the resident's words."""
    decided_by: str | None = None
    decided_at: Moment | None = None
    came_back_at: Moment | None = None
    """When "not ours" was last found to be wrong, as for the next three."""
    came_back_by: str | None = None
    came_back_why: str | None = Field(default=None, repr=False)
    cannot_be_returned: bool = False
    """The platform itself has decided that it is ours."""
    erased_at: Moment | None = None
    """Words and identity were erased then, and what comes later is not kept either."""

    @classmethod
    def received(cls, first: NewDelivery, now: datetime) -> "Complaint":
        """As its first delivery tells it. Where that is no ticket (a chase, an evaluation), any
        version of the ticket that comes is newer than what this one says of it."""
        incoming, classified = first.incoming, first.classification
        is_ticket = incoming.kind is Kind.COMPLAINT
        return new_row(
            cls,
            id=new_id("c", now),
            county=incoming.county,
            platform=incoming.platform.value,
            external_id=incoming.external_id,
            sent_at=incoming.sent_at,
            stated_sent_at=first.stated_sent_at,
            received_at=now,
            changed_at=incoming.stated_at if is_ticket else None,
            time_limit=incoming.time_limit,
            content_hash=first.content_hash if is_ticket else b"",
            person_key=first.person_key,
            chases=int(incoming.kind is Kind.CHASE),
            reasons=list(classified.reasons),
            **dict(zip(Decision.model_fields, _decided(classified), strict=True)),
        )

    @property
    def decision(self) -> Decision:
        """As the events tell it."""
        return Decision.model_validate(self, from_attributes=True)

    @property
    def version(self) -> Version:
        """The version that is applied; older than any other where only chases have come."""
        return Version(self.content_hash, self.changed_at or _BEFORE_ALL)

    def chase(self, at: datetime, *, supervised: bool) -> ComplaintChased:
        self.chases += 1
        return ComplaintChased(
            complaint_id=self.id,
            county=self.county,
            chased_at=at,
            times=self.chases,
            supervised=supervised,
        )

    def evaluate(self, at: datetime, *, satisfied: bool) -> ComplaintEvaluated:
        """The resident says whether it is solved."""
        return ComplaintEvaluated.model_validate(
            {
                "complaint_id": self.id,
                "county": self.county,
                "satisfied": satisfied,
                "evaluated_at": at,
                "source": self.platform,
            }
        )

    def seen_version_of(self, changed_at: datetime) -> None:
        """A version of this time is applied, or says the same: older ones change nothing more."""
        self.changed_at = max(self.changed_at or changed_at, changed_at)

    def edit(self, newer: NewDelivery) -> ComplaintEdited:
        """Apply a newer version.

        A person's decision stands: it may only become urgent, and a person must look again where
        the new words clearly say something else.
        """
        incoming, classified = newer.incoming, newer.classification
        if newer.stated_sent_at is None:
            self.sent_at = incoming.sent_at
        self.time_limit = incoming.time_limit
        if self.erased_at is None:
            self.content_hash = newer.content_hash
            self.person_key = newer.person_key or self.person_key
        if self.decided_by is None:
            self._set(Decision.model_validate(classified, from_attributes=True))
            self.reasons = list(classified.reasons)
        else:
            self.urgent = self.urgent or classified.urgent
            self.needs_human = self.needs_human or contradicts(
                classified,
                is_ours=self.is_ours,
                category=self.category,
                village_code=self.village_code,
            )
        return ComplaintEdited(
            complaint_id=self.id,
            county=self.county,
            edited_at=incoming.stated_at,
            time_limit=self.time_limit,
            decision=self.decision,
        )

    def decide(self, decision: Decision, *, by: str, at: datetime) -> ComplaintDecided:
        """A person's decision replaces what was decided before."""
        self._set(decision)
        self.decided_by, self.decided_at = by, at
        return ComplaintDecided(
            complaint_id=self.id,
            county=self.county,
            decision=self.decision,
            decided_by=by,
            decided_at=at,
        )

    def come_back(
        self, *, by: str, why: str, at: datetime, is_platforms_word: bool
    ) -> ComplaintDecided:
        """It is ours after all, it is said: a person decides it again."""
        self.came_back_at, self.came_back_by, self.came_back_why = at, by, why
        self.cannot_be_returned |= is_platforms_word
        return self.decide(self.decision.model_copy(update={"needs_human": True}), by=by, at=at)

    def erase(self, at: datetime) -> None:
        """Nothing is left by which the resident can be known; counts, dates and place stay."""
        self.person_key, self.content_hash, self.erased_at = None, b"", at

    def _set(self, decision: Decision) -> None:
        for name, value in decision:
            setattr(self, name, value)
