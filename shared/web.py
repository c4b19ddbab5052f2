"""How every service's HTTP application is made."""

from fastapi import FastAPI
from fastapi.middleware import Middleware
from fastapi.telemetry import TelemetryConfig

from shared import health
from shared.bus import parked_api
from shared.db import Database
from shared.openapi import describe_answers
from shared.problems import AnswerFailures, answer_with_problems
from shared.request_bodies import BodyLimits, LimitBodies
from shared.telemetry import TraceRequests

TELEMETRY = TelemetryConfig(tracing=False, logs=False)
"""FastAPI's own spans would carry the query of the address, its logs the messages of exceptions;
ours are shared.telemetry's."""


def service_app(
    title: str,
    database: Database,
    secret: str,
    *,
    docs: bool = False,
    limits: BodyLimits | None = None,
) -> FastAPI:
    """An application with health checks, parked events, traces, body limits and problem+json;
    the service adds routers, made with `APIRouter(route_class=Route)`. `docs`: serve /docs, whose
    page loads Swagger UI from a public CDN. /openapi.json is always there.
    """
    app = FastAPI(
        title=title,
        telemetry=TELEMETRY,
        docs_url="/docs" if docs else None,
        redoc_url=None,
        middleware=[
            Middleware(TraceRequests),
            Middleware(AnswerFailures),
            Middleware(LimitBodies, limits=limits or BodyLimits()),
        ],
    )
    app.state.database = database
    app.state.secret = secret
    answer_with_problems(app)
    describe_answers(app)
    app.include_router(health.router)
    app.include_router(parked_api.router)
    return app
