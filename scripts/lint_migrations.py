"""Squawk reads every migration as the SQL it is: what would lock a table or break the image before.

The SQL is written to build/migrations/PART_REVISION.sql without a database; .squawk.toml says what
need not be looked for.

    python -m scripts.lint_migrations
"""

import shutil
import subprocess
import sys
from pathlib import Path

from chassis.config import PARTS
from deploy.migrate import LOCK_TIMEOUT, said, scripts
from deploy.revisions import ROOT

FOLDER = ROOT / "build/migrations"


def main() -> int:
    """Write the SQL and have it read; 0 if nothing was found."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for part in PARTS:
        if len(ends := scripts(part).get_heads()) != 1:
            print(
                f"{part}: {len(ends)} migrations are the last one ({', '.join(ends)}): put one behind the other"
            )
            return 1
        for revision, sql in said(part).items():
            # Squawk takes a column of this name for the keyword of a foreign key.
            text = sql.replace("period WITHOUT OVERLAPS", '"period" WITHOUT OVERLAPS')
            # As deploy.migrate connects.
            text = f"SET lock_timeout = '{LOCK_TIMEOUT}';\n{text}"
            (FOLDER / f"{part}_{revision}.sql").write_text(text, encoding="utf-8")
    files = sorted(str(file.relative_to(ROOT)) for file in FOLDER.glob("*.sql"))
    squawk = str(Path(sys.executable).with_name("squawk"))
    found = subprocess.run([squawk, "--config", ".squawk.toml", *files], cwd=ROOT, check=False)  # noqa: S603
    print(f"{len(files)} migrations")
    return found.returncode


if __name__ == "__main__":
    sys.exit(main())
