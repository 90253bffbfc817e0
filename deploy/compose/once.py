"""Run something once, in a container: what stands in the way is one line, and exit code 2."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import click

from deploy.trouble import Trouble


def once(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end."""
    try:
        asyncio.run(work)
    except Trouble as trouble:
        click.echo(f"shegong: {trouble}", err=True)
        sys.exit(2)
