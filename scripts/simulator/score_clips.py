"""Run the appliance on simulated clips and score what it makes of them.

    .venv/bin/python scripts/simulator/score_clips.py out/simulator --every-frame

runs `maskwatch video --json` on every clip that make_clips.py made, and writes score.md and score.json. Of each clip
the lines are kept beside it in lines/, so that --again scores them anew without running anything.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from table import Row, as_json, as_markdown, sum_up  # noqa: E402
from truth import ClipTruth, read_truth  # noqa: E402
from visits import ClipScore, Rules, Said, read_every_frame, read_said, score_clip  # noqa: E402

from edge.clip import make_folder  # noqa: E402
from edge.config import load_settings  # noqa: E402
from edge.errors import DataError, MaskwatchError  # noqa: E402
from edge.settings import Settings  # noqa: E402

Lines = Sequence[Mapping[str, Any]]
Reader = Callable[[Lines, ClipTruth, Settings], Said]


def watch_clip(clip: Path, config: Path, kept: Path) -> Lines:
    """Run `maskwatch video --json` on a clip, keep the lines in a file, and return them. Raises DataError."""
    command = [sys.executable, "-m", "edge", "video", "--json", "--config", str(config.resolve()), str(clip.resolve())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise DataError(f"{clip}: maskwatch video ended with exit code {done.returncode}: {last}")
    make_folder(kept.parent)
    kept.write_text(done.stdout, encoding="utf-8")
    return read_lines(kept)


def read_lines(kept: Path) -> Lines:
    """Return the JSON lines of a file, a picture or frame each. Raises DataError when there are none.

    They may come from a peer (scripts/peers) that looked at the frames of make_clips.py --frames, too.
    """
    try:
        lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as exc:
        raise DataError(f"{kept}: no JSON lines of a clip ({exc}); run without --again") from exc
    return [line for line in lines if "error" not in line]


def score_all(
    clips: Sequence[tuple[ClipTruth, Lines]], settings: Settings, rules: Rules, read: Reader
) -> list[ClipScore]:
    """Return the score of every clip, given its truth and lines."""
    return [score_clip(truth, read(lines, truth, settings), settings, rules) for truth, lines in clips]


def write_scores(folder: Path, tables: Mapping[str, Sequence[Row]], about: Mapping[str, Any]) -> None:
    """Write score.md and score.json: for each way of deciding its table."""
    make_folder(folder)
    parts = [f"## {name}\n\n{as_markdown(rows)}" for name, rows in tables.items()]
    (folder / "score.md").write_text("\n".join(parts), encoding="utf-8")
    document = {**about, "tables": {name: [as_json(row) for row in rows] for name, rows in tables.items()}}
    (folder / "score.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch and score the clips that the command line names; return the exit code."""
    options = _parse(arguments)
    config = options.config or options.folder / "door.yaml"
    output = options.output or options.folder
    rules = Rules(grace_s=options.grace_s)
    try:
        settings = load_settings(config)
        clips = [_read_or_watch(path, config, output / "lines", options.again) for path in _truths(options.folder)]
        tables = {"Maskwatch": sum_up(score_all(clips, settings, rules, read_said))}
        if options.every_frame:
            tables["Every frame decides"] = sum_up(score_all(clips, settings, rules, read_every_frame))
        write_scores(output, tables, {"config": str(config), "clips": len(clips)})
    except MaskwatchError as exc:
        print(f"score_clips: {exc}", file=sys.stderr)
        return exc.exit_code
    print((output / "score.md").read_text(encoding="utf-8"))
    return 0


def _truths(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.glob("*.json") if path.name != "score.json")
    if not paths:
        raise DataError(f"{folder}: no simulated clips; make some with make_clips.py {folder}")
    return paths


def _read_or_watch(path: Path, config: Path, kept: Path, again: bool) -> tuple[ClipTruth, Lines]:
    lines = kept / f"{path.stem}.jsonl"
    truth = read_truth(path)
    if again:
        return truth, read_lines(lines)
    print(f"watching {path.stem}", file=sys.stderr, flush=True)
    return truth, watch_clip(path.with_suffix(".mp4"), config, lines)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="the clips, from make_clips.py")
    parser.add_argument("--config", type=Path, metavar="FILE", help="what to watch with (DIR/door.yaml)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where lines and scores go (DIR)")
    parser.add_argument("--every-frame", action="store_true", help="score also an alarm on any unmasked face")
    parser.add_argument("--again", action="store_true", help="score the lines of the last run, run nothing")
    parser.add_argument(
        "--grace-s", type=float, default=Rules().grace_s, help="an alarm is right this long after (%(default)s)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
