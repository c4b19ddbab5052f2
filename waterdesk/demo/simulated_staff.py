"""Simulated staff of the demo county: crews repair, dispatchers decide, reviewers approve.

No state is kept here. The next actions follow from the services' databases, and each duration from
the id of its work order or complaint. So a killed demo continues where it stopped.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Protocol

import httpx
from sqlalchemy import Row

from shared.auth.permissions import Role
from shared.clock import SHANGHAI
from waterdesk.simulators.submissions import Submission

Minutes = tuple[float, float]
Truth = Mapping[tuple[str, str], Submission]
"""The submissions with their ground truth, by platform and number."""


class ServiceAccess(Protocol):
    """How staff reach the services: in the demo's process, or in tests in other processes."""

    async def rows(self, service: str, query: str) -> Sequence[Row[Any]]:
        """Run a query in a service's database."""
        ...

    async def request(
        self,
        service: str,
        role: Role,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        crew_id: str | None = None,
    ) -> httpx.Response:
        """Raises httpx.HTTPStatusError for an error answer."""
        ...

    async def tell_simulators(self, path: str, body: dict[str, Any]) -> None:
        """POST to the simulators' control. Raises httpx.HTTPError."""
        ...

    async def journal_entries(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """The simulators' journal: kind and data of each entry."""
        ...


@dataclass(frozen=True, slots=True)
class StaffAction:
    """Something that a member of staff does at a given time."""

    at: datetime
    role: Role | None
    """None: a resident."""
    name: str
    do: Callable[[], Awaitable[None]]
    others_wait: bool = True
    """Whether another role's work depends on it."""


_TO_ACCEPT: Minutes = (3, 25)
_TO_ARRIVE: Minutes = (20, 110)
_TO_REPAIR: Minutes = (40, 420)
_TO_DECIDE: Minutes = (5, 45)
_TO_APPROVE: Minutes = (10, 150)
_TO_LOOK: Minutes = (30, 90)
_SLOW_SHARE = 0.06
"""Share of actions that take 30 times as long, as when a repair waits for a part."""
_TO_SAY_WHETHER_SOLVED: Minutes = (30, 2400)
_ANSWERED_WITHIN = timedelta(days=5)
"""Intake takes a message for an answer within seven days of the question."""
_ANSWERING_SHARE = 0.6
_SATISFIED_SHARE = 0.93
_SOLVED = ("1", "1", "解决了，谢谢")
_NOT_SOLVED = ("2", "2", "还没解决")
"""They fit whatever was complained of: "no water" after a leak is a complaint of its own."""
ANSWER_KEY = "solved-"
ANSWER_NUMBER = "99"
"""Begin the number of what residents say when they are asked, at 12345 and on WeChat."""
_CONFLICT = 409
_RESPONSIBLE = "属地镇政府"

_FOUND_AND_DONE: Mapping[str, Sequence[tuple[str, str]]] = {
    "well": [("水源井水位下降，出水含沙", "下调水泵，洗井并加装滤网")],
    "pump": [("水泵轴封磨损，出水不足", "更换轴封和叶轮，试运行正常")],
    "electrical": [("控制柜接触器烧毁", "更换接触器，检查线路绝缘")],
    "disinfection": [("消毒设备计量泵堵塞", "清洗计量泵，重新标定投加量，余氯合格")],
    "tank": [("高位水池浮球阀失灵", "更换浮球阀，清洗水池")],
    "network": [
        ("主管道接口漏水", "开挖更换接口，恢复路面"),
        ("支管冻裂", "更换管段并加做保温"),
        ("老旧管道多处渗漏", "更换十二米管道，冲洗后恢复供水"),
    ],
    "meter": [("水表卡滞", "更换水表，核对用水量")],
    "service_line": [("入户管龙头前阀门堵塞", "疏通并更换阀门，水压恢复")],
}


def _soonest_first(actions: Iterable[StaffAction]) -> list[StaffAction]:
    return sorted(actions, key=lambda action: action.at)


def _in_office(at: datetime) -> datetime:
    """The same time, or the next morning outside office hours."""
    local = at.astimezone(SHANGHAI)
    opens = local.replace(hour=8, minute=45, second=0, microsecond=0)
    if local < opens:
        local = opens
    elif local.hour >= 18:
        local = opens + timedelta(days=1)
    return local.astimezone(at.tzinfo)


def _found_and_done(component: str, work_order_id: str, at: datetime) -> tuple[str, str]:
    """Frozen pipes only in winter."""
    winter = at.astimezone(SHANGHAI).month in (12, 1, 2)
    likely = [pair for pair in _FOUND_AND_DONE[component] if winter or "冻" not in pair[0]]
    return Random(work_order_id).choice(likely)


class SimulatedResidents:
    """Say whether it is solved, where they were asked: most are content, after a rework all are;
    some say nothing."""

    def __init__(
        self,
        services: ServiceAccess,
        truth: Truth,
        duration: Callable[[Minutes, str], timedelta],
    ) -> None:
        self._services = services
        self._truth = truth
        self._duration = duration

    async def actions(self) -> list[StaffAction]:
        rows = await self._services.rows(
            "reply",
            "SELECT complaint_id, b.version, r.platform, external_id,"
            " coalesce(asked_at, delivered_at) AS asked_at"
            " FROM call_back b JOIN complaint c ON c.id = complaint_id"
            " JOIN reply r USING (complaint_id, version)"
            " WHERE b.state = 'asked' AND r.platform IN ('hotline_12345', 'wechat')",
        )
        actions = []
        for row in rows:
            name = f"{row.complaint_id} version {row.version} is solved"
            random, submission = Random(name), self._truth.get((row.platform, row.external_id))
            if submission is None or random.random() >= _ANSWERING_SHARE:
                continue
            satisfied = row.version > 1 or random.random() < _SATISFIED_SHARE
            say = partial(self._say, row, submission, satisfied)
            at = row.asked_at + min(self._duration(_TO_SAY_WHETHER_SOLVED, name), _ANSWERED_WITHIN)
            actions.append(StaffAction(at, None, name, say, others_wait=False))
        return actions

    async def _say(self, row: Row[Any], submission: Submission, satisfied: bool) -> None:
        """A second time does nothing."""
        key = f"{ANSWER_KEY}{row.complaint_id}-{row.version}"
        path = f"/_control/hotline/tickets/{row.external_id}/evaluate"
        body: dict[str, Any] = {"satisfied": satisfied, "change_id": key}
        if row.platform == "wechat":
            path = "/_control/wechat/messages"
            body = {
                "openid": submission.openid,
                "content": Random(key).choice(_SOLVED if satisfied else _NOT_SOLVED),
                "message_id": f"{ANSWER_NUMBER}{Random(key).randrange(10**15):015}",
            }
        await self._services.tell_simulators(path, body)


class SimulatedStaff:
    """`speed` multiplies all durations: 1 in the history, less in the live demo."""

    def __init__(self, services: ServiceAccess, truth: Truth, *, speed: float = 1.0) -> None:
        self._services = services
        self._truth = truth
        self._speed = speed
        residents = SimulatedResidents(services, truth, self._duration)
        self._actions_of: Mapping[Role | None, Callable[[], Awaitable[list[StaffAction]]]] = {
            Role.CREW: self._crew_actions,
            Role.DISPATCHER: self._dispatcher_actions,
            Role.REVIEWER: self._reviewer_actions,
            None: residents.actions,
        }

    async def next_actions(self) -> list[StaffAction]:
        """Every action that is possible now, the soonest first."""
        return _soonest_first(
            [action for actions in self._actions_of.values() for action in await actions()]
        )

    async def next_actions_after(
        self, done: StaffAction, before: Iterable[StaffAction]
    ) -> list[StaffAction]:
        """The next actions after `done`, one of `before`, when no event has been carried since:
        only the actions of its own role have changed."""
        unchanged = [action for action in before if action.role is not done.role]
        return _soonest_first([*unchanged, *await self._actions_of[done.role]()])

    async def _crew_actions(self) -> list[StaffAction]:
        rows = await self._services.rows(
            "dispatch",
            "SELECT id, state, crew_id, component, version, assigned_at, accepted_at, arrived_at"
            " FROM work_order WHERE state IN ('assigned', 'accepted', 'on_site')",
        )
        actions = []
        for row in rows:
            if row.state == "assigned":
                at = row.assigned_at + self._duration(_TO_ACCEPT, f"{row.id} accepts")
            elif row.state == "accepted":
                at = row.accepted_at + self._duration(_TO_ARRIVE, f"{row.id} arrives")
            else:
                at = row.arrived_at + self._duration(_TO_REPAIR, f"{row.id} repairs")
            name, is_last = f"{row.state} {row.id}", row.state == "on_site"
            actions.append(StaffAction(at, Role.CREW, name, self._step(row), others_wait=is_last))
        return actions

    def _duration(self, minutes: Minutes, seed: str) -> timedelta:
        random = Random(seed)
        slow = random.random() < _SLOW_SHARE
        return timedelta(minutes=random.uniform(*minutes) * self._speed * (30 if slow else 1))

    def _step(self, row: Row[Any]) -> Callable[[], Awaitable[None]]:
        step = {"assigned": "accept", "accepted": "arrive", "on_site": "repair"}[row.state]
        body: dict[str, object] = {"version": row.version}
        if step == "repair":
            found, done = _found_and_done(row.component, row.id, row.arrived_at)
            body |= {"component": row.component, "found": found, "done": done}
        path = f"/api/work-orders/{row.id}/{step}"
        return partial(self._request, "dispatch", Role.CREW, path, body, crew_id=row.crew_id)

    async def _request(
        self,
        service: str,
        role: Role,
        path: str,
        body: dict[str, object],
        *,
        method: str = "POST",
        crew_id: str | None = None,
    ) -> None:
        """A conflict (409) is ignored: the next actions follow from the new state."""
        try:
            await self._services.request(service, role, method, path, body, crew_id=crew_id)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != _CONFLICT:
                raise

    async def _dispatcher_actions(self) -> list[StaffAction]:
        rows = await self._services.rows(
            "dispatch",
            "SELECT id, platform, external_id, received_at, village_code, category, component,"
            " urgent FROM complaint WHERE state IN ('waiting_for_person', 'no_scheme')",
        )
        return [
            StaffAction(
                _in_office(row.received_at + self._duration(_TO_DECIDE, f"{row.id} decides")),
                Role.DISPATCHER,
                f"decide {row.id}",
                self._decide(row, submission),
            )
            for row in rows
            if (submission := self._truth.get((row.platform, row.external_id)))
        ]

    def _decide(self, row: Row[Any], submission: Submission) -> Callable[[], Awaitable[None]]:
        ours = submission.category != "not_ours"
        body: dict[str, object] = {
            "is_ours": ours,
            "category": submission.category,
            "second_category": submission.second_category,
            "component": submission.component,
            "urgent": bool(row.urgent) or submission.urgent,
            "village_code": submission.village_code if ours else None,
        }
        path = f"/complaints/{row.id}/decision"
        return partial(self._request, "intake", Role.DISPATCHER, path, body)

    async def _reviewer_actions(self) -> list[StaffAction]:
        rows = await self._services.rows(
            "reply",
            "SELECT complaint_id, version, r.state, r.platform, external_id, drafted_at, stuck_at,"
            " request_id, text, kind, responsible"
            " FROM reply r JOIN complaint c ON c.id = complaint_id"
            " WHERE r.state IN ('draft', 'stuck')",
        )
        actions = []
        for row in rows:
            method, path = "POST", f"/replies/{row.complaint_id}"
            body: dict[str, object] = {"version": row.version}
            if row.state == "draft":
                at = row.drafted_at + self._duration(_TO_APPROVE, f"{row.complaint_id} approves")
                if row.kind == "return" and not row.responsible:
                    # The platform accepts a return only with the name of the responsible office.
                    body |= {"text": row.text, "solved": False, "responsible": _RESPONSIBLE}
                    method, path = "PUT", f"{path}/draft"
                else:
                    path += "/approve"
            else:
                at = row.stuck_at + self._duration(_TO_LOOK, f"{row.complaint_id} looks")
                path += "/resolve-stuck"
                arrived = await self._has_arrived(row)
                body |= {"outcome": "arrived" if arrived else "send_again"}
            name = f"{path} version {row.version}"
            review = partial(self._request, "reply", Role.REVIEWER, path, body, method=method)
            actions.append(StaffAction(_in_office(at), Role.REVIEWER, name, review))
        return actions

    async def _has_arrived(self, row: Row[Any]) -> bool:
        """Whether the platform has the reply, as a person sees in its back office."""
        submission = self._truth.get((row.platform, row.external_id))
        for kind, data in await self._services.journal_entries():
            match kind:
                case "replied" | "returned" if data["receipt"]["requestId"] == row.request_id:
                    return True
                case "answered" if data["requestId"] == row.request_id:
                    return True
                case "customer_message" | "template_message" if submission and (
                    data["openid"] == submission.openid and _has_text(data, row.text)
                ):
                    return True
        return False


def _has_text(message: Mapping[str, Any], words: str) -> bool:
    """A notice holds only the beginning of the text."""
    if "content" in message:
        return bool(message["content"] == words)
    (notice,) = message["body"]["data"].values()
    return " ".join(words.split()).startswith(notice["value"].removesuffix("…"))
