"""Evaluation's rows, and the shapes it answers with."""

from services.evaluation.models.answers import (
    Cite,
    Coverage,
    Denominator,
    DivisionCovered,
    KeptLine,
    Line,
    Source,
    Subject,
    Target,
    VerdictSheet,
    VerdictsOfOne,
)
from services.evaluation.models.rows import (
    Due,
    Evaluation,
    Fact,
    Related,
    Sheet,
    Sweep,
    Told,
)
from services.evaluation.models.stated import (
    Attestation,
    AttestationReceipt,
    AttestationView,
    Waiver,
    WaiverReceipt,
    WaiverView,
)

__all__ = [
    "Attestation",
    "AttestationReceipt",
    "AttestationView",
    "Cite",
    "Coverage",
    "Denominator",
    "DivisionCovered",
    "Due",
    "Evaluation",
    "Fact",
    "KeptLine",
    "Line",
    "Related",
    "Sheet",
    "Source",
    "Subject",
    "Sweep",
    "Target",
    "Told",
    "VerdictSheet",
    "VerdictsOfOne",
    "Waiver",
    "WaiverReceipt",
    "WaiverView",
]
