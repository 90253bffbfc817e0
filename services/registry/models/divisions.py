"""The reference tables of divisions, for the check that models and migrations agree.

They have no tenant and no row class: `chassis.divisions` and `division_changes` ask them,
`shegong import` fills them.
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

DIVISION_CHANGE = Table(
    "division_change",
    Registry.metadata,
    Column("year", SmallInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("old_code", Text(collation="C"), primary_key=True),
    Column("old_name", Text, primary_key=True),
    Column("new_code", Text(collation="C"), primary_key=True),
    Column("new_name", Text, primary_key=True),
    Column("document", Text, primary_key=True),
    Column("said", Text, nullable=False),
)
