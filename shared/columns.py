"""Types of columns that the tables of all services use."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import DateTime
from sqlmodel import Field

Moment = Annotated[datetime, Field(sa_type=DateTime(timezone=True))]
