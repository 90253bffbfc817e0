"""What becomes of a city's people: training, supervision, and the registers that say so."""

from typing import Any

from tests.tenancy.world import Town


async def staff(story: Any, bureau: Any, ids: dict[str, str]) -> None:
    """Train and supervise the first station's worker, every operation once."""
    town: Town = story.town
    do, make = story.do, story.id
    station, worker = ids["station_id"], ids["worker_id"]
    training = {
        "kind": "practice",
        "mode": "online",
        "hours": 8,
        "provider": f"{town.marker}协会",
        "topic": f"{town.marker}题",
        "starts_on": "2026-03-02",
        "ends_on": "2026-03-02",
        "worker_ids": [worker],
    }
    held = {"training_id": await make(bureau, "post_training", None, training)}
    await do(bureau, "put_training", held, training | {"hours": 6}, match=1)
    await do(bureau, "get_training", held)
    await do(bureau, "get_trainings", worker_id=worker)
    term = {
        "worker_id": worker,
        "agency_id": ids["agency_id"],
        "hired_by": "agency",
        "full_time": False,
        "starts_on": "2026-01-01",
        "stations": [{"station_id": station, "starts_on": "2026-01-01"}],
    }
    supervisor = await make(bureau, "post_supervisor", None, term)
    one = {"supervisor_id": supervisor}
    await do(bureau, "put_supervisor", one, term | {"ends_on": None}, match=1)
    await do(bureau, "get_supervisor", one)
    await do(bureau, "get_supervisors", station_id=station, worker_id=worker)
    visit = {
        "station_id": station,
        "supervisor_id": supervisor,
        "kind": "on_site",
        "days": [{"day": "2026-03-03", "hours": 16}],
    }
    seen = {"supervision_id": await make(bureau, "post_supervision", None, visit)}
    await do(bureau, "put_supervision", seen, visit | {"recorded_on": "2026-03-04"}, match=1)
    await do(bureau, "get_supervision", seen)
    await do(bureau, "get_supervisions", station_id=station, supervisor_id=supervisor)
    opened = {"name": "trainings", "complete_from": "2026-01-01"}
    register = {"register_id": await make(bureau, "post_register", None, opened)}
    await do(bureau, "put_register", register, {"complete_from": "2025-01-01"}, match=1)
    await do(bureau, "get_register", register)
    await do(bureau, "get_registers")
    town.private |= {*held.values(), supervisor, *seen.values()}
