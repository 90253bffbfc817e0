"""A service asks the pack: its parameters typed, and leave at a gate."""

from datetime import date

import pytest

from chassis.packs import NoParameter, Waiver
from chassis.policy import Param, Policy, refuse
from chassis.problems import Problem
from tests.packs.town import town

DAY = date(2022, 6, 1)
GOOD = {"start": "2022-01-01", "end": "2024-12-31", "plan_on": "2021-12-31"}


class ReplyPolicy(Policy):
    reply_days: Param[int]
    rooms: Param[list[str]]


class Wrong(Policy):
    reply_days: Param[str]


class Lost(Policy):
    reply_weeks: Param[int]


def at_gate(contract: dict, waivers=()) -> list[dict]:
    return refuse(town(), "buying.sign", "contract", {"contract": contract}, "990101", DAY, waivers)


def test_a_service_reads_its_parameters_typed_and_with_their_clause():
    policy = ReplyPolicy.of(town(), "990101", DAY)

    assert (policy.reply_days.value, policy.reply_days.kind) == (5, "local_default")
    assert policy.rooms.value == ["case", "group"]
    assert policy.rooms.cite["clause"] == "二"


def test_a_pack_without_a_parameter_a_service_reads_is_named():
    assert Lost.lacking(town()) == ["reply_weeks"]
    assert ReplyPolicy.lacking(town()) == []
    with pytest.raises(NoParameter, match="no parameter `reply_weeks`"):
        Lost.of(town(), "990101", DAY)
    with pytest.raises(NoParameter, match="`reply_days` is working_day"):
        Wrong.of(town(), "990101", DAY)


def test_what_the_pack_allows_passes_without_a_word():
    assert at_gate(GOOD) == []


def test_a_broken_must_refuses_with_rule_and_clause_and_no_fact_that_was_sent():
    with pytest.raises(Problem) as no:
        at_gate({**GOOD, "end": "2025-01-01"})

    [line] = no.value.rules
    assert no.value.slug == "refused-by-policy"
    assert (line["id"], line["value"], line["verdict"]) == ("contract-cap", 3, "broken")
    assert line["cite"]["document"] == "购买服务法"
    assert "facts" not in line
    assert no.value.body("en")["rules"][0]["say"] == "2022-01-01 to 2025-01-01 is over 3 years"


def test_an_undecided_must_asks_for_the_facts_it_names():
    with pytest.raises(Problem) as no:
        at_gate({"start": "2022-01-01", "plan_on": "2021-12-31"})

    [line] = no.value.rules
    assert (no.value.slug, line["missing"]) == ("facts-missing", ["contract.end"])


def test_a_softer_clause_only_warns_broken_or_undecided():
    [late] = at_gate({**GOOD, "plan_on": "2022-02-01"})
    [unknown] = at_gate({"start": GOOD["start"], "end": GOOD["end"]})

    assert (late["id"], late["verdict"], late["severity"]) == ("plan-first", "broken", "warning")
    assert (unknown["verdict"], unknown["missing"]) == ("undecided", ["contract.plan_on"])


def test_a_waiver_opens_the_gate():
    waiver = Waiver("contract-cap", date(2022, 1, 1), date(2022, 12, 31), "bureau", "续建")

    assert at_gate({**GOOD, "end": "2025-01-01"}, [waiver]) == []


def test_a_gate_judges_only_its_own_rules_and_must_be_one():
    judged = town().judge("contract", {"contract": GOOD}, "990101", DAY, gate="buying.sign")

    assert {verdict.rule for verdict in judged} == {"contract-cap", "plan-first"}
    with pytest.raises(LookupError, match="no gate"):
        refuse(town(), "buying.sing", "contract", {}, "990101", DAY)
