"""The demo's invented people and bodies, in the real divisions of five jurisdictions.

Every name, number and account here is made up; only codes and names of places are real.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DemoCity:
    """One jurisdiction's demo: where its two stations stand, and how they are called there."""

    code: str
    name: str
    grounds: tuple[tuple[str, str], tuple[str, str]]
    """NBS township code and station name, twice."""
    credit_code: str
    facts: dict[str, Any] = field(default_factory=dict)


CITIES = (
    DemoCity(
        "420100",
        "武汉市",
        (
            ("420102007", "武汉市江岸区西马街道社会工作服务站"),
            ("420102003", "武汉市江岸区一元街道社会工作服务站"),
        ),
        "52420100MJH000001W",
    ),
    DemoCity(
        "330100",
        "杭州市",
        (
            ("330106002", "杭州市西湖区北山街道社会工作站"),
            ("330106004", "杭州市西湖区西溪街道社会工作站"),
        ),
        "52330100MJH000001A",
    ),
    DemoCity(
        "450200",
        "柳州市",
        (
            ("450202001", "柳州市城中区城中街道社会工作服务站"),
            ("450202002", "柳州市城中区公园街道社会工作服务站"),
        ),
        "52450200MJH000001E",
    ),
    DemoCity(
        "340100",
        "合肥市某区",
        (
            ("340103001", "亳州路街道社会工作服务站"),
            ("340103002", "双岗街道社会工作服务站"),
        ),
        "52340100MJH000001E",
    ),
    DemoCity(
        "652301",
        "昌吉市",
        (
            ("652301105", "昌吉市六工镇社会工作服务站"),
            ("652301100", "昌吉市硫磺沟镇社会工作服务站"),
        ),
        "52652301MJH0000018",
    ),
)

PARTNERS = {
    "court": "人民法院（演示）",
    "womens_federation": "妇女联合会（演示）",
    "disabled_federation": "残疾人联合会（演示）",
}

STAFF = (
    {"name": "陈演示", "cert": "assistant", "cert_on": "2021-12-01", "education": "bachelor"},
    {"name": "林演示", "cert": "social_worker", "cert_on": "2020-12-01", "education": "bachelor"},
    {"name": "赵演示", "cert": "none", "education": "college"},
)

STATION_FACTS: dict[str, Any] = {
    "rooms": ["case", "group"],
    "office_m2": 25.0,
}

WHAT_IF: dict[str, Any] = {
    "kind": "station",
    "facts": {
        "tier": "township",
        "workers": [
            {"full_time": True, "on_station": True, "dispatched": True, "cert": "assistant"},
            {"full_time": True, "on_station": True, "dispatched": True, "cert": "social_worker"},
            {"full_time": True, "on_station": True, "dispatched": True, "cert": "none"},
        ],
        "office_m2": 25.0,
        "rooms": ["case", "group"],
    },
}
"""One and the same station: three full-time workers, two certified, 25 m², two rooms."""
