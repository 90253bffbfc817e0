"""Packs read and compiled for a command, and what all commands are told alike."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import click

from chassis.packs import Jurisdiction, Sources, Subjects, Troubles, load_folder

HOUSE = Path(__file__).parents[2]
ROOT = Path("policies")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])
root_option = click.option(
    "--root",
    type=FOLDER,
    default=ROOT,
    show_default=True,
    envvar="SHEGONG_POLICIES",
    help="The folder of packs.",
)
NO_DAY = "(default: today)"


@cache
def subjects() -> Subjects:
    """Return the subjects and gates of this house."""
    from contracts.facts import GATES, SUBJECTS  # noqa: PLC0415 - `--help` needs no sheets

    return Subjects.of(SUBJECTS, GATES)


def load(root: Path, code: str) -> Sources:
    """Return the texts of a pack that compiles; raises Troubles else."""
    sources = load_folder(root, code)
    Jurisdiction.of(sources, subjects())
    return sources


def loaded(root: Path, code: str) -> Jurisdiction:
    """Return a pack ready to judge, or stop with every line that is wrong."""
    try:
        return Jurisdiction.of(load_folder(root, code), subjects())
    except Troubles as e:
        raise click.ClickException(f"{code} does not load\n{e}") from None


def short(value: Any) -> str:
    """Return a value on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)
