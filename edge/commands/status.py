"""maskwatch status: what the running daemon says about itself."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from edge.commands import count_of, find_config_of
from edge.control import Answer, ask
from edge.errors import ConfigError, NotRunningError
from edge.last_good import LastGood, load_in_force
from edge.settings import Settings

STATES = {
    "starting": "starting",
    "watching": "watching the door",
    "blind": "blind: the camera gives no picture",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("--json", action="store_true", help="print it as one JSON line")


def run(options: argparse.Namespace) -> int:
    """Ask the daemon and print what it says; HardwareError (exit code 3) when it does not run or is not reached."""
    said = ask_daemon(find_config_of(options), {"command": "status"})
    print(json.dumps(said) if options.json else describe(said))
    return 0


def ask_daemon(config: Path | None, request: Mapping[str, Any]) -> Answer:
    """Return the daemon's answer, wherever it listens. Raises HardwareError as `ask` does, of where the file says."""
    path, *others = find_sockets(config)
    try:
        return ask(path, request)
    except NotRunningError:
        for other in others:
            with suppress(NotRunningError):
                return ask(other, request)
        raise


def find_sockets(config: Path | None) -> list[Path]:
    """Return where the daemon may answer: where the file says, then where the last good settings say.

    It runs on by those with a config.yaml that is broken or asks for what does not work, and then tells what is wrong.
    """
    if config is None:
        return [Path(Settings().control.path)]
    last_good = LastGood(config)
    paths = [_find_socket(config, last_good)]
    with suppress(ConfigError):  # never kept: nothing else was in force
        paths.append(Path(last_good.load().control.path))
    return list(dict.fromkeys(paths))


def _find_socket(config: Path, last_good: LastGood) -> Path:
    try:
        return Path(load_in_force(config, last_good).control.path)
    except ConfigError as exc:
        print(f"maskwatch: {exc}", file=sys.stderr)
        return Path(Settings().control.path)


def describe(said: Mapping[str, Any]) -> str:
    """Return what the daemon said as lines for people; times are local."""
    since = f"{to_local(said['since'])} ({to_span(said['state_s'])})"
    lines = {
        "state": f"{STATES.get(said['state'], said['state'])}, since {since}",
        **({"camera": said["camera_fault"]} if said["camera_fault"] else {}),
        **({"config": _describe_config(said)} if said["config_fault"] else {}),
        **({"pins": "mock, nothing is switched"} if said.get("gpio_driver") == "mock" else {}),
        "alarm": said["alarm"],
        "muted": f"until {to_local(said['muted_until'])} ({to_span(said['muted_s'])} left)" if said["muted"] else "no",
        "at the door": f"{count_of(said['people'], 'person', 'people')} now",
        "frames": _describe_frames(said),
        "clock": "set" if said["clock_set"] else "not set: times may be wrong, schedule and quiet hours do not count",
        "journal": _describe_journal(said["journal"]),
        **{name: _describe_model(model) for name, model in said["models"].items()},
        "runs on": _describe_acceleration(said),
        **_describe_board(said),
        "config": _describe_config(said),  # keeps its place where it is named already
        "version": f"maskwatch {said['version']}, process {said['pid']}",
    }
    return "\n".join(f"{name + ':':13}{text}" for name, text in lines.items())


def to_local(text: str) -> str:
    """Return a UTC time such as `2026-11-20T08:15:00Z` as local date and time."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"


def to_span(seconds: float) -> str:
    """Return seconds as `42 s`, `12 min`, `3 h 5 min` or `2 d 4 h`."""
    span = timedelta(seconds=round(seconds))
    hours, minutes = span.seconds // 3600, span.seconds % 3600 // 60
    if span.days:
        return f"{span.days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{span.seconds} s"


def _describe_frames(said: Mapping[str, Any]) -> str:
    if said["frame_age_s"] is None:
        return "none yet"
    return f"{said['fps']:.1f} a second, the last one {said['frame_age_s']:.1f} s ago, {said['frames']:,} in all"


def _describe_board(said: Mapping[str, Any]) -> dict[str, str]:
    lines = {}
    if said["temperature_c"] is not None:
        slowed = f", slowed to {said['slowed_to_fps']:g} frames a second" if said["slowed_to_fps"] else ""
        lines["temperature"] = f"{said['temperature_c']:.0f} °C{slowed}"
    if said["low_voltage"]:
        lines["power"] = "the supply voltage is too low"
    return lines


def _describe_acceleration(said: Mapping[str, Any]) -> str:
    chip = {"cpu": "the processor", "edgetpu": "the Coral"}[said["runs_on"]]
    return f"{chip}, as the Coral fails: {said['accelerator_fault']}" if said["accelerator_fault"] else chip


def _describe_config(said: Mapping[str, Any]) -> str:
    if said["config_fault"]:
        return f"broken, the last good settings are in force\n{said['config_fault']}"
    return said["config"] or "none, the defaults are in force"


def _describe_journal(journal: Mapping[str, Any]) -> str:
    if journal["state"] == "off":
        return "off"
    words = {"writing": "fine", "failing": f"cannot be written ({journal['reason']})"}
    return f"{words.get(journal['state'], journal['state'])}, {journal['path']}"


def _describe_model(model: Mapping[str, Any]) -> str:
    return f"{model['file']}, {model['error'] if 'error' in model else 'sha256 ' + model['sha256'][:12]}"
