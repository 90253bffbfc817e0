"""What an author sees when a line is wrong: its place, and the likely word."""

import pytest

from chassis.packs import Jurisdiction, Sources, Troubles
from chassis.packs.sources import MAX_BYTES
from tests.packs.town import SUBJECTS, changed, sources, text_of

RULE = "require: certified >= param.certified_min"


def troubles(texts: Sources) -> list[str]:
    """Return every complaint, or an empty list where it loads."""
    try:
        Jurisdiction.of(texts, SUBJECTS)
    except Troubles as e:
        return [str(trouble) for trouble in e.all]
    return []


def place_of(text: str, passage: str, nth: int = 0) -> str:
    """Return `line:column` of a passage in a text."""
    offset = -1
    for _ in range(nth + 1):
        offset = text.index(passage, offset + 1)
    return f"{text.count(chr(10), 0, offset) + 1}:{offset - text.rfind(chr(10), 0, offset)}"


@pytest.mark.parametrize(
    ("old", "new", "at", "text"),
    [
        (
            "w.full_time &&",
            "w.fulltime &&",
            "fulltime",
            "no fact `fulltime` in Worker; did you mean `full_time`?",
        ),
        (
            "station.rooms.size()",
            "station.room.size()",
            "room.size",
            "no fact `room` in Station; did you mean `rooms`?",
        ),
        (
            "station.tier == 'township'",
            "staton.tier == 'township'",
            "staton",
            "nothing is called `staton` here; did you mean `station`?",
        ),
        ("w.cert != 'none'", "w.cert >= 3", ">= 3", "found no matching overload"),
        (
            "'township'",
            "'townshop'",
            "'townshop'",
            "'townshop' is not in the vocabulary `tier`; did you mean `township`?",
        ),
        (
            RULE,
            RULE.replace("certified_min", "certfied_min"),
            "param.certfied_min",
            "no parameter `certfied_min`; did you mean `certified_min`?",
        ),
        (
            RULE,
            "require: certifed >= param.certified_min",
            "certifed >=",
            "nothing is called `certifed` here; did you mean `certified`?",
        ),
        (RULE, "require: certified", "certified\n", "gives INT, must give a yes or no"),
        (
            "days_between(",
            "days_betwen(",
            "days_betwen",
            "no helper `days_betwen`; did you mean `days_between`?",
        ),
        (
            "stated.party_led",
            "stated.party_lead",
            "stated.party_lead",
            "no stated fact `party_lead`; did you mean `party_led`?",
        ),
        (
            "when: station.tier == 'township'",
            "when: has(station.tier)",
            "(station.tier)",
            "has() would turn an unknown fact into a false one",
        ),
        (
            "when: station.tier == 'township'",
            "when: station.rooms != null",
            "!= null",
            "found no matching overload",
        ),
        (
            "when: station.tier == 'township'",
            "when: station.opened_on != null",
            "null\n",
            "this fact is never null",
        ),
        (
            "when: station.tier == 'township'",
            "when: station.opened_on > '2022-01-01'",
            "> '2022",
            "found no matching overload",
        ),
        (
            "when: station.tier == 'township'",
            "when: station.open_hours >= 20",
            ">= 20",
            "found no matching overload",
        ),
        (
            "station.last_supervised != null && days_",
            "days_",
            "days_between(station.last",
            "station.last_supervised may be none (null): say what then",
        ),
        (
            "when: station.tier == 'township'",
            "when: fits(station.name, '(')",
            "'(')",
            "not a regular expression",
        ),
        (
            "at: payroll.month_end",
            "at: payroll.pay",
            "payroll.pay\n",
            "gives INT, must give a date",
        ),
        (
            "at: payroll.month_end",
            "at: plus_months(payroll.month_end, 1)",
            "plus_months",
            "must be a date of the subject that is never null",
        ),
        (
            "cite: plan 三\n",
            "cite: plann 三\n",
            "plann",
            "no document `plann` in this pack; did you mean `plan`?",
        ),
        (
            "value: 70, cite: plan 五",
            "value: 70, cite: plam 五",
            "plam",
            "no document `plam` in this pack; did you mean `plan`?",
        ),
        (
            "modality: in_principle",
            "modality: in_principal",
            "in_principal",
            "rules.supervised.modality: Input should be 'must', 'in_principle'",
        ),
        (
            "modality: in_principle",
            "modalty: in_principle",
            "modalty",
            "`modalty` is not known here; did you mean `modality`?",
        ),
        ("  led:\n", "  hours:\n", "hours:\n", "`hours` is written twice"),
        (
            "  certified_min:\n",
            "  years_max: {unit: years, value: 5, cite: plan 一}\n  certified_min:\n",
            "{unit: years",
            "`years_max` is final in `land`",
        ),
        (
            "  certified_min:\n",
            "  reply_days: {unit: fen, value: 5, cite: plan 一}\n  certified_min:\n",
            "{unit: fen, value",
            "`reply_days` is working_day in `land`, fen here",
        ),
        ("  led:\n", "  contract-cap:\n", "id: [T-7-a]", "`contract-cap` is final above"),
        (
            "value: [case, group]",
            "value: [case, groop]",
            "groop",
            "'groop' is not in the vocabulary `room`; did you mean `group`?",
        ),
        (
            "assistant: 200",
            "assistnt: 200",
            "200",
            "'assistnt' is not in the vocabulary `cert`; did you mean `assistant`?",
        ),
        (
            "{value: 3, cite: plan 一}",
            "{value: three, cite: plan 一}",
            "three",
            "'three' is not person",
        ),
        (
            "{value: 3, cite: plan 一}",
            "{value: 3}",
            "{value: 3}",
            "`certified_min` is policy and cites nothing",
        ),
        (
            "source: 示例",
            "cite: plan 四",
            "{from: 2021-08-01",
            "`minimum_wage` comes from the operator and names no `source`",
        ),
        ("unit: room", "unit: roon", "roon", "no unit `roon`; did you mean `room`?"),
        (
            "by: wage_class",
            "by: wage_clas",
            "wage_clas",
            "no vocabulary `wage_clas`; did you mean `wage_class`?",
        ),
        ("subject: city", "subject: cty", "cty", "no subject `cty`; did you mean `city`?"),
        (
            "buying.sign",
            "buying.sing",
            "buying.sing",
            "no gate `buying.sing`; did you mean `buying.sign`?",
        ),
        (
            "modality: encouraged",
            "effect: {refuse: buying.sign}",
            "buying.sign",
            "the gate `buying.sign` judges `contract`, not `station`",
        ),
        ("id: [T-7-a]\n    ", "", "cite: plan 七", "`led` names no catalogue row"),
        (
            ', en: "{certified} certified, at least {param.certified_min}"',
            "",
            '{zh: "持证',
            "rules.certified-staff.say.en: Field required",
        ),
        (
            "{certified} certified",
            "{certifed} certified",
            "certifed}",
            "nothing is called `certifed` here; did you mean `certified`?",
        ),
        (
            "{payroll.pay:yuan}元",
            "{payroll.pay:yaun}元",
            "payroll.pay:yaun",
            "no form `yaun`; did you mean `yuan`?",
        ),
        (
            "{certified} certified",
            "{certified + 1} certified",
            "certified + 1}",
            "`certified + 1` is not a name: work it out in a `let`",
        ),
        (
            "supervised every month",
            '"supervised {station.months}"',
            "station.months}",
            "`station.months` is LIST<Month>",
        ),
        (
            "replaced_by: rule2",
            "replaced_by: rule3",
            "rule3",
            "no document `rule3`; did you mean `rule`?",
        ),
        ("T-9-a:", "T-7-a:", "T-7-a:", "`T-7-a` is answered by `led` already"),
        ('area: "990102"', 'area: "990202"', '990202"', "`990202` is outside this pack's area"),
        ('area: "9901"', "area: 9901", "9901\nextends", "must be a text: put it in quotes"),
        (
            "workdays: [2022-04-16]",
            "workdays: [2022-04-14]",
            "{holidays",
            "2022-04-14 is both a holiday and a working day",
        ),
        ("kind: workflow", "kind: unchecked", "{kind: unchecked", "`unchecked` needs a `why`"),
        (", by: rule plan-first", "", "{kind: workflow", "`workflow` needs a `by`"),
        (
            "rule plan-first",
            "rule plan-frist",
            "rule plan-frist",
            "no rule `plan-frist`; did you mean `plan-first`?",
        ),
        ("rule plan-first", "rumour", "rumour", "`rumour` names nothing: say vocabulary"),
        (
            "rule plan-first",
            "vocabulary tier.twonship",
            "vocabulary tier.twonship",
            "no `twonship` in vocabulary `tier`; did you mean `township`?",
        ),
        (
            "kind: workflow, by",
            "kind: unbuilt, why: 未建, by",
            "{kind: unbuilt",
            "what is `unbuilt`, and nothing else, says whom it `waits` for",
        ),
        (
            "who: finance",
            "who: fiance",
            "fiance",
            "'fiance' is not in the vocabulary `partner`; did you mean `finance`?",
        ),
        ("cite: plan 九", "cite: paper 九", "paper 九", "no document `paper` in this pack"),
        (
            "against: act 二十四",
            "against: plan 二十四",
            "plan 二十四",
            "no document `plan` above; there are act",
        ),
        ("T-9-a:", "T-9-b:", "T-9-b:", "`T-9-b` is answered by `told` already"),
        ("extends: [land]", "extends: [land", "", ""),
    ],
)
def test_a_wrong_line_is_named_with_its_place_and_the_likely_word(old, new, at, text):
    texts = changed(old, new)

    said = troubles(texts)

    written = texts.layers[-1].text
    assert len(said) >= 1
    if at:
        places = {
            f"990100/pack.yaml:{place_of(written, at, n)}: " for n in range(written.count(at))
        }
        assert any(each.startswith(tuple(places)) and text in each for each in said), said


