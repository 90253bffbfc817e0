"""Does a pack load, do its cases hold, would they notice a change, is every row answered."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from chassis.packs import Jurisdiction, Trouble, Troubles, load_folder, packs_in
from chassis.packs.cases import Cases, load_cases, run_cases
from chassis.packs.limits import against_law
from chassis.packs.mutate import mutate as mutants_of
from deploy.policies.packs import root_option, subjects
from deploy.traceability import built, counted, traceability, untraced

NOTICED = 95
"""Of all changes to rules and parameters, how many the cases must notice, in percent."""


@click.command()
@click.argument("codes", nargs=-1)
@click.option("--mutate", is_flag=True, help="Also change every rule and see the cases notice.")
@root_option
def check(codes: tuple[str, ...], mutate: bool, root: Path) -> None:
    """Load packs (all, or those named), run their cases, name every line that is wrong."""
    sound = True
    for code in codes or packs_in(root):
        try:
            with _unlogged():
                troubles, said = _checked(root, code, mutate=mutate)
        except Troubles as e:
            troubles, said = list(e.all), f"{code}: does not load"
        for trouble in troubles:
            click.echo(str(trouble))
        click.echo(said)
        sound = sound and not troubles
    if not sound:
        sys.exit(1)


@click.command()
@root_option
def trace(root: Path) -> None:
    """Print what every row of the documents became: docs/traceability.md, of any folder of packs."""
    click.echo(traceability(root, subjects()), nl=False)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Leave out lines for operations: what an author is to know is said as a trouble."""
    lines = logging.getLogger("shegong")
    before = lines.level
    lines.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        lines.setLevel(before)


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
        unnoticed, counts = _mutated(j, cases)
        troubles += unnoticed
        said += counts
    said += f", {time.perf_counter() - started:.1f} s"
    return troubles, "\n".join((said, *_remarks(j)))


def _mutated(j: Jurisdiction, cases: Cases) -> tuple[list[Trouble], str]:
    """Change every rule and parameter; return what no case noticed and had to, and the counts."""
    path = cases.source.file
    tried = list(mutants_of(j, cases))
    missed = [mutant for mutant in tried if not mutant.noticed]
    troubles = [
        Trouble(path, 1, 1, f"no case notices {mutant.what}") for mutant in missed if mutant.flip
    ]
    for mutant in missed:
        if not mutant.flip:
            click.echo(f"{path}: no case notices {mutant.what} (allowed)")
    share = 100 * (len(tried) - len(missed)) / len(tried) if tried else 100.0
    if share < NOTICED:
        few = f"the cases notice {share:.1f} % of all changes, {NOTICED} % are due"
        troubles.append(Trouble(path, 1, 1, few))
    return troubles, f", {len(tried) - len(missed)} of {len(tried)} changes noticed ({share:.1f} %)"


def _remarks(j: Jurisdiction) -> Iterator[str]:
    """Say how the document's rows are answered, what is built by now, and where law is against it."""
    if rows := counted(j):
        kinds = ", ".join(f"{n} {kind}" for kind, n in rows.most_common())
        yield f"  {sum(rows.values())} rows: {kinds}"
    for row in built(j):
        yield f"  {row}: what it waits for is there by now"
    for trouble in against_law(j):
        yield f"  {trouble}"
