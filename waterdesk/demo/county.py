"""The demo county: the villages for intake, and the crews and accounts for dispatch."""

import csv
from collections.abc import Collection, Mapping

from sqlalchemy import update
from sqlmodel import col

from services.dispatch.county_file import read_county
from services.dispatch.handlers.county_import import give_first_passwords, import_county
from services.dispatch.models import Staff
from services.intake.gazetteer import DEMO_COUNTY
from shared.db import Database
from waterdesk.simulators.planned_submissions import Village

SHOWN_ACCOUNTS: Mapping[str, str] = {
    "dispatcher": "调度 dispatcher: the board, what waits, which crew goes where",
    "crew-duty": "维修队 crew: on the phone, /crew",
    "reviewer": "审核 reviewer: replies before they leave",
    "supervisor": "主管 supervisor: what fails again and again",
    "admin": "管理员 admin: everything",
}


def demo_villages() -> list[Village]:
    """(code, village, town) of the demo county's gazetteer."""
    with DEMO_COUNTY.open(encoding="utf-8", newline="") as file:
        return [(row["code"], row["village"], row["town"]) for row in csv.DictReader(file)]


async def load_demo_county(dispatch: Database, known: Collection[str] = ()) -> dict[str, str]:
    """Load schemes, crews and accounts. Returns new passwords for the accounts not in `known`: a
    demo that was killed before it saved them makes new ones."""
    county = read_county()
    async with dispatch.work() as (session, _):
        await import_county(session, county)
        await session.execute(
            update(Staff).where(col(Staff.sign_in_name).not_in(known)).values(password_hash=None)
        )
        return await give_first_passwords(session, county.code, one_time=False)
