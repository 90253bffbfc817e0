"""Personal data at rest: one key per person, wrapped by its city's key; a keyed index to find by.

    root secrets (a file now, a KMS later)
      ├─ HKDF(city, version) ─▶ the city's key-encryption key ─wraps─▶ a person's key ─seals─▶ values
      └─ HKDF(city)          ─▶ the city's blind-index key    ─HMAC──▶ what a lookup compares

Destroying a person's wrapped key is erasure: it reaches every copy of every value sealed under it.
A sealed value is bound to its city, table, column and row, so moving it anywhere else breaks it.
"""

import base64
import hmac
import os
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SecretStr
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

Plain = SecretStr
"""A personal value as it came in: its text is asked for by name, never shown by accident."""

_AES_256_GCM = 1  # the first byte of whatever is sealed; 2 is kept for SM4-GCM
_PERSON_KEY = 1  # the version of a person's key: a second one would come with re-sealing
_NONCE = 12
_HEAD = 2
_KEY = 32


class Unopenable(ValueError):
    """A sealed value does not open here: altered, moved, of another city, or its key is gone."""

    def __init__(self) -> None:
        super().__init__("this sealed value does not open here")


class Encrypted:
    """A personal value in a row: plain until the row is written, sealed ever after, never shown."""

    __slots__ = ("_plain", "_sealed")

    def __init__(
        self, plain: str | SecretStr | None = None, *, sealed: bytes | None = None
    ) -> None:
        self._plain = plain.get_secret_value() if isinstance(plain, SecretStr) else plain
        self._sealed = sealed

    @property
    def sealed(self) -> bytes | None:
        """The bytes as they stand in the database, or None before the row was written."""
        return self._sealed

    def __repr__(self) -> str:
        return "Encrypted(sealed)" if self._sealed is not None else "Encrypted(plain, hidden)"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Encrypted)
            and self._plain == other._plain
            and self._sealed == other._sealed
        )

    def __hash__(self) -> int:
        return hash((self._plain, self._sealed))

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("an Encrypted value does not leave the process")

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        """Take text as plain and bytes as sealed; refuse to become JSON."""
        return core_schema.no_info_plain_validator_function(
            cls._taken,
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls._never, when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe what is sent in: a text nobody reads back."""
        return {"type": "string", "writeOnly": True}

    @classmethod
    def _taken(cls, value: Any) -> "Encrypted":
        if isinstance(value, Encrypted):
            return value
        if isinstance(value, str | SecretStr):
            return cls(value)
        if isinstance(value, bytes):
            return cls(sealed=value)
        raise ValueError("text expected")

    @staticmethod
    def _never(_: "Encrypted") -> str:
        raise TypeError("an Encrypted value is never dumped: open it and mask it")


@dataclass(frozen=True)
class PersonKey:
    """The key of one person: `wrapped` and `kek` are stored, the key itself never is."""

    city: str
    person_id: UUID
    wrapped: bytes
    kek: int
    _secret: bytes = field(repr=False)
    _aead: AESGCM = field(repr=False, compare=False)


class Vault:
    """Makes, wraps and uses keys. Nothing here is stored: rows hold what comes out."""

    def __init__(self, kek: Mapping[int, bytes], blind: bytes) -> None:
        if not kek or min(map(len, (*kek.values(), blind))) < _KEY:
            raise ValueError("the vault needs secrets of at least 32 bytes")
        self._roots = dict(kek)
        self._present = max(kek)
        self._blind_root = blind
        self._wrapping: dict[tuple[str, int], AESGCM] = {}
        self._index: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"Vault(kek={sorted(self._roots)})"

    @classmethod
    def open(cls, path: Path) -> "Vault":
        """Read the secrets' file: `{"kek": {"1": base64, …}, "blind": base64}`."""
        held = orjson.loads(path.read_bytes())
        kek = {int(version): base64.b64decode(key) for version, key in held["kek"].items()}
        return cls(kek, base64.b64decode(held["blind"]))

    @classmethod
    def make(cls, path: Path) -> "Vault":
        """Write a new secrets' file, readable by its owner only; refuse to overwrite one."""
        made = {
            "kek": {"1": base64.b64encode(secrets.token_bytes(_KEY)).decode()},
            "blind": base64.b64encode(secrets.token_bytes(_KEY)).decode(),
        }
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(made))
            file.flush()
            os.fsync(file.fileno())
        return cls.open(path)

    def new_key(self, city: str, person_id: UUID) -> PersonKey:
        """Make a person's key, wrapped under the city's present key."""
        drawn = os.urandom(_KEY + _NONCE)
        secret, nonce = drawn[:_KEY], drawn[_KEY:]
        head = bytes((_AES_256_GCM, self._present))
        bound = _bound(head, city, "person_key", person_id)
        sealed = self._kek(city, self._present).encrypt(nonce, secret, bound)
        wrapped = head + nonce + sealed
        return PersonKey(city, person_id, wrapped, self._present, secret, AESGCM(secret))

    def unwrap(self, city: str, person_id: UUID, wrapped: bytes) -> PersonKey:
        """Open a stored key; of another city or person it does not open."""
        head, nonce, sealed = _parts(wrapped)
        version = head[1]
        if version not in self._roots:
            raise Unopenable
        bound = _bound(head, city, "person_key", person_id)
        try:
            secret = self._kek(city, version).decrypt(nonce, sealed, bound)
        except InvalidTag:
            raise Unopenable from None
        return PersonKey(city, person_id, wrapped, version, secret, AESGCM(secret))

    def seal_row(
        self, key: PersonKey, table: str, row_id: object, values: Mapping[str, Encrypted]
    ) -> dict[str, bytes]:
        """Seal the values of one row; one that is sealed already stays as it is."""
        noise = os.urandom(_NONCE * len(values))  # one system call a row, not one a value
        head = bytes((_AES_256_GCM, _PERSON_KEY))
        row = _bound(b"", row_id)
        sealed: dict[str, bytes] = {}
        for place, (column, value) in enumerate(values.items()):
            if value.sealed is not None:
                sealed[column] = value.sealed
                continue
            nonce = noise[place * _NONCE : (place + 1) * _NONCE]
            bound = _place(head, key.city, table, column) + row
            text = (value._plain or "").encode()  # noqa: SLF001 - the one reader
            sealed[column] = head + nonce + key._aead.encrypt(nonce, text, bound)  # noqa: SLF001
        return sealed

    def open_value(
        self, key: PersonKey, table: str, row_id: object, column: str, value: Encrypted | bytes
    ) -> str:
        """Return the text of one value. Who calls this owes an audit row."""
        if isinstance(value, Encrypted):
            if value.sealed is None:
                return value._plain or ""  # noqa: SLF001 - not written yet
            value = value.sealed
        head, nonce, sealed = _parts(value)
        bound = _place(head, key.city, table, column) + _bound(b"", row_id)
        try:
            return key._aead.decrypt(nonce, sealed, bound).decode()  # noqa: SLF001
        except InvalidTag:
            raise Unopenable from None

    def blind(self, city: str, field: str, value: str | SecretStr) -> bytes:
        """Return what a lookup compares: a keyed hash of the whole value in its normal form."""
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        key = self._index.get(city)
        if key is None:
            key = self._index[city] = _derived(self._blind_root, "blind", city)
        return hmac.digest(key, _bound(b"", field, normal(field, text)), "sha256")

    def _kek(self, city: str, version: int) -> AESGCM:
        kept = self._wrapping.get((city, version))
        if kept is None:
            kept = AESGCM(_derived(self._roots[version], "kek", city, str(version)))
            self._wrapping[city, version] = kept
        return kept


def normal(field: str, text: str) -> str:
    """Return the form two spellings of the same value share.

    Only for fields whose spelling varies by habit. A reference number is compared as written:
    folding it could take two references for one.
    """
    if field in {"id_number", "phone", "name"}:
        text = "".join(unicodedata.normalize("NFKC", text).split()).upper()
        if field == "phone":
            return text.replace("-", "").removeprefix("+86")
        return text
    return unicodedata.normalize("NFC", text).strip()


def _bound(head: bytes, *parts: object) -> bytes:
    # Every part with its length: no two lists of parts give the same bytes.
    texts = [str(part).encode() for part in parts]
    return head + b"".join(len(text).to_bytes(4, "big") + text for text in texts)


@lru_cache(maxsize=4096)
def _place(head: bytes, city: str, table: str, column: str) -> bytes:
    """Return what is bound of every value of a column; its row's place comes behind."""
    return _bound(head, city, table, column)


def _derived(root: bytes, *parts: str) -> bytes:
    info = _bound(b"shegong", *parts)
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=info).derive(root)


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    head = sealed[:_HEAD]
    if len(sealed) < _HEAD + _NONCE or head[0] != _AES_256_GCM:
        raise Unopenable
    return head, sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
