"""Numbers for work orders that have none yet.

Opening a work order, the hot path, gives none: the counter's row would stand between all
transactions of a county. The next round that looks for its crew, within half a second, numbers all
new ones of the county with one statement, in the row's update that it makes anyway; a person's
step that is earlier numbers its own.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy.dialects.postgresql import insert

from services.dispatch.models import NumbersOfDay, WorkOrder
from services.dispatch.rules.numbers import day_of, number_of
from shared.sql import table_of

from .context import Context

_numbers = table_of(NumbersOfDay)
_NEW = insert(_numbers)
_COUNT = _NEW.on_conflict_do_update(
    index_elements=[_numbers.c.county, _numbers.c.day],
    set_={"given": _numbers.c.given + _NEW.excluded.given},
).returning(_numbers.c.given)


async def give_numbers(context: Context, county: str, work_orders: Iterable[WorkOrder]) -> set[str]:
    """Number those that have none, the oldest first; returns their ids.

    `work_orders` are of `county`, and locked. Called before crews are locked: whoever gives numbers
    waits for no crew that another holds who waits for the numbers.
    """
    of_day: dict[date, list[WorkOrder]] = defaultdict(list)
    for each in sorted(work_orders, key=lambda each: (each.opened_at, each.id)):
        if each.number is None:
            of_day[day_of(each.opened_at)].append(each)
    for day in sorted(of_day):
        new = of_day[day]
        counted = {"county": county, "day": day, "given": len(new)}
        given = (await context.session.execute(_COUNT, counted)).scalar_one()
        for running, each in enumerate(new, given - len(new) + 1):
            each.number = number_of(day, running)
    return {each.id for new in of_day.values() for each in new}
