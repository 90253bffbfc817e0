"""What answers each row of the catalogue, and whether what it names is there.

* rule, duty, parameter, fact   each names the rows it answers (`id`, `ids`)
* vocabulary, register, workflow   a row of `clauses:` with `by:`, what is real behind it
* unchecked   a row with a reason why nothing is to be checked
* unbuilt     a row with the part of the house it waits for

Behind a row stands something of the pack (`vocabulary tier`, `vocabulary tier.city`, `parameter X`,
`document X`, `denominators X`, `rule X`, `duty X`) or of the house (`route GET /v1/{city}/stations`,
`test tests/…::test_…`); the latter only who has the house at hand can look up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chassis.packs.model import Clause, Pack
from chassis.packs.trouble import near

if TYPE_CHECKING:
    from chassis.packs.layers import Layers, Loaded

KINDS = (
    *("rule", "duty", "parameter", "fact", "vocabulary", "register", "workflow"),
    *("unchecked", "unbuilt"),
)
"""How a row is answered; of several, the first."""
OF_HOUSE = ("route", "test")
_OF_PACK = ("vocabulary", "parameter", "document", "denominators", "rule", "duty")


@dataclass(frozen=True)
class Answer:
    """What answers a row: the pack's own parts by name, or a row of `clauses:`."""

    kind: str
    names: tuple[str, ...] = ()
    clause: Clause | None = None
    also: tuple[tuple[str, str], ...] = ()
    """What else of the pack names the row: (kind, name)."""


def answers(pack: Pack) -> dict[str, Answer]:
    """Return what answers each row in one pack's own text, by row."""
    found: dict[str, Answer] = {}
    for kind, parts in _parts(pack):
        for name, rows in parts.items():
            for row in rows:
                have = found.get(row)
                if have is None:
                    found[row] = Answer(kind, (name,))
                elif have.kind == kind:
                    found[row] = replace(have, names=(*have.names, name))
                else:
                    found[row] = replace(have, also=(*have.also, (kind, name)))
    return found | {row: Answer(each.kind, (), each) for row, each in pack.clauses.items()}


def check_clauses(layers: "Layers", layer: "Loaded") -> None:
    """See that a row is answered once, and by something that is there."""
    pack = layer.pack
    answered = {
        row: name for _, parts in _parts(pack) for name, rows in parts.items() for row in rows
    }
    for row, clause in pack.clauses.items():
        if row in answered:
            text = f"`{row}` is answered by `{answered[row]}` already"
            layers.troubles.append(layer.source.at_key(("clauses", row), text))
        for text in _missing(layers, clause):
            layers.complain(layer, ("clauses", row, "by"), text)


def _parts(pack: Pack) -> Iterator[tuple[str, dict[str, list[str]]]]:
    yield "rule", {name: each.id for name, each in pack.rules.items()}
    yield "duty", {name: each.ids for name, each in pack.duties.items()}
    yield "parameter", {name: each.ids for name, each in pack.parameters.items()}
    yield "fact", {name: each.ids for name, each in pack.facts.items()}


def _missing(layers: "Layers", clause: Clause) -> Iterator[str]:
    for pointer in clause.by:
        what, _, name = pointer.partition(" ")
        if what in OF_HOUSE and name:
            continue
        if what not in _OF_PACK or not name:
            yield f"`{pointer}` names nothing: say {', '.join((*_OF_PACK, *OF_HOUSE))} and a name"
            continue
        known = _known(layers, what)
        head, _, word = name.partition(".")
        if head not in known:
            yield f"no {what} `{head}`{near(head, known)}"
        elif word and (what != "vocabulary" or word not in known[head]):
            yield f"no `{word}` in {what} `{head}`{near(word, known[head] if what == 'vocabulary' else ())}"


def _known(layers: "Layers", what: str) -> Mapping[str, Any]:
    if what == "vocabulary":
        return layers.vocabulary
    field = {"parameter": "parameters", "document": "documents", "rule": "rules", "duty": "duties"}
    return {
        name: each
        for layer in layers.loaded
        for name, each in getattr(layer.pack, field.get(what, what)).items()
    }
