"""The base of all tables' classes."""

from typing import Any

from sqlmodel import SQLModel


class Table(SQLModel):
    """Each service derives one class from it, with a registry and metadata of its own."""

    def __setattr__(self, name: str, value: Any) -> None:
        # SQLAlchemy's attributes notice a change by themselves; SQLModel's way sets it twice.
        object.__setattr__(self, name, value)
