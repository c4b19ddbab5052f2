"""A county as its files describe it: schemes, villages, crews, staff."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.dispatch.rules.staff_messages import Way
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.columns import Moment
from shared.vocabulary import Level

from .base import DispatchTable, Names


class Scheme(DispatchTable, table=True):
    """供水工程: source, plant and network serving some villages. Its row is locked by whoever
    opens a work order for a shared fault, or closes, repairs or merges one (handlers/locks.py)."""

    __tablename__ = "scheme"
    __table_args__ = (Index("scheme_of_county", "county"),)

    id: str = Field(primary_key=True)
    county: str
    name: str
    kind: str
    """城市管网延伸, 千吨万人, 千人, 百人 or 分散."""
    built_year: int
    design_m3_per_day: float
    people: int
    households: int
    components: Names
    responsible_posts: Names
    """三个责任: the posts (never the persons) of town government, water bureau and operator."""


class SchemeVillage(DispatchTable, table=True):
    """Which scheme a village drinks from."""

    __tablename__ = "scheme_village"
    __table_args__ = (Index("village_of_scheme", "scheme_id"),)

    village_code: str = Field(primary_key=True)
    scheme_id: str = Field(foreign_key="scheme.id")
    village: str
    town: str


@dataclass(frozen=True, slots=True)
class Supply:
    """Where a village drinks from: its row and its scheme's in one."""

    village_code: str
    village: str
    town: str
    scheme_id: str
    scheme_name: str
    county: str
    components: Sequence[str]


class Crew(DispatchTable, table=True):
    """维修队, or the office, which does what needs no repairer."""

    __tablename__ = "crew"
    __table_args__ = (Index("crew_of_county", "county"),)

    id: str = Field(primary_key=True)
    county: str
    name: str
    is_office: bool
    skills: Names
    """The component kinds it repairs."""
    towns: Names
    """The towns it covers, by name."""
    shifts: Annotated[list[list[int]], Field(sa_type=JSONB)]
    """[weekday 0-6 from Monday, from minute, to minute] in Shanghai; none crosses midnight."""
    on_call: bool
    """Comes for urgent work orders outside its shifts too."""
    capacity: int
    """Open work orders at once."""
    active: bool
    idle_since: Moment | None = None
    """When it last finished a work order; None: never yet."""


_LEVELS_OF_ROLE: Mapping[str, Sequence[Level]] = {
    Role.CREW: (Level.CREW_LEADER,),
    Role.DISPATCHER: (Level.DISPATCHER,),
    Role.SUPERVISOR: (Level.DIRECTOR,),
}


class Staff(DispatchTable, table=True):
    """Who may sign in."""

    __tablename__ = "staff"

    sign_in_name: str = Field(primary_key=True)
    display_name: str = ""
    """What timelines call them; empty: their sign-in name."""
    county: str
    role: str
    """A shared.auth.permissions.Role."""
    crew_id: str | None = Field(default=None, foreign_key="crew.id")
    active: bool = True
    wecom_userid: str | None = None
    """Their userid in WeCom (企业微信)."""
    phone: str | None = Field(default=None, repr=False)
    """Mobile number for text messages; in no log, event or error."""
    declined_ways: list[str] = Field(default_factory=list, sa_type=JSONB)
    """The ways by which they do not want to be told."""
    addresses_edited: bool = False
    """The two addresses were changed in the console: the county's file changes them no more."""
    levels: list[str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    """The shared.vocabulary.Level they are told at; None: those of the role."""
    alert_sound: bool = False
    """Whether the console makes a sound when an alert comes."""
    password_hash: str | None = Field(default=None, repr=False)
    """Argon2id. None: cannot sign in until a password is given."""
    password_is_one_time: bool = False
    """Somebody else knows it: it must be changed before anything else."""

    @property
    def told_at(self) -> frozenset[Level]:
        """The levels at which they are told of deadlines."""
        given = _LEVELS_OF_ROLE.get(self.role, ()) if self.levels is None else self.levels
        return frozenset(map(Level, given))

    @property
    def masked_phone(self) -> str | None:
        """As the console shows it."""
        return f"{self.phone[:3]}****{self.phone[-4:]}" if self.phone else None

    def choose_ways(self, wanted: Collection[str]) -> None:
        """Those by which they want to be told, of the ways beside the console."""
        ways = (Way.WECOM.value, Way.SMS.value)
        self.declined_ways = [way for way in ways if way not in wanted]

    def change_addresses(self, wecom_userid: str | None, phone: str | None) -> None:
        """By a person: the county's file changes them no more."""
        if (self.wecom_userid, self.phone) != (wecom_userid, phone):
            self.wecom_userid, self.phone, self.addresses_edited = wecom_userid, phone, True

    @property
    def person(self) -> Person:
        """As a token names them."""
        return Person(self.sign_in_name, Role(self.role), self.county, self.crew_id)
