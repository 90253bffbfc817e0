"""The base of registry's tables."""

from sqlalchemy.orm import registry
from sqlmodel import SQLModel


class Registry(SQLModel, registry=registry()):
    """Base of this service's tables, apart from every other service's."""
