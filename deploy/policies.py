"""`shegong policies`: what a pack author runs while writing.

check [CODE…] [--mutate]     does it load, do its cases hold, would they notice a change
explain RULE --pack CODE --facts FILE --as-of DAY
diff OLD NEW                 what differs between two folders of one pack
activate CODE --in-force DAY bring it as its author, approve it as somebody else
trace                        what every row of the documents became
new CODE                     a folder that checks clean, to start from
schema [DIR]                 JSON Schema of the files and of the fact sheets
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import click

from chassis.packs import (
    BadFacts,
    Jurisdiction,
    Sources,
    Subjects,
    Trouble,
    Troubles,
    load_folder,
    packs_in,
    read_facts,
)
from chassis.packs.cases import load_cases, run_cases
from chassis.packs.limits import against_law
from chassis.packs.mutate import mutate as mutants_of
from chassis.packs.schema import schemas
from chassis.packs.trouble import near
from chassis.packs.yaml12 import Located
from deploy.traceability import built, counted, traceability, untraced

ROOT = Path("policies")
NOTICED = 95
"""Of all changes to rules and parameters, how many the cases must notice, in percent."""
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_ROOT = click.option("--root", type=_FOLDER, default=ROOT, show_default=True)


@cache
def subjects() -> Subjects:
    """Return the subjects and gates of this house."""
    from contracts.facts import GATES, SUBJECTS  # noqa: PLC0415 - `--help` needs no sheets

    return Subjects.of(SUBJECTS, GATES)


@click.group()
def policies() -> None:
    """Check, explain, compare and start policy packs."""


@policies.command()
@click.argument("codes", nargs=-1)
@click.option("--mutate", is_flag=True, help="Also change every rule and see the cases notice.")
@_ROOT
def check(codes: tuple[str, ...], mutate: bool, root: Path) -> None:
    """Load packs (all, or those named), run their cases, name every line that is wrong."""
    sound = True
    for code in codes or packs_in(root):
        try:
            troubles, said = _checked(root, code, mutate=mutate)
        except Troubles as e:
            troubles, said = list(e.all), f"{code}: does not load"
        for trouble in troubles:
            click.echo(str(trouble))
        click.echo(said)
        sound = sound and not troubles
    if not sound:
        sys.exit(1)


def _checked(root: Path, code: str, *, mutate: bool) -> tuple[list[Trouble], str]:
    started = time.perf_counter()
    sources = load_folder(root, code)
    j = Jurisdiction.of(sources, subjects())
    sources.merged()
    own = sum(1 for versions in j.rules.values() if versions[-1].depth == len(j.layers) - 1)
    path = root / code / "cases.yaml"
    if not path.is_file():
        return [Trouble(str(path), 1, 1, "a pack has cases")], f"{code}: no cases"
    cases = load_cases(path, j)
    troubles = run_cases(j, cases)
    said = f"{code} {j.version}: {own} rules of {len(j.rules)}, {len(j.parameters)} parameters"
    said += f", {len(cases.all)} cases"
    troubles += untraced(j, root / code)
    if mutate and not troubles:
        tried = list(mutants_of(j, cases))
        missed = [mutant for mutant in tried if not mutant.noticed]
        troubles += [
            Trouble(str(path), 1, 1, f"no case notices {mutant.what}")
            for mutant in missed
            if mutant.flip
        ]
        for mutant in missed:
            if not mutant.flip:
                click.echo(f"{path}: no case notices {mutant.what} (allowed)")
        share = 100 * (len(tried) - len(missed)) / len(tried) if tried else 100.0
        said += f", {len(tried) - len(missed)} of {len(tried)} changes noticed ({share:.1f} %)"
        if share < NOTICED:
            few = f"the cases notice {share:.1f} % of all changes, {NOTICED} % are due"
            troubles.append(Trouble(str(path), 1, 1, few))
    said += f", {time.perf_counter() - started:.1f} s"
    return troubles, "\n".join((said, *_remarks(j)))


def _remarks(j: Jurisdiction) -> Iterator[str]:
    """Say how the document's rows are answered, what is built by now, and where law is against it."""
    if rows := counted(j):
        kinds = ", ".join(f"{n} {kind}" for kind, n in rows.most_common())
        yield f"  {sum(rows.values())} rows: {kinds}"
    for row in built(j):
        yield f"  {row}: what it waits for is there by now"
    for trouble in against_law(j):
        yield f"  {trouble}"


