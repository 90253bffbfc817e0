"""Run a module with the settings of the secrets this container was given.

    python -m deploy.compose.run deploy.cli serve casework

A secret is a file of `NAME=value` lines. Read here, it stands neither in the container's description
nor in the environment that others on the machine can see.
"""

import os
import runpy
import sys
from pathlib import Path

SECRETS = Path("/run/secrets")


def settings(folder: Path = SECRETS) -> dict[str, str]:
    """Return what every secret says; a container without any has none."""
    lines = [
        line
        for file in (sorted(folder.iterdir()) if folder.is_dir() else [])
        for line in file.read_text(encoding="ascii").splitlines()
    ]
    return dict(line.split("=", 1) for line in lines)


if __name__ == "__main__":
    os.environ.update(settings())  # noqa: TID251 - where settings come from
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
