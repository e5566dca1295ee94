"""Rows about installing, and about what the installed service may do."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from bench import CONFIG, WHEELS, Bench, RowError
from results import Outcome

_ABSENT: Final = frozenset({"clock"})
"""Checks of the doctor that a virtual machine without a network cannot pass."""

_SERVICE: Final = "/etc/systemd/system/maskwatch.service"


def install(bench: Bench) -> Outcome:
    """One command on a fresh system, without a network."""
    bench.bring("checkout")
    begun_s = time.monotonic()
    bench.setup(f"install --offline {WHEELS}")
    took_s = time.monotonic() - begun_s
    bench.see(bench.property("ActiveState") == "active", "the service is not active after the install")
    bench.see(bench.property("UnitFileState") == "enabled", "the service is not enabled after the install")
    bench.wait_until_steady(0.0)
    return Outcome(f"one command, {took_s:.0f} s; {bench.release()} runs")


def doctor(bench: Bench) -> Outcome:
    """The doctor has nothing to object to but what a virtual machine cannot have."""
    said = bench.machine.ask("maskwatch doctor --json", 600.0).text
    findings = read_findings(said)
    bad = {name: each for name, each in findings.items() if each["state"] not in ("ok", "skipped")}
    unexpected = {name: each["says"] for name, each in bad.items() if name not in _ABSENT}
    bench.see(bool(findings) and not unexpected, f"the doctor objects: {unexpected}")
    passed = sum(each["state"] == "ok" for each in findings.values())
    skipped = [name for name, each in findings.items() if each["state"] == "skipped"]
    other = f"; left: {', '.join(bad)}" if bad else ""
    return Outcome(f"{passed} of {len(findings)} checks are fine, skipped: {', '.join(skipped)}{other}")


def read_findings(said: str) -> dict[str, Mapping[str, Any]]:
    """Return what `maskwatch doctor --json` says, by the name of the check."""
    line = next((line for line in said.splitlines() if line.startswith("[")), "[]")
    return {finding["name"]: finding for finding in json.loads(line)}


def exposure(bench: Bench) -> Outcome:
    """Read systemd's own marks for the unit, without and with the network."""
    alone = _exposure(bench)
    bench.setup("network on")
    with_network = _exposure(bench)
    bench.setup("network off")
    verified = bench.machine.ask(f"systemd-analyze verify --man=no {_SERVICE}")
    bench.see(verified.code == 0 and not verified.text.strip(), f"systemd-analyze verify says: {verified.text}")
    bench.see(alone <= 1.5 and with_network <= 2.0, f"exposure {alone}, with the network {with_network}")
    return Outcome(f"exposure {alone}, with the network {with_network}; verify says nothing")


def _exposure(bench: Bench) -> float:
    said = bench.machine.run("systemd-analyze security --no-pager maskwatch.service | tail -n 1")
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    if found is None:
        raise RowError(f"systemd-analyze security says: {said}")
    return float(found[1])


def listening(bench: Bench) -> Outcome:
    """Nothing of Maskwatch listens on the network."""
    sockets = bench.machine.run("ss -H -tulpn")
    names = sorted(set(re.findall(r'\(\("([^"]+)"', sockets)))
    bench.see("maskwatch" not in sockets and "python" not in sockets, f"something listens:\n{sockets}")
    return Outcome(f"nothing of Maskwatch listens (the system itself: {', '.join(names)})")


def second_install(bench: Bench) -> Outcome:
    """The same command again changes nothing and restarts nothing."""
    before, settings = bench.property("MainPID"), bench.machine.run(f"cat {CONFIG}")
    begun_s = time.monotonic()
    bench.setup(f"install --offline {WHEELS}")
    took_s = time.monotonic() - begun_s
    bench.see(bench.property("MainPID") == before, "the second install restarted the service")
    bench.see(bench.machine.run(f"cat {CONFIG}") == settings, "the second install changed the settings")
    return Outcome(f"nothing is restarted, the settings are kept; {took_s:.0f} s")


def boot(bench: Bench) -> Outcome:
    """After a shutdown and a start it watches by itself."""
    bench.machine.stop()
    bench.machine.start()
    steady_s = bench.wait_until_steady(0.0)
    network = bench.property("After")
    bench.see("network" not in network, "the unit waits for a network")
    return Outcome("watches by itself, without a network", recover_s=steady_s)
