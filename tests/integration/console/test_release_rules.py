"""Rules by which replies go out by themselves, in the console."""

from tests.integration.console.conftest import SignedIn
from tests.integration.console.stand_ins import Recorded

PATH = "/release-rules"


async def test_a_reviewer_writes_and_switches_rules_and_sees_what_went_out_today(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    page = (await reviewer.get(PATH)).text
    assert "同一任务不超过 3 件诉求" in page
    assert "规则“小停水”" in page
    form = {
        "name": "漏水",
        "platform": "wechat",
        "answering": "interim",
        "category": "pipe_leak",
        "most_complaints": "5",
    }
    written = await reviewer.post(PATH, data=form)
    assert written.headers["location"] == f"{PATH}?done=saved"
    off = await reviewer.post(f"{PATH}/switch", data={"name": "小停水", "on": "false"})
    assert off.headers["location"] == f"{PATH}?done=rule_off"
    rule = {**form, "most_complaints": 5}
    del rule["name"]
    assert recorded.calls == [
        ("PUT", f"{PATH}/漏水", rule),
        ("POST", f"{PATH}/小停水/switch", {"on": False}),
    ]


async def test_a_dispatcher_reads_them_and_cannot_change_any(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    dispatcher = await signed_in("wang.diaodu")
    page = (await dispatcher.get(PATH)).text
    assert "小停水" in page
    assert "立即停用" not in page
    switched = await dispatcher.post(f"{PATH}/switch", data={"name": "小停水", "on": "false"})
    assert switched.status_code == 403
    assert recorded.calls == []
