"""Registry's rows. A view is what a caller sees; its row adds the rest."""

from services.registry.models.bodies import Agency, AgencyView, Officer, Partner, PartnerView
from services.registry.models.cities import City, CityView
from services.registry.models.divisions import DIVISION, DIVISION_CHANGE
from services.registry.models.dues import (
    Duty,
    DutyView,
    Filing,
    FilingView,
    Target,
    TargetView,
)
from services.registry.models.network import ENTERED, Link, LinkView, Unit, UnitView
from services.registry.models.packs import Pack, PackVersion, PackVersionView
from services.registry.models.stations import Operation, Station, StationLine, StationView
from services.registry.models.supervision import (
    Assignment,
    Register,
    RegisterView,
    Supervision,
    SupervisionView,
    Supervisor,
    SupervisorView,
)
from services.registry.models.trainings import Attendance, Training, TrainingView
from services.registry.models.workers import Posting, PostingView, Worker

__all__ = [
    "DIVISION",
    "DIVISION_CHANGE",
    "ENTERED",
    "Agency",
    "AgencyView",
    "Assignment",
    "Attendance",
    "City",
    "CityView",
    "Duty",
    "DutyView",
    "Filing",
    "FilingView",
    "Link",
    "LinkView",
    "Officer",
    "Operation",
    "Pack",
    "PackVersion",
    "PackVersionView",
    "Partner",
    "PartnerView",
    "Posting",
    "PostingView",
    "Register",
    "RegisterView",
    "Station",
    "StationLine",
    "StationView",
    "Supervision",
    "SupervisionView",
    "Supervisor",
    "SupervisorView",
    "Target",
    "TargetView",
    "Training",
    "TrainingView",
    "Unit",
    "UnitView",
    "Worker",
]
