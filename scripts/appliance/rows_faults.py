"""Rows about what breaks: camera, process, disk, model, pins, clock."""

from __future__ import annotations

import time
from typing import Final

from bench import SLOW_SETTINGS, Bench, log_since
from results import Outcome
from signals import LAMP, all_off, first_blind, first_fall, first_rise

_FREE: Final = "rm -f /var/lib/fill"
_FILL: Final = (
    "fallocate -l $(( $(df --output=avail -B1 /var/lib | tail -n 1) - 65536 )) /var/lib/fill; "
    "su ada -s /bin/sh -c 'head -c 100000000 /dev/zero >/tmp/rest' 2>/dev/null; true"
)
_VIVID: Final = "modprobe vivid && udevadm settle && sleep 1"
_REMOVABLE: Final = SLOW_SETTINGS.replace(
    "max_fps: 5", "source: v4l2\n  device: 8\n  width_px: 320\n  height_px: 180\n  max_fps: 2"
)


def _go_blind_and_back(bench: Bench, fault: str, says: str, limit_s: float) -> Outcome:
    """Let the camera fail by a scene; it is to be shown within `limit_s` and to be over when the scene is."""
    pid, limit_s = bench.property("MainPID"), limit_s + two_turns_s(bench)
    fault_s = bench.play(fault)
    blind_s = bench.wait("the status lamp blinks fast", lambda seen, _: first_blind(seen, fault_s), limit_s + 30.0)
    time.sleep(5.0)
    mended_s = bench.play("empty")
    steady_s = bench.wait_until_steady(mended_s, 300.0)
    bench.see(bench.property("MainPID") == pid, "the daemon was restarted")
    bench.see(blind_s - fault_s <= limit_s, f"shown only after {blind_s - fault_s:.1f} s, {limit_s:.0f} s are allowed")
    return Outcome(says, blind_s - fault_s, steady_s - mended_s)


def two_turns_s(bench: Bench) -> float:
    """Return the seconds that two pictures take: what an emulated processor is late by, and a Pi hardly is."""
    return 2.0 / max(0.05, float(bench.status()["fps"]))


def camera_silent(bench: Bench) -> Outcome:
    """The camera sends nothing any more."""
    return _go_blind_and_back(bench, "silent", "blind, the daemon goes on; back by itself", 3.0)


def camera_frozen(bench: Bench) -> Outcome:
    """The camera sends the same picture again and again."""
    return _go_blind_and_back(bench, "still", "seen as frozen; back by itself", 13.0)


def camera_removed(bench: Bench) -> Outcome:
    """The camera is unplugged, and comes back some time later."""
    bench.machine.run(_VIVID)
    begun_s = bench.write_config(_REMOVABLE)
    bench.wait_for("the other camera is open", "fuser -s /dev/video8 || ls -l /proc/*/fd | grep -q video8", 240.0)
    bench.wait_until_steady(begun_s + 3.0)
    pid, limit_s = bench.property("MainPID"), 3.0 + two_turns_s(bench)
    pulled_s = bench.act("v4l2-ctl -d /dev/video8 -c disconnect=1")
    blind_s = bench.wait("the status lamp blinks fast", lambda seen, _: first_blind(seen, pulled_s), 120.0)
    bench.wait_for("the camera is let go", "modprobe -r vivid", 240.0)
    time.sleep(5.0)
    back_s = bench.act(_VIVID)
    steady_s = bench.wait_until_steady(back_s, 120.0)
    bench.see(bench.property("MainPID") == pid, "the daemon was restarted")
    bench.see(blind_s - pulled_s <= limit_s, f"shown only after {blind_s - pulled_s:.1f} s")
    return Outcome("blind; opened again by itself when it is back", blind_s - pulled_s, steady_s - back_s)


def stopped(bench: Bench) -> Outcome:
    """The process hangs (SIGSTOP): the watchdog ends it, and the lamp does not stay on."""
    began_s = bench.play("bare")
    bench.wait("the lamp goes on", lambda seen, _: first_rise(seen, LAMP, began_s), 240.0)
    pid = bench.property("MainPID")
    fault_s = bench.act(f"kill -STOP {pid}")
    off_s = bench.wait("the lamp goes off", lambda seen, _: first_fall(seen, LAMP, fault_s), 300.0)
    bench.play("empty")
    steady_s = bench.wait_until_steady(off_s + 1.0)
    bench.see(bench.property("MainPID") != pid, "the same process runs")
    bench.see(bench.property("NRestarts") != "0", "systemd did not restart it")
    return Outcome("ended by the watchdog, outputs off in between, watches again", off_s - fault_s, steady_s - fault_s)


