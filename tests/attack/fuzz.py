"""`make fuzz`: schemathesis against a platform of its own, and how many cases there were.

Fails on any failure that `excused.py` gives no reason for, and on fewer cases than were asked for.
"""

# ruff: noqa: T201 - a command tells by printing

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from chassis.config import surroundings
from deploy.embedded.run import SOURCE
from tests.e2e.house import House

SEED = 20261121
SHORT, LONG = (2_000, 4, 3), (20_000, 120, 1)
"""Cases at least, cases of an operation at most, and of the cases that follow from the schema alone
(the coverage phase) each so-manieth."""
_CASES = re.compile(r"([0-9,]+) generated")


def main() -> int:
    """Run it; 0 if nothing was found and enough was tried."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="2,000 cases within two minutes")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--data", type=Path, help="a platform that runs already, by its folder")
    asked = parser.parse_args()
    how = SHORT if asked.short else LONG
    if asked.data is not None:
        house = House(asked.data)
        house.url = house.note["base_url"]
        return attack(house, asked.seed, *how)
    # A socket's path must stay short.
    folder = Path(tempfile.mkdtemp(prefix="sgf-", dir="/tmp"))
    house = House(folder / "data")
    try:
        print(f"the platform was ready after {asyncio.run(house.up(within=240)):.0f} s")
        return attack(house, asked.seed, *how)
    finally:
        if house.process is not None and house.process.poll() is None:
            asyncio.run(house.down())
        shutil.rmtree(folder, ignore_errors=True)


def attack(house: House, seed: int, least: int, most: int, every: int) -> int:
    """Run schemathesis, show what it says, and count."""
    command = [
        *(str(Path(sys.executable).with_name("st")), "--config-file"),
        *("tests/attack/schemathesis.toml", "run", f"{house.url}/openapi.json"),
        *("--url", house.url, "--checks", "all", "--seed", str(seed), "--no-color"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(most)),
    ]
    env = surroundings() | {
        "SHEGONG_DEMO": str(house.data / "demo.json"),
        "FUZZ_EVERY": str(every),
        "PYTHONPATH": str(SOURCE),
        "PYTHONUNBUFFERED": "1",
    }
    cases = 0
    with subprocess.Popen(
        command, cwd=SOURCE, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            if found := _CASES.search(line):
                cases = int(found[1].replace(",", ""))
    print(f"seed {seed}: {cases} cases, {least} asked for; schemathesis ended {running.returncode}")
    return running.returncode or int(cases < least)


if __name__ == "__main__":
    sys.exit(main())
