# SPDX-License-Identifier: GPL-2.0-or-later
"""Expectations in steps, and notes."""

from __future__ import annotations

import pytest

from guest_kernel.scripted.scenarios.checks.page_expectation import PageFinding
from guest_kernel.scripted.scenarios.scenario import (
    Expect,
    Mark,
    Mmap,
    Note,
    Process,
    ProcessLoad,
    Read,
    ScenarioError,
    Step,
    Tick,
)
from tests.support.scenarios import AT, Host, hosted, run

READ = Read(file="data", pages=28)
MAP = (Process(name="p"), Mmap(process="p", at=AT, pages=60, file="data", writable=False))


def findings(*steps: Step) -> list[PageFinding]:
    """What was found of pages."""
    with hosted(*steps) as runner:
        runner.run()
    return [finding for finding in runner.outcome.findings if isinstance(finding, PageFinding)]


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


def test_looking_has_no_effect() -> None:
    looks = [Expect(page=f"p@{AT:#x}", state="Vr"), Expect(page="data:0", state="Vr"), Expect(page="free", state="Uz")]
    steps = (READ, *MAP, ProcessLoad(process="p", at=AT))
    first, second = run(*steps), run(*steps, *looks)
    assert first.machine.executed == second.machine.executed
    assert first.machine.states.bytes == second.machine.states.bytes
    assert first.machine.keys.bytes == second.machine.keys.bytes


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
