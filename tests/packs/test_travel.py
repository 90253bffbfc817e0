"""Packs read from folders and carried by events; facts and YAML read strictly."""

import json

import pytest

from chassis.packs import (
    BadFacts,
    Jurisdiction,
    Sheet,
    Sources,
    Subjects,
    Troubles,
    load_folder,
    read_facts,
)
from chassis.packs.sources import MAX_BYTES
from chassis.packs.yaml12 import Located
from tests.packs.town import FIXTURES, SUBJECTS, Station, town, word


@pytest.fixture(scope="module")
def city() -> Jurisdiction:
    return town()


def test_a_pack_that_travelled_judges_as_the_folder_it_came_from():
    sources = load_folder(FIXTURES, "990102")

    carried = Sources.read(sources.merged())
    j = Jurisdiction.from_text(sources.merged(), SUBJECTS)

    assert [layer.pack for layer in carried.layers] == ["land", "990100", "990102"]
    assert (j.id, j.version) == ("990102", sources.version)
    assert word(j, "rooms", {"station": {"rooms": ["case"]}}, "2022-07-01") == "met"


def test_the_same_text_is_compiled_once():
    merged = load_folder(FIXTURES, "990100").merged()

    assert Jurisdiction.from_text(merged, SUBJECTS) is Jurisdiction.from_text(str(merged), SUBJECTS)


def test_a_text_too_large_is_not_read():
    with pytest.raises(Troubles, match=f"over {MAX_BYTES}"):
        Sources.read(json.dumps({"pack": "x", "layers": [{"pack": "x", "text": "#" * MAX_BYTES}]}))


def test_a_pack_that_extends_itself_or_nothing_there_is_named(tmp_path):
    for code, above in (("a", "b"), ("b", "a"), ("c", "lost")):
        (tmp_path / code).mkdir()
        (tmp_path / code / "pack.yaml").write_text(f"pack: {code}\nextends: [{above}]\n")

    with pytest.raises(Troubles, match=r"b/pack.yaml:2:11: `a` extends itself"):
        load_folder(tmp_path, "a")
    with pytest.raises(Troubles, match=r"c/pack.yaml:2:11: no pack `lost` here"):
        load_folder(tmp_path, "c")
    with pytest.raises(Troubles, match="no pack `d` here"):
        load_folder(tmp_path, "d")


def test_on_and_off_are_words_and_half_past_one_is_no_number():
    read = Located("on: off\nyes: 1:30\nday: 2022-01-02\nnone:\n", "x").data

    assert list(read) == ["on", "yes", "day", "none"]
    assert (read["on"], read["yes"], read["none"]) == ("off", "1:30", None)
    assert read["day"].isoformat() == "2022-01-02"


def test_a_sheet_leaves_out_what_is_unknown_and_keeps_what_is_none():
    station = Station.of(tier="township", last_supervised=None, open_hours=8)

    assert station.plain() == {"tier": "township", "last_supervised": None, "open_hours": 8.0}


@pytest.mark.parametrize(
    ("given", "at", "text"),
    [
        ({"station": {"workrs": []}}, "/station/workrs", "no fact `workrs`"),
        ({"station": {"brands": "3"}}, "/station/brands", "valid integer"),
        ({"station": {"brands": None}}, "/station/brands", "valid integer"),
        ({"station": {"tier": "townshop"}}, "/station/tier", "did you mean `township`?"),
        ({"station": {"rooms": ["case", "groop"]}}, "/station/rooms/1", "did you mean `group`?"),
        ({"station": {"workers": [{"cert": "x"}]}}, "/station/workers/0/cert", "vocabulary `cert`"),
        ({"staton": {}}, "/staton", "did you mean `station`?"),
        ({"stated": {"party_lead": True}}, "/stated/party_lead", "did you mean `party_led`?"),
        ({"stated": {"party_led": "yes"}}, "/stated/party_led", "unit"),
        ({"stated": []}, "/stated", "object"),
    ],
)
def test_facts_from_outside_are_held_to_the_sheets_and_the_words(city, given, at, text):
    with pytest.raises(BadFacts) as bad:
        read_facts(city, "station", given)

    [(place, said)] = bad.value.places
    assert place == at
    assert text in said


def test_facts_that_fit_come_back_plain(city):
    given = {
        "station": {"open_hours": 8, "last_supervised": "2022-01-01"},
        "stated": {"party_led": True},
    }

    assert read_facts(city, "station", given) == {
        "station": {"open_hours": 8.0, "last_supervised": "2022-01-01"},
        "stated": {"party_led": True},
    }


def test_a_sheet_the_checker_cannot_describe_is_refused_when_it_is_declared():
    class Odd(Sheet):
        when: complex

    class Maybe(Sheet):
        rooms: list[str] | None

    with pytest.raises(TypeError, match="no fact can be"):
        Subjects.of({"odd": Odd}, {})
    with pytest.raises(TypeError, match="never null"):
        Subjects.of({"maybe": Maybe}, {})
    with pytest.raises(TypeError, match="has no sheet"):
        Subjects.of({}, {"gate": ("service", "odd")})
