"""docs/reference.md: every setting, problem, event, metric, role, operation and command, by name."""

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import click
from prometheus_client.metrics import MetricWrapperBase

from chassis import config, metrics
from chassis.events import stream_of
from chassis.identity import ROLE_SCOPES
from chassis.problems import TITLES
from deploy.asyncapi import events, schema

_SETTING = re.compile(r"^(SHEGONG_[A-Z_]+) +(.*)$", re.MULTILINE)


def reference(openapi: dict[str, Any]) -> str:
    """Return the whole page."""
    return (
        "\n".join(
            [
                "# Reference",
                "",
                "Written by `shegong contracts` from the code; do not edit.",
                "",
                *_section("Settings", ("name", "what"), _settings()),
                "`PART` is REGISTRY, CASEWORK, PROCUREMENT, EVALUATION or GATEWAY.",
                "`shegong up` sets all of them itself.",
                "",
                *_section("Commands", ("command", "what"), _commands()),
                *_section(
                    "Operations", ("operation", "path", "scope", "what"), _operations(openapi)
                ),
                *_section("Problems", ("slug", "status", "中文", "English"), _problems()),
                *_section("Roles", ("role", "scopes"), _roles()),
                *_section("Events", ("type", "stream", "what", "fields"), _events()),
                *_section("Metrics", ("name", "kind", "labels", "what"), _metrics()),
            ]
        ).rstrip()
        + "\n"
    )


def _section(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = [" | ".join(each).join(("| ", " |")) for each in (columns, *map(_cells, rows))]
    return [f"## {title}", "", table[0], "|---" * len(columns) + "|", *table[1:], ""]


def _cells(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell.replace("|", "\\|").replace("\n", " ") for cell in row)


def _settings() -> Iterator[tuple[str, ...]]:
    for name, what in _SETTING.findall(config.__doc__ or ""):
        yield f"`{name}`", what.removeprefix("… ")


def _problems() -> Iterator[tuple[str, ...]]:
    for slug, (status, zh, en) in TITLES.items():
        yield f"`{slug}`", str(status), zh, en


def _roles() -> Iterator[tuple[str, ...]]:
    for role, scopes in ROLE_SCOPES.items():
        yield f"`{role}`", " ".join(f"`{scope}`" for scope in sorted(scopes))


def _events() -> Iterator[tuple[str, ...]]:
    for kind, event in events().items():
        sentence = (inspect.getdoc(event) or "").partition("\n")[0]
        fields = ", ".join(f"`{name}`" for name in schema(event)["properties"])
        yield f"`{kind}`", stream_of(event.producer), sentence, fields


def _metrics() -> Iterator[tuple[str, ...]]:
    for name in sorted(vars(metrics)):
        found = getattr(metrics, name)
        if isinstance(found, MetricWrapperBase):
            described = next(iter(found.describe()))
            tail = "_total" if described.type == "counter" else ""
            labels = ", ".join(f"`{label}`" for label in found._labelnames)  # noqa: SLF001
            yield f"`{described.name}{tail}`", described.type, labels, described.documentation


def _operations(openapi: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for path, item in sorted(openapi["paths"].items()):
        for method, operation in item.items():
            tokens = operation.get("security", [])
            scopes = [scope for token in tokens for scopes in token.values() for scope in scopes]
            needed = ", ".join(f"`{scope}`" for scope in scopes) or (
                "any token" if tokens else "none"
            )
            called = f"`{operation['operationId']}`"
            yield called, f"`{method.upper()} {path}`", needed, operation["summary"]


def _commands() -> Iterator[tuple[str, ...]]:
    from deploy.cli import commands  # noqa: PLC0415 - it is the command that calls us

    yield from _under(commands, "shegong")


def _under(group: click.Group, path: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _under(command, f"{path} {name}")
        elif command is not None:
            asked = " ".join(_usage(command))
            yield f"`{path} {name}{asked and ' ' + asked}`", command.get_short_help_str(limit=200)


def _usage(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            word = (parameter.name or "").upper()
            word += "…" if parameter.nargs == -1 else ""
            yield word if parameter.required else f"[{word}]"
        else:
            yield f"[{parameter.opts[-1]}]" if not parameter.required else parameter.opts[-1]
