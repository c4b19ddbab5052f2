"""What dispatch keeps. No resident's name, phone, address or words; intake has those."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

metadata = MetaData()

Moment = Annotated[datetime, Field(sa_type=DateTime(timezone=True))]
MaybeMoment = Annotated[datetime | None, Field(sa_type=DateTime(timezone=True))]
Names = Annotated[list[str], Field(sa_type=JSONB)]
"""Codes or names, as a JSON list."""


class DispatchTable(SQLModel, registry=registry(metadata=metadata)):
    metadata = metadata


class ComplaintState(StrEnum):
    WAITING_FOR_PERSON = "waiting_for_person"
    """Not sure enough, or no village found: a person decides it in the console."""
    NO_SCHEME = "no_scheme"
    """Its village is on no scheme of the county file: a person must look."""
    LINKED = "linked"
    NOT_OURS = "not_ours"


class Scheme(DispatchTable, table=True):
    """供水工程: source, plant and network serving some villages. Its row is locked by whoever
    opens, links or changes its work orders, so that one fault never gets two."""

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


class Crew(DispatchTable, table=True):
    """维修队, or the office desk, which does what needs no repairer."""

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
    """Comes for urgent orders outside its shifts too."""
    capacity: int
    """Open orders at once."""
    active: bool
    idle_since: MaybeMoment = None
    """When it last finished an order; None: never yet."""


class Staff(DispatchTable, table=True):
    """Who may sign in."""

    __tablename__ = "staff"

    sign_in_name: str = Field(primary_key=True)
    county: str
    role: str
    """A shared.auth.permissions.Role."""
    crew_id: str | None = Field(default=None, foreign_key="crew.id")
    active: bool = True
    password_hash: str | None = Field(default=None, repr=False)
    """Argon2id. None: cannot sign in until a password is given."""
    password_is_one_time: bool = False
    """Somebody else knows it: it must be changed before anything else."""


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


class Complaint(DispatchTable, table=True):
    """诉求, as intake's events tell it, and the work order it hangs on."""

    __tablename__ = "complaint"
    __table_args__ = (
        Index("complaint_of_work_order", "work_order_id"),
        Index(
            "complaint_to_decide",
            "county",
            "received_at",
            postgresql_where=text("state IN ('waiting_for_person', 'no_scheme')"),
        ),
        Index(
            "complaint_without_scheme", "village_code", postgresql_where=text("state = 'no_scheme'")
        ),
        Index("complaint_listed", "county", "received_at"),
        Index("complaint_of_number", "county", "external_id"),
    )

    id: str = Field(primary_key=True)
    county: str
    platform: str
    external_id: str
    sent_at: Moment
    received_at: Moment
    time_limit: str | None
    """The limit printed on the order, verbatim."""
    is_ours: bool
    category: str
    second_category: str | None
    component: str | None
    urgent: bool
    says_repeated: bool
    village_code: str | None
    village: str | None
    town: str | None
    village_group: str | None
    category_confidence: float
    place_confidence: float
    needs_human: bool
    decided_by: str | None = None
    """None: nobody yet; the rules alone."""
    decided_at: MaybeMoment = None
    edited_at: MaybeMoment = None
    state: str
    """A ComplaintState."""
    work_order_id: str | None = Field(default=None, foreign_key="work_order.id")
    linked_at: MaybeMoment = None
    link_reason: str | None = None
    """Message key: why it hangs there."""
    chases: int = 0
    chased_at: MaybeMoment = None


class WorkOrder(DispatchTable, table=True):
    """维修任务: one fault being repaired, or one task of the office."""

    __tablename__ = "work_order"
    __table_args__ = (
        Index("work_order_open", "county", "opened_at", postgresql_where=text("state <> 'closed'")),
        Index("work_order_of_scheme", "scheme_id", postgresql_where=text("state <> 'closed'")),
        Index(
            "work_order_of_crew",
            "crew_id",
            postgresql_where=text("state IN ('assigned', 'accepted', 'on_site')"),
        ),
        Index(
            "work_order_without_crew",
            "county",
            postgresql_where=text("state = 'waiting_for_crew'"),
        ),
        Index(
            "work_order_closed", "county", "closed_at", postgresql_where=text("state = 'closed'")
        ),
    )

    id: str = Field(primary_key=True)
    county: str
    scheme_id: str = Field(foreign_key="scheme.id")
    village_code: str
    village: str
    town: str
    village_group: str | None
    category: str
    component: str
    """What is thought to have failed; after the repair, what has."""
    component_named: bool
    """Somebody said so; else presumed from the category."""
    for_office: bool
    urgent: bool
    state: str
    """A rules.work_order.State."""
    version: int
    """Grows with each change of state or crew; a step says which version its maker saw."""
    first_said_at: Moment
    """When the complaint that opened it was sent: the fault is at least that old."""
    opened_at: Moment
    complaints: int
    """How many hang on it now."""
    chases: int
    """How often they were asked for again."""
    crew_id: str | None = Field(default=None, foreign_key="crew.id")
    """Who has it; while it waits for rework, who had it last."""
    assigned_at: MaybeMoment = None
    assign_reason: str | None = None
    """Why this crew, or why none yet: message keys, the strongest first, joined by commas."""
    given_back_by: Names = Field(default_factory=list, sa_type=JSONB)
    """Crews that gave it back: the rules do not choose them again."""
    accepted_at: MaybeMoment = None
    arrived_at: MaybeMoment = None
    repaired_at: MaybeMoment = None
    found: str = ""
    done: str = ""
    reworks: int = 0
    closed_at: MaybeMoment = None
    outcome: str | None = None
    """repaired, nothing_found or merged."""
    merged_into: str | None = None


