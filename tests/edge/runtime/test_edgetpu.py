from __future__ import annotations

import gc
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="its schema draws the models of the stand-in stick")

from graph_sketch import Sketch, copy_contract  # noqa: E402
from stand_in_stick import write_twin  # noqa: E402
from stick_bench import FACE, LEVEL, Bench, ask_until, is_from_stick  # noqa: E402

from edge.commands import ROOT  # noqa: E402
from edge.errors import HardwareError, ModelError  # noqa: E402
from edge.looker import open_looker  # noqa: E402
from edge.manifest import Tensor  # noqa: E402
from edge.runtime.edgetpu import Acceleration, log_acceleration  # noqa: E402
from edge.runtime.edgetpu_stick import Plan, Stick, StickModel  # noqa: E402
from edge.settings import Settings  # noqa: E402


def test_both_models_run_on_the_stick_and_give_real_values(bench: Bench) -> None:
    models = bench.open()
    assert is_from_stick(bench.scores(models))
    detector = models.models[0]
    width, height = detector.manifest.input_size
    outputs = detector.invoke(np.full((height, width, 3), LEVEL, np.uint8))
    first = LEVEL - 128  # its input is int8, and the stand-in gives the first byte back
    for tensor in detector.manifest.outputs:
        assert outputs[tensor.name].shape == tensor.shape[1:]
        assert outputs[tensor.name].dtype == np.float32
        np.testing.assert_allclose(outputs[tensor.name], (first - tensor.zero_point) * tensor.scale, rtol=1e-5)
    assert bench.said == [Acceleration("edgetpu", "Coral usb:0")]


def test_the_door_is_watched_while_the_stick_starts(bench: Bench) -> None:
    bench.tell("slow")
    began_s = time.monotonic()
    models = bench.begin()
    assert not is_from_stick(bench.scores(models))
    assert time.monotonic() - began_s < 2
    assert bench.said == []
    bench.there = ()
    bench.tell("fine")
    assert models.coral is not None
    ask_until(models.coral, lambda: bool(bench.said))
    assert is_from_stick(bench.scores(models))


def test_on_the_cpu_no_stick_is_touched(bench: Bench) -> None:
    models = bench.open("cpu")
    assert not is_from_stick(bench.scores(models))
    assert bench.said == [Acceleration("cpu", "accelerator is cpu")]
    assert models.coral is None


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("absent", "libedgetpu is there and gets no Coral"),
        ("error", "the stand-in stick was told to fail"),
        (
            "vanish",
            "its process ended by signal 6 (F driver/usb/usb_driver.cc:857] transfer on tag 0 failed. Abort.); ",
        ),
    ],
)
def test_a_start_without_a_working_stick_falls_back_to_the_cpu(bench: Bench, word: str, reason: str) -> None:
    bench.tell(word)
    models = bench.open()
    assert not is_from_stick(bench.scores(models))
    (said,) = bench.said
    assert (said.on, said.fault) == ("cpu", True)
    assert reason in said.reason
    with pytest.raises(HardwareError, match="Coral: .*; accelerator: auto goes on without it"):
        bench.begin("edgetpu")


def test_without_a_stick_the_cpu_is_no_fault_and_a_must_is_an_error(bench: Bench) -> None:
    bench.there = ()
    assert not is_from_stick(bench.scores(bench.open()))
    assert bench.said == [Acceleration("cpu", "no Coral is plugged in")]
    with pytest.raises(HardwareError, match="Coral: no Coral is plugged in"):
        bench.begin("edgetpu")


def test_without_the_library_it_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    bench.open()
    assert "libedgetpu cannot be loaded (libedgetpu.so.1: cannot open shared object" in bench.said[0].reason


def test_a_process_that_cannot_be_started_is_a_reason_like_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    before = list(Path("/proc/self/fd").iterdir())
    assert not is_from_stick(bench.scores(bench.open()))
    assert bench.said[0].fault
    assert "its process cannot be started ([Errno 2]" in bench.said[0].reason
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)


