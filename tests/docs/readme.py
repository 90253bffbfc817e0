"""The commands a README asks people to type, in the order it asks for them."""

import re
from pathlib import Path

HOUSE = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
_RUN = re.compile(r"^<!-- run -->\n```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(name="README.md"):
    """Return one script: every fenced block that stands below `<!-- run -->`.

    It takes BASE, DATA and PYTHON from the environment.
    """
    text = (HOUSE / name).read_text(encoding="utf-8")
    return "set -euo pipefail\n" + "\n".join(_RUN.findall(text))
