"""A sixth city is a new folder: no service is told, nothing but data is added."""

import shutil
import tempfile
from pathlib import Path

import httpx
import orjson
import pytest
from click.testing import CliRunner

from deploy.calls import Caller
from deploy.embedded.run import SOURCE, running
from deploy.policies import policies

CODE = "990100"


@pytest.fixture
def folder(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="shegong-six-") as made:
        root = Path(made) / "policies"
        shutil.copytree(SOURCE / "policies", root)
        monkeypatch.setenv("SHEGONG_POLICIES", str(root))
        yield Path(made)


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

    assert CODE in [city["code"] for city in served if city["pack"]]
    assert len(served) == 6
    assert sheet["city"] == CODE
    assert sheet["verdicts"]
