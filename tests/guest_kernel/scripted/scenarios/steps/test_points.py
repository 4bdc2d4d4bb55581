# SPDX-License-Identifier: GPL-2.0-or-later
"""Expectations of single pages, names of pages, and notes."""

from __future__ import annotations

from typing import Any

import pytest

from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
from guest_kernel.scripted.scenarios.checks.page_watcher import StateEvent
from guest_kernel.scripted.scenarios.scenario import (
    Expect,
    Mark,
    Mmap,
    Munmap,
    Note,
    Process,
    ProcessExit,
    ProcessLoad,
    Read,
    ScenarioError,
    Step,
    Tick,
)
from tests.support.scenarios import AT, PAGE, Host, error, hosted, planned_error, run

READ = Read(file="data", pages=28)
MAP = (Process(name="p"), Mmap(process="p", at=AT, pages=60, file="data", writable=False))


def findings(*steps: Step) -> list[PageFinding]:
    """What was found of pages."""
    with hosted(*steps) as runner:
        runner.run()
    return [finding for finding in runner.outcome.findings if isinstance(finding, PageFinding)]


def test_the_state_of_a_page() -> None:
    run(
        Expect(page="data:5", state="none"),
        READ,
        Expect(page="data:5", state="Vr"),
        Expect(page="data:5", state=("Sr", "Vr")),
        Expect(page="data:28", state="none"),
    )


@pytest.mark.parametrize(
    ("fields", "difference"),
    (
        ({"state": "Sr"}, "expected Sr, found Vr"),
        ({"state": ("Sr", "none")}, "expected Sr or none, found Vr"),
        ({"path": ("Vr",)}, "expected Vr, found Vr -> Sr -> Vr"),
        ({"path": ("Vr", "Sr")}, "expected Vr -> Sr, found Vr -> Sr -> Vr"),
        ({"requests": ()}, "expected ESSA none, found 6, 3"),
        ({"requests": (6, 3, 3)}, "expected ESSA 6, 3, 3, found 6, 3"),
        ({"changed": True}, "expected the change bit 1, found 0"),
    ),
)
def test_what_is_not_as_expected(fields: dict[str, Any], difference: str) -> None:
    with hosted(READ, READ, Expect(page="data:5", **fields)) as runner:
        outcome = runner.run()
    assert not outcome.is_as_expected
    (finding,) = outcome.findings
    assert str(finding) == f"page data:5: {difference}"
    assert not finding.holds


def test_what_is_as_expected() -> None:
    (finding,) = findings(
        READ, READ, Expect(page="data:5", state="Vr", path=("Vr", "Sr", "Vr"), requests=(6, 3), changed=False)
    )
    assert finding.holds
    assert str(finding) == "page data:5: as expected"
    assert finding.as_dict() == {
        "step": 4,
        "page": "data:5",
        "frame": finding.frame,
        "expected": ["Vr"],
        "found": "Vr",
        "path": ["Vr", "Sr", "Vr"],
        "requests": [6, 3],
        "changed": False,
        "holds": True,
    }


def test_only_the_last_step_that_did_something_counts() -> None:
    first, again, later = findings(
        READ,
        Expect(page="data:5", state="Vr"),
        Note(text="nothing is done"),
        Mark(name="it", page="data:5"),
        Expect(page="it", state="Vr"),
        Tick(),
        Expect(page="data:5", state="Vr"),
    )
    assert first.path == again.path == ("Uz", "Sz", "Sr", "Vr")
    assert first.requests == (1, 3)
    assert (later.path, later.requests) == (("Vr",), ())


def test_a_page_that_is_missing_has_no_path() -> None:
    (finding,) = findings(READ, Expect(page="data:30", path=("Vr",)))
    assert not finding.holds
    assert (finding.frame, finding.found, finding.path) == (None, "none", ("none",))


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


def test_looking_has_no_effect() -> None:
    looks = [Expect(page=f"p@{AT:#x}", state="Vr"), Expect(page="data:0", state="Vr"), Expect(page="free", state="Uz")]
    steps = (READ, *MAP, ProcessLoad(process="p", at=AT))
    first, second = run(*steps), run(*steps, *looks)
    assert first.machine.executed == second.machine.executed
    assert first.machine.states.bytes == second.machine.states.bytes
    assert first.machine.keys.bytes == second.machine.keys.bytes


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


def test_values_that_cannot_be() -> None:
    for make, field in (
        (lambda: Expect(page="", state="Vr"), "page"),
        (lambda: Expect(page="data:", state="Vr"), "page"),
        (lambda: Expect(page=":5", state="Vr"), "page"),
        (lambda: Expect(page="data:-1", state="Vr"), "page"),
        (lambda: Expect(page="p@x", state="Vr"), "page"),
        (lambda: Expect(page="data:0x" + "f" * 9000, state="Vr"), "page"),
        (lambda: Expect(page="data:" + "9" * 9000, state="Vr"), "page"),
        (lambda: Expect(page="p@-4096", state="Vr"), "page"),
        (lambda: Expect(page="data:1"), "page"),
        (lambda: Expect(page="data:1", state="Vx"), "state"),
        (lambda: Expect(page="data:1", state=("Vr", "")), "state"),
        (lambda: Expect(page="data:1", path=("none",)), "path"),
        (lambda: Expect(page="data:1", requests=(8,)), "requests"),
        (lambda: Expect(page="data:1", state="Vr", equal={"V": 1}), "page"),
        (lambda: Expect(equal={"V": 1}, state="Vr"), "state"),
        (lambda: Expect(equal={"V": 1}, requests=(3,)), "requests"),
        (lambda: Expect(equal={"V": 1}, changed=False), "changed"),
        (lambda: Mark(name="free", page="data:1"), "name"),
        (lambda: Mark(name="a:b", page="data:1"), "name"),
        (lambda: Mark(name="x", page="p@"), "page"),
        (lambda: Note(text=" \n"), "text"),
        (lambda: Note(text="\x1b[1m"), "text"),
        (lambda: Note(text="a", title="\n"), "title"),
    ):
        with pytest.raises(ScenarioError) as raised:
            make()
        assert raised.value.field == field
        assert "expected" in str(raised.value)


def test_who_listens_hears_notes_and_looks() -> None:
    note, look = Note(title="Now", text="a page\nis looked at"), Expect(page="data:5", state="none")
    with hosted(note, look) as runner:
        runner.run()
        host = runner.listener
        assert isinstance(host, Host)
        assert host.notes == [note]
        assert host.seen == runner.outcome.findings


def test_events_in_words() -> None:
    assert str(StateEvent(6, "Vr", "Sr")) == "ESSA 6 (set stable if not discarded)"
    assert str(StateEvent(None, "Vr", "Vz")) == "by the host Vr -> Vz"