def killed(bench: Bench) -> Outcome:
    """SIGKILL while the lamp is on: systemd's hook itself drives the pin low.

    A line of gpio-sim that is let go takes the level of its pull. So the pull is set to up beforehand: without the hook
    the lamp would stay lit.
    """
    began_s = bench.play("bare")
    bench.wait("the lamp goes on", lambda seen, _: first_rise(seen, LAMP, began_s), 240.0)
    pull = f"/sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio{LAMP}/pull"
    fault_s = bench.act(f"echo pull-up >$(echo {pull}); kill -KILL {bench.property('MainPID')}")
    off_s = bench.wait("the lamp goes off", lambda seen, _: first_fall(seen, LAMP, fault_s), 240.0)
    bench.play("empty")
    steady_s = bench.wait_until_steady(off_s + 1.0)
    bench.machine.run(f"echo pull-down >$(echo {pull})")
    return Outcome("the stop hook drives the lamp's pin low, watches again", off_s - fault_s, steady_s - fault_s)


def disk_full(bench: Bench) -> Outcome:
    """The disk is full: the alarm goes on, the journal says so once, and writes again when there is room."""
    pid, full_s = bench.property("MainPID"), bench.act(_FILL)
    try:
        begun_s = bench.play("bare")
        lit_s = bench.wait("the lamp goes on", lambda seen, _: first_rise(seen, LAMP, begun_s), 300.0)
        bench.play("empty")
        asked = f"{log_since(full_s)} | grep -q 'journal: .* cannot be written'"  # status says it only while it is so
        bench.wait_for("the log says that the journal fails", asked, 150.0)
        complaints = bench.said(full_s).count("journal:")
    finally:
        freed_s = bench.act(f"{_FREE} /tmp/rest")
    bench.wait_for("the journal is written again", 'maskwatch status --json | grep -q \'"state": "writing"\'', 180.0)
    again_s = bench.now_s()
    bench.see(bench.property("MainPID") == pid, "the daemon was restarted")
    says = f"the alarm goes on ({lit_s - begun_s:.0f} s to the lamp), {complaints} line in the log; written again after"
    return Outcome(says, None, again_s - freed_s)


def model_truncated(bench: Bench) -> Outcome:
    """A model file is cut short: it refuses to start with exit code 4, dark, and says which file."""
    model = "/opt/maskwatch/current/models/face_detector.tflite"
    fault_s = bench.act(
        f"cp {model} /root/whole && truncate -s -1000 {model} && systemctl restart --no-block maskwatch"
    )
    refused = "[ $(systemctl show --value -p ExecMainStatus maskwatch) = 4 ]"
    bench.wait_for("exit code 4", refused, 120.0)
    now_s = bench.now_s()
    bench.wait("all pins are low", lambda seen, at_s: at_s if all_off(seen, at_s) else None, 120.0)
    bench.see("face_detector.tflite" in bench.said(fault_s), "the log does not name the file")
    mended_s = bench.act(f"cp /root/whole {model}")
    steady_s = bench.wait_until_steady(mended_s)
    return Outcome(
        "exit code 4, names the file, all lamps off; starts when it is whole", now_s - fault_s, steady_s - mended_s
    )


def pin_busy(bench: Bench) -> Outcome:
    """Another program has a pin: exit code 3 names the pin."""
    hold = "import lgpio,time; h=lgpio.gpiochip_open(0); lgpio.gpio_claim_output(h,17,0); time.sleep(600)"
    bench.machine.run("systemctl stop maskwatch", 240.0)
    fault_s = bench.act(f"cd /tmp && systemd-run --quiet --unit=busy python3 -c '{hold}' && sleep 3")
    bench.machine.run("systemctl start --no-block maskwatch")
    bench.wait_for("exit code 3", "[ $(systemctl show --value -p ExecMainStatus maskwatch) = 3 ]", 120.0)
    now_s = bench.now_s()
    bench.see("lamp_pin" in bench.said(fault_s), "the log does not name the pin")
    mended_s = bench.act("systemctl stop busy")
    steady_s = bench.wait_until_steady(mended_s)
    return Outcome("exit code 3 names the pin; starts when it is free", now_s - fault_s, steady_s - mended_s)


def clock_jump(bench: Bench) -> Outcome:
    """The wall clock jumps by a day, both ways, while somebody without a mask is there."""
    pid, begun_s = bench.property("MainPID"), bench.play("bare")
    bench.wait("the lamp goes on", lambda seen, _: first_rise(seen, LAMP, begun_s), 240.0)
    jumped_s = bench.act("date -s '+1 day' >/dev/null")
    time.sleep(10.0)
    blind = first_blind(bench.changes(), jumped_s)
    bench.machine.run("date -s '-1 day'")
    left_s = bench.play("empty")
    off_s = bench.wait("the lamp goes off", lambda seen, _: first_fall(seen, LAMP, left_s), 240.0)
    bench.see(blind is None and bench.property("MainPID") == pid, "the jump was taken for a fault")
    return Outcome(
        "nothing notices: no fault, no restart, the lamp goes off when the door is empty", None, off_s - left_s
    )
