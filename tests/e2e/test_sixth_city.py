"""A sixth city is a new folder: no service is told, nothing but data is added."""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import orjson
import pytest
from click.testing import CliRunner

from chassis.config import surroundings
from deploy.calls import Caller
from deploy.embedded.run import SOURCE, running
from deploy.policies import policies
from deploy.trouble import Trouble

CODE = "990100"
STATION = {"name": "站", "tier": "township", "mode": "procured"}


@pytest.fixture
def folder(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="shegong-six-") as made:
        root = Path(made) / "policies"
        shutil.copytree(SOURCE / "policies", root)
        monkeypatch.setenv("SHEGONG_POLICIES", str(root))
        yield Path(made)


def typed(guide: str = "pack-authors.md") -> str:
    """Return the guide's commands beside a running platform, as one script."""
    text = (SOURCE / "docs" / guide).read_text(encoding="utf-8")
    steps = re.findall(r"^<!-- run beside -->\n```bash\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return "set -euo pipefail\n" + "\n".join(steps)


async def _guided(run, folder) -> str:
    """Type them where the guide's practice has led, and return what was said."""
    desk = folder / "desk"
    shutil.copytree(SOURCE / "docs" / "examples" / "policies", desk / "practice")
    shutil.copytree(SOURCE / "policies" / "cn", desk / "practice" / "cn")
    (desk / "docs").symlink_to(SOURCE / "docs")
    env = surroundings() | {
        "BASE": run.base_url,
        "SHEGONG_DATA": str(folder / "data"),
        "SHEGONG_POLICIES": "practice",
        "PATH": f"{Path(sys.executable).parent}:{surroundings()['PATH']}",
    }
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", typed()],
        capture_output=True,
        text=True,
        cwd=desk,
        env=env,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (desk / "author.jwk").stat().st_mode & 0o077 == 0
    return done.stdout


def test_both_guides_add_a_city_by_the_same_commands():
    assert typed() == typed("pack-authors.zh-CN.md")
    assert "policies activate" in typed()


async def test_a_new_folder_is_a_city_that_judges(folder):
    started = CliRunner().invoke(policies, ["new", CODE, "--root", str(folder / "policies")])
    assert started.exit_code == 0, started.output

    async with running(folder / "data", demo=False) as run:
        secrets = orjson.loads((folder / "data" / "operators.json").read_bytes())
        async with httpx.AsyncClient(base_url=run.base_url, timeout=30) as http:
            served = (await http.get("/v1/cities")).json()["items"]
            bureau = Caller(http, f"{CODE}.policy-author", secrets[f"{CODE}.policy-author"])
            facts = {"tier": "township", "workers": []}
            sheet = await bureau.post("/what-if", {"subject": {"kind": "station", "facts": facts}})
            with pytest.raises(Trouble, match="尚无此市的区划"):
                await bureau.post("/stations", {**STATION, "division": "990102001"})
        said = await _guided(run, folder)

    assert CODE in [city["code"] for city in served if city["pack"]]
    assert len(served) == 6
    assert sheet["city"] == CODE
    assert sheet["verdicts"]
    assert "991200 " in said
    assert '"code":"township"' in said
    assert '"division":"991202001"' in said