class WorkOrderStep(DispatchTable, table=True):
    """One line of a work order's timeline."""

    __tablename__ = "work_order_step"
    __table_args__ = (Index("step_of_work_order", "work_order_id", "id"),)

    id: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),)
    )
    work_order_id: str = Field(foreign_key="work_order.id")
    at: Moment
    who: str | None
    """A sign-in name; None: the rules."""
    what: str
    """Message key: opened, linked, assigned, accepted, arrived, repaired, closed, chased, ..."""
    details: Annotated[dict[str, Any], Field(sa_type=JSONB)]
    """What the message needs: crew_id, crew, reason (keys), complaints (how many), note, ..."""


class Failure(DispatchTable, table=True):
    """One repaired fault: the failure history of the schemes."""

    __tablename__ = "failure"
    __table_args__ = (Index("failure_of_component", "scheme_id", "component", "failed_at"),)

    work_order_id: str = Field(primary_key=True, foreign_key="work_order.id")
    county: str
    scheme_id: str = Field(foreign_key="scheme.id")
    component: str
    failed_at: Moment
    repaired_at: Moment


class Hotspot(DispatchTable, table=True):
    """The same component kind of one scheme failed again within the window."""

    __tablename__ = "hotspot"
    __table_args__ = (Index("hotspot_of_county", "county", "last_at"),)

    scheme_id: str = Field(primary_key=True, foreign_key="scheme.id")
    component: str = Field(primary_key=True)
    county: str
    failures: int
    window_days: int
    first_at: Moment
    last_at: Moment
    work_order_ids: Names
    """Its evidence, the oldest first."""
    noticed_at: Moment
    seen_by: str | None = None
    """Who of the supervisors has seen it as it now is."""
    seen_at: MaybeMoment = None


class DeadlineView(DispatchTable, table=True):
    """One stage's deadline of one complaint, as reply tells it."""

    __tablename__ = "deadline_view"
    __table_args__ = (
        Index(
            "deadline_pending",
            "county",
            "due_at",
            postgresql_where=text("state IN ('open', 'warned')"),
        ),
        Index(
            "deadline_overdue",
            "county",
            "due_at",
            postgresql_where=text("state = 'missed' AND met_at IS NULL"),
        ),
    )

    complaint_id: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    county: str
    due_at: Moment
    warn_at: MaybeMoment
    """None: its warning was heard before its deadline."""
    provisional: bool
    source: str
    """`printed`, or the id of the policy in force."""
    limit_unreadable: bool
    state: str
    """open, warned, missed or kept."""
    met_at: MaybeMoment = None
    late: bool = False
    set_as_of: MaybeMoment = None
    """The time of the news the deadline is from; older news does not change it."""
    state_as_of: MaybeMoment = None
    """The time of the news the state is from."""


class ReplyView(DispatchTable, table=True):
    """The newest version of the answer to one complaint, as reply tells it, without its words."""

    __tablename__ = "reply_view"
    __table_args__ = (
        Index(
            "reply_to_do",
            "county",
            "state",
            "drafted_at",
            postgresql_where=text("state IN ('draft', 'stuck')"),
        ),
    )

    complaint_id: str = Field(primary_key=True)
    county: str
    version: int
    state: str
    """draft, approved, stuck or delivered."""
    returned: bool
    """Not ours: the order goes back with a reason."""
    as_of: Moment
    """The time of the news the state is from; older news of this version does not change it."""
    drafted_at: MaybeMoment = None
    approved_by: str | None = None
    approved_at: MaybeMoment = None
    stuck_at: MaybeMoment = None
    why_stuck: str | None = None
    delivered_at: MaybeMoment = None
    receipt: str | None = None
    told_at: MaybeMoment = None
    told_by: str | None = None
