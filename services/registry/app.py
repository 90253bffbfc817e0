"""Registry as a process."""

from pathlib import Path

from starlette.types import ASGIApp

from chassis.config import Settings
from chassis.problems import Overlapping, Taken
from chassis.service import Role, Service, create_app
from services.registry.reactions import reactions
from services.registry.routes import ROUTERS
from services.registry.routes.packs import SUBJECTS

CLASHES = {
    "jurisdiction_code": Taken("/code", "该辖区已登记", "This jurisdiction is served already"),
    "agency_credit_code": Taken(
        "/credit_code", "该统一社会信用代码已登记", "An agency has this credit code already"
    ),
    "partner_client": Taken(
        "/client_id", "该客户端已属于其他单位", "This client speaks for another partner"
    ),
    "worker_id_number": Taken(
        "/id_number", "该证件号码已登记", "A worker with this document is entered already"
    ),
    "link_period": Overlapping(
        "同一关系的期间不能重叠", "The same link holds in this period already"
    ),
    "supervisor_term": Overlapping(
        "同一人的督导聘期不能重叠", "Two terms of one supervisor overlap"
    ),
    "supervision_visit": Taken(
        "/days",
        "该督导当日对该站点的同类督导已登记",
        "A visit of this kind, supervisor and station is entered for these days already",
    ),
    "register_name": Taken(
        "/name", "该登记册的起始日已登记，请修改", "This register has its day: change it"
    ),
    "posting_elsewhere": Overlapping(
        "专职人员同一时期不得兼任其他岗位",
        "Who is full-time at a station serves in no other posting then",
    ),
    "posting_full_time": Overlapping(
        "专职任职期间不能重叠", "The period overlaps a full-time posting"
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
