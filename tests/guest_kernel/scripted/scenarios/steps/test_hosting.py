# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps about the host."""

from __future__ import annotations

import pytest

from emu.machine import Machine
from guest_kernel.scripted.scenarios.runner import Listener, ScenarioRunner
from guest_kernel.scripted.scenarios.scenario import (
    Discard,
    Expect,
    Mark,
    Mmap,
    Process,
    ProcessLoad,
    ProcessStore,
    Read,
    Scenario,
    ScenarioError,
    TakeFrame,
    Writeback,
)
from tests.support.scenarios import AT, PAGES, error, planned_error, run, scenario

# 28 pages: the pagevecs are full, and all pages on the LRU list and volatile.
READ = Read(file="data", pages=28)


def test_everything_volatile_is_discarded() -> None:
    run(READ, Expect(equal={"Vr": 28}), Discard(), Expect(equal={"Vr": 0, "Vz": 28}))


def test_the_volatile_pages_of_a_file_are_discarded() -> None:
    run(
        READ,
        # Its five pages and nine others are a pagevec.
        Read(file="log"),
        Read(file="data", first=28, pages=9),
        Discard(file="log"),
        Expect(equal={"Vz": 5, "Vr": 37}),
        Expect(page="log:0", state="Vz"),
        Expect(page="data:0", state="Vr"),
    )


def test_what_is_not_in_the_cache_is_not_discarded() -> None:
    run(Discard(file="log"), Expect(equal={"Vz": 0}))


def test_a_volatile_page_is_evicted_without_a_trace() -> None:
    run(READ, TakeFrame(page="data:3"), Expect(page="data:3", state="Vz"), READ, Expect(equal={"discarded": 1}))


def test_a_stable_page_is_evicted_to_the_paging_device() -> None:
    run(
        Process(name="p"),
        Mmap(process="p", at=AT, pages=1),
        ProcessStore(process="p", at=AT),
        Mark(name="it", page=f"p@{AT:#x}"),
        TakeFrame(page="it"),
        Expect(page="it", state="Sp", path=("Sr", "Sp")),
        ProcessLoad(process="p", at=AT),
        Expect(page="it", state="Sr"),
    )


@pytest.mark.parametrize("is_stored_into", (False, True))
def test_a_potentially_volatile_page_is_evicted_as_its_change_bit_says(is_stored_into: bool) -> None:
    store = (ProcessStore(process="p", at=AT),) if is_stored_into else ()
    run(
        Read(file="log"),
        Read(file="data", pages=9),
        Process(name="p"),
        Mmap(process="p", at=AT, pages=1, file="log", shared=True),
        ProcessLoad(process="p", at=AT),
        *store,
        Expect(page="log:0", state="Pr", changed=is_stored_into),
        TakeFrame(page="log:0"),
        Expect(page="log:0", state="Sp" if is_stored_into else "Vz"),
        ProcessLoad(process="p", at=AT),
        Writeback(),
        Read(file="log"),
    )


def test_what_has_no_frame_cannot_be_evicted() -> None:
    message = "page: the host cannot take a frame from page data:3: it has none, or needs it"
    assert error(READ, TakeFrame(page="data:3"), TakeFrame(page="data:3")) == message


def test_what_is_no_page_cannot_be_evicted() -> None:
    assert error(READ, TakeFrame(page="data:30")) == "page: there is no page data:30 now"


def test_steps_of_the_host_need_one() -> None:
    made = scenario()
    for step in (Discard(), TakeFrame(page="data:0")):
        with pytest.raises(ScenarioError, match=r"do: expected only with a \[host\] table"):
            Scenario(description="t", machine=made.machine, files=made.files, steps=(*made.steps, step))


def test_names_are_checked() -> None:
    assert planned_error(Discard(file="x")) == "file: no file is called 'x'; expected data, log"
    assert planned_error(TakeFrame(page="x:0")) == "page: no file is called 'x'; expected data, log"
    with pytest.raises(ScenarioError):
        Discard(file="")
    with pytest.raises(ScenarioError):
        TakeFrame(page="")


def test_who_listens_is_asked() -> None:
    asked: list[object] = []

    class Recorder(Listener):
        def host_discards(self, pages: object) -> None:
            asked.append(pages)

        def host_evicts(self, page: int) -> bool:
            asked.append(page)
            return True

    made = scenario(READ, Discard(), Discard(file="data"), TakeFrame(page="data:2"))
    runner = ScenarioRunner(made, Machine(PAGES << 12, cpus=2), Recorder())
    runner.run()
    frames = [runner.world.files["data"].pages[index].frame for index in range(28)]
    assert asked == [None, frames, frames[2]]
