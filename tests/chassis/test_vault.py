"""The vault: what is sealed opens in its own place only, and shows itself to nobody by accident."""

import hashlib
import hmac
import json
import os
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as some
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticSerializationError
from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from chassis.erased import Erased, erased_path, note_erased, read_erased
from chassis.vault import Encrypted, Plain, Unopenable, Vault, _bound, _derived

MARK = "王某某-420102199001011234"
CITY = "420100"


@pytest.fixture
def vault():
    return Vault({1: b"k" * 32}, b"b" * 32)


@pytest.fixture
def key(vault):
    return vault.new_key(CITY, uuid4())


def test_a_sealed_value_opens_in_its_place(vault, key):
    row = uuid4()

    sealed = vault.seal_row(key, "person", row, {"name": Encrypted(MARK)})

    assert MARK.encode() not in sealed["name"]
    again = vault.unwrap(CITY, key.person_id, key.wrapped)
    assert vault.open_value(again, "person", row, "name", sealed["name"]) == MARK


@pytest.mark.parametrize("moved", ["table", "column", "row"])
def test_a_sealed_value_moved_elsewhere_does_not_open(vault, key, moved):
    row = uuid4()
    place = {"table": "person", "row": row, "column": "name"}
    sealed = vault.seal_row(key, "person", row, {"name": Encrypted(MARK)})["name"]
    place[moved] = uuid4() if moved == "row" else "other"

    with pytest.raises(Unopenable):
        vault.open_value(key, place["table"], place["row"], place["column"], sealed)


def test_two_values_swapped_between_columns_do_not_open(vault, key):
    row = uuid4()
    sealed = vault.seal_row(key, "person", row, {"name": Encrypted("a"), "phone": Encrypted("b")})

    with pytest.raises(Unopenable):
        vault.open_value(key, "person", row, "name", sealed["phone"])
    with pytest.raises(Unopenable):
        vault.open_value(key, "person", row, "phone", sealed["name"])


def test_a_value_of_another_person_does_not_open(vault, key):
    row = uuid4()
    sealed = vault.seal_row(key, "person", row, {"name": Encrypted(MARK)})["name"]

    with pytest.raises(Unopenable):
        vault.open_value(vault.new_key(CITY, uuid4()), "person", row, "name", sealed)


def test_a_persons_key_opens_for_its_city_and_person_only(vault, key):
    with pytest.raises(Unopenable):
        vault.unwrap("330100", key.person_id, key.wrapped)
    with pytest.raises(Unopenable):
        vault.unwrap(CITY, uuid4(), key.wrapped)


def test_every_city_has_a_wrapping_key_of_its_own(vault):
    sealed = vault._kek(CITY, 1).encrypt(b"n" * 12, b"text", None)

    with pytest.raises(InvalidTag):
        vault._kek("330100", 1).decrypt(b"n" * 12, sealed, None)


def test_a_city_is_part_of_what_binds_a_value(vault, key):
    """Even with the very same key a value sealed in one city does not open in another."""
    row = uuid4()
    sealed = vault.seal_row(key, "person", row, {"name": Encrypted(MARK)})["name"]
    elsewhere = type(key)("330100", key.person_id, key.wrapped, key.kek, key._secret, key._aead)

    with pytest.raises(Unopenable):
        vault.open_value(elsewhere, "person", row, "name", sealed)


def test_a_key_made_under_the_last_secret_still_opens_after_a_new_one_came(vault, key):
    later = Vault({1: b"k" * 32, 2: b"n" * 32}, b"b" * 32)

    assert later.unwrap(CITY, key.person_id, key.wrapped).kek == 1
    fresh = later.new_key(CITY, uuid4())
    assert fresh.kek == 2
    with pytest.raises(Unopenable):
        vault.unwrap(CITY, fresh.person_id, fresh.wrapped)


@given(place=some.integers(min_value=0, max_value=60), bit=some.integers(min_value=0, max_value=7))
def test_any_bit_turned_is_noticed(place, bit):
    vault = Vault({1: b"k" * 32}, b"b" * 32)
    person, row = uuid4(), uuid4()
    key = vault.new_key(CITY, person)
    sealed = vault.seal_row(key, "person", row, {"name": Encrypted(MARK)})["name"]
    changed = bytearray(sealed)
    changed[place % len(sealed)] ^= 1 << bit

    with pytest.raises(Unopenable):
        vault.open_value(key, "person", row, "name", bytes(changed))
    wrapped = bytearray(key.wrapped)
    wrapped[place % len(wrapped)] ^= 1 << bit
    with pytest.raises(Unopenable):
        vault.unwrap(CITY, person, bytes(wrapped))


def test_the_same_text_is_sealed_differently_each_time(vault, key):
    row = uuid4()
    values = {"name": Encrypted(MARK)}

    assert vault.seal_row(key, "p", row, values) != vault.seal_row(key, "p", row, values)


