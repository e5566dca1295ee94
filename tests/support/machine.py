"""A computer to install on: a folder as its root, and programs on PATH that stand in for the operating system's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

REAL = ("cat", "chmod", "ln", "mkdir", "mv", "rm", "rmdir")
"""Programs that only note their call, then do it."""

NOTE = """#!/bin/bash
printf '%s\\n' "${0##*/} $*" >>"$FAKES/calls"
mapfile -t calls <"$FAKES/calls"
[[ ${#calls[@]} -ne ${CUT_AT:-0} ]] || kill -KILL 0
"""

FAKES = {
    "chown": "",
    "sleep": "",
    "sync": "",
    "udevadm": "",
    "dpkg": "",
    "id": '[[ $1 != -u ]] || { echo "${FAKE_UID:-0}"; exit; }; cat "$FAKES/groups-$2" 2>/dev/null || true',
    "uname": '[[ $1 == -s ]] && echo Linux || echo "${FAKE_ARCH:-aarch64}"',
    "df": 'printf "Avail\\n%sM\\n" "${FAKE_FREE_MB:-5000}"',
    "getent": '[[ $1 == group ]] && { grep -qx "$2" "$FAKES/groups"; exit; }; [[ -e $FAKES/user ]]',
    "groupadd": 'getent group "${!#}" && exit 9; printf "%s\\n" "${!#}" >>"$FAKES/groups"',
    "groupdel": 'sed -i "/^$1\\$/d" "$FAKES/groups"; sed -i "s/ $1 //" "$FAKES"/groups-* 2>/dev/null || true',
    "useradd": '[[ $* != *--user-group* ]] || groupadd "${!#}" || exit; touch "$FAKES/user"',
    "userdel": '/bin/rm -f "$FAKES/user" "$FAKES/groups-$1"; grep -qs " $1 " "$FAKES"/groups-* || groupdel "$1"',
    "usermod": 'printf " %s " "$3" >>"$FAKES/groups-$4"',
    "apt-cache": """
known="${FAKE_APT_KNOWS-python3-venv python3-picamera2 python3-lgpio} $(/bin/cat "$FAKES/lists" 2>/dev/null)"
[[ " $known " == *" ${!#} "* ]]
""",
    "apt-get": """
case $1 in
    update) [[ -z ${FAKE_NO_SERVERS:-} ]] && printf '%s' "${FAKE_APT_LEARNS:-}" >"$FAKES/lists" ;;
    *) printf '%s\\n' "$@" >>"$FAKES/packages" ;;
esac
""",
    "dpkg-query": 'grep -qsx "${!#}" "$FAKES/packages" && printf "install ok installed"',
    "systemctl": """
current=$MASKWATCH_ROOT/opt/maskwatch/current
start() {
    [[ ! -e $FAKES/active ]] || return 0
    case $(/bin/cat "$current/edge/behavior") in
        broken) ;;
        blind) touch "$FAKES/active"; printf '{"state": "blind", "frames": 0}' >"$FAKES/status" ;;
        *) touch "$FAKES/active"; printf '{"state": "watching", "frames": 5}' >"$FAKES/status" ;;
    esac
}
case $* in
    enable*--now*) start ;;
    start*) start ;;
    stop* | disable*--now*) /bin/rm -f "$FAKES/active" "$FAKES/status" ;;
    is-active*) [[ -e $FAKES/active ]] ;;
esac
""",
    "python3": """
case $* in
    "-m venv "*) /bin/mkdir -p "${!#}/bin" && cp "$FAKES/bin/python3" "${!#}/bin/python" ;;
    "-m pip "*--editable*)
        venv=${0%/bin/python}
        printf '#!%s\\n' "$0" >"$venv/bin/pinout"
        cp "$FAKES/maskwatch" "$venv/bin/maskwatch"
        ;;
    "-m "*) ;;
    *find_spec*) [[ -n ${FAKE_HAS_CAMERA:-} ]] ;;
    *version_info*) echo "${FAKE_PYTHON:-3.11}" ;;
    *calcsize*) echo "${FAKE_BITS:-64}" ;;
    *) exit 1 ;;
