"""The commands of the README are run as they stand there (both languages have the same)."""

import asyncio
import re
import subprocess
import sys

from chassis.config import surroundings
from deploy.demo_data import CITIES
from deploy.embedded.run import SOURCE
from tests.docs.readme import commands


async def test_the_referral_of_the_readme_can_be_followed_to_its_end(house):
    followed = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", commands()],
        capture_output=True,
        text=True,
        cwd=SOURCE,
        env=surroundings() | {"BASE": house.url, "DATA": str(house.data), "PYTHON": sys.executable},
        check=False,
        timeout=120,
    )
    assert followed.returncode == 0, followed.stdout + followed.stderr
    assert re.search(r'"tracking_no":"420100-\d{6}-', followed.stdout)
    for said in (
        *('"status":"accepted"', '"position":', '"partial":[]'),
        *('"changes":[', '"state":{', '"name":"陈演示1"', '"denominator":{', '"late_days":'),
        *("新增 · new: 1", "Tier: is none of: "),
    ):
        assert said in followed.stdout, said
    assert all(f"\n{city.code}\n" in followed.stdout for city in CITIES)
