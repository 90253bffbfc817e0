"""`make mutants`: take away one guard at a time, in a copy of the house, and see who notices.

    copy      the working tree without what is not source; production code carries no switch
    control   all the tests named by the switches, in the untouched copy: they must be green
    switches  each in turn: the guard out, its tests run, every one of them red, the guard back

Red means that a test failed, not that it could not start: a copy that does not even import has
caught nothing. A switch nobody notices, or not everybody who should, fails the run.
"""

# ruff: noqa: T201 - a command tells by printing

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree as ET

from chassis import config
from tests.mutants.switch import HOUSE, Rotten, Switch, exists, patched, whatever, write
from tests.mutants.switches import SWITCHES

JOBS = 2
LONGEST_S = 150
"""A switch is given this long; one that makes everything hang has been caught by nobody."""
CONTROL_S = 400
NOT_SOURCE = shutil.ignore_patterns(
    *(".git", ".venv", ".shegong", "build", "__pycache__", "*.egg-info", "results"),
    *(".*_cache", ".hypothesis"),
)


@dataclass
class Ran:
    """What became of tests, by name without parameters; and the first word of each failure."""

    failed: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Those that could not start, were skipped, or were not there."""
    passed: set[str] = field(default_factory=set)
    said: str = ""


@dataclass(frozen=True)
class Result:
    """What came of one switch: `survived` is empty when all who should have noticed did."""

    switch: Switch
    caught: dict[str, str]
    survived: str
    seconds: float


def copied(folder: Path) -> Path:
    """Copy the house, and return where the copy stands."""
    house = folder / "house"
    shutil.copytree(HOUSE, house, ignore=NOT_SOURCE)
    return house


def surroundings(house: Path) -> dict[str, str]:
    """Return an environment in which the copy comes before the house itself."""
    ours = ("PYTEST", "PYTHONPYCACHEPREFIX")
    kept = {n: value for n, value in config.surroundings().items() if not n.startswith(ours)}
    return kept | {"PYTHONPATH": str(house), "PYTHONDONTWRITEBYTECODE": ""}


def run(house: Path, tests: Iterable[str], within: float) -> Ran:
    """Run tests in a copy."""
    report = house.with_name(f"{house.name}.xml")
    report.unlink(missing_ok=True)
    words = ["-q", "-p", "no:cacheprovider", "--tb=line", f"--junitxml={report}"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, *sorted(set(tests))],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=house,
            env=surroundings(house),
            text=True,
            timeout=within,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran(said=f"not done within {within:.0f} s")
    if not report.exists():
        return Ran(said=done.stdout)
    return _read(report, done.stdout)


def _read(report: Path, said: str) -> Ran:
    ran = Ran(said=said)
    for case in ET.parse(report).iter("testcase"):
        name = case.get("name", "").partition("[")[0]
        test = f"{case.get('classname', '').replace('.', '/')}.py::{name}"
        failure = case.find("failure")
        other = case.find("error") if case.find("skipped") is None else case.find("skipped")
        if failure is not None:
            ran.failed.setdefault(test, _first(failure))
        elif other is not None:
            ran.broken.setdefault(test, _first(other))
        else:
            ran.passed.add(test)
    return ran


def _first(found: ET.Element) -> str:
    return (found.get("message") or "").partition("\n")[0][:150]


def tried(switch: Switch, house: Path) -> Result:
    """Take one guard out of a copy, run its tests, and put the guard back."""
    started = time.monotonic()
    texts = patched(switch, house)
    whole = {name: (house / name).read_text(encoding="utf-8") for name in texts}
    write(texts, house)
    try:
        ran = run(house, switch.tests, LONGEST_S)
    finally:
        write(whole, house)
    tests = [whatever(test) for test in switch.tests]
    green = [test for test in tests if test not in ran.failed]
    why = ""
    if green:
        known = "; ".join(ran.broken.get(test, "") for test in green if test in ran.broken)
        why = f"{', '.join(green)} {known or 'stayed green'}"
        if not ran.passed and not ran.failed:
            why = f"nothing ran: {ran.said[-1500:]}"
    caught = {test: ran.failed[test] for test in tests if test in ran.failed}
    return Result(switch, caught, why, time.monotonic() - started)


def control(house: Path, switches: Sequence[Switch]) -> str:
    """Run every test there is a switch for in the untouched copy; return what is wrong, or nothing."""
    asked = [sys.executable, "-c", "import chassis; print(chassis.__file__)"]
    env = surroundings(house)
    at = subprocess.run(asked, cwd=house, env=env, capture_output=True, text=True, check=True)
    if not Path(at.stdout.strip()).is_relative_to(house):
        return f"the copy is not what runs: {at.stdout.strip()}"
    wanted = {test for switch in switches for test in switch.tests}
    ran = run(house, wanted, CONTROL_S)
    if ran.failed or ran.broken or set(map(whatever, wanted)) - ran.passed:
        return f"the untouched copy is not green:\n{ran.said[-4000:]}"
    return ""


def fit(switches: Sequence[Switch]) -> int:
    """Say which switches find their guard or their tests no more, in a second."""
    wrong: list[str] = []
    for switch in switches:
        try:
            patched(switch)
        except Rotten as rotten:
            wrong.append(str(rotten))
        wrong += [f"{switch.name}: no test {test}" for test in switch.tests if not exists(test)]
    if wrong:
        print(
            "Who moves a guard takes its switch along (tests/mutants/switches):", *wrong, sep="\n"
        )
    return 1 if wrong else 0


def main(argv: Sequence[str] | None = None, switches: Sequence[Switch] = SWITCHES) -> int:
    """Run the switches named, or all; return 0 when every one was caught."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("names", nargs="*", help="switches (default: all)")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--fit", action="store_true", help="only say which fit no longer")
    parser.add_argument("--words", action="store_true", help="what each test said when it failed")
    asked = parser.parse_args(argv)
    if unknown := set(asked.names) - {switch.name for switch in switches}:
        parser.error(f"no switch {', '.join(sorted(unknown))}")
    chosen = [switch for switch in switches if not asked.names or switch.name in asked.names]
    if asked.fit:
        return fit(chosen)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="shegong-mutants-") as folder:
        # The servers of a test run as another user when we are root, and must find their way.
        Path(folder).chmod(0o755)
        houses: SimpleQueue[Path] = SimpleQueue()
        for number in range(asked.jobs):
            (Path(folder) / str(number)).mkdir()
            houses.put(copied(Path(folder) / str(number)))
        first = houses.get()
        if wrong := control(first, chosen):
            print(wrong)
            return 1
        houses.put(first)
        print(f"control: green in {time.monotonic() - started:.0f} s", flush=True)
        survived = _all(chosen, houses, asked)
    seconds = time.monotonic() - started
    print(f"{len(chosen)} guards removed, {len(chosen) - survived} caught, {seconds:.0f} s")
    return 1 if survived else 0


def _all(chosen: Sequence[Switch], houses: SimpleQueue[Path], asked: argparse.Namespace) -> int:
    def one(switch: Switch) -> Result:
        house = houses.get()
        try:
            return tried(switch, house)
        except Rotten as rotten:
            return Result(switch, {}, str(rotten), 0.0)
        finally:
            houses.put(house)

    print(f"{'switch':<26} {'guard removed':<58} {'file':<32} {'s':>5}  caught by")
    survived = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        for result in pool.map(one, chosen):
            survived += bool(result.survived)
            _print(result, words=asked.words)
    return survived


def _print(result: Result, *, words: bool) -> None:
    switch = result.switch
    head = f"{switch.name:<26} {switch.guard:<58} {switch.files:<32} {result.seconds:>5.1f}  "
    caught = [f"{test.removeprefix('tests/')}" for test in result.caught]
    if result.survived:
        caught.append(f"SURVIVED: {result.survived}")
    print(head + f"\n{'':<125}".join(caught), flush=True)
    for test, said in result.caught.items() if words else ():
        print(f"    {test.partition('::')[2]}: {said}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
