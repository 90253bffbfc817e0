"""A jurisdiction: its layers merged and compiled once, then asked many times.

    j = Jurisdiction.of(load_folder(Path("policies"), "990100"), subjects)
    j.judge("station", {"station": station.plain()}, "990102", date(2022, 6, 30))
    j.parameter("reply_working_days", "990102", date(2022, 6, 30)).value

An absent fact makes a plain-JSON evaluation fail, unless `&&`, `||`, `exists` or `all` decide without
it. On a failure the holes on the rule's paths are filled with everything they could be: if every
completion gives one verdict, that is the verdict; else it is undecided and names them.
"""

import copy
import functools
import itertools
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chassis.packs.compiling import NOT_APPLICABLE, WORD_OF, Compiled, Compiler
from chassis.packs.layers import Entry, Layers, Loaded, Merged, Spot, choose, read_layers, rule_span
from chassis.packs.model import Denominator, Document, Duty, Stated, Vocable
from chassis.packs.paths import dotted, holes, look
from chassis.packs.plan import Frame, Plan, Version, brief, make_plan
from chassis.packs.rules import check_rule, indexes
from chassis.packs.sources import Sources
from chassis.packs.subjects import Subjects
from chassis.packs.trouble import Troubles, near
from chassis.packs.unknown import decide_anyhow
from chassis.packs.verdict import DORMANT, Verdict, Waiver
from chassis.problems import Say

_ABSENT: tuple[None, dict[Any, str]] = (None, {})
"""A rule this place does not have."""


class NoParameter(LookupError):
    """No such parameter, or none with a value there and then."""


@dataclass(frozen=True)
class Value:
    """A parameter's value there and then, with its clause."""

    value: Any
    kind: str
    unit: str
    cite: dict[str, Any] | None


