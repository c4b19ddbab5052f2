"""A county's own templates: tried, saved, used by the next draft, and noticed by other replicas."""

import pytest

from services.reply.rules.drafting import Answering
from services.reply.template_book import TemplateBook
from shared.auth.permissions import Role
from tests.integration.reply.conftest import Caller
from tests.integration.reply.events import COUNTY, linked, received, repaired
from tests.integration.reply.harness import Harness

PATH = "/templates/hotline_12345/solved"
WORDS = "您好！{subject}已处理：{done}。{note}另附。"


async def test_an_admins_words_are_used_by_the_next_draft_and_kept_as_a_version(
    harness: Harness, call: Caller
) -> None:
    body = {"text": WORDS, "version": 0, "note": "更短"}
    saved = await call("PUT", PATH, body, role=Role.ADMIN, name="ma")
    assert saved.json() == {"version": 1}
    async with harness.database.reading() as session:
        await harness.config.templates.refresh(session)  # as every replica does within seconds
    await harness.receives(received(), linked(), repaired())
    text = (await harness.live_reply()).text
    assert text == "您好！史家寨村停水已处理：更换电机，恢复供水。"
    found = (await call("GET", PATH)).json()
    assert [(each["version"], each["changed_by"], each["note"]) for each in found["versions"]] == [
        (1, "ma", "更短")
    ]
    assert found["text"] == WORDS
    assert "{crew}" in found["shipped"]
    assert {"found", "crew", "repaired_at"} <= {each["name"] for each in found["names"]}


async def test_a_person_begins_with_the_template_of_any_kind(
    harness: Harness, call: Caller
) -> None:
    await harness.receives(received())
    proposed = (await call("GET", "/replies/c1/proposals/not_solved")).json()["text"]
    assert "您反映的史家寨村停水问题尚未解决" in proposed
    assert await harness.replies() == []


async def test_another_county_keeps_the_words_as_shipped(harness: Harness, call: Caller) -> None:
    body = {"text": WORDS, "version": 0}
    assert (await call("PUT", PATH, body, role=Role.ADMIN)).status_code == 200
    book = TemplateBook()
    async with harness.database.reading() as session:
        assert await book.refresh(session) == 1
        assert await book.refresh(session) == 0
    own = book.template(COUNTY, "hotline_12345", Answering.SOLVED)
    other = book.template("610124", "hotline_12345", Answering.SOLVED)
    assert own.text == WORDS
    assert other.text != WORDS


@pytest.mark.parametrize(
    ("role", "text", "version", "status", "says"),
    [
        (Role.REVIEWER, WORDS, 0, 403, ""),
        (Role.ADMIN, WORDS, 3, 409, "更新的版本"),
        (Role.ADMIN, "已修好，请拨{phone}。", 0, 422, "{phone}"),
        (Role.ADMIN, "已修好，请拨13900001111。", 0, 422, "{service_phone}"),
        (Role.ADMIN, "  ", 0, 422, "不能为空"),
        (Role.ADMIN, "修" * 3000, 0, 422, "字数"),
        (Role.ADMIN, "系村民自己造成。{done}。", 0, 200, ""),
    ],
)
async def test_what_a_template_may_not_say_is_refused_with_the_reason(
    call: Caller, role: Role, text: str, version: int, status: int, says: str
) -> None:
    answer = await call("PUT", PATH, {"text": text, "version": version}, role=role)
    assert answer.status_code == status
    assert says in answer.text


async def test_a_preview_is_filled_with_made_up_facts_or_a_real_complaint(
    harness: Harness, call: Caller
) -> None:
    body = {"text": "{crew}：{found}。系村民自己造成。", "real": False}
    made_up = (await call("POST", f"{PATH}/preview", body, role=Role.ADMIN)).json()
    assert made_up["text"].startswith("东片维修队：主管道接头脱开。")
    assert [each["check"] for each in made_up["findings"]] == ["blame"]
    await harness.receives(received(), linked(), repaired())
    body = {"text": "{subject}：{found}。", "real": True}
    real = (await call("POST", f"{PATH}/preview", body, role=Role.ADMIN)).json()
    assert (real["text"], real["complaint_id"]) == ("史家寨村停水：水泵电机烧毁。", "c1")
