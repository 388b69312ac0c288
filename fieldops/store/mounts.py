"""
Where a file lies: on which file system, and whether it was mounted by itself.

Read from the table of mounts that Linux keeps for every process (`/proc/self/mountinfo`, proc(5)); elsewhere nothing is known.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")
# File systems that machines share: SQLite's write-ahead log needs memory that all its users share (sqlite.org/wal.html).
SHARED_KINDS = frozenset({
    "afs", "beegfs", "ceph", "cifs", "coda", "fakeowner", "gfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "ocfs2", "orangefs", "osxfs", "prl_fs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "vmhgfs",
    *(f"fuse.{name}" for name in ("bindfs", "ceph", "davfs2", "gcsfuse", "glusterfs", "grpcfuse", "juicefs", "osxfs", "rclone",
                                  "s3fs", "sshfs", "vmhgfs-fuse")),
})  # fmt: skip
# and those that may be shared, or not: a virtual machine may have its only disk by them
PERHAPS_SHARED = ("9p", "virtiofs", "fuse.")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A place at which something is mounted, and the kind of its file system."""

    point: str
    kind: str


def read_mounts(table: str) -> list[Mount]:
    """Return the mounts of a table in the form of proc(5), in its order; lines of another form are left out."""
    mounts = []
    for line in table.splitlines():
        before, mark, after = line.partition(" - ")
        fields = before.split(" ")
        if mark and len(fields) >= 6:
            mounts.append(Mount(_ESCAPE.sub(_byte, fields[4]), after.split(" ")[0]))
    return mounts


def mounts_here() -> list[Mount]:
    """Return the mounts that this process sees; none where the system keeps no such table."""
    try:
        return read_mounts(TABLE.read_text("utf-8", "surrogateescape"))
    except OSError:
        return []


def kind_of(path: Path, mounts: Iterable[Mount]) -> str:
    """Return the kind of the file system on which a resolved path lies; empty where it is not known."""
    over = [one for one in mounts if path.is_relative_to(one.point)]
    deepest = max((len(Path(one.point).parts) for one in over), default=0)
    return next((one.kind for one in reversed(over) if len(Path(one.point).parts) == deepest), "")


def is_mounted_alone(paths: Iterable[Path], mounts: Iterable[Mount]) -> bool:
    """Return whether one of these resolved paths is itself a mount, and not a part of one."""
    points = {one.point for one in mounts}
    return any(str(path) in points for path in paths)


def _byte(match: re.Match[str]) -> str:
    return chr(int(match[1], 8))
