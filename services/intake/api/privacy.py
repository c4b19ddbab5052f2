"""HTTP for the protection of residents' data: who looked, and erasure.

The console's page asks here in the name of a supervisor or an admin. Telephone numbers travel in
bodies, never in addresses, which proxies log: so the search is a POST.
"""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.intake.api.dependencies import ContextHere
from services.intake.handlers.disclose import (
    DisclosureFilter,
    complaints_of_person,
    disclosures,
)
from services.intake.handlers.erase import erase
from shared.auth.permissions import Permission
from shared.auth.requires import requires
from shared.auth.tokens import Person
from shared.bus.outbox import Outbox
from shared.db import DatabaseHere, Session
from shared.routes import Route

router = APIRouter(tags=["privacy"], route_class=Route)


class DisclosureSearch(BaseModel):
    """Every field narrows the search; none is needed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    complaint_id: str | None = Field(None, max_length=100)
    """A complaint's id, or that of an unreadable raw message."""
    phone: str | None = Field(None, max_length=30)
    """Looks at any complaint of this telephone number."""
    viewer: str | None = Field(None, max_length=100)
    """The sign-in name of who looked; `service:reply` is the reply service."""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    """Looks before this instant."""
    before: str | None = Field(None, max_length=100)
    """`next` of the page before."""
    limit: int = Field(50, ge=1, le=200)


class DisclosureShown(BaseModel):
    id: str
    disclosed_id: str
    """A complaint's id (`c…`), or that of an unreadable raw message (`r…`)."""
    disclosed_to: str
    role: str
    disclosed_at: AwareDatetime


class DisclosurePage(BaseModel):
    disclosures: list[DisclosureShown]
    """The newest first."""
    next: str | None
    """Send it as `before` for the following page; None: this is the last."""


@router.post("/disclosures/search")
async def search_disclosures(
    search: DisclosureSearch,
    database: DatabaseHere,
    context: ContextHere,
    person: Annotated[Person, requires(Permission.DISCLOSURE_SEE)],
) -> DisclosurePage:
    """Who looked at whose data in this county, page by page. Supervisors and admins."""
    async with database.reading() as session:
        wanted = DisclosureFilter(
            [search.complaint_id] if search.complaint_id else None,
            search.viewer,
            search.since,
            search.until,
            search.before,
        )
        if search.phone:
            key = context.hashes.of_phone(person.county, search.phone)
            wanted = wanted.only_of(await complaints_of_person(session, person.county, key))
        found = await disclosures(session, person.county, wanted, search.limit)
    return DisclosurePage(
        disclosures=[DisclosureShown.model_validate(row, from_attributes=True) for row in found],
        next=found[-1].id if len(found) == search.limit else None,
    )


class ErasureBody(BaseModel):
    """Exactly one of `complaint_id` and `phone`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    complaint_id: str | None = Field(None, max_length=100)
    phone: str | None = Field(None, max_length=30)
    """All complaints of this telephone number."""
    reason: str = Field(min_length=2, max_length=200)
    """Kept with the record of the erasure: no personal data in it."""

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if bool(self.complaint_id) == bool(self.phone):
            raise ValueError("exactly one of complaint_id and phone")
        return self


class Erased(BaseModel):
    complaints: int
    """How many were erased now; 0 where there is none, or all were erased before."""


@router.post("/erasures")
async def post_erasure(
    body: ErasureBody,
    database: DatabaseHere,
    context: ContextHere,
    person: Annotated[Person, requires(Permission.RESIDENT_ERASE)],
) -> Erased:
    """Erase what a resident wrote and who they are, for good; counts and dates stay. Admins."""

    async def action(session: Session, _: Outbox) -> int:
        ids = [body.complaint_id] if body.complaint_id else []
        if body.phone:
            key = context.hashes.of_phone(person.county, body.phone)
            ids = [*await complaints_of_person(session, person.county, key)]
        return await erase(
            session,
            ids,
            county=person.county,
            erased_by=person.name,
            reason=body.reason,
            now=database.clock.now(),
        )

    return Erased(complaints=await database.in_transaction(action))
