"""What reply's tables share."""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

metadata = MetaData()


class ReplyTable(SQLModel, registry=registry(metadata=metadata)):
    metadata = metadata
