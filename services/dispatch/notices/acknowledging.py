"""The alert that a message is about, taken on from the message itself."""

from datetime import datetime

from services.dispatch.handlers.alert_messages import alert_of_message
from services.dispatch.handlers.alert_steps import AlertEnded, NotTheirs, UnknownAlert, take_on
from services.dispatch.handlers.context import Context
from services.dispatch.models import Staff
from services.dispatch.rules.card_answers import ENDED, NOT_THEIRS, seen, taken_on


async def acknowledge(context: Context, staff: Staff, alert_id: str, now: datetime) -> str:
    """Returns what the card says: they have the alert, or why not; where the message is about no
    alert, that they have seen it."""
    who = staff.display_name or staff.sign_in_name
    try:
        await take_on(context, staff.person, alert_of_message(alert_id))
    except UnknownAlert:
        return seen(who, now)
    except NotTheirs:
        return NOT_THEIRS
    except AlertEnded:
        return ENDED
    return taken_on(who, now)
