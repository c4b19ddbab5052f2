"""Every screen that shows a limit says where no source stands behind its policy."""

import pytest
from sqlalchemy import update

from services.dispatch.models import DeadlineView
from shared.db import Database
from tests.integration.console.conftest import SignedIn
from tests.integration.console.county import IDS
from tests.integration.console.stand_ins import Recorded

_SAYS_SO = {"zh": "依据未核实", "en": "source not verified"}
_SCREENS = (
    "/",
    "/due",
    "/waiting",
    "/work-orders",
    "/review",
    "/replies?list=stuck",
    f"/review/fault/{IDS.on_site}",
    f"/complaints/{IDS.waiting}",
    f"/work-orders/{IDS.on_site}",
)


@pytest.mark.parametrize("screen", _SCREENS)
@pytest.mark.parametrize("unverified", [True, False])
async def test_a_limit_without_a_source_is_marked(
    signed_in: SignedIn, database: Database, recorded: Recorded, screen: str, unverified: bool
) -> None:
    recorded.unverified = unverified
    async with database.work() as (session, _):
        await session.execute(update(DeadlineView).values(unverified=unverified))
    page = await (await signed_in("admin")).get(screen)
    assert page.status_code == 200
    assert (_SAYS_SO["zh"] in page.text) is unverified
    assert _SAYS_SO["en"] not in page.text
