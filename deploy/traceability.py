"""docs/traceability.md: every row of a city's document, what answers it, and where.

A city's folder may hold `catalogue.yaml`, what its document asks, row by row: `HF-3.1-h: [三(一), must,
what]`. Then every row has exactly one answer in the pack, no answer is to a row nobody wrote, and what
an answer names is there: routes in the description of the house, tests in its files.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from chassis.packs import Jurisdiction, Subjects, Trouble, load_folder, packs_in
from chassis.packs.clauses import KINDS, OF_HOUSE, Answer, answers
from chassis.packs.layers import Loaded
from chassis.packs.trouble import near
from chassis.packs.yaml12 import Located
from contracts.facts import AWAITED

HOUSE = Path(__file__).parent.parent
MODALITIES = ("must", "in_principle", "encouraged", "target", "duty", "fact")
_PARTS = {"rule": "rules", "duty": "duties", "parameter": "parameters", "fact": "facts"}

Row = tuple[str, str, str]
"""Where the document says it, how binding it is, what it asks."""


def catalogue(folder: Path) -> dict[str, Row]:
    """Return the rows of a city's document; none where nobody wrote them down."""
    path = folder / "catalogue.yaml"
    if not path.is_file():
        return {}
    rows = Located(path.read_text(encoding="utf-8"), str(path)).data
    return {row: (at, modality, asks) for row, (at, modality, asks) in rows.items()}


def untraced(j: Jurisdiction, folder: Path, house: Path = HOUSE) -> list[Trouble]:
    """Return what is wrong between a catalogue and its pack: rows nobody answers, answers to nothing."""
    layer, rows = j.own, catalogue(folder)
    answered = answers(layer.pack)
    wrong = list(_astray(layer, answered, house))
    if rows:
        unanswered = [row for row in rows if row not in answered]
        wrong += [
            Trouble(str(folder / "catalogue.yaml"), 1, 1, f"nothing answers `{row}`")
            for row in unanswered
        ]
        for row, answer in answered.items():
            if row not in rows:
                at = ("clauses", row) if answer.clause else (_PARTS[answer.kind], answer.names[0])
                wrong.append(
                    layer.source.at_key(at, f"the catalogue has no `{row}`{near(row, rows)}")
                )
    return wrong


def built(j: Jurisdiction, house: Path = HOUSE) -> list[str]:
    """Return the rows that are said to wait for something that is there by now."""
    return [
        row
        for row, answer in answers(j.own.pack).items()
        if answer.clause and answer.kind == "unbuilt" and answer.clause.by
        if all(_there(pointer, house) for pointer in answer.clause.by)
    ]


def counted(j: Jurisdiction) -> Counter[str]:
    """Return how many rows are answered how."""
    return Counter(answer.kind for answer in answers(j.own.pack).values())


def traceability(root: Path, subjects: Subjects) -> str:
    """Return the page."""
    lines = [_HEAD]
    traced = [code for code in packs_in(root) if catalogue(root / code)]
    packs = [Jurisdiction.of(load_folder(root, code), subjects) for code in traced]
    lines += ["", f"| | rows | {' | '.join(KINDS)} |", f"|---|---|{'---|' * len(KINDS)}"]
    sums: Counter[str] = Counter()
    for j in packs:
        counts = counted(j)
        sums += counts
        lines.append(_counts(f"[{j.name['en']}](#{_anchor(j)})", counts))
    lines.append(_counts("all", sums))
    waiting = sum(_waits(j, answer) for j in packs for answer in answers(j.own.pack).values())
    lines += [
        "",
        f"Of the {sums['rule']} rows that are rules, {waiting} wait for a part to tell their subject.",
    ]
    for j in packs:
        lines += ["", *_city(j, root)]
    return "\n".join(lines) + "\n"


