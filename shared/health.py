"""Is the service alive, and can it work? For compose, Kubernetes and the console."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shared.db import Database, database_of

LIVE = "/health/live"
READY = "/health/ready"

router = APIRouter(tags=["health"])


@router.get(LIVE)
async def live() -> dict[str, str]:
    """200 while the process answers."""
    return {"status": "live"}


@router.get(READY)
async def ready(
    request: Request, response: Response, database: Annotated[Database, Depends(database_of)]
) -> dict[str, str]:
    """200 where the database answers, 503 where it does not."""
    try:
        async with database.reading() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        response.status_code = 503
        return {"status": "waiting", "for": "database"}
    return {"status": "ready", "service": request.app.title}
