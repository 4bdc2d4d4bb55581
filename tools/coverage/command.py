# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform coverage``: files of coverage added up, shown, and held against a floor."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tools.coverage.saved import read_coverage, write_coverage
from tools.coverage.summary import below, coverage_of, gap_lines, lines, raised, read_floor
from tools.usage.errors import UsageError
from tools.usage.outputs import check_apart, optional_output

if TYPE_CHECKING:
    from tools.coverage.collector import Counts
    from tools.coverage.options import CoverageOptions


def show_coverage(wanted: CoverageOptions) -> int:
    """Add up the files; the exit status is 1 if it is less than the floor.

    :raises UsageError: naming a file that is none, or cannot be written.
    """
    if wanted.raise_floor and wanted.floor is None:
        raise UsageError("--raise-floor: expected --floor FILE")
    check_apart("--write", wanted.write, {"--floor": wanted.floor})
    with ExitStack() as files:
        written = optional_output(files, "--write", wanted.write)
        raises = wanted.floor if wanted.raise_floor else None
        check_apart("--floor", raises, {"FILE": wanted.files})
        raised_floor = optional_output(files, "--floor", raises)
        floor = {} if wanted.floor is None else read_floor(Path(wanted.floor), is_raised=wanted.raise_floor)
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
        sunk = below(floor, found)
        for line in sunk:
            print(f"below the floor: {line}")
        if written is not None:
            write_coverage(written, programs, counts)
        if raised_floor is not None:
            text = json.dumps(raised(floor, found), indent=2) + "\n"
            raised_floor.put(lambda file: file.write(text))
        return 1 if sunk else 0
