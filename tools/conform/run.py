# SPDX-License-Identifier: GPL-2.0-or-later
"""``essa conform SUITE``: what is wanted of a suite, run side by side, told, written down and judged."""

from __future__ import annotations

import gc
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from emu.errors import ProgramError
from emu.whole_file import UnwritableError, put_whole
from tools import __version__
from tools.conform.baseline import print_differences, read_baseline
from tools.conform.choice import check_facilities, choose
from tools.conform.documents import Documents
from tools.conform.known import read_known, with_known, without_programs
from tools.conform.lines import print_result, totals_line
from tools.conform.results import CoveredMatrix, Entry, Outcome, Result, SuiteReport, totals
from tools.conform.suites import NotBegun, Unsuitable, Unsupported
from tools.conform.texts import printable
from tools.processes.interrupt import postponed
from tools.processes.side_by_side import run_side_by_side
from tools.reports.how_many import how_many
from tools.usage.errors import LostRun, UsageError
from tools.usage.outputs import check_apart, do_all, optional_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tools.conform.known import KnownFailure
    from tools.conform.options import ConformOptions
    from tools.conform.suites import Job, Suite, SuiteDeclaration
    from tools.coverage.collector import Counts
    from tools.processes.side_by_side import Reporter
    from tools.usage.outputs import Output

INTERRUPTED: Final = 3


def run_suite(declared: SuiteDeclaration, wanted: ConformOptions) -> int:
    """Run what is *wanted*, print a line for each program as it ends, save what is asked for, give the exit status.

    It is 0 if no program failed, or none does worse than in the baseline; 1 if one does; 3 if Ctrl-C or SIGTERM has
    kept some from being run.

    :raises UsageError: naming the option, the file and the line that is wrong.
    """
    suite = declared.open(wanted)
    entries = suite.entries()
    chosen = choose(entries, wanted, declared.name)
    check_facilities(entries, wanted)
    baseline = read_baseline(wanted.baseline, declared.name)
    if wanted.logs is not None:
        _make_directory(Path(wanted.logs))
    own, typed = [declared.known] if declared.known else [], [*map(Path, wanted.known)]
    known_files = [*own, *typed]
    known = read_known(known_files)
    # The file of a suite may be about more than what is in a directory.
    strangers = without_programs(read_known(typed), entries)
    read = {"--last-failed": wanted.last_failed, "--known": known_files}
    with ExitStack() as files:
        documents = Documents(files, wanted, {**read, "--coverage": wanted.coverage}, declared.name)
        read |= {"--compare": wanted.compare, "--baseline": wanted.baseline}
        check_apart("--coverage", wanted.coverage, read)
        coverage = optional_output(files, "--coverage", wanted.coverage)
        machine = _machine(declared, wanted)
        counts: Counts = Counter()
        results: dict[str, Result] = {}
        began = time.monotonic()
        # After a second Ctrl-C or SIGTERM what was running is lost, and what has ended is told.
        with suppress(KeyboardInterrupt):
            _run_all(suite, chosen, known, wanted, results, counts)
        with postponed(is_sigterm_too=True):
            ordered = [results[entry.name] for entry in chosen if entry.name in results]
            report = SuiteReport(
                suite=declared.name,
                machine=machine,
                totals=totals(ordered),
                seconds=round(time.monotonic() - began, 3),
                programs=tuple(ordered),
                not_run=tuple(sorted({entry.name for entry in chosen} - results.keys())),
                coverage=() if wanted.coverage is None else _covered(counts),
            )
            print(totals_line(report))
            do_all(
                (
                    partial(documents.write, report),
                    partial(_write_coverage, coverage, declared.name, counts),
                    partial(_write_logs, wanted.logs, ordered),
                )
            )
        for pattern in strangers:
            print(f"--known: there is no program {pattern!r}")
        if report.not_run:
            have = "has" if len(report.not_run) == 1 else "have"
            print(f"interrupted: {how_many(len(report.not_run), 'program')} {have} not been run")
        if baseline is not None:
            # A program that is no more in the suite cannot be chosen; it is missed when nothing was left out.
            left_out = {entry.name for entry in entries} - {entry.name for entry in chosen}
            meant = {each.name for each in baseline.programs} - left_out if _is_whole(wanted) else ()
            is_worse = print_differences(report, baseline, meant)
        else:
            is_worse = any(result.outcome.is_failure for result in ordered)
        return INTERRUPTED if report.not_run else int(is_worse)


