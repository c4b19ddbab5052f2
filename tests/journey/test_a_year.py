"""A county's year, with failing platforms and a desk that is killed again and again."""

import json

from tests.journey.conftest import Year
from tests.journey.process_group import waterdesk


async def test_the_ledger_holds_when_the_year_is_over(year: Year) -> None:
    status, out = await waterdesk("verify", "--json", home=year.home)
    ledger = json.loads(out)
    assert ledger["findings"] == []
    assert (status, ledger["holds"]) == (0, True)
