"""Rehearse the fleet's playbook on two hosts of this machine, over SSH, with releases that work and that do not.

    sudo .venv/bin/python scripts/fleet/rehearsal/rehearse.py [--log FILE]

Needs mmdebstrap, systemd-container, openssh-client, git and ansible-playbook on the PATH; a Debian and the libraries
are fetched once. Two hosts are installed; upgraded, one after the other; given a release that never becomes ready, and
one that dies after eight pictures. The first must come back to the release before by itself, by setup.sh the one time
and by the playbook the other, and the second must never see them. Ends with an error where it is otherwise. The hosts
watch a drawn picture, with mock pins.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

FLEET: Final = Path(__file__).resolve().parents[1]
ROOT: Final = FLEET.parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from hosts import CACHE, Host, Hosts, call, ssh_options  # noqa: E402
from releases import BROKEN, FIRST, GOOD, NEVER_READY, SOON_DEAD, make_releases  # noqa: E402

_NAMES: Final = ("door-1", "door-2")
_PICTURES: Final = 20_000
GoesBack = Literal["nobody", "setup.sh", "the playbook", "it failed, and nobody"]
_PLAYBOOK_GOES_BACK: Final = "TASK [door : Have the release before started]"
_SETUP_WENT_BACK: Final = re.compile(r"release\s+\S+\s+runs\s+again;\s+why")
_SOMETHING_CHANGED: Final = re.compile(r"changed=[1-9]")
_TOKEN: Final = "a-token-for-the-rehearsal"
_CONFIG: Final = {
    "camera": {"source": "files", "device": "/srv/door", "max_fps": 1},
    "gpio": {"driver": "mock"},
    "web": {"enabled": True, "address": "0.0.0.0", "token_file": "/etc/maskwatch/web_token"},  # noqa: S104
    "metrics": {"enabled": True},
}


@dataclass(frozen=True, slots=True)
class Step:
    """A run of the playbook: what it brings, and what is to be seen after it."""

    says: str
    revision: str
    versions: tuple[str, str]
    goes_back: GoesBack = "nobody"
    changes: bool = True


def list_steps(first: str) -> tuple[Step, ...]:
    """Return what is rehearsed; `first` is the version of the checkout."""
    old, new = (first, first), ("90.1", "90.1")
    return (
        Step("install on both", FIRST, old),
        Step("upgrade both, one after the other", GOOD, new),
        Step("the same again: nothing to do", GOOD, new, changes=False),
        Step("a release that never becomes ready", NEVER_READY, new, goes_back="setup.sh"),
        Step("a release that dies after eight pictures", SOON_DEAD, new, goes_back="the playbook"),
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
    options.log.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="maskwatch-fleet-") as name:
        folder = Path(name)
        make_releases(ROOT, folder / "releases")
        hosts = Hosts(folder, _NAMES)
        for host in hosts.hosts:
            give_pictures(host)
        inventory = write_inventory(folder, hosts.hosts, options.ready_s)
        with hosts:
            for step in list_steps(read_version()):
                rehearse(step, inventory, hosts.hosts, options.log)
    print(f"all as it should be; Ansible's words are in {options.log}")


def rehearse(step: Step, inventory: Path, hosts: list[Host], log: Path) -> None:
    """Run the playbook once; end the program where it does not do what it should."""
    print(f"{step.says} … ", end="", flush=True)
    began_s = time.monotonic()
    failed, words = play(step, inventory, log)
    took_s = time.monotonic() - began_s
    versions, goes_back = tuple(ask_version(host) for host in hosts), tell_who_went_back(failed, words)
    print(f"{took_s:.0f} s; the hosts run {' and '.join(versions)}; went back: {goes_back}", flush=True)
    if versions != step.versions or goes_back != step.goes_back:
        sys.exit(f"should leave {' and '.join(step.versions)}, and go back: {step.goes_back}; see {log}")
    if not step.changes and _SOMETHING_CHANGED.search(words):
        sys.exit(f"should change nothing; see {log}")
    if BROKEN & {*hosts[1].ssh("ls", "/opt/maskwatch/releases").split()}:
        sys.exit(f"{hosts[1].name} has seen a broken release; see {log}")


def tell_who_went_back(failed: bool, words: str) -> GoesBack:
    """Return who brought the first host back, by what Ansible said."""
    if not failed:
        return "nobody"
    if "changed:" in words.partition(_PLAYBOOK_GOES_BACK)[2].partition("TASK [")[0]:
        return "the playbook"
    return "setup.sh" if _SETUP_WENT_BACK.search(words) else "it failed, and nobody"


def play(step: Step, inventory: Path, log: Path) -> tuple[bool, str]:
    """Return whether the playbook failed, and what it said, which `log` gets too."""
    words = ["ansible-playbook", "-i", str(inventory), "doors.yml", "-e", f"door_revision={step.revision}"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(FLEET / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    with log.open("a+") as file:
        file.write(f"\n### {step.says}\n")
        file.flush()
        from_byte = file.tell()
        done = subprocess.run(words, cwd=FLEET, env=environment, stdout=file, stderr=file, check=False)
        file.seek(from_byte)
        return done.returncode != 0, file.read()


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
