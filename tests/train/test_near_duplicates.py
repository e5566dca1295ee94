from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_faces import draw_scene, write_class_folders
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("imagehash", reason="the train extra is not installed")

from edge.preprocess import Picture  # noqa: E402
from train.near_duplicates import find_pairs, group_pictures, hash_picture, join_pairs  # noqa: E402
from train.splits import SPLITS, Fractions, split_groups  # noqa: E402


def reencoded(bgr: Picture) -> Picture:
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 40])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def masked(bgr: Picture) -> Picture:
    painted = bgr.copy()
    height, width = bgr.shape[:2]
    cv2.rectangle(painted, (width // 4, height // 2), (3 * width // 4, height - 8), (250, 250, 250), -1)
    return painted


TWINS = {
    "exact": lambda bgr: bgr,
    "reencoded": reencoded,
    "resized": lambda bgr: cv2.resize(bgr, (61, 64), interpolation=cv2.INTER_AREA),
    "mirrored": lambda bgr: np.ascontiguousarray(bgr[:, ::-1]),
    "mirrored and resized": lambda bgr: cv2.resize(np.ascontiguousarray(bgr[:, ::-1]), (150, 150)),
    "with a mask painted in": masked,
}


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_is_paired_with_its_picture(name: str) -> None:
    for seed in range(5):
        bgr, _ = draw_scene(seed)
        pairs = find_pairs(np.stack([hash_picture(bgr), hash_picture(TWINS[name](bgr))]))
        assert pairs.tolist() == [[0, 1]], seed


def test_different_pictures_are_not_paired() -> None:
    hashes = np.stack([hash_picture(draw_scene(seed)[0]) for seed in range(40)])
    assert len(find_pairs(hashes)) == 0


def test_groups_are_closed_under_pairing() -> None:
    assert join_pairs(6, [(4, 1), (1, 5), (2, 3)]) == [0, 1, 2, 2, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30))
def test_paired_things_always_share_a_group(pairs: list[tuple[int, int]]) -> None:
    groups = join_pairs(12, pairs)
    assert all(groups[a] == groups[b] for a, b in pairs)


@pytest.mark.parametrize("seed", range(4))
def test_the_split_never_separates_twins(tmp_path: Path, seed: int) -> None:
    write_class_folders(tmp_path, per_class=10)
    originals = sorted(tmp_path.glob("*/*.jpg"))
    twins: list[tuple[Path, Path]] = []
    for number, path in enumerate(originals):
        name, change = list(TWINS.items())[number % len(TWINS)]
        twin = path.parent / f"twin_{name.replace(' ', '_')}_{path.stem}.png"
        cv2.imwrite(str(twin), change(cv2.imread(str(path))))
        twins.append((path, twin))
    groups = group_pictures(sorted(tmp_path.glob("*/*")))
    split = split_groups(groups, {path: path.parent.name for path in groups}, Fractions(0.2, 0.3), seed)
    assert set(split.values()) == set(SPLITS)
    assert all(split[path] == split[twin] for path, twin in twins)


@pytest.mark.data
def test_most_pasted_masks_are_grouped_with_their_bare_photograph(shared_data: Path) -> None:
    folder = shared_data / "classification" / "prajna"
    groups = group_pictures(sorted(folder.glob("*/*")))
    bare = {group for path, group in groups.items() if path.parent.name == "without_mask"}
    shared = [path for path, group in groups.items() if path.parent.name == "with_mask" and group in bare]
    assert len(shared) >= 339  # as many photographs are known to stand on both sides
    assert max(np.unique(list(groups.values()), return_counts=True)[1]) < 40  # and unlike ones are not chained together
