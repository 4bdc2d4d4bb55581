# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the time of a boot goes: to the Python interpreter, to translated code, to Unicorn's library, to compiled code.

``perf`` takes samples of the process; ``python -m tools.benchmarks.shares FILE`` is that process: it boots, and writes
in *FILE*, as JSON, where the code lies that comes from no file.
"""

from __future__ import annotations

import bisect
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.memory import run_boot
from tools.usage.errors import UsageError

TRANSLATED: Final = "translated code"
COMPILED: Final = "compiled code"
_PYTHON: Final = "the Python interpreter"
_UNICORN: Final = "libunicorn"
_SYSTEM: Final = "the system"
_OTHER: Final = "other libraries"
_SAMPLES_A_SECOND: Final = 997
_PATIENCE: Final = 1800
_SHOWN: Final = 300

Areas = Sequence[tuple[int, int, str]]
"""From an address to before another, and what lies there; in their order."""


def code_areas(maps: str) -> Areas:
    """Where code lies that comes from no file, by the memory map *maps* of a process (proc(5), maps).

    Unicorn goes on to write its buffer of translations; what the compiler's library has loaded is not written any more.
    """
    areas = []
    for line in maps.splitlines():
        span, permissions, _, _, _, *name = line.split(maxsplit=5)
        if "x" in permissions and not name:
            low, high = (int(each, 16) for each in span.split("-"))
            areas.append((low, high, TRANSLATED if "w" in permissions else COMPILED))
    return sorted(areas)


def shares(samples: Iterable[str], areas: Areas) -> dict[str, float]:
    """Which part of the *samples* lies where: each is a line of an address and, in parentheses, the file it is in.

    :raises NotMeasured: if there are none.
    """
    counts = Counter(_place(sample, areas) for sample in samples if sample.strip())
    if not counts:
        raise NotMeasured("perf has taken no samples")
    return {place: count / counts.total() for place, count in counts.most_common()}


def _place(sample: str, areas: Areas) -> str:
    address, file = int(sample.split(None, 1)[0], 16), sample.rpartition("(")[2].rstrip(") ")
    number = bisect.bisect(areas, address, key=lambda area: area[0]) - 1
    if number >= 0 and address < areas[number][1]:
        return areas[number][2]
    name = Path(file).name
    if "kernel" in file or name.startswith("[v"):
        return _SYSTEM
    if name.startswith(("libpython", "python")):
        return _PYTHON
    return _UNICORN if name.startswith("libunicorn") else _OTHER


def _boot_shares(_: Effort) -> Measured:
    perf = shutil.which("perf")
    if perf is None:
        raise NotMeasured("perf is not installed")
    with tempfile.TemporaryDirectory() as directory:
        samples, areas = Path(directory, "perf.data"), Path(directory, "areas.json")
        boot = [sys.executable, "-m", "tools.benchmarks.shares", str(areas)]
        _done([perf, "record", "-q", "-e", "cpu-clock", "-F", str(_SAMPLES_A_SECOND), "-o", str(samples), "--", *boot])
        text = _done([perf, "script", "-i", str(samples), "-F", "ip,dso"])
        found = shares(text.splitlines(), json.loads(areas.read_text(encoding="utf-8")))
    detail = ", ".join(f"{place} {100 * share:.0f} %" for place, share in found.items())
    return Measured((100 * found.get(_PYTHON, 0.0),), detail)


def _done(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if done.returncode:
        raise NotMeasured(done.stderr.strip()[-_SHOWN:])
    return done.stdout


FIGURES: Final = (
    BenchmarkFigure(
        "boot-python-share",
        "share of the Python interpreter in a boot of Debian",
        Unit.PERCENT,
        _boot_shares,
        takes_long=True,
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Boot, write where code lies to the file that *arguments* name, and give the exit status."""
    (file,) = arguments
    try:
        run_boot()
    except (NotMeasured, UsageError) as reason:
        print(reason, file=sys.stderr)
        return 2
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    Path(file).write_text(json.dumps(code_areas(maps)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
