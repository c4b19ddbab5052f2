"""`waterdesk verify` as its caller sees it."""

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.integration.audit.sample_data import SampleData
from waterdesk.audit.run import AuditResult
from waterdesk.commands.verify import shown


async def _verify(postgres: str, home: Path, *options: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("waterdesk")),
        "verify",
        *options,
        env=os.environ
        | {
            "WATERDESK_HOME": str(home),
            "WATERDESK_DATABASE_URL": postgres.format("ledger_{service}"),
            "WATERDESK_BUS": "kafka",  # verify does not connect to it
            "WATERDESK_SECRET": "x" * 32,
            "WATERDESK_PRIVACY_KEYS": "A" * 43 + "=",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_it_holds_and_ends_with_status_0(data: SampleData, postgres: str) -> None:
    status, out, err = await _verify(postgres, data.journal.parent)
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "账目相符 The ledger holds."
    assert "  complaints: 3" in out.splitlines()


async def test_it_does_not_hold_and_names_the_findings_with_status_1(
    data: SampleData, postgres: str
) -> None:
    data.add_to_journal(("hotline", "changed", {"issueNumber": "n-c1"}))
    await data.change("reply", "DELETE FROM deadline WHERE complaint_id = 'c2'")
    status, out, err = await _verify(postgres, data.journal.parent, "--json")
    assert (status, err) == (1, "")
    ledger = json.loads(out)
    assert ledger["holds"] is False
    assert ledger["counts"]["complaints"] == 3
    assert [
        (finding["rule"], finding["ids"], finding["total"]) for finding in ledger["findings"]
    ] == [("delivered_but_not_at_platform", ["c1/1"], 1), ("without_deadlines", ["c2"], 1)]
    assert all(finding["meaning"] for finding in ledger["findings"])


def test_of_many_findings_the_first_twenty_are_shown_and_all_are_counted() -> None:
    ids = {f"c{number:02}" for number in range(31)}
    lines = shown(AuditResult({"unknown_to_intake": ids})).splitlines()
    assert lines[0] == "账目不符 The ledger does not hold."
    (line,) = [line for line in lines if line.startswith("unknown_to_intake: ")]
    assert line.endswith("c18, c19, ... (31 in all)")
