"""On whose ground a person lives: a code is read in the city's own system, unless another is named.

In Changji the two national systems give one code to two towns: 652301104 is 六工镇 to one and 大西渠镇
to the other, which the first calls 652301106.
"""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from chassis.divisions import load, read_extract
from chassis.ids import uuid7
from chassis.shelf import Shelf
from services.casework.app import service
from services.casework.reactions import reactions
from tests.casework.conftest import COURT, EXTRACT, heard, pack, partner, station
from tests.conftest import NOW, opened
from tests.http import actor, client

CITY = "652301"
PATH = f"/v1/{CITY}/referrals"
LIUGONG, DAXIQU = UUID(int=21), UUID(int=22)


@pytest.fixture
async def changji(fresh, postgres, vault):
    """Changji with the stations of two towns, which it registers by the codes of the ministry."""
    name = await fresh("casework")
    owner = await asyncpg.connect(postgres.url(name))
    rows = await asyncio.to_thread(lambda: [r for r in read_extract(EXTRACT) if r.code[:2] == "65"])
    await load(owner, rows)
    await owner.close()
    async with opened(postgres, name, "casework", vault, clock=lambda: NOW) as database:
        database.shelf = Shelf(service.subjects)
        events = [
            (pack(CITY), uuid7()),
            (partner(COURT), COURT),
            (station(LIUGONG, "652301104", division_system="mca"), LIUGONG),
            (station(DAXIQU, "652301106", division_system="mca"), DAXIQU),
        ]
        await reactions.deliver([heard(e, each, CITY) for e, each in events], database)
        async with client(service, database, actor("partner", CITY, partner_id=COURT)) as court:
            yield court


@pytest.mark.parametrize(
    ("said", "to"),
    [
        ({"division": "652301104"}, LIUGONG),
        ({"division": "652301104", "division_name": "六工镇"}, LIUGONG),
        ({"division": "652301104", "division_system": "mca"}, LIUGONG),
        ({"division": "652301104", "division_system": "nbs"}, DAXIQU),
        ({"division": "652301105", "division_system": "nbs", "division_name": "六工镇"}, LIUGONG),
    ],
)
async def test_a_code_is_read_in_the_citys_system_and_found_again_in_the_other(
    changji, ask, said, to
):
    answer = await changji.post(PATH, json=ask | said)

    assert answer.status_code == 201, answer.text
    assert answer.json()["station"] is not None, answer.json()["routed_because"]
    assert answer.json()["station"]["id"] == str(to)


async def test_a_name_of_the_other_system_is_caught(changji, ask):
    answer = await changji.post(
        PATH, json=ask | {"division": "652301104", "division_name": "大西渠镇"}
    )
    assert answer.json()["type"] == "/problems/division-name-mismatch"
