"""A verdict, and how it is put in words: on demand, since most are only counted.

met  broken  waived  undecided  not_applicable
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from chassis.clock import SHANGHAI
from chassis.packs.compiling import Compiled, Piece
from chassis.packs.helpers import T
from chassis.packs.paths import holes, key_of, look
from chassis.packs.plan import Frame
from chassis.problems import Say

if TYPE_CHECKING:
    from chassis.packs.jurisdiction import Jurisdiction

WORDS = ("met", "broken", "waived", "undecided", "not_applicable")
LANGUAGES = ("zh", "en")
SEVERITY = {
    "must": "violation",
    "in_principle": "warning",
    "encouraged": "hint",
    "target": "target",
    "duty": "overdue",
}
DORMANT: Say = {"zh": "当日没有生效的条款", "en": "nothing is in force that day"}
_UNKNOWN = {"zh": "？", "en": "?"}


@dataclass(frozen=True)
class Waiver:
    """Somebody with the power to do so lets a broken rule pass for a time."""

    rule: str
    start: date
    until: date
    who: str
    why: str
    """A word of the vocabulary of reasons."""
    id: str = ""
    words: str = ""
    """What whoever granted it wrote, where it is kept."""

    def line(self) -> dict[str, str]:
        """Return it as an answer names it."""
        line = {
            "who": self.who,
            "why": self.why,
            "from": self.start.isoformat(),
            "until": self.until.isoformat(),
        }
        kept = {"id": self.id, "words": self.words}
        return line | {name: said for name, said in kept.items() if said}


class Verdict:
    """What one rule says of one subject on one day."""

    __slots__ = ("_frame", "compiled", "missing", "waiver", "why", "word")

    def __init__(
        self,
        frame: Frame,
        compiled: Compiled,
        word: str,
        missing: Sequence[str] = (),
        why: Say | None = None,
    ) -> None:
        self._frame, self.compiled, self.word = frame, compiled, word
        self.missing, self.why = missing, why
        self.waiver: Waiver | None = None

    def __repr__(self) -> str:
        return f"<{self.rule} {self.word}>"

    @property
    def rule(self) -> str:
        """The rule's name in the pack."""
        return self.compiled.id

    @property
    def modality(self) -> str:
        """How binding the clause is."""
        return self.compiled.rule.modality

    @property
    def severity(self) -> str | None:
        """How bad it is; nothing is bad about what is not broken."""
        return SEVERITY[self.modality] if self.word == "broken" else None

    @property
    def dormant(self) -> bool:
        """Whether nothing was in force, rather than the rule not applying to this subject."""
        return self.why is DORMANT

    def line(self, language: str | None = None) -> dict[str, Any]:
        """Return the JSON object of the verdict sheet, its words in one language or all."""
        compiled, rule = self.compiled, self.compiled.rule
        line: dict[str, Any] = {
            "rule": compiled.id,
            "verdict": self.word,
            "severity": self.severity,
            "modality": rule.modality,
            "effect": {"refuse": rule.gate} if rule.gate else "monitor",
            "cite": compiled.cite.line(rule.id, self._frame.today),
            "facts": dict(self._facts()),
            "let": self._lets(),
            "parameters": self.parameters(),
            "missing": list(self.missing),
            "waiver": self.waiver.line() if self.waiver else None,
            "say": self.say() if language is None else self.sentence(language),
        }
        if self.why:
            line["why"] = self.why if language is None else self.why[language]
        return line

    def say(self) -> Say:
        """Return the rule's sentence in every language."""
        return {language: self.sentence(language) for language in LANGUAGES}

    def sentence(self, language: str) -> str:
        """Return the rule's sentence with the names in it filled."""
        pieces = self.compiled.say[language]
        return "".join(
            self._show(piece, language) if piece.text is None else piece.text for piece in pieces
        )

    def parameters(self) -> dict[str, Any]:
        """Return the parameters the rule reads: value, kind, clause; of a table the entry read."""
        keys = {
            path[6:].partition("[")[0]: key
            for path in self.compiled.paths
            if path.startswith("param.") and (key := key_of(self._frame.data, path))
        }
        shown: dict[str, Any] = {}
        for name in sorted(self.compiled.parameters):
            if setting := self._frame.plan.settings.get(name):
                value, key = setting.value, keys.get(name)
                cite = setting.cite.text if setting.cite else setting.source
                line = {"value": value, "kind": setting.kind, "cite": cite}
                if key is not None and isinstance(value, dict):
                    line |= {"value": value.get(key), "key": key}
                shown[name] = line
        return shown

    def _facts(self) -> Iterable[tuple[str, Any]]:
        for path in sorted(self.compiled.paths):
            if path.startswith("param.") or path == "day":
                continue
            value = look(self._frame.data, path)
            element = value[0] if isinstance(value, list) and value else value
            if isinstance(element, dict) or (value is None and holes(self._frame.data, path)):
                continue
            if value is None and "." not in path:
                continue
            yield path, value

    def _lets(self) -> dict[str, Any]:
        found = {
            name: _run(program, self._frame.data) for name, program in self.compiled.lets.items()
        }
        return {name: value for name, value in found.items() if value is not _run}

    def _show(self, piece: Piece, language: str) -> str:
        if piece.bound:
            value = _run(self.compiled.lets[piece.path], self._frame.data)
            if value is _run:
                return _UNKNOWN[language]
        else:
            value = look(self._frame.data, piece.path)
            if value is None and holes(self._frame.data, piece.path):
                return _UNKNOWN[language]
        words = self._frame.vocabulary.get(piece.vocabulary or "")
        return _text(value, piece.form, language, words)


def _run(program: Any, data: dict[str, Any]) -> Any:
    """Return what a `let` gives, or this function itself where it gives nothing."""
    got = program.eval(data=data)
    return _run if got.type() == T.ERROR else got.plain_value()


def _text(value: Any, form: str | None, language: str, words: Mapping[str, Any] | None) -> str:
    if value is None:
        return "—"
    if isinstance(value, list):
        comma = "、" if language == "zh" else ", "
        return comma.join(_text(each, form, language, words) for each in value)
    if isinstance(value, bool):
        return {"zh": "是" if value else "否", "en": "yes" if value else "no"}[language]
    if words and value in words:
        word = words[value]
        return str(word.zh if language == "zh" else word.en or value)
    if form == "yuan" and isinstance(value, int | float):
        return f"{value / 100:,.2f}"
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def sheet(
    j: "Jurisdiction",
    subject_ref: str,
    verdicts: Sequence[Verdict],
    as_of: date,
    known_at: datetime,
    language: str | None = None,
) -> dict[str, Any]:
    """Return the verdict sheet of one subject, `kind:ID` (or `kind` alone for a supposed one)."""
    kind, _, identity = subject_ref.partition(":")
    counts = dict.fromkeys(WORDS, 0)
    for verdict in verdicts:
        counts[verdict.word] += 1
    return {
        "subject": {"kind": kind, "id": identity or None},
        "city": j.id,
        "as_of": as_of.isoformat(),
        "known_at": known_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "pack": {"id": j.id, "version": j.version},
        "counts": counts,
        "verdicts": [verdict.line(language) for verdict in verdicts],
    }
