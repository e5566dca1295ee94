"""A Coral that fails while the door is watched: every frame is decided, and everybody is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

pytest.importorskip("ai_edge_litert", reason="its schema draws the models of the stand-in stick")

from people import blank_frame  # noqa: E402
from scripted import RecordingOutput  # noqa: E402
from stick_bench import Bench  # noqa: E402

from edge import appliance  # noqa: E402
from edge.appliance import Appliance  # noqa: E402
from edge.commands.status import describe  # noqa: E402
from edge.errors import ConfigError  # noqa: E402
from edge.journal_file import EntryKind, read_entries  # noqa: E402
from edge.mute import Mute  # noqa: E402
from edge.panel import Panel  # noqa: E402
from edge.pipeline import keep_watch  # noqa: E402
from edge.recorder import Recorder, recording  # noqa: E402
from edge.records import Frame, StatusPattern  # noqa: E402
from edge.runtime import edgetpu  # noqa: E402
from edge.settings import Control, Gpio, Journal, Settings, Snapshots  # noqa: E402
from edge.status import gather_facts  # noqa: E402


class EmptyDoor:
    """A camera that never ends and shows nobody."""

    def __init__(self) -> None:
        self._numbers = count()

    def next_frame(self, timeout_s: float) -> Frame:
        number = next(self._numbers)
        return blank_frame(number, number / 10)

    def close(self) -> None:
        pass


class House:
    """An appliance with a stand-in stick, mock pins and an empty door; watching it shows `statuses`."""

    def __init__(self, bench: Bench, settings: Settings, recorder: Recorder) -> None:
        root, mute = bench.wanted[0][0].parents[1], Mute()
        self.panel, self.recorder = Panel(settings.gpio, mute), recorder
        self.appliance = Appliance(
            settings, root, self.panel, recorder, mute,
            open_camera=lambda camera: EmptyDoor(), find=lambda: bench.there,
        )  # fmt: skip

    def ask(self) -> str:
        """Return what `maskwatch status` says the models run on."""
        said = describe(self.recorder.answers()["status"]({}))
        return next(line for line in said.splitlines() if line.startswith("runs on:")).split(maxsplit=2)[2]

    def watch(self, enough: Callable[[], bool]) -> list[StatusPattern]:
        """Watch until that is so, one frame at least; return what the status lamp showed frame by frame."""
        output, turns = RecordingOutput(), count()
        decided = keep_watch(
            lambda: self.appliance.rig(False), [output, self.panel], lambda: next(turns) > 0 and enough()
        )
        assert decided == len(output.shown)
        return [each.status for each in output.shown]

    def close(self) -> None:
        self.appliance.close()
        self.panel.close()


@pytest.fixture
def house(bench: Bench, tmp_path: Path) -> Iterator[House]:
    settings = Settings(
        gpio=Gpio(driver="mock"),
        journal=Journal(path=str(tmp_path / "j.db")),
        control=Control(path=str(tmp_path / "c.sock")),
        snapshots=Snapshots(folder=str(tmp_path)),
    )
    facts = gather_facts(settings, bench.wanted[0][0].parents[1], None)
    with recording(settings, Mute(), facts) as recorder, closing(House(bench, settings, recorder)) as house:
        yield house


def test_a_stick_lost_and_found_is_told_by_lamp_status_log_and_journal(
    bench: Bench, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(edgetpu, "FIRST_PAUSE_S", 0.0)
    caplog.set_level("INFO", "edge.runtime")
    assert set(house.watch(lambda: house.ask() == "the Coral")) == {StatusPattern.WATCHING}
    bench.tell("error")
    house.watch(lambda: True)
    assert house.ask().startswith("the processor, as the Coral fails: it failed (the stand-in stick was told to fail")
    bench.tell("fine")
    shown = house.watch(lambda: house.ask() == "the Coral")
    assert set(shown) == {StatusPattern.TROUBLED}
    assert house.watch(lambda: True) == [StatusPattern.WATCHING]
    house.recorder.close_journal()
    told = [each.detail for each in read_entries(tmp_path / "j.db", 0.0, 1e12) if each.kind is EntryKind.FAULT]
    assert [each.split(" (")[0] for each in told] == [
        "models run on the cpu: it failed",
        "models run on the edgetpu: Coral usb:0",
    ]
    assert caplog.messages[-2:] == told


def test_a_change_to_a_stick_that_does_not_start_is_refused_before_systemd_ends_the_daemon(
    bench: Bench, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appliance, "CHANGE_LIMIT_S", 0.2)
    before = house.appliance.rig(False)
    bench.tell("slow")
    with pytest.raises(ConfigError, match="it has not started within 0.2 s"):
        house.appliance.change(replace(before.settings, accelerator="edgetpu"))
    after = house.appliance.rig(False)
    assert (after.looker, after.settings) == (before.looker, before.settings)
