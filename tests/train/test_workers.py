"""Several workers train as one: who takes part, who gets which batches, and two real processes that do it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("keras", reason="Keras is not installed; it comes with the extra train")

from edge.errors import UsageError
from train.cli import main
from train.workers import Share, Workers, connect, join, read_places

BEE = Path(__file__).resolve().parents[1] / "support" / "worker_bee.py"


class Numbers:
    def __init__(self, count: int) -> None:
        self.epoch, self._count = -1, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> int:
        return 100 * self.epoch + index

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch


def places(index: int, *addresses: str) -> str:
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": index}})


def test_without_tf_config_a_worker_is_alone_and_nothing_changes(tmp_path: Path) -> None:
    alone, batches = connect({}), Numbers(5)
    assert alone == Workers(0, 1)
    assert alone.share(batches) is batches
    assert alone.callbacks() == []
    assert alone.folder(tmp_path) == tmp_path
    assert type(alone.adamw(0.1)).__name__ == "AdamW"


def test_the_workers_are_read_from_tf_config() -> None:
    assert read_places(places(1, "a:1", "b:2")) == (1, ["a:1", "b:2"])


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "{}", '{"cluster": {"worker": ["a:1"]}}', places(2, "a:1", "b:2"), places(-1, "a:1"),
        json.dumps({"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "worker", "index": 0}}),
        json.dumps({"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}),
    ],
)  # fmt: skip
def test_a_malformed_tf_config_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"TF_CONFIG: .*\{\"cluster\""):
        connect({"TF_CONFIG": text})


def test_shares_are_of_one_size_and_no_batch_is_in_two_of_them() -> None:
    shares = [Share(Numbers(7), index, 3) for index in range(3)]
    for share in shares:
        share.start_epoch(2)
    assert [[share[i] for i in range(len(share))] for share in shares] == [[200, 203], [201, 204], [202, 205]]


def test_fewer_batches_than_workers_are_refused() -> None:
    with pytest.raises(UsageError, match="2 batches cannot be shared by 3 workers"):
        Share(Numbers(2), 0, 3)


def test_only_the_first_worker_writes_into_the_run_itself(tmp_path: Path) -> None:
    assert [Workers(i, 2).folder(tmp_path) for i in range(2)] == [tmp_path, tmp_path / "worker-1"]


@pytest.mark.train
def test_two_workers_come_to_the_same_weights_by_half_the_steps() -> None:
    pytest.importorskip("tensorflow")
    first, second = train_together(2)
    assert first["weights"] == second["weights"]
    assert first["loss"] == second["loss"]
    assert first["steps"] == 8  # 8 batches, 2 workers, 2 epochs
    assert train_together(1)[0]["steps"] == 16


def train_together(count: int) -> list[dict[str, Any]]:
    with ExitStack() as opened:
        listening = [opened.enter_context(closing(socket.create_server(("127.0.0.1", 0)))) for _ in range(count)]
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in listening]
    bees = [start(index, addresses) for index in range(count)]
    try:
        said = [bee.communicate(timeout=300) for bee in bees]
    finally:
        for bee in bees:
            bee.kill()
    assert all(bee.returncode == 0 for bee in bees), "\n".join(error[-2000:] for _, error in said)
    return [json.loads(text.splitlines()[-1]) for text, _ in said]


def start(index: int, addresses: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    if len(addresses) > 1:
        environment["TF_CONFIG"] = places(index, *addresses)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, BEE], env=environment, stdout=pipe, stderr=pipe, text=True)


def test_a_wrong_tf_config_is_one_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_CONFIG", "{}")
    join.cache_clear()
    assert main(["detector", "--boxes", "a.csv", "--output", "runs/a"]) == 2
    assert capsys.readouterr().err.startswith("train: TF_CONFIG: must be like")
