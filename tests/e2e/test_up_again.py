"""Stopped, started again, and a part that is killed: nothing is lost and nobody is left over."""

import os
import signal

from tests.deploy.waiting import alive
from tests.e2e.house import at_the_door, eventually, family
from tests.e2e.sent import CHANGJI, referral


async def test_a_killed_part_is_started_again_and_it_is_said_so(house, guest):
    before = house.pids["evaluation"]
    os.kill(before, signal.SIGKILL)

    async def back():
        return "evaluation is back" in house.said()

    await eventually(back)
    assert "evaluation ended (Killed), starting again in" in house.said()
    assert "evaluation 已恢复" in house.said()
    assert house.pids["evaluation"] != before
    ready = await guest.http.get(f"{house.part('evaluation')}/health/ready")
    assert ready.status_code == 200
    bureau = guest.of(CHANGJI, "city-bureau-1")
    station = house.client(CHANGJI, "worker-1")["station_id"]
    assert (await bureau.ask("GET", f"/compliance?subject=station:{station}")).status_code == 200


async def test_stopped_within_ten_seconds_and_up_again_with_the_same_data(house, tell):
    async with at_the_door(house) as guest:
        partner = guest.of(CHANGJI, "court-1")
        sent = await partner.post("/referrals", referral(CHANGJI))
    everybody, demo = family(house.process.pid), house.demo
    assert {*house.pids.values()} < {*everybody}

    given = (house.data / "furnished.json").stat().st_mtime_ns

    stopped = await house.down()
    assert stopped < 10
    assert house.process.returncode == 0
    assert not [pid for pid in everybody if alive(pid)]
    assert not (house.data / "run.json").exists()
    assert "all stopped, the data is kept" in house.said()

    warm = await house.up()
    assert house.demo == demo
    assert "loading the demo" not in house.said()
    assert (house.data / "furnished.json").stat().st_mtime_ns == given  # it was only looked at
    async with at_the_door(house) as guest:
        partner = guest.of(CHANGJI, "court-1")
        found = await partner.get(f"/referrals/{sent['id']}")
        assert found["tracking_no"] == sent["tracking_no"]
        await partner.post("/referrals", referral(CHANGJI))

    # A referral of just before the stop has reached evaluation too, before or after it.
    async def known():
        async with house.rows("evaluation") as one:
            return await one.fetchval(
                "SELECT count(*) FROM fact WHERE kind = 'referral' AND subject_id::text = $1",
                sent["id"],
            )

    assert await eventually(known) == 1
    seconds = f"cold {house.cold:.1f} s, stopped in {stopped:.1f} s, warm {warm:.1f} s"
    tell("starting and stopping the platform", seconds)
