"""What became of a division: changes, successors, and what of it a city is shown."""

from deploy.imports import CHANGES
from services.registry.division_changes import DivisionChange, read_changes
from tests.conftest import WUHAN
from tests.registry.conftest import CHANGED

DIVISIONS = f"/v1/{WUHAN}/divisions"


async def history(bureau, code, **query):
    return await bureau.get(f"{DIVISIONS}/{code}/history", params=query)


async def test_a_code_is_shown_through_time(bureau):
    shown = (await history(bureau, "420102")).json()

    assert [(e["system"], e["name"]) for e in shown["editions"]] == [("nbs", "江岸区")]
    assert [(e["year"], e["kind"]) for e in shown["changes"]] == [
        (1983, "merged"),
        (1990, "merged"),
        (1992, "merged"),
        (1995, "converted"),
    ]
    assert shown["successors"] == []


async def test_an_abolished_division_leads_to_what_it_has_become(bureau):
    shown = (await history(bureau, "420122")).json()

    assert shown["editions"] == []
    assert [(e["code"], e["name"], e["year"]) for e in shown["successors"]] == [
        ("420112", "东西湖区", 1984),
        ("420102", "江岸区", 1990),
    ]


async def test_a_code_that_was_given_away_means_another_place_since(bureau):
    one = (await history(bureau, "420199", name="甲区")).json()
    other = (await history(bureau, "420199", name="乙区")).json()
    both = (await history(bureau, "420199")).json()

    assert [e["name"] for e in one["successors"]] == ["江岸区"]
    assert [e["name"] for e in other["successors"]] == ["丙区"]
    assert {e["name"] for e in both["successors"]} == {"江岸区", "丙区"}


async def test_another_citys_division_is_absent_unless_it_became_ours(bureau):
    joined = await history(bureau, "429001")
    answers = [await history(bureau, code) for code in ("330102", "420177", "x")]

    assert joined.json()["successors"][0]["code"] == "420102"
    assert {each.status_code for each in answers} == {404}


def test_the_shipped_changes_know_districts_that_were_renamed_and_merged():
    shipped = list(read_changes(CHANGES))

    assert len(shipped) > 5_000
    assert DivisionChange(
        2016, "converted", "450221", "柳江县", "450206", "柳江区", "", "撤县设区"
    ) in (shipped)
    assert all(each.old_code or each.new_code for each in shipped)
    assert len(CHANGED) < len(shipped)
