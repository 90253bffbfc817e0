"""The layers of a jurisdiction put together: documents, vocabulary, parameters, calendar.

One rule of choice serves layers, areas and dates, for parameters and rules alike: **the longest area
prefix, then the nearest layer, then the latest date**.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from chassis.packs.clauses import check_clauses
from chassis.packs.model import UNITS, DatedValue, Document, Pack, Parameter, Part, Vocable
from chassis.packs.sources import Layer, Sources
from chassis.packs.trouble import Trouble, Troubles, near
from chassis.packs.values import misfits, plain, unknown_word
from chassis.packs.yaml12 import Located, Place

Item = TypeVar("Item")
Spot = frozenset[str]
"""The area prefixes, of all a jurisdiction speaks of, that hold at one place."""
ALWAYS = "0001-01-01"


@dataclass(frozen=True)
class Loaded:
    """One layer: its file with its places, and what it says."""

    source: Located
    pack: Pack
    depth: int


@dataclass(frozen=True)
class Citation:
    """A clause of a document, and the days on which the document holds."""

    text: str
    clause: str
    document: Document
    start: str
    last: str | None

    def ended(self, day: str) -> bool:
        """Whether the document's term is over, though it may be judged on."""
        return self.document.until is not None and self.document.until.isoformat() < day

    def line(self, ids: Iterable[str], day: str) -> dict[str, Any]:
        """Return the clause as every answer names it."""
        return {
            "document": self.document.title,
            "number": self.document.number,
            "clause": self.clause,
            "ids": list(ids),
            "ended": self.ended(day),
        }


@dataclass(frozen=True, slots=True)
class Entry(Generic[Item]):
    """Something that holds in an area, from a layer, between two days."""

    prefixes: tuple[str, ...]
    depth: int
    start: str
    last: str | None
    item: Item

    def holds_on(self, day: str) -> bool:
        """Whether it is in force that day."""
        return self.start <= day and (self.last is None or day <= self.last)


def choose(entries: Iterable[Entry[Item]], spot: Spot, day: str | None) -> Item | None:
    """Return what holds there that day (or on any day): longest area, nearest layer, latest."""
    best: Entry[Item] | None = None
    rank = (-1, -1, "")
    for entry in entries:
        if day is not None and not entry.holds_on(day):
            continue
        reach = max((len(prefix) for prefix in entry.prefixes if prefix in spot), default=-1)
        if reach >= 0 and (reach, entry.depth, entry.start) > rank:
            best, rank = entry, (reach, entry.depth, entry.start)
    return best.item if best else None


@dataclass(frozen=True)
class Setting:
    """A parameter's value as one layer gives it."""

    value: Any
    kind: str
    cite: Citation | None
    source: str | None
    ids: tuple[str, ...]


@dataclass
class Merged:
    """A parameter over all layers."""

    name: str
    declared: Parameter
    pack: str
    kind: str
    base: type
    entries: list[Entry[Setting]] = field(default_factory=list)


def read_layers(sources: Sources) -> list[Loaded]:
    """Read every layer's shape; all that is wrong with any of them is raised at once."""
    troubles: list[Trouble] = []
    layers: list[Loaded] = []
    for depth, layer in enumerate(sources.layers):
        try:
            layers.append(_read(layer, depth))
        except Troubles as e:
            troubles += e.all
    if troubles:
        raise Troubles(*troubles)
    return layers


def _read(layer: Layer, depth: int) -> Loaded:
    source = Located(layer.text, layer.file)
    try:
        pack = Pack.model_validate(source.data)
    except ValidationError as e:
        raise Troubles(*(_misshapen(source, error) for error in e.errors())) from None
    if pack.pack != layer.pack:
        text = f"the folder is `{layer.pack}`, the pack `{pack.pack}`"
        raise Troubles(source.trouble(("pack",), text))
    return Loaded(source, pack, depth)


def _misshapen(source: Located, error: Any) -> Trouble:
    at: Place = tuple(error["loc"])
    short = at[3:4] == ("values",) or (len(at) > 3 and at[2] == "values")  # noqa: PLR2004
    if short and at[:3] not in source:
        at = (*at[:2], *at[4:])
    text = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return source.at_key(at, f"`{at[-1]}` is not known here{near(str(at[-1]), _keys(at))}")
    if error["type"] in ("string_type", "list_type") and isinstance(error["input"], int | date):
        text = "must be a text: put it in quotes"
    return source.trouble(at, f"{'.'.join(str(step) for step in at)}: {text}")


def _keys(at: Place) -> list[str]:
    """Return the keys that are known where a key is not."""
    model: Any = Pack
    for step in at[:-1]:
        if not (isinstance(model, type) and issubclass(model, Part)):
            break
        annotation = _field(model, step)
        models = _models(annotation)
        model = models[0] if models else None
        if model is None:
            return []
    if not (isinstance(model, type) and issubclass(model, Part)):
        return []
    return [info.alias or name for name, info in model.model_fields.items()]


