"""Templates of replies in the console: an admin tries and saves, everybody else reads."""

from services.dispatch.console.language import catalogue
from tests.integration.console.conftest import Reachable, SignedIn
from tests.integration.console.stand_ins import WITHOUT_REPLY, Recorded

PATH = "/templates/hotline_12345/solved"


async def test_an_admin_tries_the_words_and_saves_them(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    admin = await signed_in("admin")
    assert PATH in (await admin.get("/templates")).text
    assert "/templates" in (await admin.get("/settings")).text
    form = {"act": "preview", "version": "1", "text": "系村民自己造成。", "note": "更短"}
    tried = await admin.post(PATH, data=form)
    assert "东片维修队已修好。" in tried.text
    assert catalogue("zh")["reply_check.blame"] in tried.text
    assert "系村民自己造成。</textarea>" in tried.text
    saved = await admin.post(PATH, data={**form, "act": "save"})
    assert saved.headers["location"] == f"{PATH}?done=saved"
    assert recorded.calls == [
        ("PUT", PATH, {"text": "系村民自己造成。", "version": 1, "note": "更短"})
    ]


async def test_an_unknown_placeholder_is_named_and_nothing_typed_is_lost(
    signed_in: SignedIn,
) -> None:
    admin = await signed_in("admin")
    form = {"act": "preview", "version": "1", "text": "请拨{phone}。"}
    refused = await admin.post(PATH, data=form)
    assert refused.status_code == 422
    assert "没有叫 {phone} 的占位符。" in refused.text
    assert "请拨{phone}。</textarea>" in refused.text


async def test_an_earlier_version_is_put_in_to_begin_with(signed_in: SignedIn) -> None:
    admin = await signed_in("admin")
    assert "旧的写法。</textarea>" in (await admin.get(f"{PATH}?use=1")).text
    assert "自带的写法。</textarea>" in (await admin.get(f"{PATH}?use=0")).text
    assert (await admin.get("/templates/hotline_12345/nothing")).status_code == 404


async def test_a_reply_begins_with_the_template_of_its_kind(signed_in: SignedIn) -> None:
    reviewer = await signed_in("zhao.shenhe")
    page = (await reviewer.get(f"/review/{WITHOUT_REPLY}?begin=not_solved")).text
    assert "模板 not_solved 的写法。</textarea>" in page
    assert 'name="solved" value="true">' in page
    page = (await reviewer.get(f"/review/{WITHOUT_REPLY}?begin=interim")).text
    assert 'name="interim" value="true" checked>' in page


async def test_others_read_and_cannot_save(signed_in: SignedIn, recorded: Recorded) -> None:
    reviewer = await signed_in("zhao.shenhe")
    page = await reviewer.get(PATH)
    assert "<textarea" not in page.text
    form = {"act": "save", "version": "1", "text": "已修好。"}
    assert (await reviewer.post(PATH, data=form)).status_code == 403
    assert recorded.calls == []


async def test_the_page_comes_while_reply_is_unavailable(
    signed_in: SignedIn, reply: Reachable
) -> None:
    admin = await signed_in("admin")
    reply.unavailable = True
    assert (await admin.get("/templates")).status_code == 200
    assert (await admin.get(PATH)).status_code == 200
