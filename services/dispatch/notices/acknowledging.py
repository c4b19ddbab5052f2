"""The alert that a message is about, taken on from the message itself."""

from services.dispatch.handlers.context import Context
from shared.auth.tokens import Person


async def acknowledge(context: Context, person: Person, alert_id: str) -> str | None:  # noqa: ARG001
    """Returns why it cannot be taken on, as a sentence for the person; None: they have it."""
    return None