def _field(model: type[Part], step: Any) -> Any:
    # Inside a mapping or a list the step is a name or a number, and the model stays the same.
    info = model.model_fields.get(str(step))
    return info.annotation if info else model


def _models(annotation: Any) -> list[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [annotation]
    return [model for each in getattr(annotation, "__args__", ()) for model in _models(each)]


class Layers:
    """All layers of a jurisdiction, put together and held against each other."""

    def __init__(self, loaded: list[Loaded]) -> None:
        self.loaded = loaded
        self.own = loaded[-1].pack
        self.troubles: list[Trouble] = []
        self.vocabulary: dict[str, dict[str, Vocable]] = {}
        self.parameters: dict[str, Merged] = {}
        for layer in loaded:
            for name, words in layer.pack.vocabulary.items():
                self.vocabulary.setdefault(name, {}).update(words)
        for layer in loaded:
            self._check(layer)
            for name, parameter in layer.pack.parameters.items():
                self._merge(layer, name, parameter)

    def complain(self, layer: Loaded, at: Place, text: str) -> None:
        """Note what is wrong at a place."""
        self.troubles.append(layer.source.trouble(at, text))

    def cite(self, layer: Loaded, text: str, at: Place) -> Citation | None:
        """Return the clause a text such as `plan 二(三)2` names."""
        key, _, clause = text.partition(" ")
        documents = layer.pack.documents
        document = documents.get(key)
        if document is None:
            self.complain(layer, at, f"no document `{key}` in this pack{near(key, documents)}")
            return None
        lasts = [document.until] if document.until and document.after == "lapse" else []
        if document.replaced_by in documents:
            lasts.append(documents[document.replaced_by].in_force - timedelta(days=1))
        last = min(lasts).isoformat() if lasts else None
        return Citation(text, clause, document, document.in_force.isoformat(), last)

    def entry(
        self, layer: Loaded, item: Item, area: list[str] | None, span: tuple[str, str | None]
    ) -> Entry[Item]:
        """Return something as it holds: without an area of its own, in its layer's."""
        prefixes = layer.pack.area if area is None else area
        return Entry(tuple(prefixes), layer.depth, *span, item)

    def spans(
        self, rules: Iterable[Entry[Any]], parameters: Mapping[str, Merged]
    ) -> tuple[set[str], list[str]]:
        """Return every area prefix spoken of, and every day on which something changes."""
        values = (entry for merged in parameters.values() for entry in merged.entries)
        prefixes: set[str] = set(self.own.area)
        days: set[str] = set()
        for entry in (*rules, *values):
            prefixes.update(entry.prefixes)
            days.add(entry.start)
            if entry.last:
                days.add((date.fromisoformat(entry.last) + timedelta(days=1)).isoformat())
        return prefixes, sorted(days - {ALWAYS})

    def supposed(self, name: str, given: Any) -> Merged:
        """Return a parameter with other values: one, or a list of dated ones."""
        merged = self.parameters.get(name)
        if merged is None:
            raise Troubles(Trouble("", 1, 1, f"no parameter `{name}`{near(name, self.parameters)}"))
        dated = isinstance(given, list) and all(isinstance(x, dict) and "value" in x for x in given)
        nearest, declared = self.loaded[-1], merged.declared
        other = replace(merged, entries=[])
        for each in given if dated else [{"value": given}]:
            try:
                value = DatedValue.model_validate(each)
            except ValidationError as e:
                raise Troubles(
                    *(Trouble("", 1, 1, f"{name}: {x['msg']}") for x in e.errors())
                ) from None
            wrong = misfits(declared, value.value, self.vocabulary)
            if found := [Trouble("", 1, 1, f"{name}: {text}") for _, text in wrong]:
                raise Troubles(*found)
            cited = [
                x for x in self.loaded if (value.cite or "").partition(" ")[0] in x.pack.documents
            ]
            cite = self.cite(cited[-1], value.cite, ()) if value.cite and cited else None
            start = value.start.isoformat() if value.start else ALWAYS
            setting = Setting(plain(declared, value.value), merged.kind, cite, value.source, ())
            other.entries.append(self.entry(nearest, setting, value.area, (start, None)))
        return other

    def _check(self, layer: Loaded) -> None:
        pack = layer.pack
        for key, document in pack.documents.items():
            if document.replaced_by and document.replaced_by not in pack.documents:
                text = f"no document `{document.replaced_by}`{near(document.replaced_by, pack.documents)}"
                self.complain(layer, ("documents", key, "replaced_by"), text)
            if document.until and document.until < document.in_force:
                self.complain(layer, ("documents", key, "until"), "ends before it is in force")
        for name, words in pack.vocabulary.items():
            known = self.vocabulary[name]
            for word, vocable in words.items():
                if vocable.broader and (vocable.broader not in known or vocable.broader == word):
                    text = f"no broader word `{vocable.broader}`{near(vocable.broader, known)}"
                    self.complain(layer, ("vocabulary", name, word, "is"), text)
        for day in set(pack.calendar.holidays) & set(pack.calendar.workdays):
            self.complain(layer, ("calendar",), f"{day} is both a holiday and a working day")
        self._check_duties(layer)
        check_clauses(self, layer)

    def _check_duties(self, layer: Loaded) -> None:
        """See that duties name a body and a clause, limits a clause, conflicts one of each side."""
        for key, duty in layer.pack.duties.items():
            self.cite(layer, duty.cite, ("duties", key, "cite"))
            named: list[tuple[Place, str, str]] = [(("who",), "partner", duty.who)]
            named += [(("domains", i), "domain", word) for i, word in enumerate(duty.domains)]
            for at, name, word in named:
                if word not in self.vocabulary.get(name, {}):
                    text = unknown_word(word, name, self.vocabulary)
                    self.complain(layer, ("duties", key, *at), text)
        for key, limit in layer.pack.limits.items():
            self.cite(layer, limit.cite, ("limits", key, "cite"))
        above = [each for each in self.loaded if each.depth < layer.depth]
        laws = {key for each in above for key in each.pack.documents}
        for key, conflict in layer.pack.conflicts.items():
            self.cite(layer, conflict.cite, ("conflicts", key, "cite"))
            law = conflict.against.partition(" ")[0]
            if law not in laws:
                text = f"no document `{law}` above{near(law, laws)}"
                self.complain(layer, ("conflicts", key, "against"), text)

    def outside(self, layer: Loaded, area: list[str] | None) -> str | None:
        """Return a prefix that is not within the layer's own area."""
        return next((p for p in area or () if not p.startswith(tuple(layer.pack.area))), None)

    def _merge(self, layer: Loaded, name: str, parameter: Parameter) -> None:
        at = ("parameters", name)
        if parameter.unit not in UNITS and parameter.unit not in self.vocabulary:
            text = f"no unit `{parameter.unit}`{near(parameter.unit, [*UNITS, *self.vocabulary])}"
            self.complain(layer, (*at, "unit"), text)
            return
        if parameter.by and parameter.by != "code" and parameter.by not in self.vocabulary:
            text = f"no vocabulary `{parameter.by}`{near(parameter.by, ['code', *self.vocabulary])}"
            self.complain(layer, (*at, "by"), text)
            return
        merged = self.parameters.get(name)
        if merged is None:
            base = UNITS.get(parameter.unit, str)
            merged = Merged(name, parameter, layer.pack.pack, parameter.kind, base)
            self.parameters[name] = merged
        elif merged.declared.final:
            self.complain(layer, at, f"`{name}` is final in `{merged.pack}`")
            return
        elif _shape(merged.declared) != _shape(parameter):
            theirs, ours = _shape(merged.declared), _shape(parameter)
            self.complain(layer, at, f"`{name}` is {theirs} in `{merged.pack}`, {ours} here")
            return
        else:
            merged.kind = parameter.kind
        self._values(layer, merged, parameter)

    def _values(self, layer: Loaded, merged: Merged, parameter: Parameter) -> None:
        name, seen = merged.name, set()
        if parameter.kind == "local_default" and not parameter.why:
            text = f"`{name}` is a local default and says no `why`"
            self.complain(layer, ("parameters", name), text)
        for i, dated in enumerate(parameter.values):
            at: Place = ("parameters", name, "values", i)
            if at not in layer.source:
                at = at[:2]
            if parameter.kind == "policy" and not dated.cite:
                self.complain(layer, at, f"`{name}` is policy and cites nothing")
            if parameter.kind == "operator" and not dated.source:
                text = f"`{name}` comes from the operator and names no `source`"
                self.complain(layer, at, text)
            if prefix := self.outside(layer, dated.area):
                text = f"`{prefix}` is outside this pack's area"
                self.complain(layer, (*at, "area"), text)
            cite = self.cite(layer, dated.cite, (*at, "cite")) if dated.cite else None
            start = dated.start.isoformat() if dated.start else cite.start if cite else ALWAYS
            if (where := (tuple(dated.area or ()), start)) in seen:
                self.complain(layer, at, f"`{name}` has two values from {start}")
            seen.add(where)
            wrong = list(misfits(parameter, dated.value, self.vocabulary))
            for step, text in wrong:
                self.complain(layer, (*at, "value", *step), text)
            if not wrong:
                value, ids = plain(parameter, dated.value), tuple(parameter.ids)
                setting = Setting(value, parameter.kind, cite, dated.source, ids)
                span = (start, cite.last if cite else None)
                merged.entries.append(self.entry(layer, setting, dated.area, span))


def rule_span(cite: Citation | None) -> tuple[str, str | None]:
    """Return the days on which a rule is in force: its document's."""
    return (cite.start, cite.last) if cite else (ALWAYS, None)


def _shape(parameter: Parameter) -> str:
    by = f" by {parameter.by}" if parameter.by else ""
    return f"{'a list of ' if parameter.many else ''}{parameter.unit}{by}"
