"""Rehearse the fleet's playbook on two hosts of this machine, over SSH, with releases that work and that do not.

    sudo .venv/bin/python scripts/fleet/rehearsal/rehearse.py [--log FILE]

Needs mmdebstrap, systemd-container, openssh-client, git and ansible-playbook on the PATH; a Debian and the libraries
are fetched once. Two hosts are installed; upgraded, one after the other; given a release that never becomes ready, and
one that dies after eight pictures. The first must come back to the release before by itself, both times, and the second
must never see them. Ends with an error where it is otherwise. The hosts watch a drawn picture, with mock pins.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FLEET: Final = Path(__file__).resolve().parents[1]
ROOT: Final = FLEET.parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from hosts import CACHE, Host, Hosts, call, ssh_options  # noqa: E402
from releases import FIRST, GOOD, NEVER_READY, SOON_DEAD, make_releases  # noqa: E402

_NAMES: Final = ("door-1", "door-2")
_PICTURES: Final = 20_000
_TOKEN: Final = "a-token-for-the-rehearsal"
_CONFIG: Final = {
    "camera": {"source": "files", "device": "/srv/door", "max_fps": 1},
    "gpio": {"driver": "mock"},
    "web": {"enabled": True, "address": "0.0.0.0", "token_file": "/etc/maskwatch/web_token"},  # noqa: S104
    "metrics": {"enabled": True},
}


@dataclass(frozen=True, slots=True)
class Step:
    """A run of the playbook: what it brings, whether it must fail, and the versions that the hosts have after it."""

    says: str
    revision: str
    fails: bool
    versions: tuple[str, str]


def list_steps(first: str) -> tuple[Step, ...]:
    """Return what is rehearsed; `first` is the version of the checkout."""
    return (
        Step("install on both", FIRST, fails=False, versions=(first, first)),
        Step("upgrade both, one after the other", GOOD, fails=False, versions=("90.1", "90.1")),
        Step("the same again: nothing to do", GOOD, fails=False, versions=("90.1", "90.1")),
        Step("a release that never becomes ready", NEVER_READY, fails=True, versions=("90.1", "90.1")),
        Step("a release that dies after eight pictures", SOON_DEAD, fails=True, versions=("90.1", "90.1")),
    )


def main() -> None:
    """Rehearse all steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--log", type=Path, default=ROOT / "out" / "fleet.log", help="what Ansible says; default %(default)s"
    )
    parser.add_argument(
        "--ready-s", type=int, default=120, help="that a release has to become ready; default %(default)s"
    )
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("making hosts needs the rights of root; run it with sudo")
    options.log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="maskwatch-fleet-") as name, options.log.open("w") as log:
        folder = Path(name)
        make_releases(ROOT, folder / "releases")
        hosts = Hosts(folder, _NAMES)
        for host in hosts.hosts:
            give_pictures(host)
        inventory = write_inventory(folder, hosts.hosts, options.ready_s)
        with hosts:
            for step in list_steps(read_version()):
                rehearse(step, inventory, hosts.hosts, log.fileno())
    print(f"all as it should be; Ansible's words are in {options.log}")


def rehearse(step: Step, inventory: Path, hosts: list[Host], log: int) -> None:
    """Run the playbook once; end the program where it does not do what it should."""
    print(f"{step.says} … ", end="", flush=True)
    words = ["ansible-playbook", "-i", str(inventory), "doors.yml", "-e", f"door_revision={step.revision}"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(FLEET / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    os.write(log, f"\n### {step.says}\n".encode())
    done = subprocess.run(words, cwd=FLEET, env=environment, stdout=log, stderr=log, check=False)
    versions = tuple(ask_version(host) for host in hosts)
    print(f"Ansible's exit code {done.returncode}; the hosts run {' and '.join(versions)}")
    if bool(done.returncode) is not step.fails or versions != step.versions:
        sys.exit(f"should {'fail' if step.fails else 'work'}, and leave {' and '.join(step.versions)}")


def ask_version(host: Host) -> str:
    """Return the version of the daemon that watches there, "nothing" where none does."""
    try:
        said = json.loads(host.ssh("maskwatch", "status", "--json"))
    except subprocess.CalledProcessError:
        return "nothing"
    return str(said["version"]) if said["state"] == "watching" else "nothing"


def give_pictures(host: Host) -> None:
    """Put hours of the same picture there, as one file with many names."""
    folder = host.tree / "srv/door"
    folder.mkdir(parents=True)
    first = folder / "00000.jpg"
    first.write_bytes((ROOT / "docs" / "demo.jpg").read_bytes())
    for number in range(1, _PICTURES):
        first.with_name(f"{number:05}.jpg").hardlink_to(first)


def write_inventory(folder: Path, hosts: list[Host], ready_s: int) -> Path:
    """Return an inventory of the hosts, with everything that the playbook needs."""
    shared = {
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_common_args": " ".join(ssh_options()),
        "fleet_batches": [1],
        "door_checkout": str(folder / "releases"),
        "door_wheels": str(collect_wheels()),
        "door_web_token": _TOKEN,
        "door_min_fps": 0.3,
        "door_ready_s": ready_s,
        "door_config": _CONFIG,
    }
    doors = {host.name: {"ansible_host": host.address} for host in hosts}
    path = folder / "hosts.yml"
    path.write_text(json.dumps({"doors": {"hosts": doors, "vars": shared}}))
    return path


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


def read_version() -> str:
    """Return the version of this checkout's last commit."""
    text = call("git", "-C", ROOT, "show", "HEAD:pyproject.toml")
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith("version = "))


if __name__ == "__main__":
    main()
