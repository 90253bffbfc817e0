"""What is stored of verdicts is what is answered: told briefly, every rule says the same."""

import random
from datetime import date

import pytest

from chassis.packs import Jurisdiction, Waiver, load_folder, packs_in
from services.evaluation.rules import SHEETS
from tests import told

CITIES = [code for code in packs_in(told.POLICIES) if code.isdecimal()]
WORKER = {"full_time": True, "on_station": True, "dispatched": False, "cert": "none"}
FACTS = {
    "station": {
        "tier": "township",
        "mode": "procured",
        "name": "社工站",
        "open_on": "2021-12-01",
        "workers": [WORKER, WORKER | {"cert": "assistant"}],
        "rooms": ["office", "case"],
        "office_m2": 25.0,
        "plaque": None,
        "systems": [],
        "demo": False,
    },
    "worker": WORKER | {"sw_years": 1.0, "offence_check_on": None, "sw_major": True},
    "contract": {
        "start": "2026-01-01",
        "end": "2026-12-31",
        "signed_on": "2025-12-20",
        "budget_secured": True,
        "execution_years": [],
    },
}


@pytest.mark.parametrize("code", CITIES)
def test_briefly_is_what_judging_says(code):
    j, draw = Jurisdiction.of(load_folder(told.POLICIES, code), SHEETS), random.Random(code)
    days = [date(2020, 1, 1), date(2022, 6, 30), date(2026, 11, 20)]
    waivers = [Waiver(rule, date(2000, 1, 1), date(2100, 1, 1), "x", "y") for rule in j.rules]
    said = set()
    for _ in range(25):
        day, area = draw.choice(days), draw.choice([*j.prefixes, ""])
        subject = draw.choice([*FACTS])
        sheets = {
            name: {k: v for k, v in sheet.items() if draw.random() < 0.7}
            for name, sheet in FACTS.items()
            if name in j.subjects.names(subject)
        }
        some = waivers if draw.random() < 0.2 else []
        whole = j.judge(subject, sheets, area, day, waivers=some)

        texts = j.briefly(subject, sheets, area, day, waivers=some)

        assert texts == [f"{v.rule}:{v.word}:{v.modality}" for v in whole]
        said |= {v.word for v in whole}
    assert said >= {"broken", "undecided", "not_applicable"}
