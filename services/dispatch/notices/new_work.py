"""A crew's people are told that it has a work order, and accept it from the message."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.console.language import Words
from services.dispatch.handlers.context import Context
from services.dispatch.models import Staff, WorkOrder
from services.dispatch.rules.staff_messages import Button
from shared.auth.permissions import Role
from shared.sql import any_of

from .queueing import Notice, queue

_CREWS = select(col(Staff.crew_id), col(Staff.sign_in_name)).where(
    col(Staff.crew_id) == any_of("crews"), col(Staff.active), col(Staff.role) == Role.CREW.value
)
_ZH = Words("zh")
"""Messages are sent, not rendered for a reader: Chinese, as those who get them."""


async def tell_crews(context: Context, work_orders: Sequence[WorkOrder]) -> None:
    """After an assignment, in its transaction. Each assignment is told once. A crew is sent to work
    at hours that its shifts or a dispatcher have decided about: quiet hours do not count."""
    if not work_orders or not context.policy.ways:
        return
    crews = sorted({each.crew_id for each in work_orders if each.crew_id is not None})
    of_crew = defaultdict(list)
    for crew_id, name in await context.session.execute(_CREWS, {"crews": crews}):
        of_crew[crew_id].append(name)
    notices = [
        Notice(
            alert_id=f"{each.id}/assigned/{each.version}",
            sign_in_name=name,
            title=f"新任务 {each.number or ''}".strip(),
            body=_body(each),
            not_before=context.now,
            urgent=each.urgent,
            work_order_id=each.id,
            buttons=(Button.ACCEPT, Button.ON_SITE),
        )
        for each in work_orders
        for name in of_crew[each.crew_id]
    ]
    await queue(context.session, notices, context.policy.ways, context.now)


def _body(work_order: WorkOrder) -> str:
    where = f"{work_order.town}{work_order.village}{work_order.village_group or ''}"
    what = _ZH.code("category", work_order.category)
    many = f"，{work_order.complaints} 件诉求" if work_order.complaints > 1 else ""
    return f"{'【紧急】' if work_order.urgent else ''}{where} {what}{many}"
