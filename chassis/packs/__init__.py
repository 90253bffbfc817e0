"""A city's document as data: packs loaded, checked, and judged with their clauses.

    Sheet term Fen Unit          declare the facts a rule may ask for (`sheet.py`)
    Subjects.of(SHEETS, GATES)   all sheets and gates, described once for the checker
    load_folder(root, code)      the texts of a pack and its layers -> Sources (.merged(), .version)
    Jurisdiction.of(sources, subjects), .from_text(merged, subjects)
        .judge(subject, facts, area, as_of, rules=, gate=, waivers=) -> [Verdict]
        .parameter(name, area, day, key=None) -> Value(value, kind, unit, cite)
        .touched(paths) .daily .change_days .broader(vocabulary, word)
    Verdict.word .rule .line(language)   one line of a verdict sheet, rendered on demand
    sheet(j, "station:ID", verdicts, as_of, known_at, language)
    read_facts(j, subject, given)        facts from outside, held to the sheets and vocabularies
    Troubles(.all of Trouble)            what is wrong in a pack: file, line, column, sentence

How a file is read: yaml12, sources, model, layers. How a rule is compiled: helpers, subjects, tree,
references, compiling. How it is judged: paths, jurisdiction, verdict. How a pack is tried: cases,
mutate, forget. Which shapes an editor may know: schema.
"""

from chassis.packs.facts import BadFacts, read_facts
from chassis.packs.jurisdiction import Jurisdiction, NoParameter, Value
from chassis.packs.sheet import Fen, Sheet, Unit, term
from chassis.packs.sources import Sources, load_folder, packs_in
from chassis.packs.subjects import Gate, Subjects
from chassis.packs.trouble import Trouble, Troubles
from chassis.packs.verdict import Verdict, Waiver, sheet

__all__ = [
    "BadFacts",
    "Fen",
    "Gate",
    "Jurisdiction",
    "NoParameter",
    "Sheet",
    "Sources",
    "Subjects",
    "Trouble",
    "Troubles",
    "Unit",
    "Value",
    "Verdict",
    "Waiver",
    "load_folder",
    "packs_in",
    "read_facts",
    "sheet",
    "term",
]
