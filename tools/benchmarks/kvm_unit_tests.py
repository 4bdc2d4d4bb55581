# SPDX-License-Identifier: GPL-2.0-or-later
"""Three long programs of kvm-unit-tests, beside QEMU: as the suite's list says, on both machines."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from emu.errors import ProgramError
from tools.benchmarks.figure import BenchmarkFigure, Effort, Measured, NotMeasured, Unit
from tools.benchmarks.linux import PLAIN, QEMU, beside_qemu, seconds_of
from tools.conform.kvm_unit_tests.suite import SUITE, KvmUnitTests
from tools.conform.options import DirectoryOptions
from tools.conform.suites import Unsuitable
from tools.usage.errors import UsageError
from tools.usage.options import read_options

if TYPE_CHECKING:
    from pathlib import Path

    from tools.conform.kvm_unit_tests.program import UnitTest

PROGRAMS: Final = ("sclp-1g", "exittime", "sieve")
_PASSED: Final = "EXIT: STATUS=1"


def plan(program: str, suite: Path | None) -> UnitTest:
    """What is to be run of the *suite*, a build directory.

    :raises NotMeasured: if it is not there, or has no such program.
    """
    if suite is None:
        raise NotMeasured(f"{SUITE}: expected --suite DIR")
    wanted = read_options(DirectoryOptions, {"directory": str(suite), "only": [program]})
    try:
        programs = KvmUnitTests(wanted)
        entry = next((entry for entry in programs.entries() if entry.name == program), None)
        if entry is None:
            raise NotMeasured(f"{suite} has no {program}")
        return programs.job(entry)
    except (Unsuitable, ProgramError, UsageError) as reason:
        raise NotMeasured(f"{program}: {reason}") from None


def commands(job: UnitTest) -> tuple[list[str], list[str]]:
    """Ours, and QEMU's."""
    options = job.options
    image, memory, words = str(options.image.path), f"{options.memory >> 20}M", options.command_line
    ours = [sys.executable, "-m", "tools.command.start", "run", image, "--memory", memory]
    ours += ["--cpus", str(options.cpus)]
    theirs = [QEMU, "-nodefaults", "-nographic", "-machine", "s390-ccw-virtio", *PLAIN, "-cpu", "max"]
    theirs += ["-chardev", "stdio,id=console", "-device", "sclpconsole,chardev=console"]
    theirs += ["-m", memory, "-smp", str(options.cpus), "-kernel", image]
    if words is not None:
        ours += ["--cmdline", words]
        theirs += ["-append", words]
    return ours, theirs


def _ratio(program: str, effort: Effort) -> Measured:
    ours, theirs = commands(plan(program, effort.suite))
    return beside_qemu(partial(seconds_of, ours, _PASSED), partial(seconds_of, theirs, _PASSED), effort.rounds)


FIGURES: Final = tuple(
    BenchmarkFigure(
        f"kvm-{program}",
        f"kvm-unit-tests: {program}",
        Unit.RATIO,
        partial(_ratio, program),
        3,
        compared_with="QEMU's TCG",
        takes_long=True,
    )
    for program in PROGRAMS
)
