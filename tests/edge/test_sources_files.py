"""Pictures, videos and GIFs as sources."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from two_colors import all_frames, two_colors, write

from edge.clip import ClipWriter
from edge.errors import DataError
from edge.sources.files import FrameTimes, PictureFiles, VideoFile, list_pictures, open_path, read_picture

DATA = Path(os.environ.get("MASKWATCH_DATA", Path(__file__).parents[3] / "shared" / "data"))


def write_video(path: Path, frames: int = 10, fps: float = 10.0) -> Path:
    """Write a video whose n-th frame is grey of value 20 n."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (64, 48))
    for index in range(frames):
        writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    writer.release()
    return path


def write_gif(path: Path, delays_cs: list[int]) -> Path:
    """Write a GIF of 16×16 pixels, uncompressed, whose frames are shown for so many hundredths of a second each."""
    palette = bytes(value for index in range(128) for value in (2 * index,) * 3)
    out = b"GIF89a" + bytes((16, 0, 16, 0, 0xF6, 0, 0)) + palette
    for index, delay_cs in enumerate(delays_cs):
        row = bytes((128,)) + bytes((10 * index,)) * 16  # 128 resets the code table, so that codes stay 8 bits wide
        codes = row * 16 + bytes((129,))
        blocks = b"".join(bytes((len(part),)) + part for part in (codes[:255], codes[255:]))
        out += b"\x21\xf9\x04\x04" + delay_cs.to_bytes(2, "little") + b"\x00\x00"
        out += b"\x2c\x00\x00\x00\x00" + bytes((16, 0, 16, 0, 0, 7)) + blocks + b"\x00"
    path.write_bytes(out + b"\x3b")
    return path


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Give up for a while what root may: to read everything."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    tag = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2, "big") + b"\x00\x00"
    exif = b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01" + tag + b"\x00\x00\x00\x00"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


# pictures


def test_picture_is_read_from_a_path_that_is_not_ascii(tmp_path: Path) -> None:
    path = write(tmp_path / "Tür Süd 門.png", two_colors())
    assert np.array_equal(read_picture(path), two_colors())


