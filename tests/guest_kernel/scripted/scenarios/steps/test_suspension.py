# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps that stop in the middle."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.runner import ScenarioFailure
from guest_kernel.scripted.scenarios.scenario import (
    Expect,
    Mmap,
    Process,
    ProcessLoad,
    ProcessStore,
    Read,
    Resume,
    ScenarioError,
    Step,
    Table,
    Tick,
    Write,
)
from tests.support.scenarios import AT, error_of_step, hosted, planned_error, run, scenario

ONE = Read(file="data", first=28, pages=1, until="readpage: before the I/O")
READ = Read(file="data", pages=28)


def test_a_read_stops_where_it_is_told_and_goes_on() -> None:
    run(
        READ,
        ONE,
        Expect(page="data:28", state="Sz"),
        Resume(until="SetStorageKey"),
        Expect(page="data:28", state="Sr", path=("Sz", "Sr"), requests=()),
        Resume(until="CopyPage"),
        Resume(),
        Expect(equal={"disk-reads": 30}),
        Tick(),
    )


def test_the_same_operation_again() -> None:
    # Both ESSAs of a page that is read again: stable, volatile.
    again = Read(file="data", first=3, pages=1, until="ESSA 6")
    run(
        READ,
        again,
        Expect(page="data:3", state="Vr"),
        Resume(until="ESSA 3"),
        Expect(page="data:3", state="Sr", requests=(6,)),
        Resume(),
        Expect(page="data:3", state="Vr", requests=(3,)),
    )


def test_another_cpu_gets_in_between() -> None:
    run(
        READ,
        Read(file="data", first=3, pages=1, until="CopyPage"),
        Read(file="data", first=3, pages=1, cpu=1),
        # The second reader gave it up, but the first has it still.
        Expect(page="data:3", state="Sr", requests=(6,)),
        Resume(),
        Expect(page="data:3", state="Vr"),
    )


def test_a_load_and_a_store_of_another_cpu() -> None:
    share = (
        Process(name="p"),
        Mmap(process="p", at=AT, pages=1, file="log", shared=True),
        ProcessLoad(process="p", at=AT),
    )
    run(
        *share,
        ProcessLoad(process="p", at=AT, until="UserInstruction"),
        ProcessStore(process="p", at=AT, cpu=1),
        Resume(),
        ProcessStore(process="p", at=AT, until="UserInstruction"),
        ProcessLoad(process="p", at=AT, cpu=1),
        Resume(),
        ProcessLoad(process="p", at=AT),
        Read(file="log"),
    )


def test_it_ends_without_getting_there() -> None:
    read = Read(file="data", first=3, pages=1, until="CopyPage")
    text = error_of_step(4, READ, read, Resume(until="SetStorageKey"), Resume())
    assert text.startswith("until: it has ended without getting to 'SetStorageKey'; it passed find_get_page: has the")
    assert "ESSA 6, CopyPage" in text


@pytest.mark.parametrize(
    ("steps", "message"),
    (
        ((Resume(),), "cpu: CPU 0 is not in the middle of a step"),
        ((ONE, Resume(), Resume()), "cpu: CPU 0 is not in the middle of a step"),
        ((ONE, Resume(cpu=1)), "cpu: CPU 1 is not in the middle of a step"),
        ((ONE, Tick()), "cpu: CPU 0 is in the middle of step 2"),
        ((ONE, Resume(until="X"), Read(file="data")), "cpu: CPU 0 is in the middle of step 2"),
    ),
)
def test_who_is_in_the_middle_of_what(steps: tuple[Step, ...], message: str) -> None:
    assert planned_error(*steps) == message


def test_looking_is_always_possible() -> None:
    run(ONE, Table(name="here"), Expect(at_least={"U": 1}), Resume())


def test_nobody_is_in_the_middle_of_something_at_the_end() -> None:
    message = r"^scenario: step 2 \(read\): until: CPU 0 is still in the middle of it at the end$"
    with pytest.raises(ScenarioError, match=message):
        scenario(ONE)


def test_waiting_for_ever() -> None:
    # CPU 0 has the page locked.
    with (
        hosted(READ, ONE, Write(file="data", first=28, pages=1, cpu=1), Resume()) as runner,
        pytest.raises(ScenarioFailure, match=r"step 4 \(write\): CPU 1 waits for ever"),
    ):
        runner.run()
