"""Power cuts at random moments, while the settings are edited and the journal is written."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench import CONFIG, SLOW_SETTINGS, Bench, RowError, require_ready
from results import Outcome
from tools import ApplianceError

_JOURNAL: Final = "/var/lib/maskwatch/journal.db"
_LAST_GOOD: Final = "/var/lib/maskwatch/last-good.yaml"
_LONGEST_S: Final = 25.0
"""A cut comes up to this long after the daemon is seen to watch, or, each third time, while the system still boots."""

_READ: Final = f"""
import json, sqlite3
db = sqlite3.connect("file:{_JOURNAL}?mode=ro", uri=True)
rows = db.execute("SELECT id, kind, at_s FROM entries ORDER BY id").fetchall()
print(json.dumps({{"check": db.execute("PRAGMA integrity_check").fetchone()[0], "rows": rows}}))
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was on the disk: the settings, their last good copy without its first line, and the journal's rows."""

    config: str
    last_good: str
    check: str
    rows: list[tuple[int, str, float]]


def power_cuts(bench: Bench, count: int) -> Outcome:
    """Cut the power again and again; each time all that was committed before must be there after the boot."""
    recovered, times_s, problems = 0, [], []
    require_ready(bench)
    for number in range(1, count + 1):
        try:
            times_s.append(_cut_once(bench, number))
            recovered += 1
        except (RowError, ApplianceError) as exc:
            problems.append(f"cut {number}: {exc}")
            bench.machine.cut()
            bench.machine.start()
        print(f"  cut {number} of {count}: {recovered} recovered", flush=True)
    says = f"{recovered} of {count} recovered: settings, last good copy and every committed row of the journal whole"
    if problems:
        says += "; " + "; ".join(problems)
    middle_s = median(times_s) if times_s else None
    return Outcome(f"{says} (median of the times)", None, middle_s, recovered == count)


def _cut_once(bench: Bench, number: int) -> float:
    """Edit, note what is committed, cut, boot, compare; return the seconds from the boot to watching."""
    settings = SLOW_SETTINGS.replace("hold_s: 1", f"hold_s: {1 + number % 9}")
    bench.write_config(settings)
    bench.machine.run("sync /etc/maskwatch/config.yaml")
    bench.wait_for("the settings are in force", f"grep -q 'hold_s: {1 + number % 9}' {_LAST_GOOD}", 60.0)
    bench.play("bare" if number % 2 else "empty")
    before = read_kept(bench)
    time.sleep(random.uniform(0.0, _LONGEST_S))
    if number % 3 == 0:  # and once more while it starts
        bench.machine.cut()
        bench.machine.start()
        time.sleep(random.uniform(0.0, 10.0))
    bench.machine.cut()
    bench.machine.start()
    steady_s = bench.wait_until_steady(0.0)
    compare(before, read_kept(bench))
    return steady_s


def read_kept(bench: Bench) -> Kept:
    """Return what is on the guest's disk now."""
    config = bench.machine.run(f"cat {CONFIG}")
    last_good = bench.machine.run(f"tail -n +2 {_LAST_GOOD}")
    said = json.loads(bench.machine.run(f"python3 - <<'EOF'\n{_READ}\nEOF"))
    return Kept(config, last_good, said["check"], [tuple(row) for row in said["rows"]])


def compare(before: Kept, after: Kept) -> None:
    """Raise RowError unless all that was kept before is there, whole, after."""
    if after.config != before.config:
        raise RowError(f"config.yaml was {before.config!r}, is {after.config!r}")
    if after.last_good != before.config:
        raise RowError(f"the last good copy is {after.last_good!r}")
    if after.check != "ok":
        raise RowError(f"the journal is damaged: {after.check}")
    lost = [row for row in before.rows if row[:2] not in {each[:2] for each in after.rows}]
    if lost:
        raise RowError(f"the journal lost {len(lost)} committed rows, the first is {lost[0]}")
