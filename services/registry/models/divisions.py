"""The reference table of divisions, for the check that models and migrations agree.

It has no tenant and no row class: `chassis.divisions` asks it, `shegong import` fills it.
"""

from sqlalchemy import Column, Date, SmallInteger, Table, Text

from services.registry.models.base import Registry

DIVISION = Table(
    "division",
    Registry.metadata,
    Column("system", Text, primary_key=True),
    Column("vintage", Date, primary_key=True),
    Column("code", Text(collation="C"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("parent", Text(collation="C"), nullable=False),
    Column("kind", Text, nullable=False),
)
