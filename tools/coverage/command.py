# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform coverage``: files of coverage added up, shown, and held against a floor."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tools.coverage.saved import read_coverage, write_coverage
from tools.coverage.summary import below, coverage_of, gap_lines, lines, raised, read_floor
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from tools.coverage.collector import Counts
    from tools.coverage.options import CoverageOptions


def show_coverage(wanted: CoverageOptions) -> int:
    """Add up the files; the exit status is 1 if it is less than the floor.

    :raises UsageError: naming a file that is none, or cannot be written.
    """
    if wanted.raise_floor and wanted.floor is None:
        raise UsageError("--raise-floor: expected --floor FILE")
    floor = {} if wanted.floor is None else read_floor(Path(wanted.floor))
    counts: Counts = Counter()
    programs: list[str] = []
    for name in wanted.files:
        saved = read_coverage(Path(name))
        counts.update(saved.counts())
        programs += saved.programs
    found = coverage_of(counts)
    for line in lines(found):
        print(line)
    if wanted.gaps:
        print()
        for line in gap_lines(found):
            print(line)
    if wanted.write is not None:
        write_coverage(Path(wanted.write), programs, counts)
    sunk = below(floor, found)
    for line in sunk:
        print(f"below the floor: {line}")
    if wanted.floor is not None and wanted.raise_floor:
        _write_floor(Path(wanted.floor), raised(floor, found))
    return 1 if sunk else 0


def _write_floor(path: Path, floor: dict[str, int]) -> None:
    try:
        path.write_text(json.dumps(floor, indent=2) + "\n")
    except OSError as reason:
        raise UsageError(f"--floor: {path} cannot be written: {reason.strerror}") from None
