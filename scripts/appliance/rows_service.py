"""Rows about the service that need neither pins nor a camera: what systemd and the daemon do when something breaks."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench import CONFIG, EDITORS, Bench, RowError, log_since
from results import Outcome

_STATE = "/var/lib/maskwatch"


def wait_until(what: str, holds: Callable[[], bool], timeout_s: float = 60.0) -> float:
    """Return the seconds until something holds; RowError with `what` when it does not in time."""
    begun_s = time.monotonic()
    while not holds():
        if time.monotonic() - begun_s > timeout_s:
            raise RowError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - begun_s


def stopped(bench: Bench) -> Outcome:
    """The process hangs: the watchdog ends it, and another one takes its place."""
    begun_s, pid = bench.machine.now_s(), bench.property("MainPID")
    bench.machine.run(f"kill -STOP {pid}")
    dead_s = wait_until("the watchdog ends it", lambda: bench.property("MainPID") != pid, 60.0)
    up_s = dead_s + wait_until("it is ready again", lambda: _is_ready(bench), 60.0)
    bench.see("Watchdog timeout" in bench.said(begun_s), "systemd does not say that it was the watchdog")
    return Outcome("ended by the watchdog, another process is ready", dead_s, up_s)


def killed(bench: Bench) -> Outcome:
    """SIGKILL: the hook that switches the outputs off runs, and another process takes its place."""
    begun_s, pid = bench.machine.now_s(), bench.property("MainPID")
    bench.machine.run(f"kill -KILL {pid}")
    up_s = wait_until("it is ready again", lambda: bench.property("MainPID") not in (pid, "0") and _is_ready(bench))
    starts = bench.said(begun_s).count("gpio.driver is mock")
    bench.see(starts == 2, f"the pins were taken {starts} times: by the hook and by the new process makes 2")
    bench.see("code=killed, status=9/KILL" in bench.said(begun_s), "systemd does not say that it was killed")
    return Outcome("the stop hook takes the pins, then another process is ready", None, up_s)


def _is_ready(bench: Bench) -> bool:
    return bench.property("ActiveState") == "active" and bench.machine.ask("maskwatch status").code == 0


def edit_valid(bench: Bench) -> Outcome:
    """Each way of saving comes into force without a restart."""
    pid, begun_s, waits = bench.property("MainPID"), bench.machine.now_s(), list[float]()
    bench.require_administrator(f"printf 'alarm:\\n  hold_s: 1\\n' >>{CONFIG}")
    wait_until("appended: in force", lambda: _count_applied(bench, begun_s) > 0)
    for seconds, (name, command) in enumerate(EDITORS.items(), start=2):
        bench.require_administrator(command.format(seconds))
        waits.append(wait_until(f"saved {name}: in force", lambda: _count_applied(bench, begun_s) > len(waits) + 1))
    bench.see(bench.property("MainPID") == pid, "an edit restarted the daemon")
    return Outcome(f"saved {', '.join(EDITORS)}: in force, nothing restarted", max(waits))


def _count_applied(bench: Bench, begun_s: float) -> int:
    return bench.said(begun_s).count("applied, changed: alarm")


def edit_broken(bench: Bench) -> Outcome:
    """A broken edit is named with its line, and the last good settings stay in force, over a restart too."""
    good = bench.machine.run(f"cat {CONFIG}")
    bench.require_administrator(f"sed -i 's/hold_s: .*/hold_s: 99/' {CONFIG}")
    seen_s = wait_until("status tells of it", lambda: "alarm.hold_s" in (bench.status()["config_fault"] or ""))
    fault = bench.status()["config_fault"]
    bench.machine.run("systemctl restart maskwatch")
    wait_until("ready after a restart", lambda: _is_ready(bench))
    bench.see(bench.status()["config_fault"] == fault, "after a restart status says something else")
    bench.write_config(good)
    mended_s = wait_until("fine when it is mended", lambda: not bench.status()["config_fault"])
    return Outcome(f"status: `{fault.splitlines()[0]}`; runs on, over a restart too", seen_s, mended_s)


def never_good(bench: Bench) -> Outcome:
    """A broken file with no last good copy beside it: exit code 2; it starts by itself when it is mended."""
    good = bench.machine.run(f"cat {CONFIG}")
    bench.machine.run(f"systemctl stop maskwatch; rm {_STATE}/last-good.yaml; echo 'alarm: 7' >{CONFIG}")
    bench.machine.run("systemctl start --no-block maskwatch")
    seen_s = wait_until("exit code 2", lambda: bench.property("ExecMainStatus") == "2")
    bench.write_config(good)
    mended_s = wait_until("ready when it is mended", lambda: _is_ready(bench))
    return Outcome("exit code 2; starts by itself when the file is mended", seen_s, mended_s)


def disk_full(bench: Bench) -> Outcome:
    """The disk is full: it runs on, the journal says so once, and writes again when there is room."""
    machine = bench.machine
    machine.run(f"systemctl stop maskwatch; mount -t tmpfs -o size=2m,mode=750 none {_STATE}")
    machine.run(f"chown maskwatch:maskwatch {_STATE}; systemctl start maskwatch")
    wait_until("ready", lambda: _is_ready(bench))
    begun_s, pid = machine.now_s(), bench.property("MainPID")
    try:
        machine.run(f"head -c 4000000 /dev/zero >{_STATE}/fill; maskwatch mute 1; true")  # an event to be written
        seen_s = wait_until("status: the journal fails", lambda: bench.status()["journal"]["state"] == "failing", 180.0)
        machine.run(f"rm {_STATE}/fill; maskwatch unmute")
        back_s = wait_until("it is written again", lambda: bench.status()["journal"]["state"] == "writing", 180.0)
        lines = [line for line in bench.said(begun_s).splitlines() if "journal" in line]
        bench.see(bench.property("MainPID") == pid, "the daemon was restarted")
    finally:
        machine.run(f"systemctl stop maskwatch; umount {_STATE}; systemctl start maskwatch")
    return Outcome(f"runs on; {len(lines)} lines in the log, written again when there is room", seen_s, back_s)


def model_truncated(bench: Bench) -> Outcome:
    """A model file is cut short: exit code 4 and the file's name; it starts by itself when the file is whole."""
    model = "/opt/maskwatch/current/models/face_detector.tflite"
    begun_s = bench.machine.now_s()
    bench.machine.run(f"cp {model} /root/whole && truncate -s -1000 {model} && systemctl restart --no-block maskwatch")
    seen_s = wait_until("exit code 4", lambda: bench.property("ExecMainStatus") == "4")
    bench.see("face_detector.tflite" in bench.machine.run(log_since(begun_s)), "the log does not name the file")
    bench.machine.run(f"cp /root/whole {model}")
    mended_s = wait_until("ready when it is whole", lambda: _is_ready(bench))
    return Outcome("exit code 4, names the file; starts by itself when it is whole", seen_s, mended_s)


def no_camera(bench: Bench) -> Outcome:
    """No camera from the start: ready, blind, and alive for systemd."""
    bench.machine.run("systemctl restart maskwatch")
    wait_until("ready", lambda: _is_ready(bench))
    pid = bench.property("MainPID")
    time.sleep(20.0)  # longer than the watchdog's patience
    status = bench.status()
    bench.see(bench.property("MainPID") == pid, "it was restarted")
    bench.see(status["state"] == "blind", f"its state is {status['state']}")
    return Outcome("ready and blind, not restarted: the watchdog is fed")
