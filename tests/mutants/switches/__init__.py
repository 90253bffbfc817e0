"""Every guard that can be taken away, by what it guards."""

from tests.mutants.switches import bus, doors, people, rules, tenants, writing

SWITCHES = (
    *writing.SWITCHES,
    *bus.SWITCHES,
    *tenants.SWITCHES,
    *doors.SWITCHES,
    *people.SWITCHES,
    *rules.SWITCHES,
)
