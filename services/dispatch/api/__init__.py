"""The HTTP API of dispatch: one transaction per request, refusals as problem+json."""

from fastapi import APIRouter

from services.dispatch.api import overview, work_orders

router = APIRouter(prefix="/api", tags=["dispatch"])
router.include_router(work_orders.router)
router.include_router(overview.router)
