"""What people read while the database cannot be reached."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.dispatch.settings import DispatchSettings
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import ORIGIN, AddConsole, SignedIn

SENTENCES = {"zh-CN": "系统暂时无法处理", "en": "cannot do this right now"}
TITLES = {"zh-CN": "暂时无法使用", "en": "Unavailable for now"}


@pytest.fixture
async def reader(
    signed_in: SignedIn, add_console: AddConsole, clock: ManualClock
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who was signed in before the database went down."""
    cookies = (await signed_in("admin")).cookies
    down = Database("postgresql://127.0.0.1:9/none", "dispatch", clock)
    app = add_console(DispatchSettings(), down)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=ORIGIN,
        cookies=cookies,
        headers={"Origin": ORIGIN},
    ) as client:
        yield client
    await down.close()


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("path", ["/", "/work-orders/work-order-01", "/account", "/nowhere"])
async def test_a_page_says_so_in_the_readers_language(
    reader: httpx.AsyncClient, path: str, language: str
) -> None:
    answer = await reader.get(path, headers={"Accept-Language": language})
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.count("<html") == 1
    if path == "/nowhere":
        assert answer.status_code == 404
    else:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert SENTENCES[language] in answer.text
        assert TITLES[language] in answer.text


@pytest.mark.parametrize("language", SENTENCES)
async def test_htmx_gets_a_sentence_for_its_place(reader: httpx.AsyncClient, language: str) -> None:
    headers = {"Accept-Language": language, "HX-Request": "true"}
    answer = await reader.get("/board", headers=headers)
    assert (answer.status_code, answer.text.count("<html")) == (503, 0)
    assert SENTENCES[language] in answer.text


async def test_signing_in_says_so_and_keeps_no_password(reader: httpx.AsyncClient) -> None:
    data = {"name": "admin", "password": "a secret that was typed"}
    answer = await reader.post("/sign-in", data=data)
    assert (answer.status_code, SENTENCES["zh-CN"] in answer.text) == (503, True)
    assert "a secret that was typed" not in answer.text
