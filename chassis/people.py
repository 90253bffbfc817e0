"""People: their keys, their sealed fields, how they are found, and how they are erased.

`tx.people` in a transaction. A row's sealed fields belong to the person it names (`person_id`), or
to itself. What is still plain in a row is sealed when the row is written, so code never does it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from chassis.erased import Erased, note_erased
from chassis.ids import uuid7
from chassis.rows import CityRow, shape
from chassis.tables import BlindIndex, PersonKey
from chassis.vault import Encrypted, Vault
from chassis.vault import PersonKey as Key
from chassis.writing import key_of

if TYPE_CHECKING:
    from chassis.db import Transaction


class People:
    """The people of one city, within one transaction."""

    def __init__(self, tx: "Transaction", vault: Vault) -> None:
        self._tx = tx
        self._vault = vault
        self._keys: dict[UUID, Key] = {}

    def new(self) -> UUID:
        """Return a new person's id; the key that seals their fields is kept beside it."""
        person_id, tx = uuid7(), self._tx
        key = self._keys[person_id] = self._vault.new_key(tx.city, person_id)
        tx.keep(PersonKey(person_id=person_id, wrapped=key.wrapped, kek=key.kek, at=tx.now))
        return person_id

    def blind(self, field: str, text: str) -> bytes:
        """Return the keyed digest by which a whole value is found, and never read."""
        return self._vault.blind(self._tx.city, field, text)

    def index(self, person_id: UUID, field: str, text: str) -> None:
        """Let a person be found by a whole value."""
        digest = self.blind(field, text)
        self._tx.keep(BlindIndex(field=field, digest=digest, person_id=person_id))

    async def keys(self, people: Iterable[UUID]) -> dict[UUID, Key]:
        """Return the keys of these people; an erased one is missing."""
        wanted = [p for p in dict.fromkeys(people) if p not in self._keys]
        rows = [row for p in wanted if (row := self._tx.known(PersonKey, p)) is not None]
        if len(rows) < len(wanted):
            rows = await self._tx.find(PersonKey, person_id=wanted)
        for row in rows:
            key = self._vault.unwrap(self._tx.city, row.person_id, row.wrapped)
            self._keys[row.person_id] = key
        return self._keys

    async def opened(self, rows: Sequence[CityRow]) -> list[dict[str, str | None]]:
        """Return the sealed fields of rows as text; an erased person's are None.

        For masking. Whoever shows a text whole calls `tx.audit` beside it.
        """
        people = [_person_of(row) for row in rows]
        keys = await self.keys(people)
        out: list[dict[str, str | None]] = []
        for row, person in zip(rows, people, strict=True):
            about = shape(type(row))
            texts: dict[str, str | None] = {}
            for name in about.sealed:
                value = row.__dict__[name]
                texts[name] = (
                    None
                    if value is None or person not in keys
                    else self._vault.open_value(keys[person], about.table, _at(row), name, value)
                )
            out.append(texts)
        return out

    async def seal(self, rows: Iterable[CityRow]) -> None:
        """Turn what is still plain in these rows into sealed bytes, each under its person's key."""
        for row in rows:
            about = shape(type(row))
            plain = {
                name: value
                for name in about.sealed
                if isinstance(value := row.__dict__[name], Encrypted) and value.sealed is None
            }
            if not plain:
                continue
            person = _person_of(row)
            key = (await self.keys([person])).get(person)
            if key is None:
                # Who was erased is not written of again: what happened stays, its words do not.
                row.__dict__.update(dict.fromkeys(plain))
                continue
            for name, sealed in self._vault.seal_row(key, about.table, _at(row), plain).items():
                row.__dict__[name] = Encrypted(sealed=sealed)

    async def erase(self, person_id: UUID) -> None:
        """Destroy a person's key and blind-index rows, noted first outside every backup."""
        tx = self._tx
        # Beside the loop: the line is waited for until it is on disk.
        await asyncio.to_thread(note_erased, tx.erased, Erased(tx.city, person_id, tx.now))
        await self.forget(person_id)
        tx.audit("person.erase", "person", person_id)

    async def forget(self, person_id: UUID) -> bool:
        """Drop a person's key and blind-index rows; returns whether there was a key."""
        tx = self._tx
        key = await tx.peek(PersonKey, person_id, lock=True)
        if key is not None:
            tx.drop(key)
        for row in await tx.find(BlindIndex, cast("Any", BlindIndex).person_id == person_id):
            tx.drop(row)
        self._keys.pop(person_id, None)
        return key is not None


def _person_of(row: CityRow) -> UUID:
    """Return whose key seals a row: the person it names, or itself."""
    person: UUID = row.__dict__.get("person_id") or row.__dict__["id"]
    return person


def _at(row: CityRow) -> str:
    """Return the row's place, which its sealed values are bound to."""
    return "/".join(map(str, key_of(row)))
