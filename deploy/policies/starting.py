"""A pack begun, and a pack brought into force."""

import asyncio
import json
import os
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from chassis.packs import Sources, Troubles, packs_in
from chassis.packs.trouble import near
from deploy.policies.packs import DAY, HOUSE, load, root_option, short

SCHEMAS = HOUSE / "contracts" / "generated" / "policies"
_KINDS = ("city", "county", "district", "layer")
_CODES = re.compile(r"[1-9][0-9]{5}|[a-z]{2,20}")
_CITY, _LENGTH = "00", 6
"""How a city's code ends, and how long it is."""


@click.command()
@click.argument("code")
@click.option("--name-zh", default="某市", show_default=True, help="Its name.")
@click.option("--name-en", default="Some city", show_default=True)
@click.option("--area", help="How the division codes begin that it governs (default: its own).")
@click.option("--extends", default="cn", show_default=True, help="The layer above it.")
@click.option("--kind", type=click.Choice(_KINDS), help="What it is (default: as CODE says).")
@root_option
def new(
    code: str,
    name_zh: str,
    name_en: str,
    area: str | None,
    extends: str,
    kind: str | None,
    root: Path,
) -> None:
    """Start a pack: a folder with one document, one parameter, one rule and its cases."""
    if not _CODES.fullmatch(code):
        raise click.ClickException(
            f"{code!r}: 辖区用六位区划代码，国家层用小写字母 /"
            " a jurisdiction is six digits of its division code, a national layer lower-case letters"
        )
    folder = root / code
    if folder.exists():
        raise click.ClickException(f"{folder} is there already")
    if extends not in (known := packs_in(root)):
        raise click.ClickException(f"no pack `{extends}` in {root}{near(extends, known)}")
    place = (code.removesuffix(_CITY) if code.isdigit() else "") if area is None else area
    if place and not (place.isascii() and place.isdigit()):
        raise click.ClickException(f"`{place}` is not the beginning of a division code")
    words = {
        "CODE": short(code),
        "KIND": kind or _kind(code),
        "NAME_ZH": short(name_zh),
        "NAME_EN": short(name_en),
        "AREA": short(place),
        "PLACE": short(place.ljust(_LENGTH, "0")),
        "EXTENDS": short(extends),
    }
    folder.mkdir()
    for name, text in (("pack", _PACK), ("cases", _CASES)):
        for word, value in words.items():
            text = text.replace(f"<{word}>", value)  # noqa: PLW2901 - filled word by word
        (folder / f"{name}.yaml").write_text(modeline(folder, name) + text, encoding="utf-8")
    try:
        load(root, code)
    except Troubles as e:
        raise click.ClickException(f"{folder} is there, and to be put right:\n{e}") from None
    click.echo(f"{folder}: shegong policies check {code}")


def modeline(folder: Path, name: str) -> str:
    """Return the line by which an editor knows the form of a file, if a schema is near.

    That is in a folder `schemas` beside the packs (`policies schema`), else in the house.
    """
    here = folder.resolve()
    near_by = [here.parent / "schemas", SCHEMAS]
    for schema in (each / f"{name}.schema.json" for each in near_by):
        if schema.is_file():
            path = Path(os.path.relpath(schema, here)).as_posix()
            return f"# yaml-language-server: $schema={path}\n"
    return ""


def _kind(code: str) -> str:
    if len(code) != _LENGTH or not code.isdigit() or code.endswith(_CITY * 2):
        return "layer"
    return "city" if code.endswith(_CITY) else "county"


@click.command()
@click.argument("code")
@click.option("--in-force", "day", type=DAY, required=True)
@click.option("--author", metavar="WHO", help="Who brings it (default: DATA's own).")
@click.option("--approver", metavar="WHO", help="Who approves it; somebody else.")
@click.option("--url", help="Where the platform answers (default: the one that runs from DATA).")
@root_option
def activate(
    code: str, day: datetime, author: str | None, approver: str | None, url: str | None, root: Path
) -> None:
    """Activate a city's pack from a day on.

    WHO is CLIENT:SECRET, or CLIENT:@FILE with the client's private key (JWK or PEM) or a token.
    """
    sources = load(root, code)
    given = (author or f"{code}.policy-author", approver or f"{code}.policy-approver")
    done = asyncio.run(_activated(sources, day.date(), given, url))
    click.echo(f"{code} {done['version']}: 自 {done['in_force']} 生效 / in force from then on")


async def _activated(
    sources: Sources, in_force: date, given: tuple[str, str], url: str | None
) -> dict[str, Any]:
    from deploy import credentials  # noqa: PLC0415 - needs HTTP
    from deploy.activation import activate as activated  # noqa: PLC0415
    from deploy.calls import door  # noqa: PLC0415

    async with door(url or credentials.beside()) as http:
        author, approver = (credentials.caller(http, each) for each in given)
        return await activated(author, approver, sources, in_force)


@click.command()
@click.argument("code")
@click.option("--body", is_flag=True, help="As the body of POST /v1/CODE/packs.")
@root_option
def merge(code: str, body: bool, root: Path) -> None:
    """Print a pack with the layers above it as one text: what the platform is sent."""
    text = load(root, code).merged()
    click.echo(json.dumps({"layers": text, "note": ""}, ensure_ascii=False) if body else text)


_PACK = """\
pack: <CODE>
kind: <KIND>
name: {zh: <NAME_ZH>, en: <NAME_EN>}
area: <AREA>                      # the beginning of the division codes it governs, or a list
extends: [<EXTENDS>]
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
    area: <PLACE>
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
    area: <PLACE>
    facts: {station: {workers: []}}
    columns: [on, station.tier, on-station]
    rows:
      - [2024-01-01, township, broken]
      - [2024-01-01, community, not_applicable]
      - [2023-12-31, township, absent]
"""