def test_models_that_were_not_compiled_run_on_the_cpu_or_are_an_error(bench: Bench) -> None:
    bench.wanted = tuple((ROOT / "models" / path.name, kind) for path, kind in bench.wanted)
    if any((ROOT / "models").glob("*_edgetpu.tflite")):
        pytest.skip("somebody has compiled the shipped models")
    assert not is_from_stick(bench.scores(bench.open()))
    assert bench.said[0].fault
    assert "face_detector.tflite was not compiled for the Edge TPU" in bench.said[0].reason
    bench.there = ()
    bench.open()
    assert bench.said[1] == Acceleration("cpu", "no Coral is plugged in")
    with pytest.raises(ModelError, match=r"docs/coral\.md"):
        bench.begin("edgetpu")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("error", "it failed (the stand-in stick was told to fail"),
        ("vanish", "its process ended by signal 6 (F driver/usb"),
        ("stall", "no answer for 1 s"),
    ],
)
def test_a_stick_lost_in_mid_run_costs_no_frame_and_less_than_two_seconds(bench: Bench, word: str, reason: str) -> None:
    expected = bench.scores(bench.open("cpu"))
    models = bench.open()
    assert is_from_stick(bench.scores(models))
    bench.tell(word)
    began_s = time.monotonic()
    scores = bench.scores(models)
    assert time.monotonic() - began_s < 2
    np.testing.assert_array_equal(scores, expected)
    assert (bench.said[-1].on, bench.said[-1].fault) == ("cpu", True)
    assert reason in bench.said[-1].reason
    assert [each.on for each in bench.said] == ["cpu", "edgetpu", "cpu"]


def test_with_a_must_a_stick_lost_in_mid_run_is_an_error(bench: Bench) -> None:
    models = bench.begin("edgetpu")
    assert is_from_stick(bench.scores(models))
    bench.tell("vanish")
    with pytest.raises(HardwareError, match="Coral: its process ended by signal 6"):
        bench.scores(models)


def test_a_compiled_model_that_breaks_the_contract_is_not_used(bench: Bench) -> None:
    model = bench.wanted[1][0]
    sketch = Sketch()
    copy_contract(model.read_bytes(), sketch)
    sketch.graph.tensors[sketch.graph.outputs[0]].shape = [1, 5]
    sketch.add("edgetpu-custom-op", sketch.graph.inputs, sketch.graph.outputs)
    write_twin(model, sketch.pack())
    assert bench.scores(bench.open()).shape == (4,)
    assert "mask_classifier_edgetpu.tflite: output is [((1, 5)" in bench.said[0].reason


PYCORAL = """
import os
from ai_edge_litert.interpreter import Interpreter, load_delegate

def make_interpreter(data):
    with open(os.environ["PYCORAL_WAS_CALLED"], "a") as file:
        print("called", file=file)
    return Interpreter(model_content=data, experimental_delegates=[load_delegate("libedgetpu.so.1")])
"""


@pytest.mark.parametrize("genuine", [True, False])
def test_googles_pycoral_makes_the_interpreters_and_its_impostor_does_not(
    bench: Bench, genuine: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "pycoral"
    (package / "utils").mkdir(parents=True)
    for name in ("__init__.py", "utils/__init__.py"):
        (package / name).touch()
    (package / "utils" / ("edgetpu.py" if genuine else "maps.py")).write_text(PYCORAL)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv("PYCORAL_WAS_CALLED", str(tmp_path / "called"))
    assert is_from_stick(bench.scores(bench.open()))
    assert (tmp_path / "called").exists() == genuine
    if genuine:
        assert (tmp_path / "called").read_text().split() == ["called", "called"]


def test_closing_ends_the_process_and_may_be_repeated(bench: Bench) -> None:
    models = bench.open()
    assert models.coral is not None
    stick = models.coral._stick
    assert isinstance(stick, Stick)
    models.close()
    assert stick._process.poll() is not None
    models.close()
    stick.close()


def test_a_looker_without_a_stick_runs_on_the_cpu_and_closes(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    looker = open_looker(Settings(), bench.wanted[0][0].parents[1])
    assert looker.models is not None
    looker.close()
    looker.close()
    assert "models run on the cpu: " in caplog.text


def test_the_log_warns_of_faults_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    log_acceleration(Acceleration("cpu", "no Coral is plugged in"))
    log_acceleration(Acceleration("edgetpu", "Coral usb:0"))
    log_acceleration(Acceleration("cpu", "no answer for 1 s", fault=True))
    assert [each.levelname for each in caplog.records] == ["DEBUG", "INFO", "WARNING"]


def test_the_model_that_google_compiled_loads_and_one_of_another_contract_is_refused(
    bench: Bench, shared_data: Path, library: Path
) -> None:
    data = (shared_data / "coral" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite").read_bytes()
    write_twin(bench.wanted[1][0], data)
    bench.open()
    promised = "mask_classifier_edgetpu.tflite: input is [((1, 128, 128, 3), 'uint8', '0.0078125', 128)]"
    assert promised in bench.said[0].reason
    theirs = Tensor("input", (1, 128, 128, 3), "uint8", 0.0078125, 128)
    scores = Tensor("scores", (1, 1001), "uint8", 0.00390625, 0)
    with closing(Stick(Plan((StickModel("theirs", data, theirs, (scores,)),), library=str(library)))) as stick:
        assert stick.is_ready(60)
        assert stick.ask(0, FACE, 10)[0].shape == (1, 1001)
