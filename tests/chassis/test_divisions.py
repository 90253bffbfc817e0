"""Divisions: codes and names by themselves, then the table in PostgreSQL."""

import asyncio
from datetime import date

import asyncpg
import pytest
from click.testing import CliRunner

from chassis.divisions import (
    Division,
    canonical,
    children,
    division_table,
    editions,
    find,
    in_other_system,
    kind_of,
    load,
    name_key,
    names_agree,
    place,
    township_code,
    township_of,
    townships,
)
from chassis.problems import Problem
from deploy.databases import prepare
from deploy.imports import SHIPPED, import_divisions, imports
from deploy.trouble import Trouble
from scripts import extract_divisions
from tests.chassis.conftest import MCA, NBS

PART = "registry"


# -- codes and names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("420000", "42"),
        ("420100", "4201"),
        ("420102000000", "420102"),
        ("420102007", "420102007"),
        ("420102007000", "420102007"),
        ("420102007001", "420102007001"),
        ("652301", "652301"),
        ("441900003", "441900003"),
    ],
)
def test_zeros_that_only_fill_up_are_dropped(written, code):
    assert canonical(written) == code


@pytest.mark.parametrize(
    "written", ["", "4", "42010", "42010200", "4201020070", "42010a", "４２０１０２", "420102\n"]
)
def test_what_is_no_code_is_refused(written):
    with pytest.raises(ValueError, match="not a division code"):
        canonical(written)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("42", "province"),
        ("4201", "city"),
        ("420102", "county"),
        ("420102007", "street"),
        ("652301105", "town"),
        ("652301200", "township"),
        ("652301300", "township"),
        ("420106490", "quasi"),
        ("652301500", "quasi"),
        ("652301600", "other"),
        ("420102007001", "residents"),
        ("420102007150", "residents"),
        ("420102007200", "villagers"),
        ("420102007399", "villagers"),
        ("420102007400", "quasi_residents"),
        ("420102007500", "quasi_villagers"),
        ("420102007900", "other"),
    ],
)
def test_the_digits_tell_the_kind(code, kind):
    assert kind_of(code) == kind


def test_a_township_is_read_off_a_longer_code():
    assert township_code("420102007001") == "420102007"
    assert township_code("420102007000") == "420102007"
    assert township_code("420102") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("民族街街道", "民族街道"),
        ("吴家山街", "吴家山街道"),
        ("柏泉办事处街道", "柏泉街道"),
        ("大智街道办事处", "大智街道"),
        ("阿什里哈萨克民族乡", "阿什里哈萨克族乡"),
        ("东湖风景区街道（武昌）", "东湖风景区街道"),
        ("三里街街道", "三里街街道"),
        ("多福巷社区居委会", "多福巷社区"),
        ("多福巷社区居民委员会", "多福巷社区"),
        ("幸福村委会", "幸福村"),
        ("幸福村村民委员会", "幸福村"),
    ],
)
def test_one_name_is_written_in_many_ways(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("六工镇", "二六工镇"),
        ("昌化镇", "昌化街道"),
        ("滨湖村", "滨湖社区"),
        ("街道口街道", "街道"),
        ("莪山畲族乡", "莪山乡"),
    ],
)
def test_different_places_stay_different(one, other):
    assert name_key(one) != name_key(other)


def test_a_name_may_come_with_what_lies_above_it():
    above = ["新疆维吾尔自治区", "昌吉回族自治州", "昌吉市"]

    assert names_agree("昌吉市六工镇", "六工镇", above)
    assert names_agree("新疆维吾尔自治区昌吉回族自治州昌吉市 六工镇", "六工镇", above)
    assert not names_agree("昌吉市二六工镇", "六工镇", above)
    assert not names_agree("二六工镇", "六工镇", above)


# -- the table ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def url(postgres):
    """Make a database and load the shipped extract; give its address as a role."""
    await prepare(postgres.url(), PART, database="divisions")

    def of(role: str) -> str:
        return postgres.url("divisions", f"{PART}_{role}")

    owner = await asyncpg.connect(of("migrator"))
    await owner.execute(f"SET ROLE {PART}_owner")
    for statement in division_table(f"{PART}_runtime"):
        await owner.execute(statement)
    await owner.close()
    await import_divisions(SHIPPED, {PART: of("migrator")})
    return of


@pytest.fixture
async def tx(url):
    """Give the runtime's connection, over the loaded table."""
    connection = await asyncpg.connect(url("runtime"))
    yield connection
    await connection.close()


