"""What a part counts, for Prometheus. Labels are codes of ours, never a value from outside."""

from prometheus_client import Counter, Gauge, Histogram

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

outbox_waiting = Gauge("outbox_waiting", "Events recorded and not yet published.")
outbox_oldest_seconds = Gauge("outbox_oldest_seconds", "Age of the oldest event not yet published.")
outbox_blocked = Gauge("outbox_blocked", "Aggregates whose next event cannot be published.")
relay_leases = Gauge("relay_leases", "Parts of the outbox this process relays, of 16.")
relay_published_total = Counter("relay_published_total", "Events the broker acknowledged.")
relay_failures_total = Counter(
    "relay_failures_total", "Publishes that failed and are tried again.", ["reason"]
)
relay_refilled_total = Counter(
    "relay_refilled_total", "Events put back into the outbox from the event log.", ["reason"]
)

parked = Gauge("parked", "Events that wait for a predecessor, or behind a failed one.")
dead_letters = Gauge("dead_letters", "Events that could not be applied and block their aggregate.")
reactions_seconds = Histogram(
    "reactions_seconds", "Time to react to an event.", ["event", "outcome"], buckets=_QUICK
)
events_skipped_total = Counter(
    "events_skipped_total", "Events of a kind we keep that we have no use for.", ["event"]
)
divergences_total = Counter(
    "divergences_total", "Two different events that claim the same version of one aggregate."
)
resends_asked_total = Counter(
    "resends_asked_total", "Gaps we asked a producer to fill.", ["producer"]
)

request_seconds = Histogram(
    "request_seconds", "Time to answer a request.", ["route", "status"], buckets=_QUICK
)
pool_wait_seconds = Histogram(
    "pool_wait_seconds", "Time a request waited for a database connection.", buckets=_QUICK
)
shed_total = Counter(
    "shed_total", "Requests refused at once for want of a place.", ["part", "lane"]
)
refusals_total = Counter(
    "refusals_total", "Requests a rule of a city's document refused.", ["problem", "rule", "city"]
)
unrouted_total = Counter(
    "referrals_unrouted_total",
    "Referrals no station was found for: a person must choose.",
    ["city"],
)
overdue = Gauge(
    "referrals_overdue",
    "Referrals nobody has answered by the time their partner was promised.",
    ["city", "urgency"],
)
judging_seconds = Histogram(
    "judging_seconds", "Time of a step that judges what is due.", ["what"], buckets=_QUICK
)
sheets_written_total = Counter(
    "sheets_written_total", "Sheets of verdicts written because they changed."
)
