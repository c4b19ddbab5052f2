"""What people do with work orders from a page: dispatch's own handlers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from services.dispatch.console.language import LANGUAGES, Words
from services.dispatch.handlers import directing, working
from services.dispatch.refusals import as_problems
from services.dispatch.rules.faults import Component
from services.dispatch.rules.work_order import Deed
from shared.auth.permissions import Permission
from shared.auth.requires import NOT_ALLOWED
from shared.auth.tokens import Person
from shared.db import Database
from shared.problems import Problem, Text

_LONGEST = 500
_HANDLERS = {
    Deed.ACCEPT: working.accept,
    Deed.ARRIVE: working.arrive,
    Deed.REPAIR: working.repaired,
    Deed.RELEASE: directing.release,
    Deed.ASSIGN: directing.assign,
    Deed.CLOSE: directing.close,
    Deed.REOPEN: directing.reopen,
    Deed.MERGE: directing.merge,
}
_OF_THE_CREW = frozenset({Deed.ACCEPT, Deed.ARRIVE, Deed.REPAIR, Deed.RELEASE})


@dataclass(frozen=True, slots=True)
class Ask:
    """One press of a button on a work order."""

    order_id: str
    deed: Deed
    form: FormData


async def take_step(request: Request, database: Database, person: Person, ask: Ask) -> None:
    """Raises Problem: 403, 404, 409 or 422, in a sentence for the person."""
    needed = (
        Permission.WORK_ORDER_WORK if ask.deed in _OF_THE_CREW else Permission.WORK_ORDER_ASSIGN
    )
    if not person.may(needed):
        raise Problem(403, "not_allowed", NOT_ALLOWED)
    details = _details(request, ask)
    version = _field(ask.form, "version")
    handler: Any = _HANDLERS[ask.deed]
    with as_problems():
        async with database.work() as (session, outbox):
            await handler(
                session,
                outbox,
                ask.order_id,
                person,
                database.clock.now(),
                version=int(version) if version.isdecimal() else None,
                **details,
            )


def _details(request: Request, ask: Ask) -> Mapping[str, object]:
    """What this deed needs beside the order. Raises Problem 422."""
    form = ask.form
    match ask.deed:
        case Deed.ASSIGN:
            return {"crew_id": _required(form, "crew_id"), "note": _required(form, "note")}
        case Deed.RELEASE | Deed.REOPEN | Deed.CLOSE:
            return {"note": _required(form, "note")}
        case Deed.MERGE:
            return {"into": _required(form, "into")}
        case Deed.REPAIR:
            component = _required(form, "component")
            if component not in list(Component):
                raise Problem(422, "invalid_request", _both("form.missing_component"))
            return {
                "component": Component(component),
                "found": _required(form, "found"),
                "done": _required(form, "done"),
                "policy": request.app.state.policy,
            }
        case _:
            return {}


def _field(form: FormData, name: str) -> str:
    value = form.get(name, "")
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > _LONGEST:
        raise Problem(422, "invalid_request", _both("form.too_long", most=_LONGEST))
    return text


def _required(form: FormData, name: str) -> str:
    if not (text := _field(form, name)):
        raise Problem(422, "invalid_request", _both(f"form.missing_{name}"))
    return text


def _both(key: str, **values: object) -> Text:
    zh, en = (Words(language)(key, **values) for language in LANGUAGES)
    return Text(zh, en)
