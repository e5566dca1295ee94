"""Rehearse what the doors report to, on two hosts of this machine: a center, and a door that reports to it.

    sudo .venv/bin/python scripts/fleet/rehearsal/rehearse_center.py [--log FILE]

Needs what rehearse.py needs, openssl, and the way to a Debian mirror. center.yml sets Debian's mosquitto (with TLS) and
Prometheus up; doors.yml installs a door that uses both. Ends with an error unless the door's state is heard, with
passwords and names as they should be and refused where they should not, and Prometheus sees the door watch.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent))

from broker import Broker, try_to_hear, try_to_say  # noqa: E402
from hosts import Host, Hosts, call  # noqa: E402
from playbook import CONFIG, ROOT, TOKEN, describe_doors, give_pictures, play, read_options, write_inventory  # noqa: E402

_SECRETS: Final = {"door-1": "a-secret-of-door-1", "door-2": "a-secret-of-door-2"}
_READER: Final = {"home": "a-secret-of-home"}
_CERTIFICATE: Final = "/etc/mosquitto/certs/center.pem"
_KEY: Final = "/etc/mosquitto/certs/center.key"
_CA: Final = "/etc/ssl/certs/center.pem"
_STATE: Final = "maskwatch/door-1/state"
_WAIT_S: Final = 120.0
_REFUSED: Final = "Not authorized"
T = TypeVar("T")


def main() -> None:
    """Set the center and a door up, and look whether they know each other."""
    options = read_options(__doc__, "fleet_center.log")
    with tempfile.TemporaryDirectory(prefix="maskwatch-center-") as name:
        folder = Path(name)
        hosts = Hosts(folder, ("center", "door-1"))
        center, door = hosts.hosts
        fetch_packages(center)
        make_certificate(center, door)
        give_pictures(door)
        inventory = folder / "hosts.yml"
        write_inventory(inventory, describe(center, door, options.ready_s))
        with hosts:
            for book in ("center.yml", "center.yml", "doors.yml"):
                run(book, inventory, options.log)
            look(Broker(center.address, folder / "center/etc/mosquitto/certs/center.pem"), center, door)
    print(f"all as it should be; Ansible's words are in {options.log}")


def fetch_packages(center: Host) -> None:
    """Put the packages where apt finds them, for a host that has no way to a mirror."""
    shutil.copy("/etc/resolv.conf", center.tree / "etc/resolv.conf")
    install = ("apt-get", "--quiet=2", "--option=Dpkg::Use-Pty=0", "--yes", "--no-install-recommends", "install")
    call("chroot", center.tree, "apt-get", "--quiet=2", "update")
    call("chroot", center.tree, *install, "python3-apt")
    call("chroot", center.tree, *install, "--download-only", "mosquitto", "prometheus")


def make_certificate(center: Host, door: Host) -> None:
    """Sign a certificate for the center's address with its own key, and have the door trust it."""
    certificate, key = center.tree / _CERTIFICATE[1:], center.tree / _KEY[1:]
    certificate.parent.mkdir(parents=True)
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    words += ["-days", "2", "-subj", "/CN=center", "-addext", f"subjectAltName=IP:{center.address}"]
    call(*words, "-keyout", key, "-out", certificate)
    key.chmod(0o644)  # its reader, the user of mosquitto, is not there yet; the key lives as long as this rehearsal
    shutil.copy(certificate, door.tree / _CA[1:])


def describe(center: Host, door: Host, ready_s: int) -> dict[str, tuple[list[Host], dict[str, Any]]]:
    """Return the inventory's groups: their hosts and their variables."""
    doors = describe_doors(ROOT, ready_s)
    mqtt = {"enabled": True, "host": center.address, "port": 8883, "tls": True, "ca_file": _CA}
    mqtt |= {"username": door.name, "device": door.name, "password_file": "/etc/maskwatch/mqtt_password"}
    doors |= {"door_config": {**CONFIG, "mqtt": mqtt}, "door_mqtt_password": _SECRETS[door.name]}
    brokers: dict[str, Any] = {"broker_doors": _SECRETS, "broker_readers": _READER}
    brokers |= {"broker_certificate": _CERTIFICATE, "broker_key": _KEY}
    prometheus = {"prometheus_token": TOKEN}
    return {"doors": ([door], doors), "brokers": ([center], brokers), "prometheus": ([center], prometheus)}


def run(book: str, inventory: Path, log: Path) -> None:
    """Run a playbook, which must work."""
    print(f"{book} … ", end="", flush=True)
    began_s = time.monotonic()
    failed, words = play(inventory, log, book)
    print(f"{time.monotonic() - began_s:.0f} s: {words.rpartition('PLAY RECAP')[2].strip(' *').strip()}", flush=True)
    if failed:
        sys.exit(f"should work; see {log}")


def look(broker: Broker, center: Host, door: Host) -> None:
    """Try what must work and what must be refused."""
    own, other, home = (*_SECRETS.items(), *_READER.items())
    state = json.loads(wait_for(lambda: try_to_hear(broker, home, _STATE)))
    expect("home hears door-1's state", state["state"], "watching")
    expect("door-1 writes below its name", try_to_say(broker, own, "maskwatch/door-1/event"), "Success")
    expect("door-1 writes below door-2's", try_to_say(broker, own, "maskwatch/door-2/event"), _REFUSED)
    expect("door-2 writes below door-1's", try_to_say(broker, other, _STATE), _REFUSED)
    expect("door-2 hears door-1's state", try_to_hear(broker, other, _STATE), b"")
    expect("door-1 with another's password", try_to_say(broker, (own[0], other[1]), _STATE), _REFUSED)
    expect("home writes a door's state", try_to_say(broker, home, _STATE), _REFUSED)
    expect("home mutes door-1", try_to_say(broker, home, "maskwatch/door-1/mute/set", b"ON"), "Success")
    muted = wait_for(lambda: door.ssh("maskwatch", "status", "--json").partition('"muted": true')[1])
    expect("door-1 is muted", muted, '"muted": true')
    for query in ('up{job="maskwatch"}', 'maskwatch_state{state="watching"}'):
        expect(f"Prometheus: {query}", wait_for(partial(ask_prometheus, center, query)), "1")


def wait_for(ask: Callable[[], T]) -> T:
    """Return the answer as soon as there is one. Raises TimeoutError."""
    until_s = time.monotonic() + _WAIT_S
    while time.monotonic() < until_s:
        if answer := ask():
            return answer
        time.sleep(2)
    raise TimeoutError(f"no answer within {_WAIT_S:.0f} s")


def ask_prometheus(center: Host, query: str) -> str:
    """Return the value of a series, "" where there is none or it is 0: it has not looked yet."""
    url = f"http://{center.address}:9090/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        results = json.load(answer)["data"]["result"]
    return str(results[0]["value"][1]).strip("0") if results else ""


def expect(what: str, seen: object, wanted: object) -> None:
    """Print what was seen; end the program where it is not as it should be."""
    print(f"{what}: {seen!r}", flush=True)
    if seen != wanted:
        sys.exit(f"should be {wanted!r}")


if __name__ == "__main__":
    main()
