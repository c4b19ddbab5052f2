"""What the people of the demo county do: crews go and repair, the desk decides, reviewers approve.

Nothing is remembered here: what is to be done next follows from what stands in the databases, and
how long somebody takes from the thing's own id. So a demo that is killed goes on where it stopped.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

import httpx
from sqlalchemy import Row

from services.reply.handlers.drafting import TO_FILL_IN
from shared.auth.permissions import Role
from shared.clock import SHANGHAI
from waterdesk.simulators.said import Said

Minutes = tuple[float, float]
Truth = Mapping[tuple[str, str], Said]
"""What was really said, by platform and number: the desk knows its county."""


class Office(Protocol):
    """Where they work: the demo's own process, or (in tests) services somewhere else."""

    async def rows(self, service: str, query: str) -> Sequence[Row[Any]]:
        """What stands in a service's database."""
        ...

    async def ask(
        self,
        service: str,
        role: Role,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        crew_id: str | None = None,
    ) -> httpx.Response:
        """Raises httpx.HTTPStatusError where the service refuses."""
        ...

    async def platforms_wrote(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """The simulators' journal: kind and data of each entry."""
        ...


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody will do at a time."""

    at: datetime
    who: Role
    what: str
    do: Callable[[], Awaitable[None]]
    is_awaited: bool = True
    """Whether somebody else's work hangs on it."""


_TO_ACCEPT: Minutes = (3, 25)
_TO_ARRIVE: Minutes = (20, 110)
_TO_REPAIR: Minutes = (40, 420)
_TO_DECIDE: Minutes = (5, 45)
_TO_APPROVE: Minutes = (10, 150)
_TO_LOOK: Minutes = (30, 90)
_SLOW_ONES = 0.06
"""The share of repairs that wait for a part or a permit, days rather than hours."""
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


def _takes(minutes: Minutes, thing: str, slowness: float = 1.0) -> timedelta:
    chance = Random(thing)
    slow = chance.random() < _SLOW_ONES
    return timedelta(minutes=chance.uniform(*minutes) * slowness * (30 if slow else 1))


def _soonest_first(acts: Iterable[Act]) -> list[Act]:
    return sorted(acts, key=lambda act: act.at)


def _in_office(at: datetime) -> datetime:
    """The same time, or the next morning where nobody is at the desk."""
    local = at.astimezone(SHANGHAI)
    opens = local.replace(hour=8, minute=45, second=0, microsecond=0)
    if local < opens:
        local = opens
    elif local.hour >= 18:
        local = opens + timedelta(days=1)
    return local.astimezone(at.tzinfo)


def _found_and_done(component: str, order_id: str, at: datetime) -> tuple[str, str]:
    """Nothing is frozen in summer."""
    winter = at.astimezone(SHANGHAI).month in (12, 1, 2)
    likely = [pair for pair in _FOUND_AND_DONE[component] if winter or "冻" not in pair[0]]
    return Random(order_id).choice(likely)


class Staff:
    """`haste` shortens what they take: 1 in the year's history, less in a live demo."""

    def __init__(self, office: Office, truth: Truth, *, haste: float = 1.0) -> None:
        self._office = office
        self._truth = truth
        self._haste = haste
        self._of: Mapping[Role, Callable[[], Awaitable[list[Act]]]] = {
            Role.CREW: self._of_crews,
            Role.DISPATCHER: self._of_desk,
            Role.REVIEWER: self._of_reviewers,
        }

    async def to_do(self) -> list[Act]:
        """All that somebody will do next, the soonest first."""
        return _soonest_first([act for who in self._of for act in await self._of[who]()])

    async def to_do_after(self, done: Act, acts: Iterable[Act]) -> list[Act]:
        """The same where nothing has happened since `acts` but one of them, and nobody has heard
        of it yet."""
        of_others = [act for act in acts if act.who is not done.who]
        return _soonest_first([*of_others, *await self._of[done.who]()])

    async def _of_crews(self) -> list[Act]:
        rows = await self._office.rows(
            "dispatch",
            "SELECT id, state, crew_id, component, version, assigned_at, accepted_at, arrived_at"
            " FROM work_order WHERE state IN ('assigned', 'accepted', 'on_site')",
        )
        acts = []
        for row in rows:
            if row.state == "assigned":
                at = row.assigned_at + self._span(_TO_ACCEPT, f"{row.id} accepts")
            elif row.state == "accepted":
                at = row.accepted_at + self._span(_TO_ARRIVE, f"{row.id} arrives")
            else:
                at = row.arrived_at + self._span(_TO_REPAIR, f"{row.id} repairs")
            what, is_over = f"{row.state} {row.id}", row.state == "on_site"
            acts.append(Act(at, Role.CREW, what, self._step(row), is_awaited=is_over))
        return acts

    def _span(self, minutes: Minutes, thing: str) -> timedelta:
        return _takes(minutes, thing, self._haste)

    def _step(self, row: Row[tuple[object, ...]]) -> Callable[[], Awaitable[None]]:
        deed = {"assigned": "accept", "accepted": "arrive", "on_site": "repair"}[row.state]
        body: dict[str, object] = {"version": row.version}
        if deed == "repair":
            found, done = _found_and_done(row.component, row.id, row.arrived_at)
            body |= {"component": row.component, "found": found, "done": done}

        async def do() -> None:
            await self._ask("dispatch", Role.CREW, f"/api/work-orders/{row.id}/{deed}", body, row)

        return do

    async def _ask(
        self,
        service: str,
        role: Role,
        path: str,
        body: dict[str, object],
        row: Row[tuple[object, ...]] | None = None,
        method: str = "POST",
    ) -> None:
        """What has changed meanwhile (409) is looked at again in the next round."""
        crew_id = str(row.crew_id) if row is not None else None
        try:
            await self._office.ask(service, role, method, path, body, crew_id=crew_id)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != _CONFLICT:
                raise

    async def _of_desk(self) -> list[Act]:
        rows = await self._office.rows(
            "dispatch",
            "SELECT id, platform, external_id, received_at, village_code, category, component,"
            " urgent FROM complaint WHERE state IN ('waiting_for_person', 'no_scheme')",
        )
        return [
            Act(
                _in_office(row.received_at + self._span(_TO_DECIDE, f"{row.id} decides")),
                Role.DISPATCHER,
                f"decide {row.id}",
                self._decide(row, said),
            )
            for row in rows
            if (said := self._truth.get((row.platform, row.external_id)))
        ]

    def _decide(self, row: Row[tuple[object, ...]], said: Said) -> Callable[[], Awaitable[None]]:
        ours = said.category != "not_ours"
        body: dict[str, object] = {
            "is_ours": ours,
            "category": said.category,
            "second_category": said.second_category,
            "component": said.component,
            "urgent": bool(row.urgent) or said.urgent,
            "village_code": said.village_code if ours else None,
        }

        async def do() -> None:
            await self._ask("intake", Role.DISPATCHER, f"/complaints/{row.id}/decision", body)

        return do

    async def _of_reviewers(self) -> list[Act]:
        rows = await self._office.rows(
            "reply",
            "SELECT complaint_id, version, r.state, r.platform, external_id, drafted_at, stuck_at,"
            " request_id, text, returned, responsible"
            " FROM reply r JOIN complaint c ON c.id = complaint_id"
            " WHERE r.state IN ('draft', 'stuck')",
        )
        acts = []
        for row in rows:
            path = f"/replies/{row.complaint_id}"
            body: dict[str, object] = {"version": row.version}
            if row.state == "draft":
                at = row.drafted_at + self._span(_TO_APPROVE, f"{row.complaint_id} approves")
                if row.returned and not row.responsible:
                    # The platform takes nothing back without a name for whose matter it is.
                    words = row.text.replace(TO_FILL_IN, _RESPONSIBLE)
                    body |= {"text": words, "solved": False, "responsible": _RESPONSIBLE}
                    path += "/draft"
                else:
                    path += "/approve"
            else:
                at = row.stuck_at + self._span(_TO_LOOK, f"{row.complaint_id} looks")
                path += "/resolve-stuck"
                arrived = await self._has_arrived(row)
                body |= {"outcome": "arrived" if arrived else "send_again"}
            what = f"{path} version {row.version}"
            acts.append(Act(_in_office(at), Role.REVIEWER, what, self._review(path, body)))
        return acts

    async def _has_arrived(self, row: Row[Any]) -> bool:
        """What a person sees who looks for the reply in the platform's back office, or asks."""
        said = self._truth.get((row.platform, row.external_id))
        for kind, data in await self._office.platforms_wrote():
            match kind:
                case "replied" | "returned" if data["receipt"]["requestId"] == row.request_id:
                    return True
                case "answered" if data["requestId"] == row.request_id:
                    return True
                case "customer_message" | "template_message" if said and (
                    data["openid"] == said.openid and _says(data, row.text)
                ):
                    return True
        return False

    def _review(self, path: str, body: dict[str, object]) -> Callable[[], Awaitable[None]]:
        method = "PUT" if path.endswith("/draft") else "POST"

        async def do() -> None:
            await self._ask("reply", Role.REVIEWER, path, body, method=method)

        return do


def _says(message: Mapping[str, Any], words: str) -> bool:
    """A notice holds only the first of the words."""
    if "content" in message:
        return bool(message["content"] == words)
    (notice,) = message["body"]["data"].values()
    return " ".join(words.split()).startswith(notice["value"].removesuffix("…"))
