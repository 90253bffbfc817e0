"""Errors as RFC 9457 problem details, in Chinese and English.

A business "no" is an ordinary answer: raise a Problem anywhere, it is rendered in one place
(`chassis.http`). A problem never echoes a value that was sent: it names the place instead.

* Problem                 the slug decides status and title (contract.md, "Problems")
  x NotFound         404  nothing by that id in this city, within this caller's reach
  x Forbidden        403  not with this token
  x Invalid          422  the body does not fit; names every place
  x WrongStatus      409  not from this status; names what is allowed
  x Refused          409  a rule says no; names rule and clause
  x FactsMissing     409  a rule cannot be decided; names what is missing
  x Taken            409  this reference stands there already
  x Overlapping      409  two periods that may not overlap do
  x UnknownReference 422  an id in the body that is not known here (yet)
  x Busy             503  try again shortly
  x Down             503  the database is away
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Say = dict[str, str]
"""One sentence in every language we speak: `{"zh": …, "en": …}`."""

TITLES: dict[str, tuple[int, str, str]] = {
    "malformed": (400, "请求无法解析", "The request cannot be read"),
    "unknown-parameter": (400, "未知的查询参数", "Unknown query parameter"),
    "idempotency-key-missing": (400, "缺少 Idempotency-Key", "Idempotency-Key is missing"),
    "unauthenticated": (401, "未通过身份认证", "Not authenticated"),
    "forbidden": (403, "无权访问", "Forbidden"),
    "not-found": (404, "未找到", "Not found"),
    "method-not-allowed": (405, "不支持的方法", "Method not allowed"),
    "in-progress": (409, "相同请求正在处理", "The same request is still running"),
    "duplicate-reference": (409, "编号已被使用", "This reference is taken"),
    "wrong-status": (409, "当前状态不允许", "Not from this status"),
    "refused-by-policy": (409, "政策不允许", "Refused by policy"),
    "facts-missing": (409, "缺少判断所需的事实", "Facts are missing"),
    "stale": (412, "数据已被更新", "The resource has changed"),
    "too-large": (413, "请求过大", "Too large"),
    "unsupported-media-type": (415, "不支持的媒体类型", "Unsupported media type"),
    "invalid": (422, "内容不符合要求", "The content is not valid"),
    "key-reused": (422, "Idempotency-Key 已用于其他请求", "The key was used for another request"),
    "unknown-division": (422, "未知的行政区划", "Unknown division"),
    "division-name-mismatch": (422, "区划名称与代码不符", "Division name and code disagree"),
    "unknown-reference": (422, "引用的对象不存在", "Unknown reference"),
    "if-match-missing": (428, "缺少 If-Match", "If-Match is missing"),
    "too-many-requests": (429, "请求过多", "Too many requests"),
    "internal": (500, "内部错误", "Internal error"),
    "busy": (503, "系统繁忙", "Busy"),
    "dependency-down": (503, "依赖的服务不可用", "A dependency is down"),
    "policy-not-loaded": (503, "政策尚未加载", "No policy is loaded yet"),
}


@dataclass(frozen=True)
class At:
    """One place in the body that is wrong: a JSON pointer, a code, a sentence."""

    at: str
    code: str
    zh: str
    en: str


@dataclass
class Problem(Exception):
    """A "no" with a stable slug. `rules` are verdict lines (packs.md §4) that refused."""

    slug: str
    detail: Say = field(default_factory=dict)
    errors: Sequence[At] = ()
    rules: Sequence[dict[str, Any]] = ()
    headers: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return slug and English detail: what a log may hold, since neither echoes a value."""
        return f"{self.slug}: {self.detail.get('en', '')}"

    @property
    def status(self) -> int:
        """The HTTP status that goes with the slug."""
        return TITLES[self.slug][0]

    def body(self, language: str = "zh", trace_id: str | None = None) -> dict[str, Any]:
        """Return the RFC 9457 object in one language."""
        status, zh, en = TITLES[self.slug]
        body: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": zh if language == "zh" else en,
            "status": status,
            "detail": self.detail.get(language) or (zh if language == "zh" else en),
            "trace_id": trace_id,
            "errors": [
                {"at": e.at, "code": e.code, "say": e.zh if language == "zh" else e.en}
                for e in self.errors
            ],
            "rules": [{**rule, "say": _in(language, rule.get("say"))} for rule in self.rules],
        }
        return body | self.extra


def _in(language: str, text: Any) -> Any:
    return text.get(language) or next(iter(text.values()), None) if isinstance(text, dict) else text


def _problem(slug: str, zh: str, en: str, **more: Any) -> Problem:
    return Problem(slug, {"zh": zh, "en": en} if zh else {}, **more)


def NotFound() -> Problem:  # noqa: N802 - reads as the exception it makes
    """Nothing by that id here: the same answer for absent, foreign and out of reach."""
    return Problem("not-found")


def Forbidden(zh: str = "", en: str = "") -> Problem:  # noqa: N802
    """Not with this token."""
    return _problem("forbidden", zh, en)


def Unauthenticated(zh: str = "", en: str = "") -> Problem:  # noqa: N802
    """No token, or none that holds."""
    return _problem("unauthenticated", zh, en, headers={"www-authenticate": "Bearer"})


def Invalid(errors: Iterable[At]) -> Problem:  # noqa: N802
    """The body does not fit; every place is named."""
    return Problem("invalid", errors=list(errors))


def WrongStatus(status: str, allowed: Iterable[str]) -> Problem:  # noqa: N802
    """Not from this status; `allowed` are the transitions that are."""
    names = sorted(allowed)
    listed = ", ".join(names)
    return _problem(
        "wrong-status",
        f"当前状态为 {status}，可进行的操作：{listed or '无'}",
        f"The status is {status}; allowed: {listed or 'nothing'}",
        extra={"allowed": names},
    )


def Refused(rules: Sequence[dict[str, Any]]) -> Problem:  # noqa: N802
    """A rule of the city's document says no; `rules` are its verdict lines."""
    return Problem("refused-by-policy", rules=rules)


def FactsMissing(rules: Sequence[dict[str, Any]]) -> Problem:  # noqa: N802
    """A rule cannot be decided; each line names what is missing."""
    return Problem("facts-missing", rules=rules)


def UnknownReference(at: str) -> Problem:  # noqa: N802
    """An id in the body that this service has not heard of; it may still be on its way."""
    return Problem(
        "unknown-reference",
        errors=[At(at, "unknown", "找不到所引用的对象", "nothing by that id is known here")],
        headers={"retry-after": "1"},
    )


def Taken(at: str, zh: str, en: str, code: str = "taken") -> Problem:  # noqa: N802
    """Something with this reference stands there already; `at` is the place that clashes."""
    return _problem("duplicate-reference", zh, en, errors=[At(at, code, zh, en)])


def Overlapping(zh: str, en: str) -> Problem:  # noqa: N802
    """Two periods that may not overlap do."""
    return Taken("/starts_on", zh, en, "overlap")


def Busy(zh: str = "", en: str = "") -> Problem:  # noqa: N802
    """Try again shortly."""
    return _problem("busy", zh, en, headers={"retry-after": "1"})


def Down() -> Problem:  # noqa: N802
    """What we need is away; try again shortly."""
    return Problem("dependency-down", headers={"retry-after": "1"})
