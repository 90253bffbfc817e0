"""Who works at a station and for it (registry)."""

from datetime import date

from chassis.packs import Sheet
from contracts.facts.words import (
    Cert,
    Education,
    Employer,
    HeadPost,
    Level,
    OriginPost,
    Post,
    TrainingKind,
)


class Worker(Sheet):
    """One person working at a station (registry). Never a name, never a number of identity."""

    full_time: bool
    """专职: works here and nowhere else (HZ-4.3-a, WH-2.2-a)."""
    on_station: bool
    """驻站: posted to the station itself (HF-3.1-h, LZ-2.3.2-c, CJ-2.4-a)."""
    dispatched: bool
    """Sent by the contractor, not the township's own staff (LZ-2.3.2-c)."""
    cert: Cert
    """Professional certificate held today; `none` is known to be none."""
    cert_on: date | None
    """Day the certificate was approved."""
    education: Education
    sw_major: bool
    """Graduated in social work or a related subject (HF-3.1-i)."""
    sw_years: float
    """Years of social work experience, as on the day of posting (WH-2.2-c)."""
    first_on_station: date
    """First day on any station for this contractor; a renewal does not restart it (LZ-2.3.2-d)."""
    supervisor_cert: Cert | None
    """Certificate of the supervisor assigned; null when nobody is (CJ-2.4-c)."""
    trainings_this_year: list[TrainingKind]
    """Kinds of training received in the calendar year (HZ-4.5-a)."""
    training_hours_this_year: float
    """Hours of training in the calendar year (LZ-2.4.3-f)."""
    service_share_of_year: float
    """Part of the calendar year served, 0 to 1; yearly duties count pro rata."""
    served_first_year: bool
    """Still in the first year of service, when induction training is due (HZ-4.5-a)."""
    origin_post: OriginPost | None
    """Post held before or beside social work; null when none (WH-3.2-a)."""
    offence_check_on: date | None
    """Last query of violent and sexual offence records (未成年人保护法 第六十二条)."""


class Supervisor(Sheet):
    """A social worker who supervises stations (registry)."""

    sw_years: float
    """Years of social work service experience (WH-3.5-a)."""
    cert: Cert
    hired_by: Employer
    """Who engages the supervisor: the district, the contractor, a centre … (WH-3.5-a, LZ-2.4.3-a)."""
    stations: int
    """Stations under this supervisor (LZ-2.4.3-d)."""
    full_time: bool
    talent_level: Level | None
    """Level at which named a supervision talent; null when not (HZ-4.4-b)."""
    term_years: float | None
    """Years the supervisor or the team is engaged for; null when none are agreed (HZ-4.4-d)."""


class Deputy(Sheet):
    """A deputy head of a station (HF-4.1-b, -c)."""

    title: Post
    on_station: bool
    """Is one of the station's own on-station workers."""
    head_post: HeadPost | None
    """The post held beside it; null when the deputy holds none."""
    cert: Cert
    """Professional certificate held (HF-4.1-d)."""
    sw_major: bool
    """Graduated in social work or a related subject (HF-4.1-d)."""


class Head(Sheet):
    """The head of a station (HF-4.1-a, -d)."""

    post: HeadPost
    """The post held beside it."""
    concurrent: bool
    """Holds the headship part-time, beside that post."""
