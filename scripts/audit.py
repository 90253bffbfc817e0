"""Known holes in what is installed, and the bill of materials in build/sbom.json (CycloneDX).

Says "clean" only of packages an advisory database has answered for. 0: all were asked about and
have none; 1: there are holes; 2: some could not be asked about.

    python -m scripts.audit [--service osv]
"""

import json
import subprocess
import sys
from pathlib import Path

from deploy.revisions import ROOT

LOCK = "requirements.lock"
SBOM = Path("build/sbom.json")


def main(given: list[str]) -> int:
    """Write the bill, ask about each package, and say what came of it."""
    (ROOT / SBOM).parent.mkdir(exist_ok=True)
    _run("cyclonedx-py", "requirements", LOCK, "--of", "JSON", "-o", str(SBOM), check=True)
    parts = json.loads((ROOT / SBOM).read_bytes())["components"]
    print(f"{SBOM}: {len(parts)} packages")
    options = ("--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off")
    asked = _run("pip-audit", *options, "-r", LOCK, *given)
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except ValueError:
        print(f"not audited: {asked.stderr.strip().splitlines()[-1:]}")
        return 2
    answered = [each for each in packages if "skip_reason" not in each]
    holed = [each for each in answered if each["vulns"]]
    for each in holed:
        for hole in each["vulns"]:
            fixed = ", ".join(hole["fix_versions"]) or "nowhere yet"
            print(f"{each['name']} {each['version']}: {hole['id']}, mended in {fixed}")
    unknown = len(packages) - len(answered)
    print(f"{len(answered)} of {len(packages)} packages were audited: {len(holed)} with holes")
    if unknown:
        print(
            f"NOT AUDITED: {unknown} packages. The registry in use gives no advisories for them, which"
            " is no answer. Ask again where one does, or with ARGS='--service osv'."
        )
    return 1 if holed else 2 if unknown else 0


def _run(tool: str, *argv: str, check: bool = False) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name(tool)), *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=check)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
