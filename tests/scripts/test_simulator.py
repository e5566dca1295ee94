"""The simulated door: what is drawn is what the truth says, and the same seed draws it again. Faces are drawn ones."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from drawn_faces import draw_scene

from edge.config import load_settings
from edge.geometry import Box
from edge.records import LABELS, WITH_MASK, WITHOUT_MASK
from edge.settings import Zone
from train.annotations import AnnotatedPicture, LabeledBox, write_csv
from train.faces import LabeledFace

SIMULATOR = Path(__file__).parents[2] / "scripts" / "simulator"
HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


@pytest.fixture(autouse=True)
def scripts_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SIMULATOR))


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def write_face(folder: Path, number: int, label: str) -> LabeledFace:
    bgr, box = draw_scene(number, masked=label == WITH_MASK, size_px=240)
    path = folder / f"{number}.png"
    cv2.imwrite(str(path), bgr)
    return LabeledFace(path, box, label, "drawn")


@pytest.fixture
def cast(tmp_path: Path) -> list[LabeledFace]:
    return [write_face(tmp_path, number, LABELS[number % 3]) for number in range(6)]


def director(cast: list[LabeledFace], seed: int = 0) -> Any:
    return load("scenarios").Director(np.random.default_rng(seed), cast)


def stand(face: int = 1, **changes: Any) -> Any:
    """Return a plan of half a second with somebody who stands in the middle of the picture, without noise."""
    plans = load("plans")
    walk = plans.Walk((plans.Look(0.0, face),), (plans.Waypoint(0, 480, 100), plans.Waypoint(1, 480, 100)))
    return replace(plans.Plan("stand", 1, 10.0, 0.5, (walk,), light=plans.Light(noise=0.0)), **changes)


def test_truth_box_holds_the_face_that_was_painted(cast: list[LabeledFace]) -> None:
    render = load("render")
    (empty, _), (picture, sights) = next(render.render(stand(walks=()), cast)), next(render.render(stand(), cast))
    ((who, sight),) = sights
    assert (who, sight.label, sight.visible_frac) == (0, WITHOUT_MASK, pytest.approx(1.0, abs=0.01))
    box, face = sight.box, cast[1].box
    assert face is not None
    assert box.height == pytest.approx(100, abs=1)
    assert box.width / box.height == pytest.approx(face.width / face.height, abs=0.01)
    inside = picture[round(box.y_min) : round(box.y_max), round(box.x_min) : round(box.x_max)]
    source = cv2.imread(str(cast[1].path))[round(face.y_min) : round(face.y_max), round(face.x_min) : round(face.x_max)]
    difference = abs(cv2.resize(source, inside.shape[1::-1]).astype(int) - inside).mean(axis=2)
    assert np.median(difference) < 6
    assert (picture[:, :200] == empty[:, :200]).all()


def test_same_seed_gives_the_same_pixels_and_another_one_does_not(cast: list[LabeledFace]) -> None:
    render = load("render").render
    (first, _), (again, _), (other, _) = (next(render(stand(seed=seed), cast)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_same_order_gives_the_same_plans(cast: list[LabeledFace]) -> None:
    make_clips, scenarios = load("make_clips"), load("scenarios")
    order = make_clips.Order(tuple(scenarios.SCENARIOS), 2, 7, 6.0)
    plans = make_clips.make_plans(order, cast)
    assert plans == make_clips.make_plans(order, cast)
    assert plans != make_clips.make_plans(replace(order, seed=8), cast)
    assert len(plans) == 2 * len(scenarios.SCENARIOS)


def test_scenario_without_a_face_for_it_is_left_out_and_said(
    cast: list[LabeledFace], capsys: pytest.CaptureFixture[str]
) -> None:
    make_clips = load("make_clips")
    masked = [face for face in cast if face.label == WITH_MASK]
    plans = make_clips.make_plans(make_clips.Order(("single_unmasked", "single_masked"), 1, 0, 6.0), masked)
    assert list(plans) == ["single_masked_000"]
    assert "single_unmasked: left out: no face that may play is labeled without_mask" in capsys.readouterr().err


def test_nearer_person_hides_the_one_behind(cast: list[LabeledFace]) -> None:
    plans = load("plans")
    near = plans.Walk((plans.Look(0.0, 0),), (plans.Waypoint(0, 480, 130), plans.Waypoint(1, 480, 130)))
    _, sights = next(load("render").render(stand(walks=(*stand().walks, near)), cast))
    visible = {who: sight.visible_frac for who, sight in sights}
    assert visible[1] > 0.95
    assert visible[0] < 0.3


def test_face_that_is_half_outside_the_picture_is_half_seen(cast: list[LabeledFace]) -> None:
    plans = load("plans")
    walk = plans.Walk((plans.Look(0.0, 1),), (plans.Waypoint(0, 0, 100), plans.Waypoint(1, 0, 100)))
    _, ((_, sight),) = next(load("render").render(stand(walks=(walk,)), cast))
    assert sight.visible_frac == pytest.approx(0.5, abs=0.05)


def test_raised_hand_makes_a_face_covered_and_is_painted(cast: list[LabeledFace]) -> None:
    render = load("render").render
    plain = next(render(stand(), cast))[0]
    raised = stand(walks=(replace(stand().walks[0], hands=((-1.0, 2.0),)),))
    picture, ((_, sight),) = next(render(raised, cast))
    assert sight.label == load("truth").COVERED
    x, y = (round(v) for v in sight.box.center)
    assert (picture[y + 15 : y + 45, x - 15 : x + 15] != plain[y + 15 : y + 45, x - 15 : x + 15]).mean() > 0.25
    assert (picture[y - 45 : y - 20, x - 20 : x + 20] == plain[y - 45 : y - 20, x - 20 : x + 20]).all()


def test_stalling_camera_repeats_picture_and_truth(cast: list[LabeledFace]) -> None:
    plans = load("plans")
    walk = plans.Walk((plans.Look(0.0, 1),), (plans.Waypoint(0, 300, 90), plans.Waypoint(1, 700, 90)))
    frames = list(load("render").render(stand(walks=(walk,), stalls=((0.15, 0.35),)), cast))
    assert (frames[1][0] == frames[3][0]).all()
    assert (frames[3][0] != frames[4][0]).any()
    assert [frames[n][1][0][1].frame_index for n in (1, 3)] == [1, 3]
    assert frames[1][1][0][1].box == frames[3][1][0][1].box


def test_poster_hangs_still_and_is_no_visitor(cast: list[LabeledFace]) -> None:
    plan = stand(walks=(), posters=(load("plans").Poster(1, 95.0, 150.0, 70.0),))
    render = load("render")
    frames = list(render.render(plan, cast))
    boxes = {sight.box for _, sights in frames for _, sight in sights}
    assert len(boxes) == 1
    (person,) = render.collect_truth(plan, cast, [sight for _, sights in frames for sight in sights]).people
    assert person.poster
    assert len(person.sights) == 5


@pytest.mark.parametrize("seed", range(3))
def test_every_scenario_lasts_until_its_walks_have_ended(cast: list[LabeledFace], seed: int) -> None:
    for name, make in load("scenarios").SCENARIOS.items():
        plan = make(director(cast, seed))
        assert 15 <= plan.seconds <= 75, name
        for walk in plan.walks:
            times = [waypoint.at_s for waypoint in walk.waypoints]
            assert times == sorted(times), name
            assert times[-1] < plan.seconds, name


def test_visitor_through_the_door_grows_from_too_small_to_large_enough(cast: list[LabeledFace]) -> None:
    plans = load("plans")
    d = director(cast)
    walk = d.walk(1, d.come(0.0, 120.0, 1.0))
    sides = [pose.side for at in np.arange(0, 6, 0.1) if (pose := plans.pose_at(walk, at))]
    assert sides[0] / plans.WIDTH < Zone().min_face_frac < max(sides) / plans.WIDTH


def test_passers_by_are_never_in_the_zone(cast: list[LabeledFace]) -> None:
    make_clips, plans, truth = load("make_clips"), load("plans"), load("truth")
    plan = load("scenarios").passers_by(director(cast))
    for walk in plan.walks:
        for at in np.arange(0, plan.seconds, 0.2):
            if pose := plans.pose_at(walk, at):
                half = pose.side / 2
                box = Box(pose.x - half, pose.y - half, pose.x + half, pose.y + half)
                sight = truth.Sight(0, box, WITHOUT_MASK, 1.0)
                assert not truth.is_in_zone(sight, plans.WIDTH, plans.HEIGHT, make_clips.ZONE)


@pytest.mark.parametrize(
    ("box", "visible_frac", "there"),
    [
        (Box(100, 100, 200, 200), 1.0, True),
        (Box(100, 100, 200, 200), 0.4, False),
        (Box(100, 100, 140, 140), 1.0, False),
        (Box(700, 100, 800, 200), 1.0, False),
    ],
)
def test_zone_needs_size_place_and_sight(box: Box, visible_frac: float, there: bool) -> None:
    truth = load("truth")
    sight = truth.Sight(0, box, WITHOUT_MASK, visible_frac)
    assert truth.is_in_zone(sight, 960, 540, Zone(polygon=HALF)) is there


def test_clip_truth_and_configuration_are_written_and_read_again(cast: list[LabeledFace], tmp_path: Path) -> None:
    make_clips, truth = load("make_clips"), load("truth")
    make_clips.make_clip(stand(), cast, tmp_path / "new" / "a")
    make_clips.write_config(tmp_path, make_clips.ZONE)
    document = json.loads((tmp_path / "new" / "a.json").read_text())
    assert document["people"][0]["first_visible_frame"] == 0
    assert document["people"][0]["sights"][0][5:] == [WITHOUT_MASK, pytest.approx(1.0, abs=0.01), True]
    clip = truth.read_truth(tmp_path / "new" / "a.json")
    assert (clip.frame_count, clip.fps, clip.width, clip.height) == (5, 10.0, 960, 540)
    assert [sight.frame_index for sight in clip.people[0].sights] == [0, 1, 2, 3, 4]
    capture = cv2.VideoCapture(str(tmp_path / "new" / "a.mp4"))
    assert (capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)) == (5, 10)
    assert load_settings(tmp_path / "door.yaml").zone.polygon == make_clips.ZONE.polygon


def test_frames_are_written_as_pictures_when_asked(cast: list[LabeledFace], tmp_path: Path) -> None:
    load("make_clips").make_clip(stand(), cast, tmp_path / "a", frames=True)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [f"{n:05}.jpg" for n in range(5)]


def write_source(data: Path, faces: list[tuple[Box, str]]) -> None:
    folder = data / "detection" / "jolignier"
    (folder / "images").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / "images" / "a.png"), noise)
    boxes = tuple(LabeledBox(box, label) for box, label in faces)
    write_csv(folder / "annotations.csv", [AnnotatedPicture(folder / "images" / "a.png", 400, 400, boxes)])


def test_small_cut_off_and_crowded_faces_do_not_play_and_reasons_are_counted(tmp_path: Path) -> None:
    good, small, cut = Box(150, 150, 230, 240), Box(20, 20, 40, 40), Box(0, 300, 80, 390)
    write_source(tmp_path, [(good, WITH_MASK), (small, WITH_MASK), (cut, WITHOUT_MASK)])
    faces, reasons = load("cutouts").find_faces(tmp_path, load("cutouts").Choice(sources=("jolignier", "kaggle853")))
    assert [face.box for face in faces] == [good]
    assert reasons.pop("smaller than 60 px") == reasons.pop("cut off by the picture's edge") == 1
    ((reason, count),) = reasons.items()
    assert reason.endswith("annotations.csv: missing")
    assert count == 1


def test_only_pictures_that_are_allowed_play(tmp_path: Path) -> None:
    write_source(tmp_path, [(Box(150, 150, 230, 240), WITH_MASK)])
    table = tmp_path / "split.csv"
    table.write_text("path,split\nx/a.png,train\nx/b.png,test\n")
    names = load("make_clips").read_names(table)
    assert names == {"b.png"}
    choice = load("cutouts").Choice(sources=("jolignier",))
    assert load("cutouts").find_faces(tmp_path, choice, names)[0] == []
    assert len(load("cutouts").find_faces(tmp_path, choice, {"a.png"})[0]) == 1


def test_missing_data_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load("make_clips").main([str(tmp_path / "out"), "--data", str(tmp_path)]) == 1
    assert "no face in it may play" in capsys.readouterr().err


@pytest.mark.data
def test_real_faces_make_a_clip(shared_data: Path, tmp_path: Path) -> None:
    words = ["--data", str(shared_data), "--sources", "kaggle853", "--scenarios", "crossing", "--gap-s", "0.5"]
    assert load("make_clips").main([str(tmp_path), *words]) == 0
    assert (tmp_path / "crossing_000.mp4").stat().st_size > 100_000
