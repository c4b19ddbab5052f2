from services.dispatch.models import metadata
from shared.migration_environment import run

run(metadata)