class Jurisdiction:
    """A city, county, district or layer with its rules, ready to judge."""

    def __init__(self, sources: Sources, subjects: Subjects) -> None:
        """Use `of` or `from_text`."""
        layers = Layers(read_layers(sources))
        compiler = Compiler(layers, subjects)
        own = layers.own
        self.sources, self.subjects = sources, subjects
        self.id, self.version, self.kind = own.pack, sources.version, own.kind
        self.name: Say = own.name.model_dump()
        self.prefixes: tuple[str, ...] = tuple(own.area)
        self.layers: tuple[str, ...] = tuple(layer.pack.pack for layer in layers.loaded)
        self.vocabulary: dict[str, dict[str, Vocable]] = layers.vocabulary
        self.parameters: dict[str, Merged] = layers.parameters
        self.documents: dict[tuple[str, str], Document] = {}
        self.denominators: dict[str, list[Denominator]] = {}
        self.duties: dict[str, Duty] = {}
        self.holidays: frozenset[date] = frozenset()
        self.workdays: frozenset[date] = frozenset()
        for layer in layers.loaded:
            pack = layer.pack
            self.documents |= {(pack.pack, key): each for key, each in pack.documents.items()}
            self.denominators |= pack.denominators
            self.duties |= pack.duties
            self.holidays |= set(pack.calendar.holidays)
            self.workdays |= set(pack.calendar.workdays)
        self.stated = {subject: compiler.stated(subject) for subject in subjects.sheets}
        self.rules: dict[str, list[Entry[Version]]] = {}
        for layer in layers.loaded:
            self._add_rules(layers, compiler, layer)
        if layers.troubles:
            raise Troubles(*layers.troubles)
        self._environments = compiler.environments
        self._layers = layers
        self._by_subject, self._by_path = indexes(self.rules)
        self._plans: dict[tuple[str, Spot, int], Plan] = {}
        self._spots: dict[str, Spot] = {}
        self.kept: dict[Any, Any] = {}
        """What others made of this document and would only make again (`chassis.policy`)."""
        self.replan()

    @classmethod
    def of(cls, sources: Sources, subjects: Subjects) -> "Jurisdiction":
        """Compile the texts of a pack; raises every trouble there is."""
        return cls(sources, subjects)

    @classmethod
    def from_text(cls, merged: str, subjects: Subjects) -> "Jurisdiction":
        """Compile a pack that travelled; the same text is compiled once in a process."""
        return _from_text(merged, subjects)

    # ------------------------------------------------------------------------------- asking

    def judge(
        self,
        subject: str,
        facts: Mapping[str, Any],
        area: str,
        as_of: date,
        *,
        rules: Collection[str] | None = None,
        gate: str | None = None,
        waivers: Sequence[Waiver] = (),
    ) -> list[Verdict]:
        """Return the verdict of every rule on a subject (or of some, or of a gate's).

        `facts` are plain sheets by name: the subject's own, those of its context it may read, and
        `stated` for the facts only this city asks for. `as_of` is a day that has ended.
        """
        today, spot = as_of.isoformat(), self._spot(area)
        data = _laid(facts, today)
        frames: dict[str, Frame] = {}
        verdicts: list[Verdict] = []
        for rid, at in self._by_subject.get(subject, ()):
            if rules is not None and rid not in rules:
                continue
            day = today if at == "day" else look(data, at)
            if not isinstance(day, str):
                frame = self._frame(subject, spot, today, today, data)
                verdict = self._undated(rid, at, spot, frame)
            else:
                if day not in frames:
                    frames[day] = self._frame(subject, spot, day, today, data)
                verdict = _verdict(rid, frames[day], waivers)
            if verdict and (gate is None or verdict.compiled.rule.gate == gate):
                verdicts.append(verdict)
        return verdicts

    def briefly(
        self,
        subject: str,
        facts: Mapping[str, Any],
        area: str,
        as_of: date,
        *,
        waivers: Sequence[Waiver] = (),
    ) -> list[str]:
        """Return what `judge` does as `rule:word:modality`, in two thirds of its time."""
        if waivers:
            judged = self.judge(subject, facts, area, as_of, waivers=waivers)
            return [brief(each.rule, each.word, each.modality) for each in judged]
        today = as_of.isoformat()
        data = _laid(facts, today)
        frame = self._frame(subject, self._spot(area), today, today, data)
        known, activation, found = frame.plan.brief, frame.activation, []
        for rid, at in self._by_subject.get(subject, ()):
            if at != "day":
                some = self.judge(subject, facts, area, as_of, rules=(rid,))
                found += [brief(each.rule, each.word, each.modality) for each in some]
                continue
            compiled, texts = known.get(rid, _ABSENT)
            if compiled is None:
                found += [texts[NOT_APPLICABLE]] if texts else []
                continue
            answer = compiled.program.eval(activation).value()
            if type(answer) is int:
                found.append(texts[answer])
            else:
                word, _, _ = decide_anyhow(compiled, frame, str(answer))
                found.append(brief(rid, word, compiled.rule.modality))
        return found

    def parameter(self, name: str, area: str, day: date, key: str | None = None) -> Value:
        """Return a parameter's value there and then; of a table, the entry of a key."""
        merged = self.parameters.get(name)
        if merged is None:
            raise NoParameter(f"{self.id} has no parameter `{name}`{near(name, self.parameters)}")
        on = day.isoformat()
        setting = choose(merged.entries, self._spot(area), on)
        if setting is None:
            raise NoParameter(f"{self.id}: `{name}` has no value on {on}")
        value = setting.value
        if key is not None:
            if not isinstance(value, dict) or key not in value:
                raise NoParameter(f"{self.id}: `{name}` has no value for `{key}` on {on}")
            value = value[key]
        cite = setting.cite.line(setting.ids, on) if setting.cite else None
        return Value(value, setting.kind, merged.declared.unit, cite)

    def rule_at(self, subject: str, rule: str, area: str, day: date) -> Compiled | None:
        """Return a rule as it holds there and then, or would if anything were in force."""
        plan = self._plan(subject, self._spot(area), day.isoformat())
        ready = plan.ready.get(rule)
        return ready[0] if ready else plan.dormant.get(rule)

    def touched(self, paths: Iterable[str]) -> set[str]:
        """Return the rules that read any of these facts: `station.rooms`, `station.workers[].cert`."""
        return set().union(*(self._by_path.get(path, ()) for path in paths))

    @property
    def division_system(self) -> str:
        """The code system the city counts its townships in: codes are read in it if none is said."""
        sources = [each.source for each in self.denominators.get("townships", ())]
        return next((source for source in sources if source != "stated"), "nbs")

    @property
    def change_days(self) -> list[date]:
        """The days on which a parameter or a document changes: everything is judged again."""
        return [date.fromisoformat(day) for day in self._changes]

    @property
    def daily(self) -> set[str]:
        """The rules whose verdict may change by a day passing."""
        return {
            rid
            for rid, versions in self.rules.items()
            if any(entry.item.compiled and entry.item.compiled.reads_day for entry in versions)
        }

    def broader(self, vocabulary: str, word: str) -> list[str]:
        """Return a word and every broader one it falls under."""
        words, chain = self.vocabulary.get(vocabulary, {}), [word]
        while (known := words.get(chain[-1])) and known.broader and known.broader not in chain:
            chain.append(known.broader)
        return chain

    def supposing(self, parameters: Mapping[str, Any]) -> "Jurisdiction":
        """Return the same rules under other values: `{"certified_min": 2}`, or dated values."""
        other = copy.copy(self)
        changed = {name: self._layers.supposed(name, given) for name, given in parameters.items()}
        other.parameters = self.parameters | changed
        other.rules = {rid: list(versions) for rid, versions in self.rules.items()}
        other.replan()
        return other

    @property
    def own(self) -> Loaded:
        """The pack itself, without the layers above it."""
        return self._layers.loaded[-1]

    @property
    def above(self) -> list[Loaded]:
        """The layers above it, farthest first."""
        return self._layers.loaded[:-1]

    def subject_of(self, rule: str) -> str:
        """Return the subject a rule judges."""
        return next(x.item.rule.subject for x in self.rules[rule] if x.item.rule.subject)

    def written(self) -> list[dict[str, Any]]:
        """Return what every layer says, farthest first, as plain data."""
        layers = self._layers.loaded
        return [layer.pack.model_dump(mode="json", exclude_unset=True) for layer in layers]

    def questions(self, subject: str) -> dict[str, Stated]:
        """Return the facts this jurisdiction asks of a subject by name, the nearest layer's word."""
        return {
            name: stated
            for layer in self._layers.loaded
            for name, stated in layer.pack.facts.items()
            if stated.subject == subject
        }

    def gated(self, gate: str) -> bool:
        """Whether any rule refuses at a gate."""
        versions = itertools.chain.from_iterable(self.rules.values())
        return any(entry.item.rule.gate == gate for entry in versions)

    def environment(self, subject: str) -> Any:
        """Return where the rules on a subject run."""
        return self._environments[subject]

    # ------------------------------------------------------------------------------- loading

    def replan(self) -> None:
        """Note where and when anything changes; plans made before are void."""
        entries = itertools.chain.from_iterable(self.rules.values())
        self._prefixes, self._changes = self._layers.spans(entries, self.parameters)
        self._plans, self._spots = {}, {}
        self.kept = {}

    def _add_rules(self, layers: Layers, compiler: Compiler, layer: Loaded) -> None:
        for rid, rule in layer.pack.rules.items():
            at, above = ("rules", rid), self.rules.get(rid, [])
            try:
                check_rule(
                    layers, layer, rid, rule, [each.item.rule for each in above], self.subjects
                )
                cite = layers.cite(layer, rule.cite, (*at, "cite")) if rule.cite else None
                if rule.off:
                    version = Version(rule, None)
                elif cite is None or rule.subject not in self.subjects.sheets:
                    continue
                else:
                    version = Version(rule, compiler.rule(layer, rid, rule, cite))
            except Troubles as e:
                layers.troubles += e.all
                continue
            entry = layers.entry(layer, version, rule.area, rule_span(cite))
            self.rules[rid] = [*above, entry]

    # ------------------------------------------------------------------------------- judging

    def _spot(self, area: str) -> Spot:
        """Return the prefixes that hold at a place; one outside is read as the whole jurisdiction."""
        spot = self._spots.get(area)
        if spot is None:
            here = {prefix for prefix in self._prefixes if area.startswith(prefix)}
            if not here & set(self.prefixes):
                here |= set(self.prefixes)
            spot = self._spots[area] = frozenset(here)
        return spot

    def _plan(self, subject: str, spot: Spot, day: str) -> Plan:
        """Return what holds there that day, worked out once for each stretch of equal days."""
        key = (subject, spot, bisect_right(self._changes, day))
        plan = self._plans.get(key)
        if plan is None:
            rids = [rid for rid, _ in self._by_subject.get(subject, ())]
            plan = self._plans[key] = make_plan(self.rules, rids, self.parameters, spot, day)
        return plan

    def _frame(self, subject: str, spot: Spot, day: str, today: str, data: dict[str, Any]) -> Frame:
        """Lay the facts beside what holds on the day whose rules count."""
        plan = self._plan(subject, spot, day)
        full = {**plan.values, **data}
        activation = self._environments[subject].Activation(full)
        return Frame(today, plan, full, activation, self.vocabulary)

    def _undated(self, rid: str, at: str, spot: Spot, frame: Frame) -> Verdict | None:
        """Return undecided: the day whose rules and parameters count is not known."""
        versions = self.rules[rid]
        version = choose(versions, spot, frame.today) or choose(versions, spot, None)
        if version is None or version.compiled is None:
            return None
        missing = [dotted(hole) for hole in holes(frame.data, at)] or [at]
        return Verdict(frame, version.compiled, "undecided", missing)


