"""Is the service alive, and can it work? For compose, Kubernetes and the console.

`/livez` asks for a restart where it fails; `/readyz` tells what is late, and no restart helps then.
"""

import asyncio
from collections.abc import Sequence

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import text

from shared.bus.transient_errors import is_systemic, is_transient
from shared.db import Database, DatabaseHere
from shared.progress import Progress

LIVE = "/livez"
READY = "/readyz"
_DATABASE_SECONDS = 2.0
"""Shorter than the three seconds that compose.yaml's health checks wait."""

log = structlog.get_logger(__name__)
router = APIRouter(tags=["health"])


@router.get(LIVE)
@router.get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """200 while the process answers."""
    return {"status": "live"}


@router.get(READY, responses={503: {"description": "Something is late or stopped."}})
@router.get("/health/ready", include_in_schema=False)
async def ready(request: Request, response: Response, database: DatabaseHere) -> dict[str, object]:
    """200 where the database answers and every part made progress lately; else 503.

    `waiting_for` names what is late, `parts` the age in seconds of each part's last success.
    """
    parts: Sequence[Progress] = getattr(request.app.state, "parts", ())
    waiting_for = [] if await _answers(database) else ["database"]
    waiting_for += [part.part for part in parts if not part.is_ready]
    if waiting_for:
        response.status_code = 503
    return {
        "status": "waiting" if waiting_for else "ready",
        "service": request.app.title,
        "waiting_for": waiting_for,
        "parts": {part.part: part.report() for part in parts},
    }


async def _answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(_DATABASE_SECONDS), database.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:
        if not (is_transient(error) or is_systemic(error)):
            log.exception("readiness_unknown")
        return False
    return True
