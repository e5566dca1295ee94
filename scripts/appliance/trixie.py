"""Debian 13 (trixie): its Python 3.13 and its libcamera, with picamera2 from PyPI, which Debian itself lacks."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from image import Image, write_disk
from inside import copy_checkout
from tools import CACHE, HERE, ROOT, call, digest_of

SUITE: Final = "trixie"

_PACKAGES: Final = (
    "systemd-sysv,udev,dbus,kmod,openssh-server,procps,iproute2,linux-image-amd64,linux-headers-amd64,initramfs-tools,"
    "zstd,xz-utils,make,gcc,libc6-dev,python3-dev,python3-venv,python3-libcamera,libcamera-ipa,python3-numpy,python3-pil,"
    "python3-prctl,python3-jsonschema,v4l-utils,mosquitto"
)
_MADE_OF: Final = ("trixie.sh", "picamera2.txt", "pykms.py")
_LOCKS: Final = {name: ROOT / f"requirements/{name}-py313.lock" for name in ("edge", "dev")}
_PATH: Final = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def lay_out() -> Path:
    """Return a folder with the system as `tree` and its key for ssh, from the cache where it is there.

    Raises ApplianceError.
    """
    sources = [HERE / "guest" / name for name in _MADE_OF]
    folder = CACHE / f"{SUITE}-{digest_of([*sources, *_LOCKS.values()], _PACKAGES)}"
    if not folder.is_dir():
        print(f"laying out Debian {SUITE} with a simulated camera and picamera2, ten minutes …", flush=True)
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        call(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", part / "key"))
        _bootstrap(part / "tree")
        _prepare(part, sources)
        part.rename(folder)
    return folder


def _bootstrap(tree: Path) -> None:
    command = ["mmdebstrap", "--variant=minbase", "--format=directory", f"--include={_PACKAGES}"]
    call((*command, '--aptopt=APT::Install-Recommends "false"', "--skip=cleanup/apt/lists", SUITE, tree))


def _prepare(folder: Path, sources: Sequence[Path]) -> None:
    """Run guest/trixie.sh inside the new system, with nothing of the host's environment but its way to the network."""
    tree = folder / "tree"
    build, place = tree / "build", tree / "usr/local/lib/appliance"
    build.mkdir()
    place.mkdir(parents=True)
    for source in sources:
        shutil.copy(source, place)
    for name, lock in _LOCKS.items():
        shutil.copy(lock, build / f"{name}.lock")
    shutil.copy(folder / "key.pub", build)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", build / "authorities.crt")
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
    call(("chroot", tree, "env", "-i", _PATH, "sh", "/usr/local/lib/appliance/trixie.sh"))


def put_checkout(tree: Path) -> None:
    """Put this checkout into the system as /checkout, installed in its virtual environment, and the unit as it is."""
    copy_checkout(tree / "checkout")
    pip = ("/opt/venv/bin/pip", "-q", "install", "--no-deps", "--no-build-isolation", "--editable", "/checkout")
    call(("chroot", tree, "env", "-i", _PATH, "PIP_ROOT_USER_ACTION=ignore", *pip))
    guest = HERE / "guest"
    shutil.copy(ROOT / "systemd/maskwatch.service", tree / "etc/systemd/system")
    shutil.copytree(guest, tree / "usr/local/lib/appliance", dirs_exist_ok=True)
    call(("chroot", tree, "sh", "/usr/local/lib/appliance/unit.sh"))


def write_image(folder: Path, disk: Path) -> Image:
    """Write the system onto a disk, and return what is booted from it. Raises ApplianceError."""
    tree = folder / "tree"
    write_disk(tree, disk)
    kernel, initrd = (next((tree / "boot").glob(f"{name}-*")) for name in ("vmlinuz", "initrd.img"))
    return Image(kernel, initrd, folder / "key", folder)