@pytest.fixture
async def owner(url):
    """Give the owner's connection; what it does is undone."""
    connection = await asyncpg.connect(url("migrator"))
    await connection.execute(f"SET ROLE {PART}_owner")
    undone = connection.transaction()
    await undone.start()
    yield connection
    await undone.rollback()
    await connection.close()


async def test_loading_twice_changes_nothing(owner, shipped):
    await owner.execute("TRUNCATE division")

    assert await load(owner, shipped) == (11_424, 11_424, 0)
    assert await load(owner, shipped) == (11_424, 0, 0)


async def test_the_command_loads_the_shipped_extract_and_says_how_much(url, monkeypatch):
    monkeypatch.setenv(f"SHEGONG_MIGRATOR_DATABASE_URL_{PART.upper()}", url("migrator"))

    ran = await asyncio.to_thread(CliRunner().invoke, imports, ["divisions", "--part", PART])

    assert ran.exit_code == 0, ran.output
    assert f"{PART}: 11424 read, 0 new, 0 differing" in ran.output


async def test_the_command_fails_where_rows_differ(url, monkeypatch, tmp_path):
    monkeypatch.setenv(f"SHEGONG_MIGRATOR_DATABASE_URL_{PART.upper()}", url("migrator"))
    changed = tmp_path / "changed.csv.gz"
    extract_divisions.write(changed, [["nbs", "2023-06-30", "652301105", "改名镇", "4", "652301"]])

    ran = await asyncio.to_thread(
        CliRunner().invoke, imports, ["divisions", str(changed), "--part", PART]
    )

    assert ran.exit_code == 1
    assert "1 differing" in ran.output


HEAD = "system,vintage,code,name,level,parent"


@pytest.mark.parametrize("start", ["", "\ufeff"])
async def test_a_plain_file_as_a_spreadsheet_saves_it_is_read_too(
    url, monkeypatch, tmp_path, start
):
    monkeypatch.setenv(f"SHEGONG_MIGRATOR_DATABASE_URL_{PART.upper()}", url("migrator"))
    plain = tmp_path / "plain.csv"
    plain.write_text(f"{start}{HEAD}\r\nnbs,2023-06-30,652301105,六工镇,4,652301\r\n")

    ran = await asyncio.to_thread(
        CliRunner().invoke, imports, ["divisions", str(plain), "--part", PART]
    )

    assert f"{PART}: 1 read, 0 new, 0 differing" in ran.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("system,code\n", "line 1: no column vintage, name, level, parent"),
        (f"{HEAD}\nnbs,2023-06-30,65,新疆,1,\nnbs,June,6523,昌吉,2,65\n", "line 3: "),
        (f"{HEAD}\nnbs,2023-06-30,65230,昌吉,2,65\n", "line 2: "),
        (f"{HEAD}\nnbs,2023-06-30\n", "line 2: "),
    ],
)
async def test_a_file_that_is_no_list_of_divisions_is_refused_by_its_line(
    url, monkeypatch, tmp_path, text, said
):
    monkeypatch.setenv(f"SHEGONG_MIGRATOR_DATABASE_URL_{PART.upper()}", url("migrator"))
    bad = tmp_path / "bad.csv"
    bad.write_text(text)

    ran = await asyncio.to_thread(
        CliRunner().invoke, imports, ["divisions", str(bad), "--part", PART]
    )

    assert isinstance(ran.exception, Trouble)
    assert said in ran.exception.zh


async def test_a_row_that_differs_is_counted_and_not_written(owner):
    changed = Division("nbs", NBS, "652301105", "改名镇", 4, "652301", "town")

    assert await load(owner, [changed]) == (1, 0, 1)

    assert (await find(owner, "nbs", "652301105")).name == "六工镇"