def test_a_value_sealed_before_is_written_back_unchanged(vault, key):
    row = uuid4()
    first = vault.seal_row(key, "person", row, {"name": Encrypted(MARK)})

    again = vault.seal_row(key, "person", row, {"name": Encrypted(sealed=first["name"])})

    assert again == first


class Body(BaseModel):
    name: Plain


class Person(SQLModel, table=True):
    __tablename__ = "vault_test_person"
    id: str = Field(primary_key=True)
    name: Encrypted = Field(sa_type=LargeBinary)


def test_nothing_a_program_prints_shows_a_plain_value(key):
    value = Encrypted(MARK)
    row = Person(id="1", name=value)

    shown = [repr(value), str(value), f"{value}", f"{value!r:>60}", repr([value]), repr(key)]
    shown += [repr(row), str(row), repr(row.model_dump()), repr(Body(name=SecretStr(MARK)))]
    assert not [text for text in shown if MARK in text]
    assert "k" * 8 not in repr(Vault({1: b"k" * 32}, b"b" * 32))


def test_a_plain_value_refuses_to_become_json():
    row = Person(id="1", name=Encrypted(MARK))

    with pytest.raises((TypeError, PydanticSerializationError)) as refused:
        row.model_dump_json()
    assert MARK not in str(refused.value)
    with pytest.raises(TypeError):
        json.dumps(Encrypted(MARK))


def test_a_body_that_does_not_fit_is_refused_without_its_text():
    with pytest.raises(ValueError, match="text expected") as refused:
        Person.model_validate({"id": "1", "name": 5})
    assert MARK not in str(refused.value)
    assert Person.model_validate({"id": "1", "name": SecretStr(MARK)}).name == Encrypted(MARK)


def test_the_index_is_keyed_by_city_field_and_secret(vault):
    number = "42010219900101123x"
    found = vault.blind(CITY, "id_number", number)

    assert found == vault.blind(CITY, "id_number", " 42010219900101123X ")
    assert found != vault.blind("330100", "id_number", number)
    assert found != vault.blind(CITY, "phone", number)
    assert found != Vault({1: b"k" * 32}, b"c" * 32).blind(CITY, "id_number", number)
    assert found == vault.blind(CITY, "id_number", SecretStr(number))


def test_who_has_the_database_alone_cannot_try_out_numbers(vault):
    """A plain hash of a number gives it away: all that could be meant are tried in minutes.

    Tried here as such a thief would: every way to hash what the row and the code tell.
    """
    number = "42010219900101123X"
    kept = vault.blind(CITY, "id_number", number)

    for keyed in (b"", CITY.encode(), b"id_number", b"shegong", b"blind"):
        guessed = Vault({1: b"k" * 32}, keyed.ljust(32, b"\0"))
        assert kept != guessed.blind(CITY, "id_number", number)
        for text in (number, f"{CITY}{number}", f"id_number{number}"):
            assert kept != hmac.digest(keyed or b"\0", text.encode(), "sha256")
            assert kept != hashlib.sha256(keyed + text.encode()).digest()
    # HKDF with nothing secret in it is a plain hash in other clothes.
    assert kept != hmac.digest(_derived(b"", "blind", CITY), _said(number), "sha256")


def _said(number):
    return _bound(b"", "id_number", number)


def test_habits_of_spelling_do_not_hide_a_person(vault):
    def same(field, one, other):
        return vault.blind(CITY, field, one) == vault.blind(CITY, field, other)

    assert same("phone", "+86 138-0013-8000", "13800138000")
    assert same("name", "张 三", "张三")
    assert not same("partner_ref", "1-23", "12-3")
    assert not same("partner_ref", "a1", "A1")
    assert same("partner_ref", " (2026)鄂0102民初1号", "(2026)鄂0102民初1号")


def test_a_new_secrets_file_is_its_owners_alone_and_is_never_overwritten(tmp_path):
    path = tmp_path / "vault.json"
    vault = Vault.make(path)

    key = vault.new_key(CITY, uuid4())
    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault.open(path).unwrap(CITY, key.person_id, key.wrapped) == key
    with pytest.raises(FileExistsError):
        Vault.make(path)


def test_short_secrets_are_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        Vault({1: b"short"}, b"b" * 32)


def test_the_list_of_erased_people_survives_a_torn_line(tmp_path):
    path = erased_path(tmp_path, "casework")
    first = Erased(CITY, uuid4(), datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    second = Erased(CITY, uuid4(), datetime(2026, 1, 2, 3, 5, tzinfo=UTC))

    assert read_erased(path) == []
    note_erased(path, first)
    with path.open("ab") as file:
        file.write(b'{"city": "4201')
    note_erased(path, second)

    assert read_erased(path) == [first, second]
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["erased-casework.jsonl"]  # noqa: PTH208 - names are enough
