"""The system of the virtual appliance: a small Debian with systemd, pins, a camera, and nothing of Maskwatch."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import CACHE, HERE, ROOT, SUITE, call, digest_of

_PACKAGES: Final = (
    "systemd-sysv,systemd-timesyncd,udev,dbus,kmod,openssh-server,sudo,iproute2,procps,python3,python3-venv,"
    "v4l-utils,e2fsprogs,nano,vim-tiny,sqlite3"
)
_GUEST: Final = HERE / "guest"
_BUILD: Final = HERE / "build"
_SIZE: Final = "4G"
_LOCK: Final = ROOT / "requirements/edge-py311.lock"


@dataclass(frozen=True, slots=True)
class Image:
    """What is booted: kernel and first root, the key for ssh, and a folder of wheels."""

    kernel: Path
    initrd: Path
    key: Path
    wheels: Path


def build_image() -> Image:
    """Return the image, as far as possible from the cache. Raises ApplianceError."""
    CACHE.mkdir(parents=True, exist_ok=True)
    parts = _fetch_parts(_bootstrap())
    return Image(parts / "boot/vmlinuz", parts / "boot/initrd", _make_key(), parts / "wheels")


def _bootstrap() -> Path:
    """Return a folder that holds a Debian as tree.tar, and `made`, which says what it was made of."""
    folder = CACHE / f"debian-{digest_of([], SUITE, _PACKAGES)}"
    if not (folder / "made").is_file():
        print(f"fetching Debian {SUITE} …", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        command = ["mmdebstrap", "--variant=minbase", f"--include={_PACKAGES}"]
        call((*command, '--aptopt=APT::Install-Recommends "false"', SUITE, folder / "tree.tar"))
        (folder / "made").write_text(f"{SUITE}\n{_PACKAGES}\n")
    return folder


def _fetch_parts(base: Path) -> Path:
    """Return the folder that build/fetch.sh fills: boot, modules, wheels, lgpio."""
    folder = CACHE / f"parts-{digest_of([base / 'made', _LOCK, *_BUILD.iterdir()])}"
    if not folder.is_dir():
        print("fetching kernel and libraries, building two kernel modules …", flush=True)
        tree = folder.with_suffix(".tree")
        _unpack(base, tree)
        shutil.copytree(_BUILD, tree / "build")
        shutil.copy(_LOCK, tree / "build/edge.lock")
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", tree / "build/authorities.crt")
        # nothing of the host's environment: its paths are not those in there
        call(("chroot", tree, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "/build/fetch.sh"))
        (tree / "out").rename(folder)
        shutil.rmtree(tree)
    return folder


def _make_key() -> Path:
    key = CACHE / "key"
    if not key.is_file():
        call(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key))
    return key


def lay_out_tree(tree: Path) -> None:
    """Lay out the whole system in a new folder. Raises ApplianceError."""
    base, key = _bootstrap(), _make_key()
    parts = _fetch_parts(base)
    _unpack(base, tree)
    shutil.copytree(parts / "modules", tree / "usr/lib/modules", dirs_exist_ok=True)
    shutil.copytree(parts / "lgpio", tree / "usr/lib/python3/dist-packages", dirs_exist_ok=True)
    (tree / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(key.with_suffix(".pub"), tree / "root/.ssh/authorized_keys")
    shutil.copytree(_GUEST, tree / "usr/local/lib/appliance")
    call(("chroot", tree, "sh", "/usr/local/lib/appliance/prepare.sh"))


def write_disk(tree: Path, disk: Path) -> None:
    """Write a file system that holds a folder into a file. Raises ApplianceError."""
    call(("mkfs.ext4", "-q", "-F", "-L", "root", "-d", tree, disk, _SIZE))


def _unpack(base: Path, tree: Path) -> None:
    """Lay out the Debian in a new folder, with the host's way to the network."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    call(("tar", "-xf", base / "tree.tar", "-C", tree))
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
