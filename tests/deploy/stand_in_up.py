"""`shegong up` with stand-ins for the parts: `stand_in_up.py DATA PORT`."""

import sys
from pathlib import Path

from deploy.embedded.up import up
from tests.deploy.stand_in import program

if __name__ == "__main__":
    up(Path(sys.argv[1]), int(sys.argv[2]), demo=False, program=program)
