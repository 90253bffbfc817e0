"""Become a command that the kernel ends when its parent dies: `leash.py SIGNAL PARENT UID GID …`.

Run as a script, before every child of the supervisor, since only the child itself can ask for this.
UID and GID are `-` to stay who we are. Where there is no Linux there is no leash.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(signal: str, parent: str, uid: str, gid: str, *command: str) -> None:
    """Take the user asked for, put the leash on, and become the command."""
    if uid != "-":
        os.setgroups([int(gid)])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After the change of user: the kernel forgets the wish when the user changes.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal))
        if os.getppid() != int(parent):
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - no shell wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
