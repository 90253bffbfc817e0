"""What main requests and answers look like, by operation. Every person, number and case is invented.

The resident number is the one the national standard itself prints; nobody has it.
"""

from typing import Any

_STATION = "01980c3e-7a10-7000-8000-000000000001"
_AGENCY = "01980c3e-7a10-7000-8000-000000000002"
_REFERRAL = "01980c3e-7a10-7000-8000-000000000003"

_CITE = {
    "document": "示例市社会工作服务站建设办法",
    "number": "示例民发〔2026〕1号",
    "clause": "三(二)",
    "ids": ["EX-3.2-a"],
    "ended": False,
}

BODIES: dict[str, Any] = {
    "post_referral": {
        "partner_ref": "（2026）鄂0102民保令8号",
        "domain": "family_violence",
        "urgency": "hours_24",
        "legal_basis": {"kind": "statute", "cite": "反家庭暴力法 第十四条"},
        "division": "420102007",
        "subject": {
            "name": "张一心",
            "id_type": "resident_id",
            "id_number": "11010519491231002X",
            "phone": "13800138000",
            "born_on": None,
        },
        "narrative": "希望由女性社工联系，晚间不便接听电话。",
        "attachments": [],
    },
    "post_decline": {"reason_code": "out_of_area", "reason": "当事人已迁往其他街道。"},
    "post_request_information": {"question": "当事人是否同意社工上门？"},
    "post_supply_information": {"answer": "同意，请在工作日上午联系。"},
    "post_transfer": {"station_id": _STATION, "reason": "当事人搬至该街道。"},
    "post_close": {"outcome_code": "goal_reached"},
    "post_withdraw": {"reason": "当事人撤回同意。"},
    "post_station": {
        "name": "示例街道社会工作服务站",
        "tier": "township",
        "mode": "procured",
        "status": "open",
        "division": "420102007",
        "domains": [],
        "open_on": "2026-01-01",
        "facts": {"rooms": ["case", "group"], "office_m2": 25},
    },
    "patch_station": {
        "status": "suspended",
        "forget": ["volunteers"],
        "profile": {
            "premises": {"site": "party_centre", "area_m2": 120, "office_m2": 25},
            "rooms": [{"kind": "case", "area_m2": 12}, {"kind": "group", "shared": True}],
            "signs": [{"kind": "plaque", "text": "示例街道社会工作服务站", "place": "outdoor"}],
            "systems": [{"kind": "archives", "adopted_on": "2026-01-05"}],
            "leadership": [{"role": "head", "post": "governance_leader", "concurrent": True}],
            "needs": None,
        },
    },
    "post_agency_officer": {
        "role": "legal_representative",
        "name": "张一心",
        "id_type": "resident_id",
        "id_number": "11010519491231002X",
        "starts_on": "2024-01-01",
    },
    "post_target": {
        "kind": "coverage",
        "year": 2023,
        "due_on": "2023-12-31",
        "tier": "township",
        "amount": 100,
        "unit": "percent",
        "clause": "WH-1.2-b",
    },
    "post_filing": {
        "kind": "build_plan",
        "filer": "bureau",
        "receiver": "city",
        "division": "420102",
        "year": 2022,
        "sections": ["goals", "stations"],
        "issued_on": "2021-12-10",
        "due_on": "2021-12-31",
        "clause": "WH-3.1-a",
    },
    "post_duty": {
        "department": "disabled_federation",
        "what": "困难残疾人帮扶",
        "every": "year",
        "due_on": "2026-12-31",
        "cite": "方案 四(五)11",
        "clause": "HF-4.5-k",
    },
    "post_worker_search": {"q": "zyx", "status": "active", "sort": "name"},
    "post_unit": {
        "name": "示例开发区",
        "kind": "development_zone",
        "division": "420111",
        "covers": ["420111080"],
    },
    "post_link": {
        "kind": "dispatches",
        "from_kind": "agency",
        "from_id": _AGENCY,
        "to_kind": "station",
        "to_id": _STATION,
        "starts_on": "2026-02-01",
    },
    "post_contract": {
        "station_id": _STATION,
        "agency_id": _AGENCY,
        "purchaser": {"name": "示例街道办事处", "kind": "township"},
        "signed_on": "2026-01-05",
        "starts_on": "2026-02-01",
        "ends_on": "2027-01-31",
        "price": {"amount": 48000000, "currency": "CNY"},
        "staffing": 3,
        "budget_secured": True,
        "takeover_plan_on": "2026-01-05",
    },
    "post_what_if": {
        "subject": {
            "kind": "station",
            "facts": {"tier": "township", "office_m2": 25, "rooms": ["case", "group"]},
        },
        "as_of": "2026-06-30",
    },
    "post_waiver": {
        "subject": f"station:{_STATION}",
        "rule": "full-time",
        "starts_on": "2026-03-01",
        "until": "2026-08-31",
        "reason_code": "transition",
        "why": "该站正在公开招聘，预计八月底前配齐专职社工。",
    },
    "post_revoke_waiver": {"on": "2026-06-01"},
    "post_attestation": {
        "subject": f"station:{_STATION}",
        "name": "party_led",
        "value": True,
        "holds_from": "2026-01-01",
        "proof": "街道党工委会议纪要〔2026〕3号",
    },
    "post_client": {
        "name": "court-1",
        "kind": "court",
        "role": "partner",
        "scopes": ["referrals:submit", "referrals:read"],
        "purposes": ["referral"],
        "partner_id": "01980c3e-7a10-7000-8000-000000000004",
        "keys": [],
    },
}
"""Operation → a body."""

ANSWERS: dict[str, Any] = {
    "post_referral": {
        "id": _REFERRAL,
        "version": 1,
        "tracking_no": "990100-260302-K7M2Q9DXE",
        "status": "routed",
        "station": {"id": _STATION, "name": "示例街道社会工作服务站"},
        "routed_because": [{"code": "jurisdiction", "say": "该站服务于当事人所在街道"}],
        "reply_by": "2026-03-03T09:00:00+08:00",
        "reply_by_provisional": False,
    },
    "post_accept": {
        "id": _REFERRAL,
        "status": "accepted",
        "version": 2,
        "at": "2026-03-02T10:15:00+08:00",
    },
    "get_verdicts": {
        "items": [
            {
                "subject": {"kind": "station", "id": _STATION},
                "name": "示例街道社会工作服务站",
                "division": "990102007",
                "station_id": _STATION,
                "rule": "full-time",
                "verdict": "broken",
                "severity": "violation",
                "modality": "must",
                "cite": _CITE,
            }
        ],
        "next": None,
        "judged": {"as_of": "2026-03-02", "pack": "7c8114757af5", "waiting": 0},
    },
    "get_verdicts_of": {
        "subject": {"kind": "station", "id": _STATION},
        "city": "990100",
        "as_of": "2026-03-02",
        "pack": {"id": "990100", "version": "7c8114757af5"},
        "counts": {"met": 0, "broken": 1, "waived": 0, "undecided": 0, "not_applicable": 0},
        "verdicts": [
            {
                "rule": "full-time",
                "verdict": "broken",
                "severity": "violation",
                "modality": "must",
                "cite": _CITE,
            }
        ],
        "since": "2026-03-01T09:30:00+08:00",
    },
    "get_changes": {
        "items": [
            {
                "position": 1,
                "referral_id": _REFERRAL,
                "tracking_no": "990100-260302-K7M2Q9DXE",
                "sequence": 1,
                "status": "routed",
                "reason_code": None,
                "at": "2026-03-02T09:00:00+08:00",
            }
        ],
        "next": "WzFd",
    },
}
"""Operation → a good answer."""
