"""What procurement reads of a city's pack: the gate at which a contract is signed."""

SIGN = "procurement.contract.sign"
"""Rules that refuse here judge `contracts.facts.Contract`, and may read the station."""

PURCHASER, TERM, GRADE, EVALUATION = "purchaser", "contract_term", "grade", "evaluation_kind"
"""Vocabularies of the words an ask may use."""
