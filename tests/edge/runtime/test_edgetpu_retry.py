from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("ai_edge_litert", reason="its schema draws the models of the stand-in stick")

from stick_bench import FACE, Bench, ask_until  # noqa: E402

from edge.runtime import edgetpu  # noqa: E402
from edge.runtime.edgetpu import Acceleration, Coral, OpenModels  # noqa: E402
from edge.runtime.edgetpu_stick import Plan  # noqa: E402


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


def open_coral(bench: Bench, clock: Clock, **changes: str) -> Coral:
    """Return a Coral at this time of day, with the models of the bench."""
    plan = Plan(bench.stick_models(), **changes)
    coral = Coral(plan, report=bench.said.append, find=lambda: bench.there, clock=clock)
    bench.opened.append(OpenModels((), coral))
    return coral


def test_a_lost_stick_is_tried_again_while_the_cpu_goes_on(bench: Bench) -> None:
    clock = Clock()
    coral = open_coral(bench, clock)
    ask_until(coral, lambda: bool(bench.said))
    bench.tell("error")
    assert coral.ask(1, FACE) is None
    bench.tell("fine")
    clock.now_s += edgetpu.FIRST_PAUSE_S - 0.1
    assert coral.ask(1, FACE) is None
    assert coral._stick is None
    clock.now_s += 0.2
    began_s = time.monotonic()
    assert coral.ask(1, FACE) is None
    assert time.monotonic() - began_s < 0.5
    ask_until(coral, lambda: bench.said[-1].on == "edgetpu")
    answer = coral.ask(1, FACE)
    assert answer is not None
    assert answer[0].shape == (1, 4)


def test_a_stick_that_is_plugged_in_later_is_found(bench: Bench) -> None:
    clock = Clock()
    coral = open_coral(bench, clock)
    bench.there = ()
    coral.start()
    bench.there = ("usb:0",)
    assert coral.ask(1, FACE) is None
    assert coral._stick is None
    clock.now_s += edgetpu.ABSENT_PAUSE_S
    ask_until(coral, lambda: bench.said[-1].on == "edgetpu")
    assert [each.on for each in bench.said] == ["cpu", "edgetpu"]


def test_a_stick_that_hangs_while_it_starts_is_given_up(bench: Bench) -> None:
    clock = Clock()
    coral = open_coral(bench, clock)
    bench.tell("slow")
    assert coral.ask(1, FACE) is None
    assert coral._stick is not None
    clock.now_s += edgetpu.START_LIMIT_S + 0.1
    assert coral.ask(1, FACE) is None
    assert bench.said == [Acceleration("cpu", "it has not started within 60 s", fault=True)]


def test_pauses_grow_while_the_stick_fails_at_once_and_begin_anew_after_it_worked(bench: Bench) -> None:
    clock = Clock()
    coral = open_coral(bench, clock)
    pauses_s = []
    for worked_s in (0.0, 0.0, edgetpu.PROVEN_S):
        bench.tell("fine")
        ask_until(coral, lambda: coral._ready)
        clock.now_s += worked_s
        bench.tell("error")
        assert coral.ask(1, FACE) is None
        pauses_s.append(coral._retry_s - clock.now_s)
        clock.now_s = coral._retry_s
    assert pauses_s == [10, 20, 10]


def test_a_second_process_is_kept_off_the_stick(bench: Bench, tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    coral = open_coral(bench, Clock(), lock=str(tmp_path))
    ask_until(coral, lambda: bool(bench.said))
    assert "another Maskwatch uses it" in bench.said[0].reason
    os.close(held)
