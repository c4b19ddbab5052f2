"""A small county as dispatch would have it after a busy morning: rows put in directly."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher

from services.dispatch.models import (
    CallBackView,
    Complaint,
    Crew,
    DeadlineView,
    Failure,
    Hotspot,
    ReplyView,
    Rework,
    Scheme,
    SchemeVillage,
    Staff,
    WorkOrder,
    WorkOrderStep,
)
from shared.db import Database

COUNTY = "610122"
ELSEWHERE = "610125"
PASSWORD = "a long enough password"
STAFF = {
    "wang.diaodu": ("dispatcher", None),
    "li.weixiu": ("crew", "crew-1"),
    "zhao.shenhe": ("reviewer", None),
    "chen.zhuguan": ("supervisor", None),
    "admin": ("admin", None),
}
_DISPLAY_NAMES = {"li.weixiu": "李师傅", "chen.zhuguan": "陈主管"}

_VILLAGES = [
    ("610122103201", "樊家村", "三里镇"),
    ("610122103202", "乔村", "三里镇"),
    ("610122104201", "鲍旗寨村", "焦岱镇"),
    ("610122104202", "樊家坡村", "焦岱镇"),
    ("610122105201", "孟村", "孟村镇"),
    ("610122106201", "史家寨社区居民委员会", "史家寨镇"),
]
_SCHEMES = [("scheme-1", "三里镇集中供水工程", 2009), ("scheme-2", "焦岱镇岱峪水厂", 2004)]
_SCHEMES_2 = [("scheme-3", "孟村镇联村供水站（含史家寨片区加压泵站）", 2013)]
_CATEGORIES = ["outage", "low_pressure", "water_quality", "pipe_leak", "billing", "outage"]
_COMPONENTS = {
    "outage": "pump",
    "low_pressure": "network",
    "water_quality": "disinfection",
    "pipe_leak": "network",
    "billing": "meter",
}
_PLATFORMS = ["hotline_12345", "message_board", "wechat", "phone"]


@cache
def password_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)


@dataclass(frozen=True)
class Ids:
    """What a test names."""

    waiting: str = "complaint-waiting"
    without_scheme: str = "complaint-without-scheme"
    drafted: str = "complaint-03"
    stuck: str = "complaint-05"
    on_site: str = "work-order-03"
    assigned: str = "work-order-01"
    foreign_work_order: str = "work-order-elsewhere"
    foreign_complaint: str = "complaint-elsewhere"


IDS = Ids()


async def staff_a_county(database: Database) -> None:
    """Its people, crews, schemes and villages, and nothing to do yet."""
    async with database.work() as (session, _):
        session.add_all(
            [
                _crew("crew-1", "三里镇维修一队", ["三里镇", "孟村镇"]),
                _crew("crew-2", "焦岱镇管网抢修队", ["焦岱镇", "史家寨镇"]),
            ]
        )
        session.add_all(
            Scheme(
                id=scheme_id,
                county=COUNTY,
                name=name,
                kind="千吨万人",
                built_year=year,
                design_m3_per_day=1200,
                people=12_400,
                households=3_100,
                components=["well", "pump", "network", "disinfection", "tank"],
                responsible_posts=["镇政府分管副镇长", "水务局供水科科长", "供水站站长"],
            )
            for scheme_id, name, year in _SCHEMES + _SCHEMES_2
        )
        await session.flush()
        session.add_all(
            SchemeVillage(
                village_code=code,
                scheme_id=f"scheme-{1 + number // 2}",
                village=village,
                town=town,
            )
            for number, (code, village, town) in enumerate(_VILLAGES)
        )
        session.add_all(
            Staff(
                sign_in_name=name,
                display_name=_DISPLAY_NAMES.get(name, ""),
                county=COUNTY,
                role=role,
                crew_id=crew_id,
                password_hash=password_hash(),
            )
            for name, (role, crew_id) in STAFF.items()
        )
        session.add(Staff(sign_in_name="gone", county=COUNTY, role="admin", active=False))


async def fill_the_board(database: Database, now: datetime) -> None:
    """Work in every state, deadlines in every state, things that wait; some in another county."""
    await staff_a_county(database)
    states = ["assigned", "accepted", "on_site", "repaired", "waiting_for_crew"]
    async with database.work() as (session, _):
        for number in range(1, 16):
            state = states[number % 5 - 1] if number % 5 else "waiting_for_crew"
            session.add(_work_order(number, state, now))
        session.add(
            _work_order(1, "assigned", now, work_order_id=IDS.foreign_work_order, county=ELSEWHERE)
        )
        session.add(_work_order(20, "closed", now, work_order_id="work-order-20"))
        session.add(_work_order(21, "closed", now, work_order_id="work-order-21"))
        await session.flush()
        for number in range(1, 31):
            session.add(_complaint(number, now))
        session.add(_waiting(IDS.waiting, "waiting_for_person", now))
        session.add(_waiting(IDS.without_scheme, "no_scheme", now))
        session.add(
            _complaint(1, now, complaint_id=IDS.foreign_complaint, county=ELSEWHERE, order=None)
        )
        for number in range(1, 31):
            session.add_all(_deadlines(f"complaint-{number:02}", number, now))
        session.add_all(_deadlines(IDS.waiting, 4, now))
        session.add_all(_replies(now))
        session.add_all(_call_backs(now))
        session.add_all(_steps(now))
        session.add_all(_failures(now))


def _crew(crew_id: str, name: str, towns: list[str]) -> Crew:
    return Crew(
        id=crew_id,
        county=COUNTY,
        name=name,
        is_office=False,
        skills=["pump", "network", "disinfection", "electrical", "meter"],
        towns=towns,
        shifts=[[day, 480, 1080] for day in range(7)],
        on_call=True,
        capacity=8,
        active=True,
    )


def _work_order(
    number: int,
    state: str,
    now: datetime,
    *,
    work_order_id: str | None = None,
    county: str = COUNTY,
) -> WorkOrder:
    code, village, town = _VILLAGES[number % 6]
    category = _CATEGORIES[number % 6]
    opened = now - timedelta(hours=3 * number)
    with_crew = state != "waiting_for_crew"
    return WorkOrder(
        id=work_order_id or f"work-order-{number:02}",
        number=f"WX-20261010-{number:03}",
        county=county,
        scheme_id=f"scheme-{1 + number % 6 // 2}",
        village_code=code,
        village=village,
        town=town,
        village_group="三组" if number % 2 else None,
        category=category,
        component=_COMPONENTS[category],
        component_named=number % 3 == 0,
        for_office=False,
        urgent=number % 5 == 1,
        state=state,
        version=1,
        first_sent_at=opened - timedelta(minutes=20),
        opened_at=opened,
        complaints=2,
        chases=1 if number % 4 == 0 else 0,
        crew_id=("crew-1" if number % 2 else "crew-2") if with_crew else None,
        assigned_at=opened + timedelta(minutes=2) if with_crew else None,
        assign_reason="fewest_open_work_orders,on_shift" if with_crew else "no_crew_on_shift",
        accepted_at=opened + timedelta(minutes=15) if state != "assigned" else None,
        arrived_at=opened + timedelta(hours=1) if state in ("on_site", "repaired") else None,
        repaired_at=opened + timedelta(hours=2) if state in ("repaired", "closed") else None,
        found="主管道接口处渗漏，管径 DN110。" if state in ("repaired", "closed") else "",
        done="更换接口，恢复供水。" if state in ("repaired", "closed") else "",
        closed_at=now - timedelta(hours=1) if state == "closed" else None,
        outcome="repaired" if state == "closed" else None,
    )


def _complaint(
    number: int,
    now: datetime,
    *,
    complaint_id: str | None = None,
    county: str = COUNTY,
    order: int | None = 0,
) -> Complaint:
    of_work_order = None if order is None else 1 + (number - 1) % 15
    code, village, town = _VILLAGES[(of_work_order or number) % 6]
    sent = now - timedelta(hours=2 * number)
    return Complaint(
        id=complaint_id or f"complaint-{number:02}",
        county=county,
        platform=_PLATFORMS[number % 4],
        external_id=f"XA2026101200{number:04}",
        sent_at=sent,
        received_at=sent + timedelta(minutes=1),
        time_limit="5个工作日",
        is_ours=True,
        category=_CATEGORIES[(of_work_order or number) % 6],
        second_category=None,
        component=None,
        urgent=(of_work_order or 0) % 5 == 1,
        says_repeated=number % 7 == 0,
        village_code=code,
        village=village,
        town=town,
        village_group="三组" if number % 2 else None,
        category_confidence=0.9,
        place_confidence=0.9,
        needs_human=False,
        state="linked" if of_work_order else "not_ours",
        work_order_id=f"work-order-{of_work_order:02}" if of_work_order else None,
        linked_at=sent + timedelta(minutes=2) if of_work_order else None,
        link_reason="same_fault_same_village" if number > 15 else "first_of_this_fault",
        chases=1 if number % 6 == 0 else 0,
    )


def _waiting(complaint_id: str, state: str, now: datetime) -> Complaint:
    complaint = _complaint(4, now, complaint_id=complaint_id, order=None)
    complaint.state = state
    complaint.needs_human = state == "waiting_for_person"
    complaint.external_id = f"W-{state[:4]}"
    if complaint.needs_human:
        complaint.village = complaint.village_code = None
        complaint.category_confidence = 0.4
    return complaint


def _deadlines(complaint_id: str, number: int, now: datetime) -> list[DeadlineView]:
    due = {
        "accept": now - timedelta(hours=number),
        "first_contact": now + timedelta(minutes=37 * (number - 3)),
        "reply": now + timedelta(hours=9 * number - 4),
    }

    def state(stage: str, due_at: datetime) -> str:
        if stage == "accept":
            return "met"
        if due_at < now:
            return "missed"
        return "warned" if due_at < now + timedelta(hours=3) else "open"

    return [
        DeadlineView(
            complaint_id=complaint_id,
            stage=stage,
            county=COUNTY,
            due_at=due_at,
            warn_at=due_at - timedelta(hours=3),
            provisional=number % 9 == 0,
            source="printed" if number % 2 else "xian-12345-2024",
            limit_unreadable=number % 11 == 0,
            state=state(stage, due_at),
            met_at=due_at - timedelta(minutes=5) if stage == "accept" else None,
        )
        for stage, due_at in due.items()
    ]


def _replies(now: datetime) -> list[ReplyView]:
    def view(complaint_id: str, state: str, **rest: Any) -> ReplyView:
        return ReplyView(
            complaint_id=complaint_id,
            county=COUNTY,
            version=1,
            state=state,
            kind="answer",
            sequences={state: 1},
            drafted_at=now - timedelta(hours=1),
            **rest,
        )

    return [
        view(IDS.drafted, "draft"),
        view("complaint-04", "draft"),
        view("complaint-09", "draft"),
        view(IDS.stuck, "stuck", why_stuck="unconfirmed", stuck_at=now - timedelta(minutes=9)),
        view("complaint-14", "delivered", receipt="R-778", delivered_at=now),
    ]


def _call_backs(now: datetime) -> list[CallBackView | Rework]:
    """One to be called, and one that is not solved again."""
    said: dict[str, dict[str, Any]] = {
        "complaint-14": {"state": "to_ask", "next_try_at": now},
        "complaint-13": {
            "state": "answered",
            "satisfied": False,
            "answered_at": now,
            "source": "phone",
            "noted_by": "zhao.shenhe",
        },
    }
    names = ("next_try_at", "asked_at", "satisfied", "answered_at", "source", "noted_by")
    unknown: dict[str, Any] = dict.fromkeys(names)
    views = [
        CallBackView(
            complaint_id=complaint_id,
            version=1,
            county=COUNTY,
            sequence=1,
            asked_by="phone",
            changed_at=now,
            tries=0,
            why_closed=None,
            **(unknown | facts),
        )
        for complaint_id, facts in said.items()
    ]
    again = Rework(
        complaint_id="complaint-13",
        version=1,
        county=COUNTY,
        answered_at=now,
        outcome="for_person",
        why="not_solved_again",
        decided_at=now,
    )
    return [*views, again]


def _steps(now: datetime) -> list[WorkOrderStep]:
    at = now - timedelta(hours=9)
    recorded: list[tuple[int, str | None, str, dict[str, object]]] = [
        (0, None, "opened", {"complaints": 1}),
        (1, None, "linked", {"complaints": 1, "reason": "same_fault_same_village"}),
        (
            2,
            None,
            "assigned",
            {
                "crew_id": "crew-1",
                "crew": "三里镇维修一队",
                "reason": "fewest_open_work_orders,on_shift",
            },
        ),
        (15, "li.weixiu", "accepted", {}),
        (60, "li.weixiu", "arrived", {}),
    ]
    return [
        WorkOrderStep(
            work_order_id=IDS.on_site,
            at=at + timedelta(minutes=minutes),
            who=who,
            what=what,
            details=details,
        )
        for minutes, who, what, details in recorded
    ]


def _failures(now: datetime) -> list[Failure | Hotspot]:
    failures: list[Failure | Hotspot] = [
        Failure(
            work_order_id=work_order_id,
            county=COUNTY,
            scheme_id="scheme-1",
            component="pump",
            failed_at=now - timedelta(days=days),
            repaired_at=now - timedelta(days=days - 1),
        )
        for work_order_id, days in (("work-order-20", 40), ("work-order-21", 12))
    ]
    failures.append(
        Hotspot(
            scheme_id="scheme-1",
            component="pump",
            county=COUNTY,
            failures=2,
            window_days=90,
            first_at=now - timedelta(days=40),
            last_at=now - timedelta(days=12),
            work_order_ids=["work-order-20", "work-order-21"],
            noticed_at=now - timedelta(days=11),
        )
    )
    return failures
