"""Work order numbers that people can say."""

from datetime import date, datetime

from shared.clock import SHANGHAI


def day_of(opened_at: datetime) -> date:
    """The office's day that a work order is counted in."""
    return opened_at.astimezone(SHANGHAI).date()


def number_of(day: date, running: int) -> str:
    """WX (维修), the day, the running number of the day from 1 on."""
    return f"WX-{day:%Y%m%d}-{running:03}"