def test_picture_is_turned_as_its_exif_orientation_says(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", two_colors())[1].tobytes()
    path = tmp_path / "phone.jpg"
    path.write_bytes(with_exif_orientation(jpeg, 6))  # 6: to be turned clockwise by a quarter
    picture = read_picture(path)
    assert picture.shape == (40, 20, 3)
    assert picture[2, 10].argmax() == 2  # the left, red half is on top now


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.full((5, 6), 120, np.uint8), id="grey"),
        pytest.param(np.full((5, 6, 3), 120 * 257, np.uint16), id="16 bit"),
        pytest.param(np.full((5, 6), 120 * 257, np.uint16), id="grey 16 bit"),
        pytest.param(np.dstack([np.full((5, 6, 3), 120, np.uint8), np.full((5, 6), 9, np.uint8)]), id="alpha"),
    ],
)
def test_every_kind_of_picture_becomes_8_bit_color(tmp_path: Path, picture: NDArray[np.integer]) -> None:
    read = read_picture(write(tmp_path / "door.png", picture))
    assert read.dtype == np.uint8
    assert np.array_equal(read, np.full((5, 6, 3), 120))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"this is no picture", "not a readable picture"),
        (b"", "empty"),
        (cv2.imencode(".jpg", two_colors())[1].tobytes()[:200], "not a readable picture"),
        (b"\xff\xd8\xff", "not a readable picture"),
    ],
)
def test_bad_picture_is_one_sentence_with_its_name(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "door.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=complaint) as caught:
        read_picture(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_video_where_a_picture_is_expected_names_the_command_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.MP4").write_bytes(b"moov")
    with pytest.raises(DataError, match=r"a\.MP4: is a video, not a picture; `maskwatch video` takes it"):
        read_picture(tmp_path / "a.MP4")


def test_picture_larger_than_opencv_allows_is_a_data_error(tmp_path: Path) -> None:
    header = cv2.imencode(".bmp", two_colors())[1].tobytes()
    path = tmp_path / "huge.bmp"
    path.write_bytes(header[:18] + (60_000).to_bytes(4, "little") * 2 + header[26:])
    with pytest.raises(DataError, match="huge.bmp"):
        read_picture(path)


def test_missing_picture_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_picture(tmp_path / "none.jpg")


def test_a_name_that_no_disk_takes_is_a_data_error(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 300}.jpg"
    with pytest.raises(DataError) as caught:
        read_picture(path)
    assert str(caught.value) == f"{path}: cannot be read (File name too long); check the name and the disk"


@pytest.mark.parametrize(
    ("given", "folder_mode", "file_mode", "refused"),
    [
        pytest.param("door", 0o000, 0o644, "door", id="folder that may not be listed"),
        pytest.param("door", 0o444, 0o644, "door/a.jpg", id="files that may not be looked at"),
        pytest.param("door/a.jpg", 0o000, 0o644, "door/a.jpg", id="file in a closed folder"),
        pytest.param("door", 0o755, 0o000, "door/a.jpg", id="file that may not be read"),
    ],
)
def test_what_may_not_be_read_is_one_sentence_for_each_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, folder_mode: int, file_mode: int, refused: str
) -> None:
    monkeypatch.chdir(tmp_path)  # others may look at nothing above it
    Path("door").mkdir()
    Path("door/a.jpg").touch(mode=file_mode)
    Path("door").chmod(folder_mode)
    tmp_path.chmod(0o755)
    with an_ordinary_user(), pytest.raises(DataError) as caught:
        for path in list_pictures([Path(given)]):
            read_picture(path)
    assert str(caught.value) == f"{refused}: may not be read by this user; `namei -l {refused}` shows who may"


def test_folder_gives_its_pictures_by_name_and_leaves_other_files_out(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    other = tmp_path / "notes.txt"
    assert list_pictures([tmp_path, other]) == [tmp_path / "a.jpg", tmp_path / "b.PNG", other]


def test_folder_without_pictures_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    assert list_pictures([tmp_path]) == [tmp_path]
    with pytest.raises(DataError, match="folder without pictures"):
        read_picture(tmp_path)


def test_bad_picture_does_not_stop_the_others(tmp_path: Path) -> None:
    write(tmp_path / "1.png", two_colors())
    (tmp_path / "2.png").write_text("no picture")
    write(tmp_path / "3.png", two_colors())
    source = PictureFiles([tmp_path], interval_s=0.5)
    assert len(source) == 3
    assert source.next_frame(1.0) is not None
    last = source.next_frame(1.0)
    assert last is not None
    assert (last.frame_index, last.captured_s, last.name) == (1, 0.5, str(tmp_path / "3.png"))
    assert source.next_frame(1.0) is None


def test_pictures_none_of_which_can_be_read_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_text("no picture")
    (tmp_path / "2.png").touch()
    with pytest.raises(DataError, match=r"1\.png: cannot be read, and no other picture"):
        PictureFiles([tmp_path], loop=True).next_frame(1.0)


def test_pictures_start_over_with_loop_and_end_when_closed(tmp_path: Path) -> None:
    write(tmp_path / "1.png", two_colors())
    source = PictureFiles([tmp_path], interval_s=0.5, loop=True)
    times = [frame.captured_s for frame in (source.next_frame(1.0), source.next_frame(1.0)) if frame]
    assert times == [0.0, 0.5]
    source.close()
    source.close()
    assert source.next_frame(1.0) is None


# videos


def test_video_gives_every_frame_with_its_time(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "tür 12:30.mp4", frames=10, fps=10.0))
    assert (video.fps, video.frame_count) == (10.0, 10)
    frames = all_frames(video)
    assert [frame.frame_index for frame in frames] == list(range(10))
    assert [frame.captured_s for frame in frames] == pytest.approx([0.1 * index for index in range(10)])
    assert [round(float(frame.bgr.mean()) / 20) for frame in frames] == list(range(10))


def test_gif_frames_keep_their_own_durations(tmp_path: Path) -> None:
    frames = all_frames(VideoFile(write_gif(tmp_path / "door.gif", [10, 30, 5, 50])))
    assert [frame.captured_s for frame in frames] == pytest.approx([0.0, 0.1, 0.4, 0.45])
    assert frames[0].bgr.shape == (16, 16, 3)
    assert [round(float(frame.bgr.mean()) / 20) for frame in frames] == [0, 1, 2, 3]


def test_looped_video_starts_over_and_its_time_goes_on(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "door.mp4", frames=3, fps=10.0), loop=True)
    frames = [frame for frame in (video.next_frame(1.0) for _ in range(7)) if frame]
    video.close()
    assert [frame.captured_s for frame in frames] == pytest.approx([0.1 * index for index in range(7)])
    assert frames[3].bgr.mean() == pytest.approx(frames[0].bgr.mean(), abs=2)
    assert video.next_frame(1.0) is None


