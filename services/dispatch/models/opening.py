"""A new work order, for the fault that complaints tell of."""

from collections.abc import Sequence
from datetime import datetime

from services.dispatch.rules.components import is_for_office, presumed_component
from shared.bulk_insert import new_row
from shared.events.work_orders import WorkOrderOpened
from shared.vocabulary import Category, Component

from .complaint import Complaint
from .county import Supply
from .timeline import Change, Happening, Line
from .work_order import WorkOrder


def open_work_order(
    work_order_id: str, complaints: Sequence[Complaint], supply: Supply, now: datetime
) -> tuple[WorkOrder, list[Change]]:
    """`complaints` are linked to it already; the first one says what it is about."""
    first, signs = complaints[0], complaints[0].signs
    component = signs.component or presumed_component(signs.category, supply.components)
    work_order = new_row(
        WorkOrder,
        id=work_order_id,
        county=first.county,
        scheme_id=supply.scheme_id,
        village_code=supply.village_code,
        village=supply.village,
        town=supply.town,
        village_group=signs.group,
        category=signs.category.value,
        component=component.value,
        component_named=signs.component is not None,
        for_office=is_for_office(signs.category, signs.component),
        urgent=any(complaint.urgent for complaint in complaints),
        first_sent_at=first.sent_at,
        opened_at=now,
    )
    opened = WorkOrderOpened(
        work_order_id=work_order_id,
        county=first.county,
        scheme_id=supply.scheme_id,
        scheme_name=supply.scheme_name,
        village_code=supply.village_code,
        category=signs.category,
        component=component,
        urgent=work_order.urgent,
        opened_at=now,
    )
    line = Line(work_order_id, now, None, Happening.OPENED, {"reason": first.link_reason})
    return work_order, [Change(line, opened), *work_order.link(complaints, now)]


def open_rework(
    work_order_id: str,
    complaint: Complaint,
    former: WorkOrder,
    scheme_name: str,
    failed_at: datetime,
    now: datetime,
    who: str | None = None,
) -> tuple[WorkOrder, list[Change]]:
    """重办: the fault of `former` again. `complaint` is linked to it already; the crew that had the
    former one knows the fault, and goes first."""
    work_order = new_row(
        WorkOrder,
        id=work_order_id,
        county=former.county,
        scheme_id=former.scheme_id,
        village_code=former.village_code,
        village=former.village,
        town=former.town,
        village_group=former.village_group,
        category=former.category,
        component=former.component,
        component_named=former.component_named,
        for_office=former.for_office,
        urgent=former.urgent or complaint.urgent,
        first_sent_at=failed_at,
        opened_at=now,
        crew_id=former.crew_id,
        rework_of=former.rework_of or former.id,
    )
    opened = WorkOrderOpened(
        work_order_id=work_order_id,
        county=former.county,
        scheme_id=former.scheme_id,
        scheme_name=scheme_name,
        village_code=former.village_code,
        category=Category(former.category),
        component=Component(former.component),
        urgent=work_order.urgent,
        rework_of=work_order.rework_of,
        opened_at=now,
    )
    details = {"reason": complaint.link_reason, "rework_of": former.number or former.id}
    line = Line(work_order_id, now, who, Happening.OPENED, details)
    return work_order, [Change(line, opened), *work_order.link([complaint], now, who)]
