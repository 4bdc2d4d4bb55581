# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps of processes: what they do, what they find, and what is wrong with them."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.runner import Listener, ScenarioFailure
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
    Truncate,
    Verify,
    Write,
    Writeback,
)
from guest_kernel.scripted.scenarios.steps.page_name import mapped_page
from tests.support.scenarios import AT, PAGE, error, hosted, planned_error, run

NO_Q = "process: no process is called 'q'; expected p"
BEGIN = (Process(name="p"), Mmap(process="p", at=AT, pages=10))
SHARED = (Process(name="p"), Mmap(process="p", at=AT, pages=20, file="data", first=5, shared=True))
ONLY_READ = (Process(name="p"), Mmap(process="p", at=AT, pages=20, file="data", first=5, writable=False))
PRIVATE = (Process(name="p"), Mmap(process="p", at=AT, pages=20, file="data", first=5))


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


# What is wrong


@pytest.mark.parametrize(
    ("step", "message"),
    (
        (ProcessLoad(process="p", at=AT - PAGE), "SIGSEGV at 0x1ffff000: nothing is mapped there"),
        (ProcessStore(process="p", at=AT + 10 * PAGE), "SIGSEGV at 0x2000a000: nothing is mapped there"),
        (ProcessLoad(process="p", at=AT + 8 * PAGE, pages=3), "SIGSEGV at 0x2000a000: nothing is mapped there"),
    ),
)
def test_an_access_to_nothing(step: Step, message: str) -> None:
    assert error(*BEGIN, step) == f"at: p: {message}"


def test_a_store_to_what_is_read_only() -> None:
    only_read = Mmap(process="p", at=AT, pages=1, file="data", writable=False)
    assert error(Process(name="p"), only_read, ProcessLoad(process="p", at=AT), ProcessStore(process="p", at=AT)) == (
        "at: p: SIGSEGV at 0x20000000: the mapping is read-only"
    )


def test_an_access_past_the_end_of_a_file() -> None:
    beyond = Mmap(process="p", at=AT, pages=61, file="data")
    message = "at: p: SIGBUS at 0x2003c000: past the end of inode 1"
    assert error(Process(name="p"), beyond, ProcessLoad(process="p", at=AT + 60 * PAGE)) == message
    steps = (*SHARED, ProcessLoad(process="p", at=AT), Truncate(file="data", pages=5), ProcessLoad(process="p", at=AT))
    assert error(*steps) == "at: p: SIGBUS at 0x20000000: past the end of inode 1"


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


class Spoil(Listener):
    """Calls something when a named point is reached."""

    def table_reached(self, point: object) -> None:
        self.spoil()

    def spoil(self) -> None:
        raise NotImplementedError


def test_a_wrong_doubleword_fails_the_run_and_names_process_and_address() -> None:
    steps = (*BEGIN, ProcessStore(process="p", at=AT, pages=3), Table(name="now"), Verify())

    with hosted(*steps) as runner:

        class Damage(Spoil):
            def spoil(self) -> None:
                page = mapped_page(runner.kernel, runner.world.processes["p"], AT + PAGE)
                assert page is not None
                runner.machine.load_storage(page.address + 24, b"\xff")

        runner.listener = Damage()
        with pytest.raises(ScenarioFailure, match=r"\(verify\): wrong content: process p, address 0x20001018: 0xff"):
            runner.run()


def test_a_load_that_should_have_failed_fails_the_run() -> None:
    with hosted(*BEGIN, Table(name="now"), ProcessLoad(process="p", at=AT)) as runner:

        class Damage(Spoil):
            def spoil(self) -> None:
                runner.world.expected.unmap("p", AT, 1)

        runner.listener = Damage()
        with pytest.raises(ScenarioFailure, match="0x0 was loaded, but SIGSEGV was expected"):
            runner.run()


def test_a_store_that_should_have_failed_fails_the_run() -> None:
    with hosted(*BEGIN, Table(name="now"), ProcessStore(process="p", at=AT)) as runner:

        class Damage(Spoil):
            def spoil(self) -> None:
                runner.world.expected.protect("p", AT, 1, writable=False)

        runner.listener = Damage()
        with pytest.raises(ScenarioFailure, match="it could store, but SIGSEGV was expected"):
            runner.run()


def test_a_signal_that_should_not_have_come_fails_the_run() -> None:
    with hosted(*BEGIN, Table(name="now"), ProcessLoad(process="p", at=AT)) as runner:

        class Damage(Spoil):
            def spoil(self) -> None:
                mm = runner.world.processes["p"]
                mm.areas.clear()

        runner.listener = Damage()
        with pytest.raises(ScenarioFailure, match=r"SIGSEGV at 0x20000000: .*, which was not expected"):
            runner.run()
