# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps of processes: how they begin and end, and what remains of what they have stored."""

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
    ScenarioError,
    Step,
    Table,
    Verify,
    Write,
    Writeback,
)
from tests.support.scenario_processes import BEGIN, PRIVATE, SHARED
from tests.support.scenarios import AT, PAGE, planned_error, run

NO_Q = "process: no process is called 'q'; expected p"


def test_memory_is_zero_and_then_what_was_stored() -> None:
    runner = run(
        *BEGIN,
        ProcessLoad(process="p", at=AT, pages=10),
        ProcessStore(process="p", at=AT + PAGE, pages=5, times=2),
        ProcessLoad(process="p", at=AT, pages=10, times=2, cpu=1),
        Verify(),
    )
    assert runner.world.stores == 10
    assert len(runner.world.expected.stored("p")) == 5


def test_what_is_stored_into_a_shared_file_is_read_and_written_back() -> None:
    run(
        *SHARED,
        ProcessStore(process="p", at=AT, pages=20),
        Read(file="data"),
        Writeback(),
        Expect(equal={"disk-writes": 20}),
        Munmap(process="p", at=AT, pages=20),
        Discard(),
        Read(file="data"),
        Expect(at_least={"discarded": 20}),
    )


def test_what_is_stored_into_a_private_file_is_not() -> None:
    run(
        *PRIVATE,
        ProcessStore(process="p", at=AT, pages=20),
        Read(file="data"),
        Write(file="data"),
        ProcessLoad(process="p", at=AT, pages=20),
        Writeback(),
        Discard(),
        ProcessLoad(process="p", at=AT, pages=20),
        Read(file="data"),
        Verify(process="p"),
    )


def test_a_fork_copies_what_is_private_and_shares_what_is_shared() -> None:
    run(
        *BEGIN,
        Mmap(process="p", at=AT + 10 * PAGE, pages=5, file="log", shared=True),
        ProcessStore(process="p", at=AT, pages=15),
        Fork(process="p", child="c"),
        ProcessStore(process="c", at=AT, pages=3),
        ProcessStore(process="p", at=AT + 2 * PAGE, pages=3),
        ProcessStore(process="c", at=AT + 12 * PAGE),
        ProcessLoad(process="p", at=AT, pages=15),
        ProcessLoad(process="c", at=AT, pages=15, cpu=1),
        ProcessExit(process="p"),
        Verify(),
        Read(file="log"),
    )


def test_names_can_be_given_again() -> None:
    run(
        *BEGIN,
        ProcessExit(process="p"),
        *BEGIN,
        Fork(process="p", child="c"),
        ProcessExit(process="c"),
        Fork(process="p", child="c"),
    )


def test_nothing_is_left_of_a_process() -> None:
    before, after = Table(name="before"), Table(name="after")
    runner = run(
        *BEGIN,
        ProcessExit(process="p"),
        before,
        *SHARED,
        ProcessStore(process="p", at=AT),
        ProcessExit(process="p"),
        after,
    )
    assert all(not page.mapcount for page in runner.kernel.mem_map)
    assert "p" not in runner.world.processes


def test_swapped_memory_is_what_was_stored() -> None:
    run(
        *BEGIN,
        ProcessStore(process="p", at=AT, pages=10),
        Reclaim(pages=5),
        Expect(at_least={"swap-writes": 5}),
        Verify(),
        Expect(at_least={"swap-reads": 5}),
        swap_pages=50,
    )


def test_the_model_and_processes_under_pressure() -> None:
    steps: list[Step] = [*SHARED, Mmap(process="p", at=AT + 20 * PAGE, pages=60, file="data")]
    steps += [ProcessStore(process="p", at=AT, pages=40), Fork(process="p", child="c")]
    for _ in range(3):
        steps += [
            ProcessLoad(process="p", at=AT, pages=80),
            ProcessStore(process="c", at=AT + 10 * PAGE, pages=30, cpu=1),
            Discard(),
        ]
        steps += [
            Write(file="data", first=3, pages=10),
            Writeback(),
            Read(file="data"),
            ProcessLoad(process="c", at=AT, pages=80),
        ]
    runner = run(*steps, Verify(), frames=180)
    assert runner.kernel.discarded > 50


@pytest.mark.parametrize(
    ("steps", "message"),
    (
        ((ProcessLoad(process="q", at=AT),), "process: no process is called 'q'"),
        ((*BEGIN, ProcessStore(process="q", at=AT)), "process: no process is called 'q'; expected p"),
        ((*BEGIN, Process(name="p")), "name: another process is called 'p'"),
        ((*BEGIN, Fork(process="p", child="p")), "child: another process is called 'p'"),
        ((*BEGIN, Fork(process="q", child="r")), "process: no process is called 'q'; expected p"),
        ((*BEGIN, ProcessExit(process="p"), ProcessExit(process="p")), "process: no process is called 'p'"),
        ((*BEGIN, ProcessExit(process="p"), Munmap(process="p", at=AT, pages=1)), "process: no process is called 'p'"),
        (
            (*BEGIN, Mprotect(process="q", at=0, pages=1, writable=True)),
            "process: no process is called 'q'; expected p",
        ),
        ((*BEGIN, Mlock(process="q", at=0, pages=1)), "process: no process is called 'q'; expected p"),
        ((*BEGIN, Munlock(process="q", at=0, pages=1)), "process: no process is called 'q'; expected p"),
        ((*BEGIN, Verify(process="q")), "process: no process is called 'q'; expected p"),
        ((*BEGIN, Mmap(process="q", at=0, pages=1)), "process: no process is called 'q'; expected p"),
        ((*BEGIN, Mmap(process="p", at=0, pages=1, file="x")), "file: no file is called 'x'; expected data, log"),
        ((*BEGIN, Mmap(process="p", at=0, pages=1, file="log", first=5)), "first: 'log' has 5 pages, and no page 5"),
    ),
)
def test_what_is_not_there(steps: tuple[Step, ...], message: str) -> None:
    assert planned_error(*steps) == message


def test_values_that_cannot_be() -> None:
    for make, field in (
        (lambda: Process(name=""), "name"),
        (lambda: Fork(process="p", child="\n"), "child"),
        (lambda: ProcessExit(process=""), "process"),
        (lambda: Mmap(process="p", at=AT + 1, pages=1), "at"),
        (lambda: Mmap(process="p", at=-PAGE, pages=1), "at"),
        (lambda: Mmap(process="p", at=1 << 42, pages=1), "at"),
        (lambda: Mmap(process="p", at=AT, pages=0), "pages"),
        (lambda: Mmap(process="p", at=AT, pages=1, first=1), "first"),
        (lambda: Mmap(process="p", at=AT, pages=1, file=""), "file"),
        (lambda: Munmap(process="p", at=AT, pages=0), "pages"),
        (lambda: Remap(process="p", at=AT, pages=1, first=-1), "first"),
        (lambda: Mprotect(process="p", at=AT, pages=0, writable=True), "pages"),
        (lambda: Mlock(process="", at=AT, pages=1), "process"),
        (lambda: Munlock(process="p", at=5, pages=1), "at"),
        (lambda: ProcessLoad(process="p", at=AT + 8), "at"),
        (lambda: ProcessLoad(process="p", at=AT, times=0), "times"),
        (lambda: ProcessStore(process="p", at=AT, pages=2, until="X"), "until"),
        (lambda: Verify(group="g", process="p"), "process"),
    ):
        with pytest.raises(ScenarioError) as raised:
            make()
        assert raised.value.field == field
