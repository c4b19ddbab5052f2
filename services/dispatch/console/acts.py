"""What people do with work orders from a page: the commands of the JSON API, from a form."""

from dataclasses import dataclass

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.dispatch.api.steps import StepTaker
from services.dispatch.commands import COMMANDS, Command
from services.dispatch.console.language import both
from services.dispatch.rules.work_order import Step
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import Person
from shared.problems import Problem

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Ask:
    """One press of a button on a work order."""

    order_id: str
    deed: Step
    form: FormData


async def take_step(request: Request, person: Person, ask: Ask) -> None:
    """Raises Problem: 403, 404, 409 or 422, in a sentence for the person."""
    await StepTaker(request)(person, ask.order_id, _command(person, ask))


def _command(person: Person, ask: Ask) -> Command:
    """Raises Problem: 403; 422 for the first field that is missing or too long."""
    command = COMMANDS[ask.deed]
    if not person.may(command.permission):
        raise Problem(403, "not_allowed", NOT_ALLOWED)
    try:
        return command.from_form(ask.form)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "string_too_long":
            text = both("form.too_long", most=_LONGEST)
        else:
            text = both(f"form.missing_{first['loc'][0]}")
        raise Problem(422, "invalid_request", text) from None
