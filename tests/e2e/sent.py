"""What the demo's invented people send."""

from uuid import uuid4

from deploy.demo_data import CITIES

GROUNDS = {city.code: [ground for ground, _ in city.grounds] for city in CITIES}
WUHAN, HANGZHOU, LIUZHOU, HEFEI, CHANGJI = "420100", "330100", "450200", "340100", "652301"
NAME, PHONE = "甲某某", "13900000001"


def referral(city, **more):
    """Return a referral as a partner sends it."""
    return {
        "partner_ref": f"案-{uuid4()}",
        "domain": "family_violence",
        "urgency": "hours_24",
        "legal_basis": {"kind": "statute", "cite": "反家庭暴力法 第十四条"},
        "division": GROUNDS[city][0],
        "subject": {"name": NAME, "id_type": "none", "phone": PHONE},
        "narrative": "虚构的叙述，只有社工可读。",
        "attachments": [],
    } | more


def contract(station, agency, year):
    """Return a contract that no document refuses."""
    return {
        "station_id": station,
        "agency_id": agency,
        "purchaser": {"name": "某街道办事处", "kind": "township"},
        "signed_on": f"{year}-01-04",
        "starts_on": f"{year}-01-05",
        "ends_on": f"{year}-12-31",
        "price": {"amount": 30_000_000, "currency": "CNY"},
        "staffing": 3,
        "renewal_of": None,
        "budget_secured": True,
        "terms": ["staff", "content", "goals", "funds", "supervision", "evaluation"],
        "payer_is_purchaser": True,
        "supervision_funded": True,
        "supervision_plan_on": f"{year}-01-04",
        "takeover_plan_on": f"{year}-01-04",
        "evaluator_provides_service": False,
    }
