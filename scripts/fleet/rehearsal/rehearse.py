"""Rehearse the fleet's playbook on two hosts of this machine, over SSH, with releases that work and that do not.

    sudo .venv/bin/python scripts/fleet/rehearsal/rehearse.py [--log FILE]

Needs mmdebstrap, systemd-container, openssh-client, git and ansible-playbook on the PATH; a Debian and the libraries
are fetched once. Two hosts are installed; upgraded, one after the other; given a release that never becomes ready, and
one that dies after eight pictures. The first must come back to the release before by itself, by setup.sh the one time
and by the playbook the other, and the second must not be asked. Last, the second goes back by hand. Ends with an error
where anything is otherwise. The hosts watch a drawn picture, with mock pins.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hosts import Host, Hosts, call  # noqa: E402
from playbook import ROOT, describe_doors, give_pictures, play, read_options, write_inventory  # noqa: E402
from releases import FIRST, GOOD, NEVER_READY, SOON_DEAD, make_releases  # noqa: E402

_NAMES: Final = ("door-1", "door-2")
GoesBack = Literal["nobody", "setup.sh", "the playbook", "it failed, and nobody"]
_PLAYBOOK_GOES_BACK: Final = "TASK [door : Have the release before started]"
_SETUP_WENT_BACK: Final = re.compile(r"release\s+\S+\s+runs\s+again;\s+why")
_SOMETHING_CHANGED: Final = re.compile(r"changed=[1-9]")


@dataclass(frozen=True, slots=True)
class Step:
    """A playbook with its options, and what is to be seen after it."""

    says: str
    book: tuple[str, ...]
    versions: tuple[str, str]
    goes_back: GoesBack = "nobody"
    changes: bool = True


def list_steps(first: str) -> tuple[Step, ...]:
    """Return what is rehearsed; `first` is the version of the checkout."""
    old, new = (first, first), ("90.1", "90.1")
    return (
        Step("install on both", bring(FIRST), old),
        Step("upgrade both, one after the other", bring(GOOD), new),
        Step("the same again: nothing to do", bring(GOOD), new, changes=False),
        Step("a release that never becomes ready", bring(NEVER_READY), new, goes_back="setup.sh"),
        Step("a release that dies after eight pictures", bring(SOON_DEAD), new, goes_back="the playbook"),
        Step("back by hand on the second", ("rollback.yml", "--limit", _NAMES[1]), ("90.1", first)),
    )


def bring(revision: str) -> tuple[str, ...]:
    """Return the playbook that brings all doors to a release."""
    return ("doors.yml", "-e", f"door_revision={revision}")


def main() -> None:
    """Rehearse all steps."""
    options = read_options(__doc__, "fleet.log")
    with tempfile.TemporaryDirectory(prefix="maskwatch-fleet-") as name:
        folder = Path(name)
        make_releases(ROOT, folder / "releases")
        hosts = Hosts(folder, _NAMES)
        for host in hosts.hosts:
            give_pictures(host)
        inventory = folder / "hosts.yml"
        write_inventory(inventory, {"doors": (hosts.hosts, describe_doors(folder / "releases", options.ready_s))})
        with hosts:
            for step in list_steps(read_version()):
                rehearse(step, inventory, hosts.hosts, options.log)
    print(f"all as it should be; Ansible's words are in {options.log}")


def rehearse(step: Step, inventory: Path, hosts: list[Host], log: Path) -> None:
    """Run the playbook once; end the program where it does not do what it should."""
    print(f"{step.says} … ", end="", flush=True)
    began_s = time.monotonic()
    failed, words = play(inventory, log, *step.book)
    took_s = time.monotonic() - began_s
    versions, goes_back = tuple(ask_version(host) for host in hosts), tell_who_went_back(failed, words)
    print(f"{took_s:.0f} s; the hosts run {' and '.join(versions)}; went back: {goes_back}", flush=True)
    if versions != step.versions or goes_back != step.goes_back:
        sys.exit(f"should leave {' and '.join(step.versions)}, and go back: {step.goes_back}; see {log}")
    if not step.changes and _SOMETHING_CHANGED.search(words):
        sys.exit(f"should change nothing; see {log}")
    if step.goes_back != "nobody" and f"[{hosts[1].name}" in words:
        sys.exit(f"should stop before {hosts[1].name}; see {log}")


def tell_who_went_back(failed: bool, words: str) -> GoesBack:
    """Return who brought the first host back, by what Ansible said."""
    if not failed:
        return "nobody"
    if "changed:" in words.partition(_PLAYBOOK_GOES_BACK)[2].partition("TASK [")[0]:
        return "the playbook"
    return "setup.sh" if _SETUP_WENT_BACK.search(words) else "it failed, and nobody"


def ask_version(host: Host) -> str:
    """Return the version of the daemon that watches there, "nothing" where none does."""
    try:
        said = json.loads(host.ssh("maskwatch", "status", "--json"))
    except subprocess.CalledProcessError:
        return "nothing"
    return str(said["version"]) if said["state"] == "watching" else "nothing"


def read_version() -> str:
    """Return the version of this checkout's last commit."""
    text = call("git", "-C", ROOT, "show", "HEAD:pyproject.toml")
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith("version = "))


if __name__ == "__main__":
    main()
