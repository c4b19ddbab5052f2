"""What people do with work orders from a page: the commands of the JSON API, from a form."""

from pydantic import ValidationError
from starlette.datastructures import FormData

from services.dispatch.commands import COMMANDS, Command
from services.dispatch.console.language import both
from services.dispatch.rules.work_order import Step
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import Person
from shared.problems import Problem


def command_of(person: Person, step: Step, form: FormData) -> Command:
    """Raises Problem: 403; 422 for the first field that is missing, too short or too long."""
    command = COMMANDS[step]
    if not person.may(command.permission):
        raise Problem(403, "not_allowed", NOT_ALLOWED)
    try:
        return command.from_form(form)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "string_too_long":
            text = both("form.too_long", most=first["ctx"]["max_length"])
        else:
            text = both(f"form.missing_{first['loc'][0]}")
        raise Problem(422, "invalid_request", text) from None