@policies.command()
@click.argument("code")
@click.option("--in-force", "day", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--author", help="client_id:secret of whoever brings it (default: DATA's own).")
@click.option("--approver", help="client_id:secret of whoever approves it; somebody else.")
@_ROOT
def activate(
    code: str, day: datetime, author: str | None, approver: str | None, root: Path
) -> None:
    """Activate a city's pack from a day on, in the platform that runs from the data folder."""
    from deploy.activation import activate_beside  # noqa: PLC0415 - needs HTTP

    done = asyncio.run(activate_beside(load(root, code), day.date(), author, approver))
    click.echo(f"{code} {done['version']}: 自 {done['in_force']} 生效 / in force from then on")


@policies.command()
@click.argument("rule")
@click.option("--pack", "code", required=True, help="The pack's id.")
@click.option(
    "--facts",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON or YAML: facts by sheet name, `{station: {…}}`.",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day.")
@click.option("--area", help="Division code (default: the whole jurisdiction).")
@_ROOT
def explain(
    rule: str, code: str, file: Path, as_of: datetime, area: str | None, root: Path
) -> None:
    """Judge one rule on given facts and show how it came to its verdict."""
    j = _loaded(root, code)
    if rule not in j.rules:
        raise click.ClickException(f"no rule `{rule}`{near(rule, j.rules)}")
    subject = j.subject_of(rule)
    try:
        given = Located(file.read_text(encoding="utf-8"), str(file)).data
        facts = read_facts(j, subject, given)
    except Troubles as e:
        raise click.ClickException(str(e)) from None
    except BadFacts as e:
        raise click.ClickException("\n".join(f"{at}: {text}" for at, text in e.places)) from None
    day: date = as_of.date()
    verdicts = j.judge(subject, facts, area or j.prefixes[0] or j.id, day, rules={rule})
    for verdict in verdicts:
        written = verdict.compiled.rule
        shown: dict[str, Any] = {"let": written.let, "when": written.when}
        shown |= {"require": written.require, "reading": written.reading}
        line = verdict.line() | {"written": {key: x for key, x in shown.items() if x}}
        click.echo(json.dumps(line, ensure_ascii=False, indent=2))
    if not verdicts:
        click.echo(f"{rule}: not in force at this place")


@policies.command()
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
def diff(old: Path, new: Path) -> None:
    """Say what differs between two folders of a pack: documents, parameters, rules and the rest."""
    before, after = (_parts(_loaded(each.parent, each.name)) for each in (old, new))
    for line in _differences(before, after):
        click.echo(line)


def _parts(j: Jurisdiction) -> dict[str, Any]:
    """Return everything a pack and its layers say, by a name for each piece."""
    parts: dict[str, Any] = {}
    for layer in j.written():
        for kind in ("documents", "parameters", "rules", "facts", "denominators", "vocabulary"):
            for name, each in layer.get(kind, {}).items():
                parts[f"{layer['pack']} {kind} {name}"] = each
        for kind in ("area", "calendar", "clauses"):
            parts[f"{layer['pack']} {kind}"] = layer.get(kind)
    return parts


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if name not in after:
            yield f"- {name}"
        elif name not in before:
            yield f"+ {name}"
        elif was != now:
            yield f"~ {name}"
            if isinstance(was, dict) and isinstance(now, dict):
                for key in sorted(was.keys() | now.keys()):
                    if was.get(key) != now.get(key):
                        yield f"    {key}: {_short(was.get(key))} -> {_short(now.get(key))}"


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


@policies.command()
@click.argument("code")
@_ROOT
def new(code: str, root: Path) -> None:
    """Start a pack: a folder with one document, one parameter, one rule and its cases."""
    folder = root / code
    if folder.exists():
        raise click.ClickException(f"{folder} is there already")
    folder.mkdir()
    prefix = code.removesuffix("00") if code.isdigit() else ""
    (folder / "pack.yaml").write_text(
        _PACK.replace("CODE", code).replace("PREFIX", prefix), encoding="utf-8"
    )
    (folder / "cases.yaml").write_text(_CASES.replace("CODE", code), encoding="utf-8")
    click.echo(f"{folder}: shegong policies check {code}")


@policies.command()
@_ROOT
def trace(root: Path) -> None:
    """Print what every row of the documents became: docs/traceability.md, of any folder of packs."""
    click.echo(traceability(root, subjects()), nl=False)


@policies.command()
@click.argument("into", required=False, type=click.Path(file_okay=False, path_type=Path))
def schema(into: Path | None) -> None:
    """Write the JSON Schemas of pack.yaml, cases.yaml and the fact sheets to DIR, or print them."""
    made = schemas(subjects())
    if into is None:
        click.echo(json.dumps(made, ensure_ascii=False, indent=2))
        return
    into.mkdir(parents=True, exist_ok=True)
    for name, each in made.items():
        text = json.dumps(each, ensure_ascii=False, indent=2) + "\n"
        (into / f"{name}.schema.json").write_text(text, encoding="utf-8")
    click.echo(f"{into}: {len(made)} schemas")


def load(root: Path, code: str) -> Sources:
    """Return the texts of a pack that compiles; raises Troubles else."""
    sources = load_folder(root, code)
    Jurisdiction.of(sources, subjects())
    return sources


def _loaded(root: Path, code: str) -> Jurisdiction:
    try:
        return Jurisdiction.of(load_folder(root, code), subjects())
    except Troubles as e:
        raise click.ClickException(f"{code} does not load\n{e}") from None


_PACK = """\
pack: "CODE"
kind: city                      # city, county or district
name: {zh: 某市, en: Some city}
area: "PREFIX"                  # the beginning of the division codes it governs, or a list
extends: [cn]
documents:
  notice: {title: 关于社会工作服务站建设的通知, number: null, issued: 2024-01-01, in_force: 2024-01-01}
parameters:
  on_station_min: {unit: person, value: 2, cite: notice 二(一), ids: [NEW-2.1-a]}
rules:
  on-station:
    id: [NEW-2.1-b]
    cite: notice 二(一)
    subject: station
    when: station.tier == 'township'
    let: {present: "station.workers.filter(w, w.on_station).size()"}
    require: present >= param.on_station_min
    say:
      zh: "驻站社工{present}人，不少于{param.on_station_min}人"
      en: "{present} on-station workers, at least {param.on_station_min} are due"
"""
_CASES = """\
cases:
  - name: two workers on the station
    subject: station
    on: 2024-06-01
    area: "CODE"
    facts: {station: {tier: township}}
    people: {here: {on_station: true}, away: {on_station: false}, open: {}}
    columns: [station.workers, on-station]
    rows:
      - [[here, here], met]
      - [[here, away], broken]
      - [[here, open], undecided]
      - ["?", undecided]
  - name: only township stations, and not before the notice
    subject: station
    area: "CODE"
    facts: {station: {workers: []}}
    columns: [on, station.tier, on-station]
    rows:
      - [2024-01-01, township, broken]
      - [2024-01-01, community, not_applicable]
      - [2023-12-31, township, absent]
"""
