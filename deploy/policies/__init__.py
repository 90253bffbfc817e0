"""`shegong policies`: what a pack author runs while writing (docs/pack-authors.md).

new CODE                     a folder that checks clean, to start from
facts [SUBJECT]              what a rule may ask for, with its words
check [CODE…] [--mutate]     does it load, do its cases hold, would they notice a change
explain RULE --facts FILE    how a rule comes to its verdict
diff OLD NEW [--data CITY]   what differs between two packs, and whose verdicts that changes
activate CODE --in-force DAY bring it as its author, approve it as somebody else
merge CODE                   the text the platform is sent, for whoever brings it over HTTP
trace                        what every row of the documents became
schema [DIR]                 JSON Schema of the files and of the fact sheets

* packs       packs read and compiled for a command
* checking    check, trace
* explaining  explain
* listing     facts, schema
* differing   diff: two texts side by side
* radius      … and the verdicts under each
* history     … of everybody a running platform knows of, or a file names
* starting    new, activate, merge
"""

import click

from deploy.policies.checking import NOTICED, check, trace
from deploy.policies.differing import diff
from deploy.policies.explaining import explain
from deploy.policies.listing import facts, schema
from deploy.policies.packs import load, subjects
from deploy.policies.starting import activate, merge, new

__all__ = ["NOTICED", "load", "policies", "subjects"]


@click.group()
def policies() -> None:
    """Check, explain, compare and start policy packs."""


for command in (activate, check, diff, explain, facts, merge, new, schema, trace):
    policies.add_command(command)
