"""The shipped extract of divisions: every township once, each in one that holds it, and the script that made it."""

import gzip
from collections import Counter

import pytest

from chassis.divisions import (
    LEVELS,
    name_key,
)
from deploy.imports import SHIPPED
from scripts import extract_divisions
from tests.chassis.conftest import MCA, NBS

AREAS = ("4201", "3301", "4502", "3401", "652301")


@pytest.mark.parametrize(
    ("system", "counts"),
    [("nbs", (193, 196, 118, 160, 22)), ("mca", (160, 191, 118, 140, 16))],
)
def test_the_extract_holds_every_township_of_five_jurisdictions(shipped, system, counts):
    there = [d.code for d in shipped if d.system == system and d.level == 4]

    assert tuple(sum(code.startswith(area) for code in there) for area in AREAS) == counts


def test_the_extract_holds_the_communities_of_the_statistics_bureau(shipped):
    there = [d.code for d in shipped if d.level == 5]

    assert [sum(code.startswith(area) for code in there) for area in AREAS] == [
        3495,
        3320,
        1240,
        1773,
        167,
    ]


def test_each_edition_has_one_vintage_and_each_code_once(shipped):
    assert {(d.system, d.vintage) for d in shipped} == {("nbs", NBS), ("mca", MCA)}
    assert max(Counter((d.system, d.code) for d in shipped).values()) == 1


def test_every_division_but_a_province_lies_in_one_of_its_own_system(shipped):
    known = {(d.system, d.code) for d in shipped}

    assert all((d.system, d.parent) in known for d in shipped if d.level > 1)
    assert all(d.code.startswith(d.parent) and d.level == LEVELS[len(d.code)] for d in shipped)


def test_one_code_is_two_townships_in_the_two_systems(shipped):
    names = {(d.system, d.code): d.name for d in shipped}

    assert names["nbs", "652301105"] == "六工镇"
    assert names["mca", "652301105"] == "二六工镇"
    assert names["mca", "652301104"] == "六工镇"


def test_townships_of_wuhan_are_of_the_kinds_their_codes_say(shipped):
    kinds = Counter(
        d.kind for d in shipped if d.system == "nbs" and d.level == 4 and d.code.startswith("4201")
    )

    assert kinds == {"street": 158, "town": 1, "township": 3, "quasi": 31}


def test_no_two_townships_of_a_county_are_told_apart_by_what_the_key_drops(shipped):
    keys = Counter((d.system, d.parent, name_key(d.name)) for d in shipped if d.level == 4)

    assert [key for key, times in keys.items() if times > 1] == []


def test_normalised_names_find_more_of_the_same_townships_than_written_ones(shipped):
    def by(key) -> int:
        sets = [
            {(d.parent, key(d.name)) for d in shipped if d.system == system and d.level == 4}
            for system in ("nbs", "mca")
        ]
        return len(sets[0] & sets[1])

    assert (by(str), by(name_key)) == (583, 602)


def test_the_script_writes_the_same_bytes_again(tmp_path):
    lines = [line.split(",") for line in gzip.decompress(SHIPPED.read_bytes()).decode().split("\n")]

    extract_divisions.write(tmp_path / "again.csv.gz", lines[1:-1])

    # The header of an archive holds no time and no name; the packed bytes are zlib's affair.
    again = (tmp_path / "again.csv.gz").read_bytes()
    assert again[3:8] == SHIPPED.read_bytes()[3:8] == bytes(5)
    assert gzip.decompress(again) == gzip.decompress(SHIPPED.read_bytes())


def test_the_script_keeps_systems_apart_and_gives_each_division_its_parent():
    named = [
        ("44", "广东省"),
        ("4419", "东莞市"),
        ("441900003", "东城街道"),
        ("45", "广西壮族自治区"),
        ("4502", "柳州市"),
    ]

    rows = extract_divisions.rows("nbs", "2023-06-30", iter(named), ("4419",))

    assert [(row[2], row[4], row[5]) for row in rows] == [
        ("44", "1", ""),
        ("4419", "2", "44"),
        ("441900003", "4", "4419"),
    ]