_HEAD = """\
# Traceability

Every row of the cities' documents and what answers it. Written from the packs by `make generated`;
`shegong policies check` fails on a row without an answer, and on an answer with nothing behind it.

**rule**: judged · **duty**: asked of a body, kept at `/v1/{city}/duties` · **parameter**, **fact**, **vocabulary**: data of the
pack · **register**: kept by the platform · **workflow**: demanded or refused in code · **unchecked**: nothing
to be checked, with the reason · **unbuilt**: waits for a part of the platform

A rule judges what it is told: as long as no part tells a fact, and nobody states it, its verdict is `undecided`
and names what is missing. Where no part tells the whole subject yet, a rule is judged in what-if only, and the
page says which part it waits for."""


def _waits(j: Jurisdiction, answer: Answer) -> bool:
    """Whether every rule that answers a row is on a subject nobody tells yet."""
    rules = [j.own.pack.rules[name] for name in answer.names] if answer.kind == "rule" else []
    return bool(rules) and all(rule.subject in AWAITED for rule in rules)


def _counts(name: str, counts: Mapping[str, int]) -> str:
    cells = " | ".join(str(counts.get(kind, 0)) for kind in KINDS)
    return f"| {name} | {sum(counts.values())} | {cells} |"


def _anchor(j: Jurisdiction) -> str:
    return _title(j).lower().replace(" ", "-")


def _title(j: Jurisdiction) -> str:
    return f"{j.name['en']} {j.id}"


def _city(j: Jurisdiction, root: Path) -> Iterator[str]:
    yield f"## {_title(j)}"
    yield ""
    yield f"[pack.yaml](../policies/{j.id}/pack.yaml), {j.name['zh']}"
    yield ""
    yield "| row | place | binding | asks | answered by | what |"
    yield "|---|---|---|---|---|---|"
    found = answers(j.own.pack)
    for row, (at, modality, asks) in catalogue(root / j.id).items():
        answer = found[row]
        cells = (row, at, modality, asks, answer.kind, _what(j, answer))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    if conflicts := j.own.pack.conflicts:
        yield ""
        yield "Against the law of the land:"
        yield ""
        for each in conflicts.values():
            yield f"- {each.cite} against {each.against}: {each.what.en}"


def _what(j: Jurisdiction, answer: Answer) -> str:
    if answer.clause is None:
        named = [_named(j, answer.kind, name) for name in answer.names]
        return ", ".join(
            [*named, *(f"{kind} {_named(j, kind, name)}" for kind, name in answer.also)]
        )
    said = [f"`{pointer}`" for pointer in answer.clause.by]
    if answer.clause.waits:
        said.insert(0, f"waits for {answer.clause.waits}:")
    if answer.clause.why:
        said.append(answer.clause.why)
    return " ".join(said)


def _named(j: Jurisdiction, kind: str, name: str) -> str:
    pack = j.own.pack
    if kind == "rule":
        rule = pack.rules[name]
        awaited = f"; waits for {AWAITED[str(rule.subject)]}" if rule.subject in AWAITED else ""
        return f"`{name}` ({rule.subject}, {rule.gate or rule.modality}{awaited})"
    if kind == "parameter":
        return f"`{name}` ({pack.parameters[name].kind})"
    if kind == "fact":
        return f"`{name}` (stated of the {pack.facts[name].subject})"
    return f"`{name}` ({j.vocabulary['partner'][pack.duties[name].who].en})"


def _astray(layer: Loaded, answered: Mapping[str, Answer], house: Path) -> Iterator[Trouble]:
    for row, answer in answered.items():
        if answer.clause is None or answer.kind == "unbuilt":
            continue
        for pointer in answer.clause.by:
            if pointer.partition(" ")[0] in OF_HOUSE and not _there(pointer, house):
                yield layer.source.trouble(("clauses", row, "by"), f"no {pointer}")


def _there(pointer: str, house: Path) -> bool:
    what, _, name = pointer.partition(" ")
    if what == "route":
        return name in _routes(house)
    if what == "test":
        path, _, test = name.partition("::")
        return f"def {test}(" in _text(house / path)
    return True


@cache
def _routes(house: Path) -> frozenset[str]:
    described: Any = json.loads(_text(house / "contracts" / "generated" / "openapi.json") or "{}")
    return frozenset(
        f"{method.upper()} {path}"
        for path, operations in described.get("paths", {}).items()
        for method in operations
    )


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
