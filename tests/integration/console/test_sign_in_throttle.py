"""Guessing is slowed down; a flood of sign-ins takes nothing from who works."""

import asyncio
import threading
from datetime import timedelta

import httpx
import pytest

from services.dispatch.console import passwords
from shared.clock import ManualClock
from tests.integration.console.conftest import Browser, SignedIn
from tests.integration.console.county import PASSWORD

NAME = "wang.diaodu"


async def _guess(client: httpx.AsyncClient, name: str, password: str = "wrong") -> httpx.Response:
    return await client.post("/sign-in", data={"name": name, "password": password})


async def test_pages_answer_while_forty_clients_sign_in(
    signed_in: SignedIn, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing stands still: nobody who waits for it holds a database connection."""
    desk = await signed_in(NAME)
    may_go_on = threading.Event()
    matches = passwords._matches

    def wait_and_match(password_hash: str | None, password: str) -> bool:
        may_go_on.wait(60)
        return matches(password_hash, password)

    monkeypatch.setattr(passwords, "_matches", wait_and_match)
    flood = [asyncio.create_task(_guess(browser(), f"nobody-{n}")) for n in range(40)]
    try:
        answered = asyncio.as_completed(flood)
        for _ in range(20):  # beyond the address's budget: recorded to wait, and not hashed
            assert (await next(answered)).status_code == 429
        async with asyncio.timeout(20):
            assert (await desk.get("/")).status_code == 200
    finally:
        may_go_on.set()
    answers = [answer.status_code for answer in await asyncio.gather(*flood)]
    assert answers.count(401) == 20


async def test_more_sign_ins_than_can_be_checked_are_told_to_come_back(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_WAITING_AT_MOST", 0)
    answer = await _guess(browser(), NAME, PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "登录的人太多" in answer.text


@pytest.mark.parametrize("name", ["admin", "nobody"])
async def test_after_five_failures_a_name_waits_even_with_the_right_password(
    browser: Browser, clock: ManualClock, name: str
) -> None:
    client = browser()
    for _ in range(5):
        assert (await _guess(client, name)).status_code == 401
    blocked = await _guess(client, name, PASSWORD)
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "30")
    assert "请等 1 分钟" in blocked.text
    english = await client.post(
        "/sign-in",
        data={"name": name, "password": PASSWORD},
        headers={"Accept-Language": "en"},
    )
    assert "Wait 1 min" in english.text
    clock.advance(timedelta(seconds=31))
    after = await _guess(client, name, PASSWORD)
    assert after.status_code == (303 if name == "admin" else 401)


async def test_guesses_made_at_once_are_counted(browser: Browser) -> None:
    guesses = await asyncio.gather(*(_guess(browser(), NAME) for _ in range(12)))
    assert sorted(each.status_code for each in guesses) == [401] * 5 + [429] * 7


async def test_an_address_waits_after_twenty_names(browser: Browser) -> None:
    client = browser()
    for number in range(20):
        assert (await _guess(client, f"nobody-{number}")).status_code == 401
    assert (await _guess(client, "admin", PASSWORD)).status_code == 429


async def test_one_account_of_ones_own_does_not_clear_the_address(browser: Browser) -> None:
    client = browser()
    for number in range(19):
        await _guess(client, f"nobody-{number}")
    assert (await _guess(browser(), "admin", PASSWORD)).status_code == 303
    assert (await _guess(client, "nobody-x")).status_code == 401
    assert (await _guess(client, "nobody-y")).status_code == 429


async def test_a_strangers_guesses_do_not_lock_a_dispatcher_out_of_their_own_machine(
    signed_in: SignedIn, browser: Browser
) -> None:
    own_machine = await signed_in(NAME)
    await own_machine.post("/sign-out")
    stranger = browser()
    for _ in range(6):
        await _guess(stranger, NAME)
    assert (await _guess(browser(), NAME, PASSWORD)).status_code == 429  # a machine never used
    assert (await _guess(own_machine, NAME, PASSWORD)).status_code == 303


async def test_a_known_machine_has_its_budget_for_its_own_people_only(
    signed_in: SignedIn,
) -> None:
    machine = await signed_in(NAME)
    for _ in range(5):
        assert (await _guess(machine, NAME)).status_code == 401
    assert (await _guess(machine, NAME, PASSWORD)).status_code == 429
    for _ in range(5):
        assert (await _guess(machine, "admin")).status_code == 401
    assert (await _guess(machine, "admin", PASSWORD)).status_code == 429


async def test_a_forged_device_is_a_stranger(browser: Browser, signed_in: SignedIn) -> None:
    machine = await signed_in(NAME)
    forged = browser()
    forged.cookies.set("waterdesk_device", machine.cookies["waterdesk"])
    for _ in range(5):
        await _guess(forged, NAME)
    assert (await _guess(forged, NAME, PASSWORD)).status_code == 429
    assert (await _guess(machine, NAME, PASSWORD)).status_code == 303


@pytest.mark.parametrize(("name", "status"), [("a\x00b", 422), ("a\nb", 401)])
async def test_a_name_that_cannot_be_lets_nobody_in(
    browser: Browser, name: str, status: int
) -> None:
    assert (await _guess(browser(), name)).status_code == status
