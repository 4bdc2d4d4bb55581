# SPDX-License-Identifier: GPL-2.0-or-later
"""From an entry to a machine, or to why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.identification import CpuPlace, Entitlement, TopologyShape
from tests.support.elf import LOOP, Elf, ending_program
from tests.support.suite import PASSING, build_directory, lines_of, run_one
from tools.conform.kvm_unit_tests.program import UnitTest
from tools.conform.kvm_unit_tests.suite import KvmUnitTests
from tools.conform.options import DirectoryOptions
from tools.usage.options import read_options


def planned(tmp_path: Path, parameters: str, **typed: list[str]) -> UnitTest:
    """What is to be done for a program with these *parameters* in its section, and the options *typed*."""
    build_directory(tmp_path, f"[one]\nfile = one.elf\n{parameters}\n", one=PASSING)
    suite = KvmUnitTests(read_options(DirectoryOptions, {"directory": str(tmp_path), **typed}))
    return suite.job(suite.entries()[0])


def test_the_watchdog_is_there_if_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    words = "-device diag288,id=dog --watchdog-action inject-nmi"
    assert planned(tmp_path, f"qemu_params = {words}").has_watchdog
    assert not planned(tmp_path / "other", "").has_watchdog


@pytest.mark.parametrize(
    ("words", "cpus", "max_cpus", "shape"),
    (
        ("-smp 2", 2, 2, TopologyShape()),
        ("-smp 1,maxcpus=8", 1, 8, TopologyShape()),
        ("-smp sockets=3,cores=2,maxcpus=6", 6, 6, TopologyShape(2, 3)),
        ("-smp cpus=1,drawers=2,books=2,sockets=2,cores=4", 1, 32, TopologyShape(4, 2, 2, 2)),
        ("-smp 4,sockets=2", 4, 4, TopologyShape(2, 2)),
        (
            "-smp 1,sockets=2,cores=4 -device max-s390x-cpu,core-id=1,socket-id=1,entitlement=low,dedicated=false",
            2,
            8,
            TopologyShape(4, 2, places=((1, CpuPlace(0, 0, 1, Entitlement.LOW)),)),
        ),
    ),
)
def test_cpus_and_what_they_lie_in(tmp_path: Path, words: str, cpus: int, max_cpus: int, shape: TopologyShape) -> None:
    job = planned(tmp_path, f"qemu_params = {words}")
    assert (job.options.cpus, job.max_cpus, job.shape) == (cpus, max_cpus, shape)


@pytest.mark.parametrize(
    ("facility", "no_facility", "added", "removed"),
    (
        ([], [], set(), set()),
        (["one:169"], [], {169}, set()),
        (["fast:169"], [], {169}, set()),
        (["other:169"], [], set(), set()),
        ([], ["129"], set(), {129}),
        ([], ["one:129", "other:11"], set(), {129}),
    ),
)
def test_facilities_for_all_or_for_one(
    tmp_path: Path, facility: list[str], no_facility: list[str], added: set[int], removed: set[int]
) -> None:
    found = planned(tmp_path, "groups = fast", facility=facility, no_facility=no_facility).options
    assert (found.with_facilities, found.without_facilities) == (added, removed)


@pytest.mark.parametrize(
    ("parameters", "elf", "line"),
    (
        ("", ending_program(LOOP), "TIMEOUT one (not ended in time)"),
        ("qemu_params = -m 17", PASSING, "PASS    one (2 tests)"),
        (
            "qemu_params = -device virtio-rng-ccw",
            PASSING,
            "PASS    one (2 tests, virtio-blk-ccw in place of virtio-rng-ccw)",
        ),
        ("qemu_params = -device sclp-lm", PASSING, "SKIP    one (-device sclp-lm: not on this machine)"),
        (
            "qemu_params = -cpu z900",
            PASSING,
            "SKIP    one (-cpu z900: there is one model here, with facilities to choose from)",
        ),
        ("extra_params = -smp 2,sockets=2", PASSING, "PASS    one (2 tests)"),
        ("extra_params = -smp clusters=2", PASSING, "SKIP    one (-smp clusters=2: not known here)"),
        ("extra_params = -smp 2,threads=2", PASSING, "SKIP    one (-smp threads: a core is one CPU here)"),
        (
            "qemu_params = -device max-s390x-cpu,core-id=1,entitlement=huge",
            PASSING,
            "SKIP    one (-device max-s390x-cpu,core-id=1,entitlement=huge: not known here)",
        ),
        (
            "qemu_params = -device max-s390x-cpu,core-id=2",
            PASSING,
            "SKIP    one (-device: the CPU addresses here are 0 to 1, not [2])",
        ),
        ("qemu_params = -m", PASSING, "SKIP    one (-m: has no value)"),
        (
            "qemu_params = -device diag288 -watchdog-action reset",
            PASSING,
            "SKIP    one (-watchdog-action reset: the watchdog restarts a CPU here)",
        ),
        ("test_args = `date`", PASSING, "SKIP    one (test_args: needs a shell)"),
        ("groups = nodefault", PASSING, "SKIP    one (marked as not to be run by default (use --only))"),
        ("arch = arm64", PASSING, "SKIP    one (arch: for arm64 only)"),
        ("colour = red", PASSING, "SKIP    one (parameter colour: not known)"),
    ),
)
def test_what_cannot_be_done_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], parameters: str, elf: Elf, line: str
) -> None:
    run_one(tmp_path, parameters, elf, "--max-instructions", "100000")
    assert lines_of(capfd.readouterr().out)[0] == line
