"""Rows about the alarm and about settings that are edited while it runs."""

from __future__ import annotations

import time
from typing import Final

from bench import EDITORS, SLOW_SETTINGS, Bench, log_since, require_ready
from results import Outcome
from signals import BUZZER, LAMP, first_blind, first_fall, first_rise

VISIT_S: Final = 180.0
"""How long somebody is waited for, over and over the same visit."""

_CALM_S: Final = 60.0
"""How long somebody with a mask is watched: several visits."""

_BROKEN: Final = "alarm:\n  hold_s: 99\n"


def unmasked(bench: Bench) -> Outcome:
    """Somebody without a mask lights the lamp and sounds the buzzer; gone, both go off."""
    begun_s = bench.play("bare")
    lit_s = bench.wait("the lamp goes on", lambda seen, _: first_rise(seen, LAMP, begun_s), VISIT_S)
    bench.wait("the buzzer sounds", lambda seen, _: first_rise(seen, BUZZER, begun_s), 120.0)
    left_s = bench.play("empty")
    off_s = bench.wait("the lamp goes off", lambda seen, _: first_fall(seen, LAMP, left_s), VISIT_S)
    return Outcome("lamp and buzzer go on, and off when the door is empty", lit_s - begun_s, off_s - left_s)


def masked(bench: Bench) -> Outcome:
    """Somebody with a mask does not."""
    begun_s = bench.play("masked")
    looked_at = bench.status()["frames"]
    time.sleep(_CALM_S)
    frames = bench.status()["frames"] - looked_at
    lit_s = first_rise(bench.changes(), LAMP, begun_s)
    bench.see(lit_s is None, "the lamp went on for somebody with a mask")
    bench.see(frames > 5, f"only {frames} pictures were looked at")
    return Outcome(f"the lamp stays dark over {_CALM_S:.0f} s and {frames} pictures")


def edit_valid(bench: Bench) -> Outcome:
    """Each way of saving comes into force, without a restart and without opening the camera anew."""
    pid, begun_s, waits = bench.property("MainPID"), bench.now_s(), list[float]()
    for seconds, (name, command) in enumerate(EDITORS.items(), start=2):
        saved_s = time.monotonic()
        bench.require_administrator(command.format(seconds))
        count = f"{log_since(begun_s)} | grep -c 'applied, changed: alarm'"
        bench.wait_for(f"saved {name}: in force", f"[ $({count}) -gt {len(waits)} ]", 120.0)
        waits.append(time.monotonic() - saved_s)
    bench.see(bench.property("MainPID") == pid, "an edit restarted the daemon")
    bench.see("frames a second" not in bench.said(begun_s), "an edit of the alarm opened the camera anew")
    return Outcome(f"saved {', '.join(EDITORS)}: in force, nothing restarted", max(waits))


def edit_camera(bench: Bench) -> Outcome:
    """An edit of the camera opens the camera anew, and nothing else."""
    pid = bench.property("MainPID")
    saved_s = bench.write_config(SLOW_SETTINGS.replace("max_fps: 5", "max_fps: 5\n  mirror: true"))
    begun_s = time.monotonic()
    bench.wait_for("the camera is opened anew", f"{log_since(saved_s)} | grep -q 'frames a second'", 60.0)
    took_s = time.monotonic() - begun_s
    steady_s = bench.wait_until_steady(saved_s)
    bench.see(bench.property("MainPID") == pid, "an edit of the camera restarted the daemon")
    return Outcome("the camera is opened anew, the daemon goes on", took_s, max(0.0, steady_s - saved_s))


def edit_broken(bench: Bench) -> Outcome:
    """A broken edit is shown and named; the last good settings stay in force, over a restart too."""
    saved_s = bench.write_config(SLOW_SETTINGS + _BROKEN)
    blind_s = bench.wait("the status lamp blinks fast", lambda seen, _: first_blind(seen, saved_s), 120.0)
    bench.see("config.yaml" in (bench.status()["config_fault"] or ""), "status does not name the file")
    bench.machine.run("systemctl restart maskwatch", 180.0)
    restarted_s = bench.now_s()
    bench.wait("it blinks after a restart", lambda seen, _: first_blind(seen, restarted_s), 400.0)
    begun_s = bench.play("bare")
    bench.wait("the alarm still works", lambda seen, _: first_rise(seen, LAMP, begun_s), VISIT_S)
    bench.play("empty")
    mended_s = bench.write_config(SLOW_SETTINGS)
    steady_s = bench.wait_until_steady(mended_s)
    says = "shown and named; the last good settings stay, over a restart too, and the alarm works"
    return Outcome(says, blind_s - saved_s, steady_s - mended_s)


def empty_config(bench: Bench) -> Outcome:
    """A file that a full disk or a power cut has emptied is a broken one."""
    saved_s = bench.write_config("")
    blind_s = bench.wait("the status lamp blinks fast", lambda seen, _: first_blind(seen, saved_s), 120.0)
    bench.see("is empty" in (bench.status()["config_fault"] or ""), "status does not say that the file is empty")
    mended_s = bench.now_s()
    require_ready(bench)
    steady_s = bench.wait_until_steady(mended_s)
    return Outcome("shown and named; the last good settings stay", blind_s - saved_s, steady_s - mended_s)
