"""Which part owns a path: the first word after the city decides (contract.md)."""

GATEWAY = "gateway"

OWNERS: dict[str, str] = {
    word: part
    for part, words in {
        "registry": (
            *("divisions", "stations", "workers", "agencies", "partners", "supervisions"),
            *("supervisors", "registers"),
            *("trainings", "targets", "filings", "duties", "inspections", "disclosures"),
            *("policy", "packs", "jurisdictions", "units", "links"),
        ),
        "casework": (
            *("referrals", "clients", "cases", "visits", "groups", "activities", "ledgers"),
        ),
        "procurement": (
            *("plans", "budgets", "tenders", "bids", "contracts", "payments", "takeovers"),
        ),
        "evaluation": (
            *("coverage", "compliance", "indicators", "evaluations", "waivers", "attestations"),
            *("what-if", "verdicts", "deadlines"),
        ),
        GATEWAY: ("api-clients", "webhooks"),
    }.items()
    for word in words
}

PARTS = ("registry", "casework", "procurement", "evaluation")
"""The parts behind the gateway."""


def owner(words: list[str]) -> str | None:
    """Return the part that answers a path below a city, or None if nobody does."""
    if not words:
        return "registry"  # the jurisdiction itself
    match words:
        case ["stations", _, "overview"]:
            return GATEWAY
        case ["stations", _, "load"]:
            return "casework"
    return OWNERS.get(words[0])
