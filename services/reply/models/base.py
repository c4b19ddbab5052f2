"""What reply's tables share."""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry

from shared.table import Table

metadata = MetaData()


class ReplyTable(Table, registry=registry(metadata=metadata)):
    metadata = metadata
