# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants of the files of rules, side by side, and what the suite says to each."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tools.conform.architecture.collection import DIRECTORY, read_cases
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import make_image
from tools.conform.mutation.mutants import ROOT, Mutant
from tools.processes.side_by_side import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tools.conform.architecture.case import Case
    from tools.processes.side_by_side import Reporter

_TIMEOUT: Final = 300
"""Seconds, after which a mutant has been noticed: it does not come to its end."""
_FIRST: Final = 30
"""So many cases that have noticed others of the same file are tried first."""
TIMEOUT: Final = "time"


class MutantResult(msgspec.Struct, frozen=True):
    """What came of a mutant."""

    name: str
    line: int
    digest: str
    """Of its source."""
    suite: str
    """Of the cases that it was held against."""
    noticed_by: str | None
    """The case, or None: it has survived."""


@dataclass(frozen=True, slots=True)
class _MutantJob:
    mutant: Mutant
    images: str
    suite: str
    first: tuple[str, ...]


def prepare(images: Path, cases: Mapping[str, Case]) -> str:
    """Write the images of *cases* to a file, with what each comes to when nothing is broken; give their digest.

    Cases that are skipped are left out, as none of them notices anything.

    :raises AssertionError: if one is not passed.
    """
    made = {}
    for name, case in cases.items():
        image = make_image(case)
        verdict = run_here(image, stepped=True, profile=case.profile).verdict
        if verdict is not CaseVerdict.SKIPPED:
            assert verdict is CaseVerdict.PASSED, name
            made[name] = image, verdict.value
    content = pickle.dumps(made)
    images.write_bytes(content)
    return hashlib.sha256(content).hexdigest()[:16]


def run_mutants(
    mutants: Iterable[Mutant],
    before: Iterable[MutantResult] = (),
    *,
    cases: Mapping[str, Case] | None = None,
    jobs: int | None = None,
    ended: Callable[[MutantResult], None] = lambda _: None,
) -> list[MutantResult]:
    """What comes of each of *mutants*; those that *before* says it of, with the same suite, are not run again.

    :param cases: what they are held against; None: all that there are.
    """
    with tempfile.TemporaryDirectory(prefix="essa-mutation-") as directory:
        images = Path(directory) / "images"
        suite = prepare(images, read_cases(DIRECTORY) if cases is None else cases)
        known = {(each.name, each.digest): each for each in before if each.suite == suite}
        killers: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for each in before:
            if each.noticed_by is not None:
                killers[each.name.partition(":")[0]][each.noticed_by.partition(" ")[0]] += 1
        found: dict[str, MutantResult] = {}
        work: dict[str, _MutantJob] = {}
        for mutant in mutants:
            key = f"{mutant.file}#{mutant.number}"
            if (mutant.name, mutant.digest) in known:
                found[key] = known[mutant.name, mutant.digest]
                continue
            first = tuple(name for name, _ in killers[mutant.file].most_common(_FIRST))
            work[key] = _MutantJob(mutant, str(images), suite, first)

        def done(key: str, result: MutantResult) -> None:
            found[key] = result
            ended(result)

        run_side_by_side(_run, work, most=jobs, ended=done)
        return list(found.values())


def _run(job: _MutantJob, _: Reporter) -> MutantResult:
    mutant = job.mutant
    module = mutant.file.removesuffix(".py").replace("/", ".")
    with tempfile.TemporaryDirectory(prefix="essa-mutant-") as directory:
        source = Path(directory) / "source.py"
        source.write_text(mutant.source, encoding="utf-8")
        command = [sys.executable, "-m", "tools.conform.mutation.one", module, str(source), job.images, *job.first]
        noticed: str | None = TIMEOUT
        with suppress(subprocess.TimeoutExpired):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
            noticed = None if done.returncode == 0 else done.stdout.strip() or f"exit status {done.returncode}"
    return MutantResult(mutant.name, mutant.line, mutant.digest, job.suite, noticed)
