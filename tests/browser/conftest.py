"""The console over a real socket, looked at with Debian's chromium."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.integration.console.conftest import add_console, app, database, intake, recorded, reply
from tests.integration.console.county import PASSWORD

__all__ = ["add_console", "app", "database", "intake", "recorded", "reply"]

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = (1440, 900)
PHONE = (360, 740)
_NETWORK = (
    "Failed to load resource",
    "htmx: htmx:error: Failed to fetch",
    "htmx: htmx:error: timeout",
)
"""What it says where a test cuts the network or is refused something on purpose."""
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI") != "true":
        pytest.skip("no chromium here (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    """Where the console answers."""
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = server.force_exit = True
        await serving


OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def open_page(chromium: Browser, address: str) -> AsyncIterator[OpenPage]:
    """`await open_page("wang.diaodu", "/", PHONE)`: signed in and there. What the browser complains
    about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(kind: str, text: str) -> None:
        if kind == "error" and not text.startswith(_NETWORK):
            complaints.append(text)

    async def open_one(name: str | None, path: str = "/", size: tuple[int, int] = DESK) -> Page:
        width, height = size
        context = await chromium.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            is_mobile=size == PHONE,
            has_touch=size == PHONE,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: note(message.type, message.text))
        if name is not None:
            answer = await context.request.post(
                "/sign-in",
                form={"name": name, "password": PASSWORD},
                headers={"Origin": address},
            )
            assert answer.ok
        await page.goto(path)
        return page

    yield open_one
    for context in contexts:
        await context.close()
    assert complaints == []


@asynccontextmanager
async def offline(page: Page) -> AsyncIterator[None]:
    """The phone has no network."""
    await page.context.set_offline(True)
    try:
        yield
    finally:
        await page.context.set_offline(False)
