"""The parameters of a city's pack that casework reads."""

from chassis.policy import Param, Policy


class ReferralPolicy(Policy):
    """How fast a referral is answered, and which ones are opened to their own people only."""

    reply_working_days: Param[int]
    reply_immediate_hours: Param[int]
    sensitive_domains: Param[list[str]]


ACCEPT = "casework.referral.accept"
"""The gate at which a station takes a referral on."""
