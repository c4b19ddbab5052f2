"""What intake tells the others about complaints."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.bus.topics import COMPLAINTS
from shared.events.event import Event
from shared.vocabulary import Category, Component


class Decision(BaseModel):
    """What a complaint is about and where: by rule, or by the person who decided it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_ours: bool
    category: Category
    second_category: Category | None = None
    component: Component | None = None
    urgent: bool
    says_repeated: bool = False
    village_code: str | None = None
    village: str | None = None
    town: str | None = None
    group: str | None = None
    """村民小组, as the resident named it (“三组”)."""
    category_confidence: float = Field(ge=0, le=1)
    place_confidence: float = Field(ge=0, le=1)
    needs_human: bool
    """Not sure enough to act on: waits for a person, while its deadlines run."""


class _ComplaintEvent(Event):
    topic: ClassVar[str] = COMPLAINTS
    complaint_id: str
    county: str = Field(pattern=r"^\d{6}$")

    @property
    def key(self) -> str:
        return self.complaint_id


class ComplaintReceived(_ComplaintEvent):
    """A resident's complaint was taken, exactly once for its platform and number."""

    type: ClassVar[str] = "cn.waterdesk.complaint.received.v1"

    platform: Literal["hotline_12345", "message_board", "wechat", "phone", "excel"]
    external_id: str
    sent_at: AwareDatetime
    """When the platform sent the order; deadlines count from here."""
    received_at: AwareDatetime
    time_limit: str | None
    """The limit printed on the order, verbatim."""
    decision: Decision


class ComplaintDecided(_ComplaintEvent):
    """A person decided what waited, or put right what a rule had decided."""

    type: ClassVar[str] = "cn.waterdesk.complaint.decided.v1"

    decision: Decision
    decided_by: str
    decided_at: AwareDatetime


class ComplaintChased(_ComplaintEvent):
    """催办: the platform or the resident asked again."""

    type: ClassVar[str] = "cn.waterdesk.complaint.chased.v1"

    chased_at: AwareDatetime
    times: int = Field(ge=1)
    supervised: bool = False
    """督办: a supervision."""


class ComplaintEvaluated(_ComplaintEvent):
    """The resident says whether it is solved: to the platform, or to us where we asked."""

    type: ClassVar[str] = "cn.waterdesk.complaint.evaluated.v1"

    satisfied: bool
    evaluated_at: AwareDatetime
    source: Literal["hotline_12345", "message_board", "wechat"]


class ComplaintEdited(_ComplaintEvent):
    """The platform changed the order; the newest words gave this decision."""

    type: ClassVar[str] = "cn.waterdesk.complaint.edited.v1"

    edited_at: AwareDatetime
    time_limit: str | None
    decision: Decision
