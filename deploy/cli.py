"""The `shegong` command. Every command imports only what it runs: start-up time is part of `up`."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import click

from chassis.config import PARTS
from deploy.trouble import Trouble

PART = click.Choice(PARTS)
MISUSE = 2


class _Late(click.Group):
    """A group whose commands are in a module that is imported when one of them is called."""

    def __init__(self, *arguments: Any, home: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._home = home

    @property
    def _group(self) -> click.Group:
        module, name = self._home.split(":")
        group: click.Group = getattr(import_module(module), name)
        return group

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return self._group.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command."""
        return self._group.get_command(ctx, cmd_name)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def commands(context: click.Context) -> None:
    """社工站 · Shegong: social work service stations for many cities.

    Beside a running `shegong up`, commands find its servers by themselves (in SHEGONG_DATA, or
    ./.shegong); elsewhere they are set up by the environment (chassis/config.py).
    """
    if context.invoked_subcommand not in ("up", "serve"):
        from deploy.embedded.beside import adopt

        adopt()


@commands.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default="./.shegong",
    show_default=True,
    envvar="SHEGONG_DATA",
    help="Folder for databases, events, secrets and logs.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    envvar="SHEGONG_PORT",
    help="Where the gateway answers.",
)
@click.option("--no-demo", is_flag=True, help="Start empty.")
def up(data: Path, port: int, no_demo: bool) -> None:
    """Run everything here: PostgreSQL, NATS, the five parts, demo data."""
    from deploy.embedded.up import up as run

    run(data, port, demo=not no_demo)


@commands.command()
@click.argument("part", type=PART)
@click.option(
    "--role",
    type=click.Choice(["all", "api", "worker"]),
    default="all",
    show_default=True,
    help="The whole part, or one half of it.",
)
def serve(part: str, role: Literal["all", "api", "worker"]) -> None:
    """Run one part, set up by the environment (chassis/config.py)."""
    from deploy.serve import serve

    serve(part, role)


@commands.command()
@click.argument("parts", type=PART, nargs=-1)
@click.option("--new", metavar="MESSAGE", help="Start the next migration of one part.")
def migrate(parts: tuple[str, ...], new: str | None) -> None:
    """Bring databases up to date (all parts, or those named)."""
    from deploy.migrate import migrate_all, write

    if new:
        if len(parts) != 1:
            raise click.UsageError("--new needs exactly one part")
        click.echo(write(parts[0], new))
        return
    for part, revisions in asyncio.run(migrate_all(parts)).items():
        click.echo(f"{part}: {', '.join(revisions) or '已是最新 / up to date'}")


@commands.command()
@click.argument("part", type=PART)
@click.option("--city", help="Only this city's events (default: every city's).")
@click.option("--since", type=click.DateTime(), help="Only events from this instant on (UTC).")
def resend(part: str, city: str | None, since: datetime | None) -> None:
    """Put a part's events back into its outbox: for a consumer that is younger than the stream."""
    from deploy.events import resend

    count = asyncio.run(resend(part, city, since and since.replace(tzinfo=UTC)))
    click.echo(f"{part}: {count} 个事件将重新发出 / {count} events will be sent again")


@commands.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def key(file: Path) -> None:
    """Print the public half of the private key in FILE, as a JWK; made where there is none."""
    from deploy.credentials import public_key

    click.echo(json.dumps(public_key(file)))


@commands.command()
@click.argument("who")
@click.option("--url", help="Where the platform answers (default: the one that runs from DATA).")
def token(who: str, url: str | None) -> None:
    """Print an access token of WHO: CLIENT of the platform beside, CLIENT:SECRET or CLIENT:@FILE.

    FILE holds the client's private key, as JWK or PEM.
    """
    from deploy.credentials import token_of

    click.echo(asyncio.run(token_of(who, url)))


@commands.command()
@click.argument("part", type=PART)
def forgotten(part: str) -> None:
    """List what a restored part has said and no longer knows: time, city, aggregate, version, type."""
    from deploy.forgotten import forgotten

    for line in asyncio.run(forgotten(part)):
        click.echo("\t".join(line))


@commands.group("dead-letters")
def dead_letters() -> None:
    """Events that could not be taken in: see them, put them back."""


@dead_letters.command("list")
@click.argument("parts", type=PART, nargs=-1)
def list_(parts: tuple[str, ...]) -> None:
    """List them: part, time, city, id, aggregate, version, reason."""
    from deploy.events import dead_letters

    for letter in asyncio.run(dead_letters(parts or PARTS)):
        click.echo("\t".join(letter))


@dead_letters.command()
@click.argument("part", type=PART)
@click.argument("ids", type=click.UUID, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every one of this part.")
@click.option("--skip", is_flag=True, help="Leave them out for ever; what waits behind goes on.")
def replay(part: str, ids: tuple[UUID, ...], everything: bool, skip: bool) -> None:
    """Try dead letters again (by id, or --all), then what waits behind them."""
    from deploy.events import replay

    if not ids and not everything:
        raise click.UsageError("name the ids, or say --all")
    for letter, outcome in asyncio.run(replay(part, None if everything else ids, skip=skip)):
        click.echo(f"{letter}\t{outcome}")


@commands.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default="./.shegong",
    show_default=True,
    envvar="SHEGONG_DATA",
    help="The data folder of the running platform.",
)
def demo(data: Path) -> None:
    """Tell the product's story against the running platform, in one minute."""
    import_module("deploy.demo").tell(data)


@commands.group(cls=_Late, home="deploy.policies:policies")
def policies() -> None:
    """Check, explain, compare and activate policy packs."""


@commands.group("import", cls=_Late, home="deploy.imports:imports")
def import_() -> None:
    """Put reference data into the databases."""


@commands.group(cls=_Late, home="deploy.sheets:exports")
def export() -> None:
    """Write what registry has as spreadsheets."""


@commands.command()
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if a file is not what it should be."
)
def contracts(check: bool) -> None:
    """Write what is generated: AsyncAPI, OpenAPI, JSON schemas."""
    stale = import_module("deploy.generate").generate(check=check)
    for path in stale:
        click.echo(path)
    if check and stale:
        raise click.ClickException("不是最新：运行 make generated / not fresh: run make generated")


def main() -> None:
    """Run a command; what stands in the way is one line, and exit code 2."""
    try:
        commands(prog_name="shegong")
    except Trouble as trouble:
        click.echo(f"shegong: {trouble}", err=True)
        sys.exit(MISUSE)


if __name__ == "__main__":
    main()
