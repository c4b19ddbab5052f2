"""What a card says after somebody has pressed a button of it, and which buttons stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.dispatch.rules.staff_messages import Button
from services.dispatch.rules.work_order import State
from shared.clock import SHANGHAI

_STATES: Mapping[State, str] = {
    State.WAITING_FOR_CREW: "待派维修队",
    State.ASSIGNED: "待接单",
    State.ACCEPTED: "已接单",
    State.ON_SITE: "已到场",
    State.REPAIRED: "已修好",
    State.CLOSED: "已结束",
}
_BUTTONS: Mapping[State, Sequence[Button]] = {
    State.ASSIGNED: (Button.ACCEPT, Button.ON_SITE),
    State.ACCEPTED: (Button.ON_SITE,),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How the work order stands now."""

    state: State
    is_theirs: bool
    """It is still with the crew of whoever pressed."""
    who: str | None = None
    """Who took the step that led here, by the name people know; None: the rules."""
    at: datetime | None = None


def words_of(standing: Standing, refused: str | None) -> str:
    """`refused`: the sentence for the person, where the step could not be taken: then they read as
    well what is true now."""
    now = " ".join(filter(None, (_STATES[standing.state], standing.who, _clock(standing.at))))
    return now if refused is None else f"{refused}现状：{now}"


NOT_THEIRS = "这条提醒由更高一级处理"
ENDED = "时限已办结或已调整，无需处理"


def taken_on(who: str, at: datetime) -> str:
    return f"由 {who} 处理 {_clock(at)}"


def seen(who: str, at: datetime) -> str:
    return f"{who} 已看到 {_clock(at)}"


def buttons_now(standing: Standing, offered: Sequence[str]) -> list[str]:
    """Those of the card that still do something."""
    useful = _BUTTONS.get(standing.state, ()) if standing.is_theirs else ()
    return [button.value for button in useful if button.value in offered]


def _clock(at: datetime | None) -> str | None:
    return f"{at.astimezone(SHANGHAI):%H:%M}" if at else None