def _laid(facts: Mapping[str, Any], today: str) -> dict[str, Any]:
    """Return the facts by the names rules use."""
    data = {**facts, "day": today}
    for name, value in data.pop("stated", {}).items():
        data[f"stated.{name}"] = value
    return data


def _verdict(rid: str, frame: Frame, waivers: Sequence[Waiver]) -> Verdict | None:
    """Return what a rule says, or None where this place does not have it."""
    ready = frame.plan.ready.get(rid)
    if ready is None:
        asleep = frame.plan.dormant.get(rid)
        return Verdict(frame, asleep, "not_applicable", (), DORMANT) if asleep else None
    compiled, pending = ready
    if pending is not None:
        return Verdict(frame, compiled, "not_applicable", (), pending)
    answer = compiled.program.eval(frame.activation).value()
    if type(answer) is int:
        verdict = Verdict(frame, compiled, WORD_OF[answer])
    else:
        verdict = Verdict(frame, compiled, *decide_anyhow(compiled, frame, str(answer)))
    if waivers and verdict.word == "broken":
        _waive(verdict, frame.today, waivers)
    return verdict


def _waive(verdict: Verdict, today: str, waivers: Sequence[Waiver]) -> None:
    for waiver in waivers:
        period = waiver.start.isoformat() <= today <= waiver.until.isoformat()
        if period and waiver.rule == verdict.rule:
            verdict.word, verdict.waiver = "waived", waiver
            return


@functools.lru_cache(64)
def _from_text(merged: str, subjects: Subjects) -> Jurisdiction:
    return Jurisdiction(Sources.read(merged), subjects)
