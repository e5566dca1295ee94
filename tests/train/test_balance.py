from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from train.balance import MAX_REPEATS, BalancedOrder, quotas
from train.faces import LabeledFace


def faces(**counts: int) -> list[LabeledFace]:
    return [
        LabeledFace(Path(f"{name}{i}"), None, *name.split("_", 1))
        for name, count in counts.items()
        for i in range(count)
    ]


def drawn(some: list[LabeledFace], order: BalancedOrder, seed: int = 0) -> Counter[tuple[str, str]]:
    chosen = [some[i] for i in order.draw(np.random.default_rng(seed))]
    return Counter((face.label, face.source) for face in chosen)


def test_a_class_nine_times_as_large_is_shown_three_times_as_often() -> None:
    some = faces(mask_s=900, bare_s=100)
    counts = drawn(some, BalancedOrder(some, power=0.5))
    assert counts["mask", "s"] == 750
    assert counts["bare", "s"] == 250


def test_a_very_large_source_does_not_drown_the_others() -> None:
    some = faces(mask_large=1600, mask_small=100, bare_small=1700)
    counts = drawn(some, BalancedOrder(some, power=0.5))
    assert counts["mask", "large"] == 4 * counts["mask", "small"]


def test_a_tiny_class_is_repeated_only_so_often() -> None:
    some = faces(mask_s=1000, odd_s=3)
    assert drawn(some, BalancedOrder(some, power=0.0))["odd", "s"] == 3 * MAX_REPEATS


def test_power_one_leaves_the_data_as_it_is() -> None:
    some = faces(mask_a=30, mask_b=10, bare_a=20)
    order = BalancedOrder(some, power=1.0)
    assert sorted(order.draw(np.random.default_rng(1))) == list(range(60))


def test_no_face_of_a_cell_comes_twice_before_all_came_once() -> None:
    some = faces(mask_s=10, bare_s=40)
    chosen = Counter(BalancedOrder(some, power=0.0, epoch_faces=30).draw(np.random.default_rng(1)).tolist())
    assert sum(chosen[i] for i in range(10)) == 15
    assert {chosen[i] for i in range(10)} == {1, 2}
    assert all(chosen[i] <= 1 for i in range(10, 50))


def test_an_epoch_shows_about_as_many_faces_as_asked_for() -> None:
    some = faces(mask_a=300, mask_b=10, bare_a=200)
    order = BalancedOrder(some, epoch_faces=100)
    assert 100 <= len(order) <= 103
    assert len(order.draw(np.random.default_rng(0))) == len(order)


def test_quotas_never_pass_the_limit() -> None:
    sizes = np.array([1, 5, 1000])
    assert (quotas(sizes, 0.5, 100_000) <= sizes * MAX_REPEATS).all()


def test_what_an_epoch_teaches_is_what_it_shows_moved_to_the_labels_that_faces_are_taught_as() -> None:
    some = faces(mask_s=900, bare_s=100)
    order = BalancedOrder(some, power=0.5)
    assert order.count_shown(some) == pytest.approx({"mask": 750, "bare": 250})
    taught = order.count_shown(some, lambda face: {"mask": 0.4, "bare": 0.6} if face.label == "bare" else {"mask": 1.0})
    assert taught == pytest.approx({"mask": 850, "bare": 150})
