"""What can be set, and where: one link for each page of settings that somebody may open."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Request, Response

from services.dispatch.console.rendering import page
from services.dispatch.console.session import allowed
from shared.auth.permissions import Permission
from shared.auth.tokens import Person
from shared.routes import Route

router = APIRouter(prefix="/settings", route_class=Route)


class Setting(NamedTuple):
    """Its words stand in the catalogue: `setting.KEY` and `setting.KEY_why`."""

    address: str
    key: str
    needs: Permission


SETTINGS = (
    Setting("/codes", "codes", Permission.POLICY_SEE),
    Setting("/staff", "staff", Permission.STAFF_MANAGE),
    Setting("/templates", "templates", Permission.POLICY_SEE),
    Setting("/release-rules", "release_rules", Permission.BOARD_SEE),
    Setting("/messages", "messages", Permission.MESSAGES_SEE),
    Setting("/policies", "policies", Permission.POLICY_SEE),
    Setting("/calendar", "calendar", Permission.POLICY_SEE),
)


@router.get("")
async def settings_page(
    request: Request, person: Annotated[Person, allowed(Permission.POLICY_SEE)]
) -> Response:
    return page(
        request, "settings.html", settings=[each for each in SETTINGS if person.may(each.needs)]
    )
