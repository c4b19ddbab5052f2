"""Signing in: who gets in, how guessing is slowed, what the cookie is, what other sites may not."""

import pytest
from sqlalchemy import update
from sqlmodel import col

from services.dispatch.models import Staff
from shared.db import Database
from tests.integration.console.conftest import Browser, SignedIn
from tests.integration.console.county import ELSEWHERE, IDS, PASSWORD, STAFF


@pytest.mark.parametrize(("name", "role"), [(n, role) for n, (role, _) in STAFF.items()])
async def test_staff_get_to_their_first_page(browser: Browser, name: str, role: str) -> None:
    answer = await browser().post("/sign-in", data={"name": name, "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/crew" if role == "crew" else "/",
    )


async def test_a_dispatcher_who_belongs_to_a_desk_still_starts_at_the_board(
    browser: Browser, database: Database
) -> None:
    async with database.work() as (session, _):
        await session.execute(
            update(Staff).where(col(Staff.role) == "dispatcher").values(crew_id="crew-1")
        )
    data = {"name": "wang.diaodu", "password": PASSWORD}
    assert (await browser().post("/sign-in", data=data)).headers["location"] == "/"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    answer = await browser().post("/sign-in", data={"name": "admin", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "; secure" not in cookie  # plain http here; a cookie marked so would be lost


@pytest.mark.parametrize(
    ("name", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")]
)
async def test_wrong_name_wrong_password_and_who_has_left_read_the_same(
    browser: Browser, name: str, password: str
) -> None:
    answer = await browser().post("/sign-in", data={"name": name, "password": password})
    assert answer.status_code == 401
    assert "登录名或密码不对" in answer.text
    assert password == "" or password not in answer.text


async def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_back(browser: Browser) -> None:
    answer = await browser().get("/hotspots")
    assert answer.headers["location"] == "/sign-in?next=/hotspots"
    live = await browser().get("/board", headers={"HX-Request": "true"})
    assert (live.status_code, live.headers["hx-redirect"]) == (204, "/sign-in")


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test", "/\\evil.test", ""])
async def test_signing_in_never_leads_to_another_site(browser: Browser, elsewhere: str) -> None:
    answer = await browser().post(
        "/sign-in", data={"name": "admin", "password": PASSWORD, "next": elsewhere}
    )
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("change", "status"),
    [({"active": False}, 303), ({"role": "reviewer"}, 403), ({"county": ELSEWHERE}, 404)],
)
async def test_whoever_leaves_or_changes_role_has_no_more_than_that_at_once(
    signed_in: SignedIn, database: Database, change: dict[str, object], status: int
) -> None:
    client = await signed_in("admin")
    async with database.work() as (session, _):
        await session.execute(
            update(Staff).where(col(Staff.sign_in_name) == "admin").values(change)
        )
    path = "/parked" if "role" in change else f"/work-orders/{IDS.on_site}"
    assert (await client.get(path)).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
)
async def test_only_our_own_pages_may_change_anything(
    browser: Browser, headers: dict[str, str], status: int
) -> None:
    client = browser()
    answer = await client.post(
        "/sign-in", data={"name": "admin", "password": PASSWORD}, headers=headers
    )
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("language", "sentence"), [("zh-CN", "这个请求来自其他网站"), ("en", "another site&#39;s page")]
)
async def test_another_sites_form_is_refused_in_the_readers_language(
    browser: Browser, language: str, sentence: str
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Accept-Language": language}
    answer = await browser().post("/sign-out", headers=headers)
    assert answer.status_code == 403
    assert sentence in answer.text
