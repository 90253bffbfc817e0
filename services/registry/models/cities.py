"""The jurisdictions the platform serves: rows of the platform's own tenant."""

from uuid import UUID

from sqlmodel import Field, SQLModel

from chassis.rows import Aggregate, Json
from services.registry.models.base import Registry


class CityView(SQLModel):
    """A jurisdiction as its administrator sees it."""

    id: UUID
    version: int
    code: str
    kind: str
    name: dict[str, str] = Field(sa_type=Json)
    prefixes: list[str] = Field(sa_type=Json)


class City(Registry, Aggregate, CityView, table=True):
    """A jurisdiction: a city, a county or a district, and the division prefixes it governs."""

    __tablename__ = "jurisdiction"
