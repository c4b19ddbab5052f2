"""How long somebody stays signed in, and what ends it; passwords; the cookie behind a proxy."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select

from services.dispatch.models import Staff
from services.dispatch.settings import DispatchSettings
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import ORIGIN, AddConsole, Browser, SignedIn
from tests.integration.console.county import ELSEWHERE, PASSWORD

NAME = "wang.diaodu"
NEW = "quite another password"
CHANGE = {"password": PASSWORD, "new_password": NEW, "new_password_again": NEW}


async def _is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/review")).status_code == 200


async def test_signing_out_ends_it_on_the_server(signed_in: SignedIn, browser: Browser) -> None:
    client = await signed_in(NAME)
    copied = browser()
    copied.cookies.set("waterdesk", client.cookies["waterdesk"])
    assert await _is_in(copied)
    await client.post("/sign-out")
    assert not await _is_in(client)
    assert not await _is_in(copied)


async def test_a_sign_in_ends_after_twelve_hours_however_busy(
    signed_in: SignedIn, clock: ManualClock
) -> None:
    client = await signed_in(NAME)
    for _ in range(11):
        clock.advance(timedelta(hours=1))
        assert await _is_in(client)
    clock.advance(timedelta(hours=1))
    assert not await _is_in(client)


async def test_a_sign_in_ends_after_four_idle_hours(
    signed_in: SignedIn, clock: ManualClock
) -> None:
    client = await signed_in(NAME)
    clock.advance(timedelta(hours=3, minutes=59))
    assert await _is_in(client)
    clock.advance(timedelta(hours=4))
    assert not await _is_in(client)


async def test_people_change_their_password_and_are_signed_out_elsewhere(
    signed_in: SignedIn, browser: Browser
) -> None:
    here, elsewhere = await signed_in(NAME), await signed_in(NAME)
    answer = await here.post("/account", data=CHANGE)
    assert answer.headers["location"] == "/?done=password_changed"
    assert "密码已修改" in (await here.get(answer.headers["location"])).text
    assert not await _is_in(elsewhere)
    old = await browser().post("/sign-in", data={"name": NAME, "password": PASSWORD})
    new = await browser().post("/sign-in", data={"name": NAME, "password": NEW})
    assert (old.status_code, new.status_code) == (401, 303)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"password": "wrong"}, "现在的密码不对"),
        ({"new_password_again": NEW + "!"}, "不一样"),
        ({"new_password": "too short", "new_password_again": "too short"}, "至少 10 个字符"),
        ({"new_password": NAME, "new_password_again": NAME}, "至少 10 个字符"),
        ({"new_password": PASSWORD, "new_password_again": PASSWORD}, "至少 10 个字符"),
    ],
)
async def test_a_password_that_cannot_be_changed_stays(
    signed_in: SignedIn, typed: dict[str, str], sentence: str
) -> None:
    client = await signed_in(NAME)
    answer = await client.post("/account", data={**CHANGE, **typed})
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert not re.search(f"value=.({NEW}|{PASSWORD}|too short)", answer.text)
    assert await _is_in(client)


async def test_the_current_password_cannot_be_guessed_on_the_password_page(
    signed_in: SignedIn,
) -> None:
    client = await signed_in(NAME)
    for _ in range(5):
        await client.post("/account", data={**CHANGE, "password": "wrong"})
    answer = await client.post("/account", data=CHANGE)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


async def test_an_admin_resets_a_password_that_must_be_changed(
    signed_in: SignedIn, browser: Browser, database: Database
) -> None:
    admin, desk = await signed_in("admin"), await signed_in(NAME)
    assert NAME in (await admin.get("/staff")).text
    shown = await admin.post(f"/staff/{NAME}/password")
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    found = re.search(r'<code class="one-time">([^<]+)</code>', shown.text)
    assert found is not None
    assert not await _is_in(desk)
    async with database.reading() as session:
        staff = (await session.exec(select(Staff).where(Staff.sign_in_name == NAME))).one()
    assert found[1] not in str(staff.model_dump())

    back = browser()
    signed = await back.post("/sign-in", data={"name": NAME, "password": found[1]})
    assert signed.status_code == 303
    for path in ("/", "/board", "/review", "/complaints/new"):
        assert (await back.get(path)).headers["location"] == "/account"
    assert (await back.get("/account")).status_code == 200
    assert "一次性密码，登录后须修改" in (await admin.get("/staff")).text
    await back.post("/account", data={**CHANGE, "password": found[1]})
    assert await _is_in(back)


@pytest.mark.parametrize("name", ["gone", "nobody", "theirs"])
async def test_only_ones_own_active_staff_get_a_new_password(
    signed_in: SignedIn, database: Database, name: str
) -> None:
    async with database.work() as (session, _):
        session.add(Staff(sign_in_name="theirs", county=ELSEWHERE, role="crew"))
    admin = await signed_in("admin")
    assert (await admin.post(f"/staff/{name}/password")).status_code == 404


@pytest.fixture
async def behind_a_proxy(
    database: Database, add_console: AddConsole
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser whose requests a trusted proxy at 127.0.0.1 passes on."""
    app: FastAPI = add_console(DispatchSettings(trusted_proxies="127.0.0.1,10.0.0.0/8"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("127.0.0.1", 4711)),
        base_url=ORIGIN,
        headers={"Origin": ORIGIN},
    ) as client:
        yield client


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7, 10.0.0.9"}


async def test_behind_a_trusted_proxy_the_cookies_are_secure(
    behind_a_proxy: httpx.AsyncClient,
) -> None:
    data = {"name": NAME, "password": PASSWORD}
    answer = await behind_a_proxy.post("/sign-in", data=data, headers=FORWARDED)
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("; secure" in cookie.lower() for cookie in cookies)


async def test_behind_a_trusted_proxy_each_address_is_counted_by_itself(
    behind_a_proxy: httpx.AsyncClient,
) -> None:
    for number in range(20):
        guess = {"name": f"nobody-{number}", "password": "wrong"}
        await behind_a_proxy.post("/sign-in", data=guess, headers=FORWARDED)
    data = {"name": NAME, "password": PASSWORD}
    same = await behind_a_proxy.post("/sign-in", data=data, headers=FORWARDED)
    other = await behind_a_proxy.post(
        "/sign-in", data=data, headers={**FORWARDED, "X-Forwarded-For": "203.0.113.8"}
    )
    assert (same.status_code, other.status_code) == (429, 303)


async def test_what_anybody_else_says_they_forward_is_not_believed(browser: Browser) -> None:
    client = browser()
    for number in range(20):
        await client.post(
            "/sign-in",
            data={"name": f"nobody-{number}", "password": "wrong"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        )
    data = {"name": NAME, "password": PASSWORD}
    blocked = await client.post("/sign-in", data=data, headers=FORWARDED)
    assert blocked.status_code == 429


async def test_over_plain_http_the_cookie_is_not_secure_whatever_a_stranger_says(
    browser: Browser,
) -> None:
    data = {"name": NAME, "password": PASSWORD}
    answer = await browser().post("/sign-in", data=data, headers=FORWARDED)
    assert "; secure" not in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.5/8", "10.0.0"])
def test_a_trusted_proxy_is_an_address_or_a_network(text: str) -> None:
    with pytest.raises(ValueError, match="addresses or networks"):
        DispatchSettings(trusted_proxies=text)
