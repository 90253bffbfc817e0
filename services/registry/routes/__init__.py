"""Registry over HTTP: gather the facts, decide, record. One module per aggregate."""

from services.registry.routes import (
    agencies,
    cities,
    divisions,
    dues,
    history,
    links,
    officers,
    packs,
    partners,
    policy,
    policy_rules,
    stations,
    supervisions,
    supervisors,
    trainings,
    units,
    vocabulary,
    workers,
)

ROUTERS = [
    cities.open_router,  # before `/v1/{city}`, which would take `cities` for a code
    cities.router,
    packs.router,
    policy.router,
    policy_rules.router,
    vocabulary.router,
    divisions.router,
    units.router,
    links.router,
    stations.router,
    workers.router,
    trainings.router,
    supervisors.router,
    supervisions.router,
    agencies.router,
    partners.router,
    officers.router,
    dues.router,
    history.router,
]
