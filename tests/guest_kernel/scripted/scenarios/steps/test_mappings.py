# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about what processes map, and what they may do there."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.scenario import (
    Discard,
    Expect,
    Fork,
    Mlock,
    Mmap,
    Mprotect,
    Munlock,
    Munmap,
    Process,
    ProcessExit,
    ProcessLoad,
    ProcessStore,
    Read,
    Reclaim,
    Remap,
    Step,
    Verify,
    Write,
    Writeback,
)
from tests.support.scenario_processes import BEGIN, ONLY_READ, PRIVATE, SHARED
from tests.support.scenarios import AT, PAGE, error, run


def test_remapped_pages_are_other_pages_of_the_file() -> None:
    run(
        *SHARED,
        ProcessStore(process="p", at=AT, pages=20),
        Remap(process="p", at=AT + 5 * PAGE, pages=10, first=2),
        ProcessLoad(process="p", at=AT, pages=20),
        ProcessStore(process="p", at=AT + 8 * PAGE, pages=3),
        Discard(),
        Reclaim(pages=20),
        ProcessLoad(process="p", at=AT, pages=20),
        Read(file="data"),
    )


def test_what_is_protected_is_only_read() -> None:
    steps = (
        *BEGIN,
        ProcessStore(process="p", at=AT, pages=10),
        Mprotect(process="p", at=AT + 2 * PAGE, pages=3, writable=False),
        ProcessLoad(process="p", at=AT, pages=10),
        ProcessStore(process="p", at=AT, pages=2),
        ProcessStore(process="p", at=AT + 5 * PAGE, pages=5),
    )
    again = Mprotect(process="p", at=AT, pages=10, writable=True)
    run(*steps, again, ProcessStore(process="p", at=AT, pages=10), Verify())
    assert error(*steps, ProcessStore(process="p", at=AT + 2 * PAGE)) == (
        "at: p: SIGSEGV at 0x20002000: the mapping is read-only"
    )


def test_protecting_a_shared_file() -> None:
    run(
        *SHARED,
        ProcessStore(process="p", at=AT, pages=20),
        Writeback(),
        Mprotect(process="p", at=AT, pages=20, writable=False),
        Discard(),
        ProcessLoad(process="p", at=AT, pages=20),
        Mprotect(process="p", at=AT, pages=20, writable=True),
        ProcessStore(process="p", at=AT, pages=10),
        Read(file="data"),
    )


def test_locked_pages_of_a_file_stay_stable() -> None:
    run(
        *ONLY_READ,
        Read(file="data", pages=56),
        Expect(page="data:7", state="Vr"),
        Mlock(process="p", at=AT, pages=4),
        # The first of them is page 5 of the file.
        Expect(page="data:7", state="Sr"),
        Munlock(process="p", at=AT, pages=4),
        Munmap(process="p", at=AT, pages=20),
        Read(file="data", pages=56),
        Expect(page="data:7", state="Sr"),
        Discard(),
        Expect(page="data:7", state="Sr"),
    )


def test_locking_copies_what_is_private() -> None:
    run(
        *PRIVATE,
        Write(file="data"),
        Mlock(process="p", at=AT, pages=4),
        Write(file="data"),
        # The first four as they were when they were locked, the others as the file is now.
        ProcessLoad(process="p", at=AT, pages=20),
        ProcessStore(process="p", at=AT),
        ProcessLoad(process="p", at=AT, pages=20),
    )


def test_without_patch_3_locked_pages_are_volatile() -> None:
    run(
        *ONLY_READ,
        Read(file="data", pages=56),
        Mlock(process="p", at=AT, pages=4),
        Expect(page="data:7", state="Vr"),
        patches=(1, 2),
    )


def test_shared_memory() -> None:
    run(
        Process(name="p"),
        Mmap(process="p", at=AT, pages=10, shared=True),
        ProcessStore(process="p", at=AT, pages=4),
        Fork(process="p", child="c"),
        ProcessStore(process="c", at=AT + 2 * PAGE, pages=4),
        ProcessLoad(process="p", at=AT, pages=10),
        ProcessExit(process="p"),
        ProcessLoad(process="c", at=AT, pages=10),
    )


def test_a_mapping_over_a_mapping() -> None:
    assert error(*BEGIN, Mmap(process="p", at=AT + 9 * PAGE, pages=1)) == (
        "at: 1 pages at 0x20009000: overlaps a mapping from 0x20000000 to 0x2000a000"
    )


def test_unmapping_nothing() -> None:
    assert error(*BEGIN, Munmap(process="p", at=AT - PAGE, pages=1)) == (
        "at: 1 pages at 0x1ffff000: nothing is mapped there"
    )


@pytest.mark.parametrize(
    "step",
    (
        Mprotect(process="p", at=AT + 9 * PAGE, pages=2, writable=True),
        Mlock(process="p", at=AT + 9 * PAGE, pages=2),
        Munlock(process="p", at=AT + 9 * PAGE, pages=2),
    ),
)
def test_what_is_not_all_mapped(step: Step) -> None:
    assert error(*BEGIN, step).startswith("at: 2 pages at 0x20009000: ")


def test_locking_past_the_end_of_a_file() -> None:
    beyond = Mmap(process="p", at=AT, pages=61, file="data")
    assert error(Process(name="p"), beyond, Mlock(process="p", at=AT + 59 * PAGE, pages=2)).startswith(
        "at: p: SIGBUS at 0x2003c000"
    )


def test_remapping_what_is_not_shared() -> None:
    assert error(*PRIVATE, Remap(process="p", at=AT, pages=1, first=0)) == (
        "at: 1 pages at 0x20000000: not in one shared mapping of a file"
    )
