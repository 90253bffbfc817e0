"""Registry as a process."""

from pathlib import Path

from starlette.types import ASGIApp

from chassis.config import Settings
from chassis.problems import At, Problem
from chassis.service import Role, Service, create_app
from services.registry.reactions import reactions
from services.registry.routes import ROUTERS
from services.registry.routes.packs import SUBJECTS

CLASHES = {
    "jurisdiction_code": Problem(
        "duplicate-reference",
        {"zh": "该辖区已登记", "en": "This jurisdiction is served already"},
        errors=[At("/code", "taken", "该辖区已登记", "is served already")],
    ),
    "agency_credit_code": Problem(
        "duplicate-reference",
        {"zh": "该统一社会信用代码已登记", "en": "An agency has this credit code already"},
        errors=[At("/credit_code", "taken", "已登记", "is taken")],
    ),
    "partner_client": Problem(
        "duplicate-reference",
        {"zh": "该客户端已属于其他单位", "en": "This client speaks for another partner"},
        errors=[At("/client_id", "taken", "已被使用", "is taken")],
    ),
    "worker_id_number": Problem(
        "duplicate-reference",
        {"zh": "该证件号码已登记", "en": "A worker with this document is entered already"},
        errors=[At("/id_number", "taken", "已登记", "is taken")],
    ),
    "link_period": Problem(
        "duplicate-reference",
        {"zh": "同一关系的期间不能重叠", "en": "The same link holds in this period already"},
        errors=[At("/starts_on", "overlap", "与已登记的期间重叠", "overlaps the same link")],
    ),
    "supervisor_term": Problem(
        "duplicate-reference",
        {"zh": "同一人的督导聘期不能重叠", "en": "Two terms of one supervisor overlap"},
        errors=[At("/starts_on", "overlap", "与已有聘期重叠", "overlaps another term")],
    ),
    "register_name": Problem(
        "duplicate-reference",
        {"zh": "该登记册的起始日已登记，请修改", "en": "This register has its day: change it"},
        errors=[At("/name", "taken", "已登记", "is stated already")],
    ),
    "posting_full_time": Problem(
        "duplicate-reference",
        {"zh": "专职任职期间不能重叠", "en": "Two full-time postings overlap"},
        errors=[At("/starts_on", "overlap", "与已有专职任职重叠", "overlaps a full-time posting")],
    ),
}
"""What a clash on one of our constraints means to a caller."""

service = Service(
    part="registry",
    title="社工站 · Registry",
    routers=ROUTERS,
    reactions=reactions,
    subjects=SUBJECTS,
    clashes=CLASHES,
    people=True,
    migrations=Path(__file__).parent / "migrations",
)


def app(role: Role) -> ASGIApp:
    """Return registry, set up from the environment."""
    return create_app(service, Settings.of("registry"), role)
