from __future__ import annotations

from pathlib import Path

from convert.samples import Sample, choose_pictures, list_pictures
from edge.geometry import Box


def faces(name: str, count: int) -> list[Sample]:
    return [Sample(Path(name), Box(0, 0, 1 + index, 9), "face") for index in range(count)]


def test_a_crowd_counts_as_one_picture_and_keeps_all_its_faces() -> None:
    samples = [*faces("crowd.jpg", 90), *(face for index in range(9) for face in faces(f"{index}.jpg", 1))]
    drawn = [choose_pictures(samples, 5, seed) for seed in range(40)]
    assert all(len({sample.path for sample in some}) == 5 for some in drawn)
    crowds = [some for some in drawn if Path("crowd.jpg") in {sample.path for sample in some}]
    assert 10 <= len(crowds) <= 30
    assert all(sum(sample.path.name == "crowd.jpg" for sample in some) == 90 for some in crowds)


def test_fewer_pictures_than_asked_for_are_all_chosen() -> None:
    samples = [*faces("a.jpg", 2), Sample(Path("nobody.jpg"))]
    assert choose_pictures(samples, 300) == samples


def test_hidden_files_and_folders_such_as_a_mac_leaves_among_pictures_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.jpg", "._a.jpg", ".Trashes/c.jpg", "deeper/b.PNG", "deeper/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_pictures(tmp_path) == [Sample(tmp_path / "a.jpg"), Sample(tmp_path / "deeper" / "b.PNG")]
