"""What a rehearsal gives Ansible: pictures for the doors, the libraries, an inventory; and the run of a playbook."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hosts import CACHE, Host, call, ssh_options

FLEET: Final = Path(__file__).resolve().parents[1]
ROOT: Final = FLEET.parents[1]
TOKEN: Final = "a-token-for-the-rehearsal"
"""The one of the doors' pages."""

CONFIG: Final[Mapping[str, Any]] = {
    "camera": {"source": "files", "device": "/srv/door", "max_fps": 1},
    "gpio": {"driver": "mock"},
    "web": {"enabled": True, "address": "0.0.0.0", "token_file": "/etc/maskwatch/web_token"},
    "metrics": {"enabled": True},
}
"""The settings of the doors: a drawn picture, no pins, the page with the metrics."""

_PICTURES: Final = 20_000


def read_options(doc: str | None, log_name: str) -> argparse.Namespace:
    """Return `log` and `ready_s` of the command line. Ends the program for whoever is not root."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--log", type=Path, default=ROOT / "out" / log_name, help="what Ansible says; default %(default)s"
    )
    parser.add_argument(
        "--ready-s", type=int, default=120, help="seconds that a release has to become ready; default %(default)s"
    )
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("making hosts needs the rights of root; run it with sudo")
    options.log.parent.mkdir(parents=True, exist_ok=True)
    options.log.unlink(missing_ok=True)
    return options


def describe_doors(checkout: Path, ready_s: int) -> dict[str, Any]:
    """Return the variables of the group `doors`: releases of `checkout`, `ready_s` seconds for each to become ready."""
    return {
        "fleet_batches": [1],
        "door_checkout": str(checkout),
        "door_wheels": str(collect_wheels()),
        "door_web_token": TOKEN,
        "door_min_fps": 0.3,
        "door_ready_s": ready_s,
        "door_config": CONFIG,
    }


def write_inventory(path: Path, groups: Mapping[str, tuple[list[Host], Mapping[str, Any]]]) -> None:
    """Write the inventory: the hosts and the variables of each group."""
    reach = {
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_common_args": " ".join(ssh_options()),
    }
    told = {
        group: {"hosts": {host.name: {"ansible_host": host.address} for host in hosts}, "vars": {**reach, **variables}}
        for group, (hosts, variables) in groups.items()
    }
    path.write_text(json.dumps(told))


def give_pictures(host: Host) -> None:
    """Put hours of the same picture there, as one file with many names."""
    folder = host.tree / "srv/door"
    folder.mkdir(parents=True)
    first = folder / "00000.jpg"
    first.write_bytes((ROOT / "docs" / "demo.jpg").read_bytes())
    for number in range(1, _PICTURES):
        first.with_name(f"{number:05}.jpg").hardlink_to(first)


def collect_wheels() -> Path:
    """Return a folder with all libraries of the device, for the Python of the hosts."""
    folder, lock = CACHE / "wheels", ROOT / "requirements" / "edge-py311.lock"
    kept = folder / "lock"
    if not kept.is_file() or kept.read_bytes() != lock.read_bytes():
        options = ["--only-binary=:all:", "--python-version=3.11", "--implementation=cp", "--require-hashes"]
        options += [f"--platform=manylinux_2_{minor}_x86_64" for minor in (17, 27, 28)] + [
            "--platform=manylinux2014_x86_64"
        ]
        call(sys.executable, "-m", "pip", "download", "--quiet", *options, "--requirement", lock, "--dest", folder)
        kept.write_bytes(lock.read_bytes())
    return folder


def play(inventory: Path, log: Path, *book: str) -> tuple[bool, str]:
    """Return whether a playbook, given with its options, failed, and what Ansible said, which is added to `log` too."""
    words = ["ansible-playbook", "-i", str(inventory), *book]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(FLEET / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    with log.open("a+") as file:
        file.write(f"\n### {' '.join(book)}\n")
        file.flush()
        from_here = file.tell()
        done = subprocess.run(words, cwd=FLEET, env=environment, stdout=file, stderr=file, check=False)
        file.seek(from_here)
        return done.returncode != 0, file.read()