def test_the_day_a_rule_goes_by_is_a_fact_and_no_let():
    texts = changed("let: {floor:", "let: {last: payroll.month_end, floor:")
    wrong = texts.layers[-1].text.replace("at: payroll.month_end", "at: last")

    assert troubles(texts) == []
    [said] = troubles(sources(land=text_of("land"), t990100=wrong))
    assert "must be a date of the subject that is never null" in said


def test_every_trouble_of_every_rule_is_named_at_once():
    written = text_of("990100")
    for old, new in (
        ("w.full_time &&", "w.fulltime &&"),
        ("station.open_hours", "station.hours"),
        ("'none'", "'nome'"),
    ):
        written = written.replace(old, new, 1)

    said = troubles(sources(land=text_of("land"), t990100=written))

    assert len(said) == 2  # the first rule stops at its type, the words come once it has one
    assert "fulltime" in said[0]
    assert "no fact `hours` in Station" in said[1]


def test_troubles_of_two_layers_are_named_together():
    land = text_of("land").replace("unit: years", "unit: yeers")
    city = text_of("990100").replace("kind: city", "kind: town")

    shape = troubles(sources(land=land.replace("kind: layer", "kind: lair"), t990100=city))
    content = troubles(sources(land=land, t990100=text_of("990100")))

    assert [each.split(":")[0] for each in shape] == ["990100/pack.yaml", "land/pack.yaml"]
    assert any("no unit `yeers`; did you mean `years`?" in each for each in content)


