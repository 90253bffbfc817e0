"""The five parts as the platform runs them, for tests that ask every one of their routes."""

from gateway.app import GATEWAY_SERVICE
from services.casework.app import service as casework
from services.evaluation.app import service as evaluation
from services.procurement.app import service as procurement
from services.registry.app import service as registry

SERVICES = {
    "registry": registry,
    "casework": casework,
    "procurement": procurement,
    "evaluation": evaluation,
    "gateway": GATEWAY_SERVICE,
}
