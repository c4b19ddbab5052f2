"""What intake's tables share."""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry

from shared.table import Table

metadata = MetaData()


class IntakeTable(Table, registry=registry(metadata=metadata)):
    metadata = metadata


def sealed_in(table: type[IntakeTable], owner: str) -> str:
    """What a sealed value is tied to (Vault's `belongs_to`): its table, and the id of its owner."""
    return f"{table.__tablename__}/{owner}"
