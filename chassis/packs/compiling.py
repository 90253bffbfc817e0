"""A rule compiled twice: typed, to be sure; untyped, to run on plain JSON.

The typed compilation finds unknown facts, parameters and words, wrong types, and nulls nobody guards.
Its tree says what the rule refers to. What runs is compiled again with every variable untyped,
because a typed environment refuses plain data.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chassis.packs import tree
from chassis.packs.helpers import DATE, NAMES, T, run_environment, typed_environment
from chassis.packs.layers import Citation, Layers, Loaded
from chassis.packs.model import UNITS, Rule, Stated
from chassis.packs.references import References, references
from chassis.packs.subjects import Fact, Subjects, cel_type, message_type
from chassis.packs.trouble import Trouble, Troubles, near
from chassis.packs.values import unknown_word
from chassis.packs.yaml12 import Place

BROKEN, MET, NOT_APPLICABLE = 9000, 9001, 9002
WORD_OF = {BROKEN: "broken", MET: "met", NOT_APPLICABLE: "not_applicable"}
FORMS = ("yuan",)
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*?)(?: \[INVALID_ARGUMENT\])?$", re.MULTILINE)
_NO_FIELD = re.compile(r"undefined field '(\w+)' not found in struct 'facts\.(\w+)'")
_NO_NAME = re.compile(r"undeclared reference to '([\w.]+)'")
_PIECE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"([a-z]\w*(?:\.\w+)*)(?::(\w+))?")


@dataclass(frozen=True)
class Piece:
    """A part of a message: words, or a path (or a `let` that is bound) and how it is shown."""

    text: str | None = None
    path: str = ""
    bound: bool = False
    form: str | None = None
    vocabulary: str | None = None


@dataclass
class Compiled:
    """A rule ready to run, with what it refers to."""

    id: str
    rule: Rule
    pack: str
    cite: Citation
    program: Any
    serialized: bytes
    source: str
    paths: dict[str, Fact | None]
    parameters: frozenset[str]
    words: frozenset[str]
    """The words it compares facts with: `criterion.local`."""
    over_all: frozenset[str]
    lets: dict[str, Any]
    say: dict[str, list[Piece]]

    @property
    def reads_day(self) -> bool:
        """Whether its verdict may change by time passing alone."""
        return "day" in self.paths


class Compiler:
    """Compiles the rules of one jurisdiction."""

    def __init__(self, layers: Layers, subjects: Subjects) -> None:
        self._layers, self._subjects = layers, subjects
        self._parameters: dict[str, Any] = {}
        self._named: dict[str, Fact] = {}
        self._stated: dict[str, dict[str, Any]] = {name: {} for name in subjects.sheets}
        self._shown: dict[tuple[str, str], tuple[Any, str | None]] = {}
        self._typed: dict[tuple[Any, ...], Any] = {}
        for name, merged in layers.parameters.items():
            shape = merged.declared
            kind = cel_type(merged.base, many=shape.many, table=bool(shape.by))
            self._parameters[f"param.{name}"] = kind
            words = None if shape.unit in UNITS else shape.unit
            self._named[f"param.{name}"] = Fact(merged.base, False, shape.many, words)
        for layer in layers.loaded:
            for name, stated in layer.pack.facts.items():
                self._state(layer, name, stated)
        self.environments = {subject: self._run(subject) for subject in subjects.sheets}

    def rule(self, layer: Loaded, rid: str, rule: Rule, cite: Citation) -> Compiled:
        """Compile one rule; everything wrong with it is raised at once."""
        return _RuleCompiler(self, layer, rid, rule).compiled(cite)

    def stated(self, subject: str) -> dict[str, Fact]:
        """Return the facts only this jurisdiction asks for, by `stated.NAME`."""
        return {name: self._named[name] for name in self._stated[subject]}

    def names(self, subject: str) -> dict[str, Any]:
        """Return what a rule on a subject may speak of, with its type."""
        sheets = self._subjects.names(subject)
        messages = {name: message_type(sheet) for name, sheet in sheets.items()}
        return {**self._parameters, **self._stated[subject], **messages, "day": DATE}

    def _state(self, layer: Loaded, name: str, stated: Stated) -> None:
        at = ("facts", name)
        if stated.subject not in self._stated:
            text = f"no subject `{stated.subject}`{near(stated.subject, self._stated)}"
            self._layers.complain(layer, (*at, "subject"), text)
            return
        words = None if stated.unit in UNITS else stated.unit
        if words and words not in self._layers.vocabulary:
            text = f"no unit `{words}`{near(words, [*UNITS, *self._layers.vocabulary])}"
            self._layers.complain(layer, (*at, "unit"), text)
            return
        base = UNITS.get(stated.unit, str)
        self._stated[stated.subject][f"stated.{name}"] = cel_type(base, many=stated.many)
        self._named[f"stated.{name}"] = Fact(base, False, stated.many, words)

    def _run(self, subject: str) -> Any:
        return run_environment(list(self.names(subject)))

    def check(
        self, text: str, subject: str, lets: Mapping[str, Any]
    ) -> tuple[Any, bytes, References]:
        """Compile typed; return the type, the tree as bytes, and what it refers to."""
        # An environment costs a millisecond on its first use, a tenth of that on every other.
        key = (subject, *((name, str(kind.name())) for name, kind in lets.items()))
        if key not in self._typed:
            names = {**self.names(subject), **lets}
            self._typed[key] = typed_environment(self._subjects.pool, names)
        program = self._typed[key].compile(text)
        serialized = program.serialize()
        found = references(tree.load(serialized), self._subjects.facts, self._named)
        return program.return_type(), serialized, found

    def explain(
        self, message: str, text: str, offset: int, names: Mapping[str, Any]
    ) -> tuple[str, int]:
        """Return the compiler's complaint in an author's words, and how far off its place is.

        The compiler points at the dot before a field, the last dot of a name, a call's bracket.
        """
        if match := _NO_FIELD.match(message):
            sheet = next(
                (s for (s, _) in self._subjects.facts if s == f"facts.{match[2]}"), match[2]
            )
            known = [name for (s, name) in self._subjects.facts if s == sheet]
            return f"no fact `{match[1]}` in {match[2]}{near(match[1], known)}", 1
        if match := _NO_NAME.match(message):
            name = match[1]
            if text[offset : offset + 1] == "(":
                return f"no helper `{name}`{near(name, NAMES)}", -len(name)
            return self._unknown_name(name, names), -len(name.rpartition(".")[0])
        return message, 0

    def _unknown_name(self, name: str, names: Mapping[str, Any]) -> str:
        head, _, rest = name.partition(".")
        for prefix, what in (("param", "parameter"), ("stated", "stated fact")):
            if head == prefix and rest:
                known = [x.partition(".")[2] for x in names if x.startswith(f"{prefix}.")]
                return f"no {what} `{rest}`{near(rest, known)}"
        known = [x for x in names if "." not in x]
        return f"nothing is called `{head}` here{near(head, known)}"

    def word(self, word: str, vocabulary: str) -> str | None:
        """Return the complaint about a word no vocabulary knows."""
        if word in self._layers.vocabulary.get(vocabulary, {}):
            return None
        return unknown_word(word, vocabulary, self._layers.vocabulary)

    def shown(self, path: str, subject: str) -> tuple[Any, str | None]:
        """Return the type of what a message names, and the vocabulary its words are of."""
        known = self._shown.get((path, subject))
        if known is None:
            kind, _, found = self.check(path, subject, {})
            fact = self._named.get(path) or found.paths.get(path)
            known = self._shown[path, subject] = (kind, fact.vocabulary if fact else None)
        return known


class _RuleCompiler:
    def __init__(self, compiler: Compiler, layer: Loaded, rid: str, rule: Rule) -> None:
        self.compiler, self.layer, self.rid, self.rule = compiler, layer, rid, rule
        self.at: Place = ("rules", rid)
        self.subject = rule.subject or ""
        self.run = compiler.environments[self.subject]
        self.names = compiler.names(self.subject)
        self.lets: dict[str, Any] = {}
        self.troubles: list[Trouble] = []

    @property
    def scope(self) -> dict[str, Any]:
        """Everything the rule may name."""
        return {**self.names, **self.lets}

    def compiled(self, cite: Citation) -> Compiled:
        rule, require = self.rule, self.rule.require or ""
        self._check_lets()
        if rule.when != "true":
            self._check(rule.when, (*self.at, "when"), T.BOOL)
        self._check(require, (*self.at, "require"), T.BOOL)
        self._date()
        say = {
            language: self._message(language, text)
            for language, text in (rule.say.model_dump() if rule.say else {}).items()
        }
        if self.troubles:
            raise Troubles(*self.troubles)
        whole = f"({rule.when}) ? (({require}) ? {MET} : {BROKEN}) : {NOT_APPLICABLE}"
        source = self._bound(whole)
        try:
            _, serialized, found = self.compiler.check(source, self.subject, {})
        except RuntimeError as e:
            at = (*self.at, "require")
            said = (self.layer.source.trouble(at, message) for _, _, message in _errors(e))
            raise Troubles(*said) from None
        self._whole(found)
        if self.troubles:
            raise Troubles(*self.troubles)
        return Compiled(
            id=self.rid,
            rule=rule,
            pack=self.layer.pack.pack,
            cite=cite,
            program=self.run.compile(source),
            serialized=serialized,
            source=source,
            paths=found.paths,
            parameters=frozenset(_parameters(found.paths)),
            words=frozenset(f"{each.vocabulary}.{each.word}" for each in found.words),
            over_all=frozenset(found.over_all),
            lets={name: self.run.compile(self._bound(name)) for name in rule.let},
            say=say,
        )

    def _bound(self, body: str) -> str:
        lets = self.rule.let
        opening = "".join(f"cel.bind({name}, {text}, " for name, text in lets.items())
        return f"{opening}{body}{')' * len(lets)}"

    def _check_lets(self) -> None:
        for name, text in self.rule.let.items():
            at = (*self.at, "let", name)
            if name in self.names:
                self.troubles.append(self.layer.source.at_key(at, f"`{name}` is taken"))
            kind = self._check(text, at, None)
            self.lets[name] = T.DYN if kind is None else kind

    def _check(self, text: str, at: Place, want: Any) -> Any:
        """Check one expression; return its type, or None when something is wrong."""
        source = self.layer.source
        try:
            kind, _, found = self.compiler.check(text, self.subject, self.lets)
        except RuntimeError as e:
            for line, column, message in _errors(e):
                before = text.split("\n")[: line - 1]
                offset = sum(len(row) + 1 for row in before) + column - 1
                said, shift = self.compiler.explain(message, text, offset, self.scope)
                self.troubles.append(source.trouble(at, said, line, column + shift))
            return None
        self._complaints(found, text, at)
        if want is not None and kind not in (want, T.DYN):
            wanted = "a yes or no" if want == T.BOOL else "a date"
            text = f"gives {_plain(kind)}, must give {wanted}"
            self.troubles.append(source.trouble(at, text))
        return kind

    def _complaints(self, found: References, text: str, at: Place) -> None:
        said = list(found.complaints)
        said += [
            (strange.offset, complaint)
            for strange in found.words
            if (complaint := self.compiler.word(strange.word, strange.vocabulary))
        ]
        for offset, form in found.forms:
            try:
                re.compile(form)
            except re.error as e:
                said.append((offset, f"not a regular expression: {e}"))
        for offset, complaint in said:
            line = text.count("\n", 0, offset) + 1
            column = offset - text.rfind("\n", 0, offset)
            self.troubles.append(self.layer.source.trouble(at, complaint, line, column))

    def _whole(self, found: References) -> None:
        """Complain about what only shows when the parts are put together."""
        at = (*self.at, "require")
        if found.unguarded:
            names = ", ".join(found.unguarded)
            text = f"{names} may be none (null): say what then, e.g. `x == null || …`"
            self.troubles.append(self.layer.source.trouble(at, text))
        for strange in found.words:
            if complaint := self.compiler.word(strange.word, strange.vocabulary):
                self.troubles.append(self.layer.source.trouble(at, complaint))

    def _date(self) -> None:
        at, text = (*self.at, "at"), self.rule.at
        if text == "day":
            return
        if self._check(text, at, DATE) is None:
            return
        named = text.partition(".")[0] in self.lets
        fact = None if named else self.compiler.check(text, self.subject, {})[2].paths.get(text)
        if fact is None or fact.nullable or "[" in text:
            wrong = "must be a date of the subject that is never null"
            self.troubles.append(self.layer.source.trouble(at, wrong))

    def _message(self, language: str, text: str) -> list[Piece]:
        at = (*self.at, "say", language)
        pieces: list[Piece] = []
        for i, part in enumerate(_PIECE.split(text)):
            if i % 2 == 0:
                if "{" in part or "}" in part:
                    self.troubles.append(self.layer.source.trouble(at, "a brace stands alone"))
                pieces += [Piece(part)] if part else []
            elif match := _NAME.fullmatch(part):
                pieces += self._shown(match[1], match[2], at, text.index(f"{{{part}}}") + 2)
            else:
                complaint = f"`{part}` is not a name: work it out in a `let`"
                column = text.index(f"{{{part}}}") + 2
                self.troubles.append(self.layer.source.trouble(at, complaint, 1, column))
        return pieces

    def _shown(self, path: str, form: str | None, at: Place, column: int) -> list[Piece]:
        source = self.layer.source
        if form and form not in FORMS:
            complaint = f"no form `{form}`{near(form, FORMS)}"
            self.troubles.append(source.trouble(at, complaint, 1, column))
            return []
        kind = self.lets.get(path)
        words = None
        if kind is None:
            try:
                kind, words = self.compiler.shown(path, self.subject)
            except RuntimeError as e:
                for _, _, message in _errors(e):
                    said, _ = self.compiler.explain(message, path, 0, self.scope)
                    self.troubles.append(source.trouble(at, said, 1, column))
                return []
        if not _showable(kind):
            complaint = f"`{path}` is {_plain(kind)}: a message shows words and numbers"
            self.troubles.append(source.trouble(at, complaint, 1, column))
            return []
        return [Piece(None, path, path in self.lets, form, words)]


def _errors(error: RuntimeError) -> list[tuple[int, int, str]]:
    """Return the compiler's complaints: line, column, message; a limit it has is nowhere."""
    found = [(int(line), int(column), said) for line, column, said in _ERROR.findall(str(error))]
    return found or [(1, 1, str(error).split("\n")[0].removeprefix("CANCELLED: "))]


def _parameters(paths: Mapping[str, Any]) -> set[str]:
    return {re.split(r"[\[.]", path[len("param.") :])[0] for path in paths if path[:6] == "param."}


def _plain(kind: Any) -> str:
    return "a date" if kind == DATE else str(kind.name()).replace("facts.", "")


def _showable(kind: Any) -> bool:
    name = str(kind.name()).replace("facts.Date", "")
    return "facts." not in name and not name.startswith("MAP")