@pytest.mark.parametrize("content", [b"this is no video", b""])
def test_bad_video_is_a_data_error_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "door.mp4"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"door\.mp4: not a readable video"):
        VideoFile(path)


def test_video_whose_name_is_not_utf8_is_neither_read_nor_written(tmp_path: Path) -> None:
    path = write_video(tmp_path / "door.mp4").rename(tmp_path / os.fsdecode(b"door\xff.mp4"))
    with pytest.raises(DataError, match=r"door\udcff\.mp4: OpenCV takes only names in UTF-8"):
        VideoFile(path)
    with pytest.raises(DataError, match=r"door\udcff\.mp4: OpenCV takes only names in UTF-8"):
        ClipWriter(path, fps=10).write(two_colors())


def test_bad_video_leaves_nothing_on_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "door.avi"
    path.write_text("this is no video")
    with pytest.raises(DataError):
        VideoFile(path)
    assert capfd.readouterr().err == ""


def test_video_in_a_closed_folder_is_a_data_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("door").mkdir(mode=0o000)
    tmp_path.chmod(0o755)
    with an_ordinary_user(), pytest.raises(DataError, match=r"door/a\.mp4: may not be read by this user"):
        open_path(Path("door/a.mp4"))


def test_missing_video_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        open_path(tmp_path / "none.mp4")


@pytest.mark.parametrize(
    ("stamps_s", "times_s"),
    [
        ([0.0, 0.1, 0.25], [0.0, 0.1, 0.25]),
        ([1.4, 1.5, 1.6], [0.0, 0.1, 0.2]),
        ([0.0, 0.0, 0.0], [0.0, 0.5, 1.0]),
        ([0.0, 0.1, 0.05, 0.7], [0.0, 0.1, 0.6, 0.7]),
        ([float("nan"), 0.3], [0.0, 0.5]),
    ],
)
def test_frame_times_start_at_zero_and_always_grow(stamps_s: list[float], times_s: list[float]) -> None:
    times = FrameTimes(fps=2.0)
    assert [times.next_s(stamp_s) for stamp_s in stamps_s] == pytest.approx(times_s)


@pytest.mark.data
@pytest.mark.parametrize(("name", "count"), [("door_in.gif", 20), ("door_out.gif", 17)])
def test_real_gif_is_read_whole(name: str, count: int) -> None:
    path = DATA / "video" / name
    if not path.is_file():
        pytest.skip(f"{path} is not here; MASKWATCH_DATA names the folder")
    frames = all_frames(VideoFile(path))
    assert len(frames) == count
    assert frames[-1].captured_s == pytest.approx(0.13 * (count - 1), rel=0.1)
