"""What differs between two packs, and whose verdicts that changes."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chassis.clock import day_of, system_clock
from chassis.packs import Jurisdiction
from chassis.packs.trouble import near
from deploy.policies.packs import DAY, NO_DAY, loaded, short, subjects

if TYPE_CHECKING:
    from deploy.policies.history import Known, Wanted


@click.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--data", help="A city of the running platform, or a file of subjects: judge them under both."
)
@click.option("--on", type=DAY, help=f"The day judged {NO_DAY}.")
@click.option("--kind", help="Only subjects of this kind.")
@click.option("--district", help="Only inside this division.")
@click.option("--limit", type=click.IntRange(0), help="List at most so many (all are counted).")
@click.option("--json", "as_json", is_flag=True, help="The changed verdicts as JSON.")
def diff(
    old: str,
    new: str,
    data: str | None,
    on: datetime | None,
    kind: str | None,
    district: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Say what differs between two packs, and with --data whose verdicts change; write nothing.

    OLD and NEW are folders, or `active` or a version's hash of the platform that runs.
    """
    day = on.date() if on else day_of(system_clock())
    before, after = (_resolved(each, (old, new), data, day) for each in (old, new))
    if before.id != after.id:
        raise click.ClickException(f"{before.id} and {after.id} are packs of two jurisdictions")
    if not as_json:
        for line in _differences(_parts(before), _parts(after)):
            click.echo(line)
    if data is None:
        return
    from deploy.policies.history import Wanted  # noqa: PLC0415 - needs a service
    from deploy.policies.radius import Radius  # noqa: PLC0415

    if kind is not None and kind not in subjects().sheets:
        raise click.ClickException(f"no subject `{kind}`{near(kind, subjects().sheets)}")
    known = _known(data, before, after, Wanted(day, kind, district))
    radius = Radius.of(before, after, known.pairs, known.judge)
    if as_json:
        made = {"as_of": day.isoformat(), **radius.plain()}
        click.echo(json.dumps(made, ensure_ascii=False, indent=2))
        return
    for line in radius.said(limit):
        click.echo(line)


def _resolved(which: str, both: tuple[str, str], data: str | None, day: Any) -> Jurisdiction:
    """Return the pack of a folder, or of a version the running platform has."""
    if (folder := Path(which)).is_dir():
        return loaded(folder.resolve().parent, folder.resolve().name)
    from deploy.policies.history import version_text  # noqa: PLC0415 - needs a service

    cities = [data] if data and not Path(data).exists() else []
    cities += [Path(each).resolve().name for each in both if Path(each).is_dir()]
    if not cities:
        raise click.ClickException(f"{which} is no folder; of a version say whose: --data CITY")
    text = asyncio.run(version_text(cities[0], which, day))
    return Jurisdiction.from_text(text, subjects())


def _known(data: str, old: Jurisdiction, new: Jurisdiction, wanted: "Wanted") -> "Known":
    from deploy.policies.history import of_file, of_platform  # noqa: PLC0415 - needs a service

    if (file := Path(data)).is_file():
        return of_file(file, old, new, wanted)
    if data != new.id:
        raise click.ClickException(f"{data} is no file, and not {new.id}, whose packs these are")
    return asyncio.run(of_platform(data, old, new, wanted))


_NAMED = (
    *("documents", "parameters", "rules", "facts", "denominators", "vocabulary"),
    *("duties", "limits", "conflicts"),
)


def _parts(j: Jurisdiction) -> dict[str, Any]:
    """Return everything a pack and its layers say, by a name for each piece."""
    parts: dict[str, Any] = {}
    for layer in j.written():
        for kind in _NAMED:
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
                        yield f"    {key}: {short(was.get(key))} -> {short(now.get(key))}"
