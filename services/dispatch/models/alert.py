"""What people are told of deadlines: one alert a fault, stage and round, climbing its ladder."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any, Self

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field

from services.dispatch.rules.alerts import Told
from shared.columns import Moment
from shared.events.replies import MISSED
from shared.ids import new_id
from shared.vocabulary import Level

from .base import DispatchTable
from .timeline import Happening, Line


@dataclass(frozen=True, slots=True)
class Standing:
    """How the unmet deadlines of one stage of a fault stand that have come to a step."""

    county: str
    fault: str
    work_order_id: str | None
    complaint_id: str
    stage: str
    round: int
    step: int
    level: str
    complaints: int
    urgent: bool
    due_at: datetime
    paused: bool


class Alert(DispatchTable, table=True):
    """A fault (or a complaint without one) of which deadlines of one stage pass or have passed:
    one alert, however many complaints it has. It ends when they are met or moved away,
    and rests while they are paused."""

    __tablename__ = "alert"
    __table_args__ = (
        Index(
            "alert_open",
            "fault",
            "stage",
            "round",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("alert_listed", "county", "due_at", "id", postgresql_where=text("ended_at IS NULL")),
    )

    id: str = Field(primary_key=True)
    county: str
    fault: str
    """A work order's id, or that of a complaint without one."""
    work_order_id: str | None
    complaint_id: str
    """The one that is due first."""
    stage: str
    round: int = Field(sa_type=SmallInteger)
    step: int = Field(sa_type=SmallInteger)
    """The highest step that one of its deadlines has come to: percent of its time, or MISSED."""
    level: str
    """A Level: up to whom people are told of that step."""
    reached: str = "nobody"
    """The level that has somebody; `admin` or `nobody` where none has."""
    complaints: int
    """How many have come to a step."""
    urgent: bool
    due_at: Moment
    """When the first of them is due."""
    paused: bool = False
    """The clocks of all of them stand still: nobody has to act, and it is on nobody's list."""
    raised_at: Moment
    stepped_at: Moment
    """When it came to its step."""
    taken_by: str | None = None
    """Who has it: the sign-in name of whoever took it on last."""
    taken_at: Moment | None = None
    ended_at: Moment | None = None

    @classmethod
    def raised(cls, standing: Standing, now: datetime) -> Self:
        return cls(id=new_id("a", now), raised_at=now, stepped_at=now, **asdict(standing))

    def follow(self, standing: Standing, now: datetime) -> bool:
        """How its deadlines stand now. Returns whether it came to a higher step."""
        climbs = standing.step > self.step
        for name, value in asdict(standing).items():
            if name in ("step", "level") and not climbs:
                continue
            if getattr(self, name) != value:
                setattr(self, name, value)
        if climbs:
            self.stepped_at = now
        return climbs

    def tell(self, told: Told, people: Collection[str], now: datetime) -> list[Line]:
        """People are told. `people`: those who are told now; the line for the timeline."""
        self.reached = told.reached
        return self._lines(Happening.ALERTED, now, None, level=told.reached, people=list(people))

    def take(self, who: str, now: datetime) -> list[Line]:
        """Somebody takes it on: nobody further up is told before the limit."""
        self.taken_by, self.taken_at = who, now
        return self._lines(Happening.TAKEN_ON, now, who)

    def end(self, now: datetime) -> None:
        """Its deadlines are met, or moved away."""
        self.ended_at = now

    @property
    def is_miss(self) -> bool:
        return self.step == MISSED

    @property
    def rank(self) -> Level:
        return Level(self.level)

    def _lines(self, what: Happening, now: datetime, who: str | None, **more: Any) -> list[Line]:
        """None for a complaint without a work order: it has no timeline."""
        if self.work_order_id is None:
            return []
        details = {"stage": self.stage, "step": self.step, "complaints": self.complaints, **more}
        return [Line(self.work_order_id, now, who, what, details)]


class AlertPerson(DispatchTable, table=True):
    """Somebody was told of a step of an alert; once for each."""

    __tablename__ = "alert_person"
    __table_args__ = (Index("alert_of_person", "sign_in_name", "alert_id"),)

    alert_id: str = Field(primary_key=True, foreign_key="alert.id")
    sign_in_name: str = Field(primary_key=True)
    step: int = Field(primary_key=True, sa_type=SmallInteger)
    told_at: Moment


class CountyQuietHours(DispatchTable, table=True):
    """When a county's people are sent no message, unless it is urgent; as its file says."""

    __tablename__ = "quiet_hours"

    county: str = Field(primary_key=True)
    starts: time
    ends: time