esac
""",
}

MASKWATCH = """#!/bin/bash
case $1 in
    status) /bin/cat "$FAKES/status" ;;
    *) printf 'maskwatch %s\\n' "$*" >>"$FAKES/said" ;;
esac
"""


class Machine:
    """One computer, with nothing installed. `calls` are the programs that were called, as `name arguments`."""

    def __init__(self, folder: Path) -> None:
        """Lay out the root folder and the programs."""
        self.root, self.fakes = folder / "root", folder / "fakes"
        bin_folder = self.fakes / "bin"
        bin_folder.mkdir(parents=True)
        (self.root / "etc").mkdir(parents=True)
        (self.root / "etc" / "os-release").write_text('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n')
        (self.fakes / "groups").write_text("video\ngpio\nplugdev\n")
        programs = {name: f'exec /bin/{name} "$@"\n' for name in REAL} | FAKES
        for name, words in programs.items():
            write_program(bin_folder / name, f"{NOTE}{words}\n")
        write_program(self.fakes / "maskwatch", MASKWATCH)

    def setup(self, checkout: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the checkout's setup.sh on this computer."""
        own = {
            "PATH": f"{self.fakes / 'bin'}:{os.environ['PATH']}",
            "FAKES": str(self.fakes),
            "MASKWATCH_ROOT": str(self.root),
            "MASKWATCH_READY_S": "3",
            "HOME": os.environ.get("HOME", "/"),
        }
        command = [str(checkout / "setup.sh"), *words]
        self.forget()
        return subprocess.run(
            command,
            env=own | environment,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            timeout=300,
        )

    def forget(self) -> None:
        """Begin an empty list of calls."""
        (self.fakes / "calls").write_text("")

    @property
    def calls(self) -> list[str]:
        """The programs that the last setup.sh called."""
        return (self.fakes / "calls").read_text().splitlines()

    @property
    def said(self) -> str:
        """What the installed command was asked."""
        path = self.fakes / "said"
        return path.read_text() if path.exists() else ""

    @property
    def groups(self) -> list[str]:
        """The groups that exist."""
        return (self.fakes / "groups").read_text().split()

    @property
    def is_running(self) -> bool:
        """Whether the service is up."""
        return (self.fakes / "active").exists()

    def release(self, link: str = "current") -> str:
        """Return the name of the release that a link leads to, or nothing."""
        path = self.opt / link
        return path.readlink().name if path.is_symlink() else ""

    @property
    def opt(self) -> Path:
        """Where releases are."""
        return self.root / "opt" / "maskwatch"

    @property
    def config(self) -> Path:
        """The settings."""
        return self.root / "etc" / "maskwatch" / "config.yaml"

    def tree(self) -> dict[str, str]:
        """Return every file as path and what it is: mode and content, or where a link leads."""
        return {path.relative_to(self.root).as_posix(): _describe(path) for path in sorted(self.root.rglob("*"))}


def _describe(path: Path) -> str:
    if path.is_symlink():
        return f"to {path.readlink()}"
    mode = oct(path.stat().st_mode)
    return mode if path.is_dir() else f"{mode} {path.read_text()}"


def write_program(path: Path, words: str) -> None:
    """Write an executable file."""
    path.write_text(words)
    path.chmod(0o755)


def make_checkout(folder: Path, version: str = "1.0.0", behavior: str = "fine") -> Path:
    """Return a small checkout with the real setup.sh, installer and unit. `behavior`: fine, broken or blind."""
    for name in ("scripts/install", "systemd"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "setup.sh", folder)
    for name in ("edge", "train", "convert", "models", "docs", "requirements"):
        (folder / name).mkdir()
    (folder / "edge" / "behavior").write_text(behavior)
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
    (folder / "config.yaml").write_text("alarm:\n  hold_s: 3\n")
    others = "README.md CHANGELOG.md LICENSE docs/installing.md docs/wiring.md docs/wiring.svg"
    for name in [*others.split(), "requirements/edge-py311.lock", "requirements/edge-py313.lock"]:
        (folder / name).write_text(name)
    return folder
