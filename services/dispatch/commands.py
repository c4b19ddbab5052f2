"""What a person can ask for a work order: one schema for the JSON API and the console's forms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.dispatch.rules.work_order import Step
from shared.auth.permissions import Permission
from shared.clock import SHANGHAI
from shared.vocabulary import Component

Note = Annotated[str, Field(min_length=2, max_length=500)]
"""About the work, never about a resident."""


def _none_where_empty(value: object) -> object:
    """A form sends an empty field for what is left out."""
    return None if value == "" else value


def _in_shanghai(value: object) -> object:
    """A form's datetime-local names no offset."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


Id = Annotated[str, Field(min_length=1, max_length=100)]


class Command(BaseModel):
    """`version`: the work order's version that the person saw; None or "": whichever it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    step: ClassVar[Step]
    permission: ClassVar[Permission]
    version: Annotated[int | None, BeforeValidator(_none_where_empty)] = None

    @classmethod
    def from_form(cls, form: Mapping[str, object]) -> Self:
        """Fields of the form that are not the command's are left out. Raises ValidationError."""
        return cls.model_validate({name: form[name] for name in cls.model_fields if name in form})


class CrewCommand(Command):
    permission = Permission.WORK_ORDER_WORK


class Accept(CrewCommand):
    step = Step.ACCEPT


class Arrive(CrewCommand):
    step = Step.ARRIVE


class Expect(CrewCommand):
    """`expected_at`: when the repair is to be expected; a form's time is Shanghai's. `so_far`:
    what was found so far. Both may stand in an interim reply."""

    step = Step.EXPECT
    expected_at: Annotated[AwareDatetime, BeforeValidator(_in_shanghai)]
    so_far: Annotated[str, Field(max_length=500)] = ""


class Repair(CrewCommand):
    """`component`: what had really failed; `found` and `done` in the crew's words."""

    step = Step.REPAIR
    component: Component
    found: Note
    done: Note


class Release(CrewCommand):
    step = Step.RELEASE
    note: Note


class DispatcherCommand(Command):
    permission = Permission.WORK_ORDER_ASSIGN


class Assign(DispatcherCommand):
    step = Step.ASSIGN
    crew_id: Id
    note: Note


class Close(DispatcherCommand):
    """`note`: why; where nothing was found it goes into the replies. `despite`: why it ends while a
    resident waits for an answer or a deadline is open; needed there."""

    step = Step.CLOSE
    note: Note
    despite: Annotated[Note | None, BeforeValidator(_none_where_empty)] = None


class Reopen(DispatcherCommand):
    step = Step.REOPEN
    note: Note


class Merge(DispatcherCommand):
    """`into`: the work order that is the same fault."""

    step = Step.MERGE
    into: Id


COMMANDS: Mapping[Step, type[Command]] = {
    command.step: command
    for command in (Accept, Arrive, Expect, Repair, Release, Assign, Close, Reopen, Merge)
}
