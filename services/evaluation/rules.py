"""What evaluation reads of a city's pack: every rule, over every sheet."""

from chassis.packs import Subjects
from contracts.facts import GATES, SUBJECTS

SHEETS = Subjects.of(SUBJECTS, GATES)
"""All fact sheets and gates, described once for the checker."""

TARGET = "target"
"""The modality of what a city set out to reach: coverage shows those verdicts."""

TOWNSHIPS = "townships"
"""The denominator of a city's coverage."""

COMMUNITIES = "communities"
"""The denominator of coverage by community, where a pack has one of its own."""

WAIVER_REASON = "waiver_reason"
"""The vocabulary of why a rule is waived."""

SPECIALITY = "speciality"
"""The vocabulary of what workers are specialised in."""