def test_a_place_inside_a_block_of_text_is_exact():
    block = (
        "require: |\n      certified >= param.certified_min &&\n        station.workrs.size() > 0"
    )
    texts = changed(RULE, block)

    [said] = troubles(texts)

    place = place_of(texts.layers[-1].text, "workrs")
    assert said.startswith(f"990100/pack.yaml:{place}: no fact `workrs`")


def test_a_rule_switched_off_must_be_one_from_above():
    [said] = troubles(changed("rules:\n", "rules:\n  nothing: {off: true}\n"))

    assert "no layer above has a rule `nothing`" in said


def test_a_rule_keeps_its_subject_from_layer_to_layer():
    wrong = "rules:\n  open-daily: {id: [Z], cite: plan 一, subject: city, require: city.townships > 0, say: {zh: 说, en: said}}\n"

    [said] = troubles(changed("rules:\n", wrong))

    assert "`open-daily` is about `station` above" in said


def test_a_pack_too_large_to_travel_is_refused():
    texts = changed("kind: city", "kind: city\n#" + "x" * MAX_BYTES)

    with pytest.raises(Troubles, match="bytes with its layers"):
        texts.merged()


def test_an_empty_file_and_a_file_that_is_a_list_are_named():
    assert troubles(sources(t990100="")) == ["990100/pack.yaml:1:1: the file is empty"]
    assert troubles(sources(t990100="- a\n"))


def test_a_hostile_text_is_refused_before_it_does_harm():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\n"

    assert troubles(sources(t990100=bomb)) == [
        "990100/pack.yaml:2:8: aliases are not part of a pack: write it out"
    ]
    [deep] = troubles(sources(t990100="a: " + "[" * 200_000))
    assert "nested more than 32 deep" in deep


@pytest.mark.parametrize(
    "rule", ["require: " + "(" * 60 + "true" + ")" * 60, "require: 1" + " + 1" * 200 + " > 0"]
)
def test_an_expression_beyond_the_compilers_limits_is_named(rule):
    [said] = troubles(changed("require: stated.party_led", rule))

    assert said.startswith("990100/pack.yaml:")
    assert "limit" in said or "depth" in said
