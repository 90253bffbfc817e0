"""A disk whose power can be cut: an ext4 image on a loop device, copied as it stands.

The file system above the loop device keeps what is written in the kernel's memory. It reaches the
image when somebody says fsync, or when the kernel finds time; the image therefore holds what a disk
holds. A copy of it taken between two writes of the loop device is what is left after a power cut,
the journal not yet replayed. It is no copy of the mounted files: those are read through the very
memory that is lost.

What stays outside: a disk with a cache of its own may lose what it was given and not told to flush.
Here whatever reached the disk stays, in the order in which it did.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

FORMAT = ("mkfs.ext4", "-q", "-N", "8192", "-J", "size=16", "-E", "lazy_itable_init=0")
TRIES = 200
"""How often a copy is begun again because the kernel wrote meanwhile."""


class Unsettled(RuntimeError):
    """The device was written to all the time, so that no copy was of one instant."""


def in_a_world_of_our_own(module):
    """Run this command again where its mounts are nobody else's and vanish with it.

    Even if it is killed outright: the last process that leaves takes the mounts along, and a loop
    device that is no longer mounted is free.
    """
    ours, theirs = (Path(f"/proc/{pid}/ns/mnt") for pid in ("self", os.getppid()))
    if ours.readlink() == theirs.readlink():
        words = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", module]
        os.execvp("unshare", [*words, *sys.argv[1:]])


def tidy_when_told_to_go():
    """Let a SIGTERM or a closed terminal end this command as Ctrl-C does: by the way out."""

    def leave(number, _frame):
        raise SystemExit(128 + number)

    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, leave)


def missing():
    """Return why there are no loop-mounted images here; None if there are."""
    if sys.platform != "linux" or os.geteuid():
        return "root on Linux is needed to mount an image"
    try:
        with tempfile.TemporaryDirectory(prefix="sgcut-") as folder:
            image, at = made(Path(folder) / "image", 64 << 20), Path(folder) / "at"
            at.mkdir()
            _said("unshare", "--mount", "sh", "-c", f"mount -o loop {image} {at} && umount {at}")
    except FileNotFoundError as absent:
        return f"{absent.filename} is not here"
    except subprocess.CalledProcessError as refused:
        return " ".join(refused.stderr.split()) or f"{refused.cmd[0]}: {refused.returncode}"
    return None


def made(image, size):
    """Make an empty image; it takes no more room than what is in it."""
    with image.open("xb") as file:
        file.truncate(size)
    _said(*FORMAT, image)
    return image


class Disk:
    """An image while it is mounted."""

    def __init__(self, image: Path, at: Path) -> None:
        self.image, self.at = image, at
        self._device = ""

    @contextmanager
    def mounted(self):
        """Mount it; on the way out nothing of it stays behind, whoever still holds it."""
        self.at.mkdir(parents=True)
        _said("mount", "-o", "loop,noatime,noinit_itable", self.image, self.at)
        try:
            lines = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
            self._device = next(Path(w[0]).name for w in lines if w[1] == str(self.at))
            yield self
        finally:
            try:
                _said("umount", self.at)
            except subprocess.CalledProcessError:
                _said("umount", "--lazy", self.at)

    def written(self):
        """Return how often and how much was written to the device, or None while it is written."""
        # Linux: reads, merged, sectors, ms, writes, merged, sectors, ms, in flight, …
        stat = Path(f"/sys/block/{self._device}/stat").read_text().split()
        return None if stat[8] != "0" else (stat[4], stat[6])


def cut(disks, folder):
    """Copy the images of mounted disks as they stand in one and the same instant.

    Whoever writes is held still by the caller; the kernel is not, so a copy during which any device
    was written to is thrown away.
    """
    folder.mkdir()
    for _ in range(TRIES):
        before = [disk.written() for disk in disks]
        if None not in before:
            copies = [copied(disk.image, folder / disk.image.name) for disk in disks]
            if [disk.written() for disk in disks] == before:
                return copies
        time.sleep(0.02)
    raise Unsettled(", ".join(str(disk.at) for disk in disks))


def copied(image, copy):
    """Copy an image, holes and all; return the copy."""
    _said("cp", "--sparse=auto", image, copy)
    return copy


def _said(*words):
    return subprocess.run(
        [str(w) for w in words], check=True, capture_output=True, text=True
    ).stdout
