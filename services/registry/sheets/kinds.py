"""What each sheet holds: columns in both languages, in the order a person fills them in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Form = Literal["text", "day", "number", "whole", "flag", "word", "words"]
"""How a cell is read. Words are the pack's vocabulary, or those a column brings itself."""

Own = Mapping[str, tuple[str, str]]
"""Words that are the same in every city: code → Chinese, English."""

STATUS: Own = {
    "planned": ("筹备", "planned"),
    "building": ("建设中", "building"),
    "open": ("运行", "open"),
    "suspended": ("暂停", "suspended"),
    "closed": ("撤销", "closed"),
}
STANDING: Own = {"active": ("在册", "active"), "withdrawn": ("退出", "withdrawn")}
HELD: Own = {"held": ("已开展", "held"), "cancelled": ("取消", "cancelled")}
ID_TYPE: Own = {
    "resident_id": ("居民身份证", "resident identity card"),
    "foreign_pr": ("外国人永久居留身份证", "permanent residence card"),
    "hmt_permit": ("港澳台居民居住证", "residence permit of Hong Kong, Macao, Taiwan"),
    "passport": ("护照", "passport"),
}


@dataclass(frozen=True)
class Column:
    """A column: its name in code, its headings, how its cells are read."""

    name: str
    zh: str
    en: str
    form: Form = "text"
    vocabulary: str | None = None
    own: Own | None = None
    needed: bool = False

    @property
    def heading(self) -> str:
        """What stands at its top; a star where every row needs it."""
        return f"{self.zh}{'*' if self.needed else ''}"


@dataclass(frozen=True)
class Kind:
    """A sheet: its name in commands, its title, its columns."""

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Columns by their names in code."""
        return {column.name: column for column in self.columns}

    @cached_property
    def by_heading(self) -> dict[str, Column]:
        """Columns by any of their headings."""
        return {
            heading.casefold(): column
            for column in self.columns
            for heading in (column.name, column.zh, column.en)
        }


_FROM = Column("effective_on", "生效日期", "Holds from", "day")
_ID = Column("id_number", "证件号码", "Identity number", needed=True)
_STATION = Column("station", "站点名称", "Station", needed=True)
_GROUND = Column("station_division", "站点区划代码", "Station's division")
_POSTING = (
    Column("starts_on", "任职起", "Serves from", "day"),
    Column("ends_on", "任职止", "Serves until", "day"),
    Column("full_time", "是否专职", "Full-time", "flag"),
    Column("on_station", "是否驻站", "On the station", "flag"),
    Column("dispatched", "是否派驻", "Dispatched", "flag"),
)

STATIONS = Kind(
    "stations",
    "站点",
    "Stations",
    (
        Column("name", "名称", "Name", needed=True),
        Column("division", "区划代码", "Division", needed=True),
        Column("division_name", "区划名称", "Division's name"),
        Column("tier", "层级", "Tier", "word", "tier", needed=True),
        Column("mode", "配备方式", "Mode", "word", "mode", needed=True),
        Column("status", "状态", "Status", "word", own=STATUS, needed=True),
        Column("open_on", "启用日期", "Open since", "day"),
        Column("domains", "转介领域", "Referrals taken", "words", "domain"),
        Column("office_m2", "办公面积（平方米）", "Office, m2", "number"),
        Column("rooms", "功能室", "Rooms", "words", "room"),
        Column("systems", "管理制度", "Written rules", "words", "system"),
        Column("plaque", "标牌文字", "Words on the plaque"),
        Column("demo", "是否示范站", "Demonstration station", "flag"),
        _FROM,
    ),
)
AGENCIES = Kind(
    "agencies",
    "机构",
    "Agencies",
    (
        Column("name", "名称", "Name", needed=True),
        Column("kind", "类别", "Kind", "word", "agency_kind", needed=True),
        Column("credit_code", "统一社会信用代码", "Credit code", needed=True),
        Column("registered_in", "登记地区划代码", "Registered in", needed=True),
        Column("business_scope", "业务范围", "Business scope", needed=True),
        Column("status", "状态", "Status", "word", own=STANDING),
        _FROM,
    ),
)
WORKERS = Kind(
    "workers",
    "社工",
    "Workers",
    (
        Column("name", "姓名", "Name", needed=True),
        Column("id_type", "证件类型", "Kind of document", "word", own=ID_TYPE),
        _ID,
        Column("phone", "手机", "Telephone"),
        Column("employer", "用人单位信用代码", "Employer's credit code"),
        Column("cert", "职业资格", "Certificate", "word", "cert", needed=True),
        Column("cert_on", "资格批准日期", "Certificate since", "day"),
        Column("cert_until", "登记有效期至", "Registered until", "day"),
        Column("education", "学历", "Education", "word", "education"),
        Column("sw_major", "是否社工专业", "Social work degree", "flag"),
        Column("sw_years", "社工工作年限", "Years of social work", "number"),
        Column("specialities", "专长领域", "Specialities", "words", "speciality"),
        Column("origin_post", "原岗位", "Former post", "word", "origin_post"),
        Column("station", "站点名称", "Station"),
        _GROUND,
        *_POSTING,
        _FROM,
    ),
)
POSTINGS = Kind(
    "postings",
    "任职",
    "Postings",
    (
        _ID,
        _STATION,
        _GROUND,
        Column("starts_on", "任职起", "Serves from", "day", needed=True),
        *_POSTING[1:],
        _FROM,
    ),
)
TRAININGS = Kind(
    "trainings",
    "培训",
    "Trainings",
    (
        Column("kind", "培训类别", "Kind", "word", "training_kind", needed=True),
        Column("mode", "方式", "Mode", "word", "training_mode", needed=True),
        Column("hours", "学时", "Hours", "number", needed=True),
        Column("provider", "举办单位", "Provider", needed=True),
        Column("topic", "主题", "Topic", needed=True),
        Column("starts_on", "开始日期", "First day", "day", needed=True),
        Column("ends_on", "结束日期", "Last day", "day", needed=True),
        _ID,
    ),
)
SUPERVISIONS = Kind(
    "supervisions",
    "督导",
    "Supervisions",
    (
        Column("visit", "督导编号", "Visit", needed=True),
        _STATION,
        _GROUND,
        Column("id_number", "督导证件号码", "Supervisor's identity number", needed=True),
        Column("kind", "督导方式", "Kind", "word", "supervision_kind", needed=True),
        Column("day", "日期", "Day", "day", needed=True),
        Column("hours", "时长（小时）", "Hours", "number", needed=True),
        Column("recorded_on", "存档日期", "Record filed", "day"),
    ),
)

KINDS = {
    kind.name: kind for kind in (STATIONS, AGENCIES, WORKERS, POSTINGS, TRAININGS, SUPERVISIONS)
}
"""Sheets by their names."""
