"""The type of the file system that holds a database: SQLite's write-ahead log works on a local one only."""

from pathlib import Path

MOUNTS = Path("/proc/mounts")
NETWORK = {
    *("9pfs", "afs", "beegfs", "ceph", "cifs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "panfs"),
    *("pvfs2", "smb2", "smb3", "smbfs", "wekafs"),
}
# Through FUSE most are networks (sshfs, s3fs, glusterfs, rclone, beegfs, ...); these are local.
LOCAL_FUSE = {"fuse.fuse-overlayfs", "fuse.overlayfs", "fuse.lxcfs", "fuse.portal", "fuse.bindfs", "fuse.mergerfs"}
LOCAL_FUSE |= {"fuse.encfs", "fuse.gocryptfs", "fuse.snapfuse", "fuse.ext4", "fuse.ntfs-3g"}


def network(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that holds `path`, such as "nfs4"; None on a local or unknown one."""
    kind = filesystem(path, mounts) or ""
    remote = kind in NETWORK or (kind.startswith("fuse.") and kind not in LOCAL_FUSE)
    return kind if remote else None


def filesystem(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the file system that holds `path`, from the longest mount point above it; None if unknown."""
    try:
        lines = [line.split(" ") for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return None
    points = {
        Path(line[1].replace(r"\040", " ")): line[2] for line in lines if len(line) > 2
    }  # a later mount hides an earlier one
    resolved = path.resolve()
    return next((points[above] for above in [resolved, *resolved.parents] if above in points), None)
