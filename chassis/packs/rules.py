"""Rules of several layers: whether one may stand where it does, and how they are found again."""

from collections.abc import Mapping, Sequence

from chassis.packs.layers import Entry, Layers, Loaded
from chassis.packs.model import Rule
from chassis.packs.paths import ancestors
from chassis.packs.plan import Version
from chassis.packs.subjects import Subjects
from chassis.packs.trouble import near


def check_rule(
    layers: Layers,
    layer: Loaded,
    rid: str,
    rule: Rule,
    above: Sequence[Rule],
    subjects: Subjects,
) -> None:
    """Complain of a rule that goes against what the layers above say of it, or names what is not."""
    at = ("rules", rid)
    if any(each.final for each in above):
        layers.complain(layer, at, f"`{rid}` is final above")
    if rule.off:
        if not above:
            layers.complain(layer, (*at, "off"), f"no layer above has a rule `{rid}`")
        return
    subject = rule.subject or ""
    if subject not in subjects.sheets:
        text = f"no subject `{subject}`{near(subject, subjects.sheets)}"
        layers.complain(layer, (*at, "subject"), text)
    elif above and above[0].subject not in (None, subject):
        text = f"`{rid}` is about `{above[0].subject}` above"
        layers.complain(layer, (*at, "subject"), text)
    if prefix := layers.outside(layer, rule.area):
        layers.complain(layer, (*at, "area"), f"`{prefix}` is outside this pack's area")
    if layer.pack.kind != "layer" and not rule.id:
        layers.complain(layer, at, f"`{rid}` names no catalogue row: `id: […]`")
    if rule.gate is not None:
        _check_gate(layers, layer, rid, rule.gate, subject, subjects)


def _check_gate(
    layers: Layers, layer: Loaded, rid: str, name: str, subject: str, subjects: Subjects
) -> None:
    where, gates = ("rules", rid, "effect", "refuse"), subjects.gates
    gate = gates.get(name)
    if gate is None:
        layers.complain(layer, where, f"no gate `{name}`{near(name, gates)}")
    elif gate.subject != subject:
        text = f"the gate `{name}` judges `{gate.subject}`, not `{subject}`"
        layers.complain(layer, where, text)


def indexes(
    rules: Mapping[str, Sequence[Entry[Version]]],
) -> tuple[dict[str, list[tuple[str, str]]], dict[str, set[str]]]:
    """Return the rules on each subject (with the day each counts by), and those that read each path."""
    by_subject: dict[str, list[tuple[str, str]]] = {}
    by_path: dict[str, set[str]] = {}
    for rid, versions in rules.items():
        compiled = [entry.item.compiled for entry in versions if entry.item.compiled]
        if not compiled:
            continue
        nearest = compiled[-1].rule
        by_subject.setdefault(nearest.subject or "", []).append((rid, nearest.at))
        for each in compiled:
            for path in (*each.paths, each.rule.at):
                for above in ancestors(path.partition("[param")[0]):
                    by_path.setdefault(above, set()).add(rid)
    return by_subject, by_path