async def test_the_runtime_reads_the_table_and_cannot_write_it(tx):
    for statement in (
        "INSERT INTO division SELECT * FROM division LIMIT 1",
        "UPDATE division SET name = 'x'",
        "DELETE FROM division",
        "TRUNCATE division",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(statement)


async def test_a_place_is_found_in_its_system_only(tx):
    assert (await find(tx, "nbs", "652301105")).name == "六工镇"
    assert (await find(tx, "mca", "652301105000")).name == "二六工镇"
    assert await find(tx, "mca", "340176") is None
    assert await find(tx, "nbs", "652301105", MCA) is None
    assert (await find(tx, "nbs", "4201")).name == "武汉市"


async def test_a_place_is_found_again_in_the_other_system_by_its_name(tx):
    six = await find(tx, "nbs", "652301105")

    there = await in_other_system(tx, six, "mca")

    assert (there.code, there.name) == ("652301104", "六工镇")
    zone = await find(tx, "nbs", "420106490")
    assert await in_other_system(tx, zone, "mca") is None


async def test_a_name_that_two_townships_share_finds_neither(owner):
    six = await find(owner, "nbs", "652301105")
    await load(owner, [Division("mca", MCA, "652301199", "六工镇", 4, "652301", "town")])

    assert await in_other_system(owner, six, "mca") is None


async def test_a_community_lies_in_a_township_also_where_no_communities_are_listed(tx):
    assert (await township_of(tx, "nbs", "652301105200")).name == "六工镇"
    assert (await township_of(tx, "mca", "652301105200")).name == "二六工镇"
    assert await township_of(tx, "nbs", "652301") is None


async def test_children_and_townships_are_counted_in_one_edition(tx):
    assert await children(tx, "nbs", "4201") == 13
    assert await children(tx, "mca", "652301") == 16
    assert len(await townships(tx, "nbs", "4201")) == 193
    assert len(await townships(tx, "mca", "652301")) == 16
    assert await editions(tx, ["4201"]) == [("mca", MCA, 160), ("nbs", NBS, 193)]
    assert await editions(tx, ["450202", "450203", "45020"]) == [("mca", MCA, 50), ("nbs", NBS, 50)]


async def test_a_newer_edition_counts_where_it_was_loaded_and_only_there(owner):
    newer = date(2027, 6, 30)
    await load(
        owner,
        [
            Division("nbs", newer, "42", "湖北省", 1, "", "province"),
            Division("nbs", newer, "65", "新疆维吾尔自治区", 1, "", "province"),
            Division("nbs", newer, "652301", "昌吉市", 3, "65", "county"),
            Division("nbs", newer, "652301105", "新名镇", 4, "652301", "town"),
        ],
    )

    assert (await find(owner, "nbs", "652301105")).name == "新名镇"
    assert (await find(owner, "nbs", "652301105", NBS)).name == "六工镇"
    assert await find(owner, "nbs", "652301100") is None
    assert len(await townships(owner, "nbs", "652301")) == 1
    assert len(await townships(owner, "nbs", "4201")) == 193


async def test_a_city_without_counties_is_read_like_any_other(owner):
    city = Division("nbs", NBS, "4419", "东莞市", 2, "44", "city")
    street = Division("nbs", NBS, "441900003", "东城街道", 4, "4419", "street")
    await load(owner, [city, street])

    assert await find(owner, "nbs", "441900003") == street
    assert await find(owner, "nbs", "441900") == city
    assert await children(owner, "nbs", "441900") == 1


async def test_a_body_names_a_place_by_code_and_may_add_its_name(tx):
    assert (await place(tx, "nbs", "652301105")).name == "六工镇"
    assert (await place(tx, "nbs", "652301105", "昌吉市六工镇")).code == "652301105"
    assert (await place(tx, "nbs", "420102007", "江岸区西马街")).code == "420102007"


@pytest.mark.parametrize(
    ("system", "code", "loaded"),
    [("nbs", "652301999", True), ("nbs", "991202001", False), ("gb", "652301105", False)],
)
async def test_that_a_citys_divisions_were_never_loaded_is_said(tx, system, code, loaded):
    with pytest.raises(Problem) as refused:
        await place(tx, system, code)

    [error] = refused.value.errors
    assert ("shegong import divisions" not in error.en) is loaded


@pytest.mark.parametrize(
    ("system", "code", "name", "slug"),
    [
        ("nbs", "652301999", None, "unknown-division"),
        ("nbs", "somewhere", None, "unknown-division"),
        ("gb", "652301105", None, "unknown-division"),
        ("mca", "652301105", "六工镇", "division-name-mismatch"),
        ("nbs", "652301105", "二六工镇", "division-name-mismatch"),
        ("nbs", "652301105", "", "division-name-mismatch"),
    ],
)
async def test_a_place_that_cannot_be_meant_is_refused_by_its_slug(tx, system, code, name, slug):
    with pytest.raises(Problem) as refused:
        await place(tx, system, code, name)

    where = {"unknown-division": "/division", "division-name-mismatch": "/division_name"}
    assert refused.value.slug == slug
    assert [error.at for error in refused.value.errors] == [where[slug]]