def _machine(declared: SuiteDeclaration, wanted: ConformOptions) -> str:
    """What the programs run on, in words."""
    other = None if declared.machine is None else declared.machine(wanted)
    return other or f"essa {__version__}, profile {wanted.profile}"


def _covered(counts: Counts) -> tuple[CoveredMatrix, ...]:
    """What is exercised by what was counted."""
    from tools.coverage.summary import coverage_of, gap_texts

    return tuple(
        CoveredMatrix(
            each.matrix.name, each.matrix.axes, each.reached, each.expected, each.besides, tuple(gap_texts(each))
        )
        for each in coverage_of(counts)
    )


def _is_whole(wanted: ConformOptions) -> bool:
    """Whether every program of the suite was to be run."""
    return not (wanted.only or wanted.exclude or wanted.pattern or wanted.last_failed)


def _run_all(
    suite: Suite,
    chosen: Sequence[Entry],
    known: Sequence[KnownFailure],
    wanted: ConformOptions,
    results: dict[str, Result],
    counts: Counts,
) -> None:
    """Put what comes of each of *chosen* into *results*; those are missing that were kept from being run to their end.

    What they exercise is added to *counts* if that is *wanted*.
    """
    jobs: dict[str, Job] = {}
    entries = {entry.name: entry for entry in chosen}

    def ended(name: str, result: CountedResult | Result | None) -> None:
        if isinstance(result, CountedResult):
            counts.update(result.counts)
            result = result.result
        if result is not None:
            # A reason may have the name of a file in it, which need be no text.
            result = msgspec.structs.replace(result, reason=printable(result.reason))
            results[name] = with_known(result, known)
            print_result(results[name])

    def lost(reason: LostRun) -> Result:
        return Result(entries[reason.name], Outcome.STOPPED, str(reason))

    try:
        for entry in chosen:
            job = _planned(suite, entry)
            if isinstance(job, Result):
                ended(entry.name, job)
            else:
                jobs[entry.name] = job
    except NotBegun:
        jobs.clear()
    run = _run if wanted.coverage is None else _run_counted
    run_side_by_side(run, jobs, most=wanted.jobs, ended=ended, lost=lost)


def _planned(suite: Suite, entry: Entry) -> Job | Result:
    """What is to be done for *entry*, or what has come of it already."""
    try:
        return suite.job(entry)
    except Unsupported as reason:
        return Result(entry, Outcome.UNSUPPORTED, str(reason))
    except Unsuitable as reason:
        return Result(entry, Outcome.SKIPPED, str(reason))
    except ProgramError as reason:
        return Result(entry, Outcome.FAILED, str(reason))


@dataclass(frozen=True, slots=True)
class CountedResult:
    """What came of an entry, and what it has exercised."""

    result: Result | None
    counts: Counts


def _run_counted(job: Job, reporter: Reporter) -> CountedResult:
    """The same as :func:`_run`, with what it exercises."""
    from tools.coverage.covered import counting

    counts: Counts = Counter()
    with counting(counts):
        return CountedResult(_run(job, reporter), counts)


def _run(job: Job, reporter: Reporter) -> Result | None:
    """Run *job*, in a process of its own, and take the time of it."""
    began = time.monotonic()
    try:
        result = job.run(reporter)
    except (ProgramError, UsageError) as reason:
        # Such as a program that does not fit the memory that its entry gives it.
        result = Result(job.entry, Outcome.FAILED, str(reason))
    # A machine and its CPUs refer to each other: without this it would keep its memory for a while.
    gc.collect()
    return None if result is None else msgspec.structs.replace(result, seconds=round(time.monotonic() - began, 3))


def _make_directory(directory: Path) -> None:
    """Have *directory* before anything runs.

    :raises UsageError: if it cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise UsageError(f"--logs: {directory} cannot be made: {reason.strerror}") from None


def _write_coverage(output: Output | None, name: str, counts: Counts) -> None:
    if output is not None:
        from tools.coverage.saved import write_coverage

        write_coverage(output, [name], counts)


def _write_logs(name: str | None, results: Iterable[Result]) -> None:
    """The console of each program that ran, in a file of its own in the directory *name*."""
    if name is None:
        return
    directory = Path(name)
    try:
        for result in results:
            if result.instructions:
                path = directory / f"{result.name.replace('/', '_')}.log"
                put_whole(path, result.console.encode("utf-8", "backslashreplace"))
    except UnwritableError as reason:
        raise UsageError(f"--logs: {directory} cannot be written: {reason.reason}") from None
