# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads and stores of processes: what they must find, and what else fails the run."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.runner import Listener, ScenarioFailure
from guest_kernel.scripted.scenarios.scenario import (
    Mmap,
    Process,
    ProcessLoad,
    ProcessStore,
    Step,
    Table,
    Truncate,
    Verify,
)
from guest_kernel.scripted.scenarios.steps.page_name import mapped_page
from tests.support.scenario_processes import BEGIN, SHARED
from tests.support.scenarios import AT, PAGE, error, hosted

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
