"""What a rule may ask for: the fact sheets as a page for people, and as JSON Schema for editors."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from chassis.packs.described import described
from chassis.packs.schema import schemas
from chassis.packs.trouble import near
from deploy.policies.packs import loaded, root_option, subjects


@click.command()
@click.argument("subject", required=False)
@click.option("--city", "code", default="cn", show_default=True, help="Whose words are listed.")
@root_option
def facts(subject: str | None, code: str, root: Path) -> None:
    """List what a rule on SUBJECT may ask for, with its words; without it, the subjects."""
    known = subjects()
    if subject is None:
        for name, sheet in known.sheets.items():
            click.echo(f"{name:12} {_first(sheet.__doc__)}")
        return
    if subject not in known.sheets:
        raise click.ClickException(f"no subject `{subject}`{near(subject, known.sheets)}")
    for line in _described(subject, code, root):
        click.echo(line)


def _described(subject: str, code: str, root: Path) -> Iterator[str]:
    j = loaded(root, code)
    for name, sheet in subjects().names(subject).items():
        for path, kind, about in described(j, name, sheet):
            yield f"{path}: {kind}" + (f"\n    {about}" if about else "")
    for name, stated in j.questions(subject).items():
        yield f"stated.{name}: {stated.unit}\n    {stated.ask.zh} / {stated.ask.en}"


def _first(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


@click.command()
@click.argument("into", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--city", "code", help="Name the words this pack has, so that an editor knows them.")
@root_option
def schema(into: Path | None, code: str | None, root: Path) -> None:
    """Write the JSON Schemas of pack.yaml, cases.yaml and the fact sheets to DIR, or print them."""
    made = schemas(subjects(), loaded(root, code).vocabulary if code else None)
    if into is None:
        click.echo(json.dumps(made, ensure_ascii=False, indent=2))
        return
    into.mkdir(parents=True, exist_ok=True)
    for name, each in made.items():
        text = json.dumps(each, ensure_ascii=False, indent=2) + "\n"
        (into / f"{name}.schema.json").write_text(text, encoding="utf-8")
    click.echo(f"{into}: {len(made)} schemas")
