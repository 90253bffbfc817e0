"""How a rule comes to its verdict, on facts an author writes down."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from chassis.clock import day_of, system_clock
from chassis.packs import BadFacts, Jurisdiction, Troubles, Verdict, packs_in, read_facts
from chassis.packs.trouble import near
from chassis.packs.yaml12 import Located
from deploy.policies.packs import DAY, FILE, NO_DAY, loaded, root_option, short

WORDS = {
    "met": "符合",
    "broken": "不符合",
    "waived": "已豁免",
    "undecided": "无法判断",
    "not_applicable": "不适用",
    "absent": "无此条",
}


@click.command()
@click.argument("rule")
@click.option(
    "--facts", "file", required=True, type=FILE, help="YAML or JSON by sheet: `station: {…}`."
)
@click.option("--city", "--pack", "code", help="The pack (default: the one that has the rule).")
@click.option("--on", "--as-of", "on", type=DAY, help=f"The day judged {NO_DAY}.")
@click.option("--area", help="Division code (default: as the facts say, else all of it).")
@click.option("--json", "as_json", is_flag=True, help="The verdict as the API answers it.")
@root_option
def explain(
    rule: str,
    file: Path,
    code: str | None,
    on: datetime | None,
    area: str | None,
    as_json: bool,
    root: Path,
) -> None:
    """Judge one rule on given facts and show how it came to its verdict."""
    j = loaded(root, code) if code else _with_rule(root, rule)
    if rule not in j.rules:
        raise click.ClickException(f"no rule `{rule}`{near(rule, j.rules)}")
    subject = j.subject_of(rule)
    facts = _facts(j, subject, file)
    day = on.date() if on else day_of(system_clock())
    where = area or place_of(j, facts)
    verdicts = j.judge(subject, facts, where, day, rules={rule})
    for verdict in verdicts:
        if as_json:
            click.echo(json.dumps(_line(verdict), ensure_ascii=False, indent=2))
        else:
            click.echo("\n".join(_said(j, verdict, day, where)))
    if not verdicts:
        click.echo(f"{rule}: 此地没有这一条 / not in force at this place ({where or j.id}, {day})")


def place_of(j: Jurisdiction, facts: dict[str, Any]) -> str:
    """Return where a subject stands as its facts say, else the whole jurisdiction."""
    said = facts.get("district", {}).get("code") or facts.get("station", {}).get(
        "division", {}
    ).get("code")
    return str(said or j.prefixes[0] or j.id)


def _with_rule(root: Path, rule: str) -> Jurisdiction:
    packs = {code: loaded(root, code) for code in packs_in(root)}
    having = [code for code, j in packs.items() if rule in j.own.pack.rules]
    if len(having) == 1:
        return packs[having[0]]
    if having:
        raise click.ClickException(f"`{rule}` is in {', '.join(having)}: say which, --city CODE")
    known = {each for j in packs.values() for each in j.own.pack.rules}
    raise click.ClickException(f"no rule `{rule}`{near(rule, known)}")


def _facts(j: Jurisdiction, subject: str, file: Path) -> dict[str, Any]:
    try:
        given = Located(file.read_text(encoding="utf-8"), str(file))
        return read_facts(j, subject, given.data)
    except Troubles as e:
        raise click.ClickException(str(e)) from None
    except BadFacts as e:
        raise click.ClickException(
            "\n".join(str(given.at_key(steps(at), f"{at}: {text}")) for at, text in e.places)
        ) from None


def steps(pointer: str) -> tuple[str | int, ...]:
    """Return a JSON pointer as the steps of a place in a file."""
    parts = pointer.removeprefix("/").split("/")
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def _line(verdict: Verdict) -> dict[str, Any]:
    written = verdict.compiled.rule
    shown: dict[str, Any] = {"let": written.let, "when": written.when}
    shown |= {"require": written.require, "reading": written.reading}
    return verdict.line() | {"written": {key: x for key, x in shown.items() if x}}


def _said(j: Jurisdiction, verdict: Verdict, day: date, area: str) -> Iterator[str]:
    """Put a verdict in words, zh and en: what it says, and everything it comes from."""
    line, rule = verdict.line(), verdict.compiled.rule
    severity = f" ({verdict.severity})" if verdict.severity else ""
    yield f"{verdict.rule}: {WORDS[verdict.word]} / {verdict.word}{severity}"
    for language, text in line["say"].items():
        yield f"  {language}  {text}"
    cite = line["cite"]
    number = f"（{cite['number']}）" if cite["number"] else ""
    ended = "，已期满 ended" if cite["ended"] else ""
    yield from _part("条款 clause", [f"《{cite['document']}》{number}{cite['clause']}{ended}"])
    yield from _part("目录 rows", [", ".join(cite["ids"])] if cite["ids"] else [])
    yield from _part("适用 when", [rule.when] if rule.when != "true" else [])
    yield from _part("要求 require", [rule.require or ""])
    yield from _part("读法 reading", [rule.reading] if rule.reading else [])
    lets = ((name, line["let"].get(name), text) for name, text in rule.let.items())
    yield from _part(
        "其中 let",
        [
            f"{name} = {'?' if value is None else short(value)}  ← {text}"
            for name, value, text in lets
        ],
    )
    yield from _part(
        "参数 parameters", [_parameter(name, each) for name, each in line["parameters"].items()]
    )
    yield from _part(
        "事实 facts", [f"{at} = {short(value)}" for at, value in line["facts"].items()]
    )
    yield from _part("缺少 missing", line["missing"])
    if "why" in line:
        yield from _part("原因 why", [*line["why"].values()])
    yield from _part("判断 judged", [f"{day}，{area}，{j.id} {j.version}"])


def _parameter(name: str, said: dict[str, Any]) -> str:
    key = f"[{said['key']}]" if "key" in said else ""
    return f"{name}{key} = {short(said['value'])}  ({said['kind']}, {said['cite'] or '—'})"


def _part(heading: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield heading
        yield from (f"  {each}" for each in lines)
