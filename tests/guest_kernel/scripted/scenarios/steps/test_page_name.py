# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of pages."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
from guest_kernel.scripted.scenarios.scenario import (
    Expect,
    Mark,
    Mmap,
    Munmap,
    Process,
    ProcessExit,
    ProcessLoad,
    Read,
    Step,
)
from tests.support.scenarios import AT, PAGE, error, hosted, planned_error, run

READ = Read(file="data", pages=28)
MAP = (Process(name="p"), Mmap(process="p", at=AT, pages=60, file="data", writable=False))


def findings(*steps: Step) -> list[PageFinding]:
    """What was found of pages."""
    with hosted(*steps) as runner:
        runner.run()
    return [finding for finding in runner.outcome.findings if isinstance(finding, PageFinding)]


def test_a_page_of_a_process() -> None:
    run(
        READ,
        *MAP,
        Expect(page=f"p@{AT:#x}", state="none"),
        ProcessLoad(process="p", at=AT + 5 * PAGE),
        Expect(page=f"p@{AT + 5 * PAGE}", state="Vr", requests=()),
        Expect(page=f"p@{AT + 6 * PAGE:#x}", state="none"),
        Mark(name="mapped", page=f"p@{AT + 5 * PAGE:#x}"),
        Munmap(process="p", at=AT, pages=60),
        Expect(page=f"p@{AT + 5 * PAGE:#x}", state="none"),
        Expect(page="mapped", state="Vr"),
    )


def test_owners_of_pages_may_have_odd_names() -> None:
    name = "/bin/sh: a@b:1"
    run(
        Process(name=name),
        Mmap(process=name, at=AT, pages=1),
        ProcessLoad(process=name, at=AT),
        Expect(page=f"{name}@{AT:#x}", state="Sr"),
    )


def test_the_free_page_is_what_is_read_into_next() -> None:
    with hosted(
        Read(file="data", pages=1), Mark(name="next", page="free"), Read(file="data", first=1, pages=1)
    ) as runner:
        runner.run()
    assert runner.world.marks["next"] is runner.world.files["data"].pages[1]


def test_no_page_is_free_on_a_cpu_that_has_not_allocated() -> None:
    run(READ, Expect(page="free", state="none", cpu=1), Expect(page="free", state="Uz"))
    assert error(Mark(name="x", page="free")) == "page: there is no page free now"


@pytest.mark.parametrize(
    ("step", "message"),
    (
        (Expect(page="x:5", state="Vr"), "page: no file is called 'x'; expected data, log"),
        (Expect(page="data:60", state="Vr"), "page: 'data' has 60 pages, and no page 60"),
        (Expect(page="q@0x1000", state="Vr"), "page: no process is called 'q'"),
        (Expect(page="hero", state="Vr"), "page: no page is called 'hero'; expected FILE:INDEX, PROCESS@ADDRESS, free"),
        (Mark(name="x", page="y"), "page: no page is called 'y'; expected FILE:INDEX, PROCESS@ADDRESS, free"),
    ),
)
def test_pages_that_cannot_be(step: Step, message: str) -> None:
    assert planned_error(step).startswith(message)


def test_a_process_that_has_ended_has_no_pages() -> None:
    look = Expect(page="p@0x1000", state="none")
    assert planned_error(Process(name="p"), ProcessExit(process="p"), look) == "page: no process is called 'p'"
    odd = Expect(page="p@0x1001", state="none")
    assert planned_error(Process(name="p"), odd) == "page: expected the address of a page, not 0x1001"
