"""Wiring only: settings become the app, and the turns that pull what platforms have."""

from fastapi import FastAPI

from services.intake.gazetteer import DEMO_COUNTY, load_gazetteer
from services.intake.handlers.taking import Desk
from services.intake.keyed_hashes import KeyedHashes
from services.intake.settings import IntakeSettings
from shared import health
from shared.bus.protocol import Bus
from shared.db import Database
from shared.privacy.vault import Vault
from shared.problems import speak_problem_json
from shared.service import Service


def build(
    settings: IntakeSettings,
    database: Database,
    bus: Bus,  # noqa: ARG001 - intake tells and hears nothing; the relay is the runner's
    *,
    secret: str,
    vault: Vault,
) -> Service:
    """Raises BadGazetteer or OSError for a gazetteer that cannot be read."""
    desk = Desk(load_gazetteer(settings.gazetteer or DEMO_COUNTY), vault, KeyedHashes(secret))
    app = FastAPI(title="intake")
    app.state.database = database
    app.state.secret = secret
    app.state.desk = desk
    speak_problem_json(app)
    app.include_router(health.router)
    return Service(name="intake", app=app, database=database)
