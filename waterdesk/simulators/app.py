"""The simulators behind one port: /12345, /board, /wechat, /wecom, /sms, and /_control to drive
them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
from fastapi import FastAPI

from shared.clock import Clock, SystemClock

from .control import control_router
from .failure_modes import silence_cut_connections
from .hotline_api import hotline_router
from .message_board_api import board_router
from .phones import phones_router
from .settings import SimulatorSettings
from .simulators import Simulators
from .sms_api import sms_router
from .wechat_api import wechat_router
from .wecom_api import wecom_router


def build_app(
    settings: SimulatorSettings,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The simulators as one application; `app.state.simulators` gives this process direct access.

    Its lifespan delivers pushes in the background, and closes everything at the end.
    """
    clock = clock or SystemClock()
    simulators = Simulators(settings, clock, transport)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        silence_cut_connections()
        delivery = asyncio.create_task(simulators.keep_delivering())
        try:
            yield
        finally:
            delivery.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await delivery
            await simulators.close()

    app = FastAPI(title="Waterdesk simulators", lifespan=lifespan)
    app.state.simulators = simulators
    app.include_router(hotline_router(simulators.hotline, settings, clock), prefix="/12345")
    app.include_router(board_router(simulators.board, settings), prefix="/board")
    app.include_router(wechat_router(simulators.wechat), prefix="/wechat")
    app.include_router(wecom_router(simulators.wecom), prefix="/wecom")
    app.include_router(sms_router(simulators.sms), prefix="/sms")
    app.include_router(phones_router(simulators), prefix="/phones")
    app.include_router(control_router(simulators), prefix="/_control")
    return app
