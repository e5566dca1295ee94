"""Rows about changing from one release to another."""

from __future__ import annotations

import random
import threading
import time

from bench import WHEELS, Bench
from results import Outcome


def upgrade(bench: Bench) -> Outcome:
    """A newer release is built beside the old one, and the alarm is out for a restart only."""
    started_s = time.monotonic()
    bench.setup(f"upgrade --offline {WHEELS}", "newer")
    took_s = time.monotonic() - started_s
    release = bench.release()
    bench.see(release == "releases/9.0.0", f"{release} runs")
    bench.wait_until_steady(0.0)
    return Outcome(f"runs the new release after {took_s:.0f} s", None, _was_out(bench))


def _was_out(bench: Bench) -> float:
    """Return for how many seconds the service was out at its last restart: from the old one's end to ready."""
    log = bench.machine.run("journalctl -u maskwatch -o short-unix --no-pager -n 400")
    times = {
        word: float(line.split()[0]) for line in log.splitlines() for word in ("Stopping", "Started") if word in line
    }
    return times["Started"] - times["Stopping"]


def rollback(bench: Bench) -> Outcome:
    """One command goes back to the release before."""
    before = bench.machine.run("readlink /opt/maskwatch/previous").strip()
    started_s = time.monotonic()
    bench.setup("rollback")
    took_s = time.monotonic() - started_s
    bench.see(bench.release() == before, "another release runs")
    bench.wait_until_steady(0.0)
    return Outcome(f"the earlier release runs after {took_s:.0f} s", None, _was_out(bench))


def broken_upgrade(bench: Bench) -> Outcome:
    """A release that does not become ready is left again by itself."""
    before = bench.release()
    bench.bring("broken")
    started_s = time.monotonic()
    said = bench.machine.ask(
        f"cd broken && sudo MASKWATCH_READY_S=60 ./setup.sh upgrade --offline {WHEELS} 2>&1", 1800.0, "ada"
    )
    took_s = time.monotonic() - started_s
    bench.see(said.code == 2, f"setup.sh ended with {said.code}: {said.text[-300:]}")
    bench.see(bench.release() == before, "the broken release is in force")
    bench.wait_until_steady(0.0)
    return Outcome(f"goes back by itself, the old release runs after {took_s:.0f} s (60 of them waiting)")


def killed_upgrade(bench: Bench) -> Outcome:
    """Everything dies while an upgrade builds the new release; the same command again completes it."""
    before = bench.release()
    bench.machine.run("rm -rf /opt/maskwatch/releases/9.0.0")
    pause_s = random.uniform(0.0, 2.0)  # the build takes three seconds and more
    command = f"cd newer && sudo ./setup.sh upgrade --offline {WHEELS}"
    upgrading = threading.Thread(target=bench.machine.ask, args=(command, 1800.0, "ada"), daemon=True)
    upgrading.start()
    bench.wait_for("the new release is being built", "test -d /opt/maskwatch/releases/9.0.0.part")
    time.sleep(pause_s)
    bench.machine.cut()
    upgrading.join()
    booted_s = bench.machine.start()
    bench.see(bench.release() == before, "the upgrade was done before it was killed")
    bench.wait_until_steady(0.0)
    bench.setup(f"upgrade --offline {WHEELS}", "newer")
    release = bench.release()
    bench.see(release == "releases/9.0.0", f"{release} runs")
    bench.wait_until_steady(0.0)
    says = "the old release runs after the boot, the same command completes the upgrade"
    return Outcome(f"killed {pause_s:.1f} s into the build: {says}", None, booted_s)


def uninstall(bench: Bench) -> Outcome:
    """Uninstalling leaves settings and journal; with --purge nothing."""
    bench.setup("uninstall")
    left = bench.machine.run("ls -d /opt/maskwatch /etc/maskwatch /var/lib/maskwatch 2>/dev/null || true").split()
    bench.see(left == ["/etc/maskwatch", "/var/lib/maskwatch"], f"left are {left}")
    bench.setup("uninstall --purge")
    left = bench.machine.run("ls -d /opt/maskwatch /etc/maskwatch /var/lib/maskwatch 2>/dev/null || true").split()
    bench.see(not left, f"after --purge there are still {left}")
    bench.see(bench.machine.ask("getent passwd maskwatch").code != 0, "the user is still there")
    return Outcome("settings and journal stay; with --purge nothing does")
