# SPDX-License-Identifier: GPL-2.0-or-later
"""Every case of the architecture passes on this machine, freely and step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emu.page_states import PageStates, Profile
from emu.psw import ADDRESSING_MODE, EXTERNAL_MASK
from tools.conform.architecture.case import OUTSIDE, Case, Going, InterruptKey, external, facility
from tools.conform.architecture.collection import read_cases
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import make_image
from tools.conform.architecture.outcome import CaseOutcome
from tools.conform.architecture.page_states import state_byte

CASES = read_cases()


_STEPPED = tuple(
    pytest.param(name, marks=() if number % 4 == 0 else pytest.mark.long) for number, name in enumerate(CASES)
)


def run(name: str, *, stepped: bool) -> CaseOutcome:
    case = CASES[name]
    return run_here(make_image(case), stepped=stepped, profile=case.profile)


@pytest.mark.parametrize("name", CASES)
def test_the_machine_keeps_the_rule(name: str) -> None:
    assert run(name, stepped=False) == CaseOutcome(CaseVerdict.PASSED)


@pytest.mark.parametrize("name", _STEPPED)
def test_the_machine_keeps_the_rule_step_by_step(name: str) -> None:
    assert run(name, stepped=True) == CaseOutcome(CaseVerdict.PASSED)


# A rule of the machine that is broken, and a case that says so.
@pytest.mark.parametrize(
    ("broken", "value", "name", "text"),
    (
        (
            "emu.program_interruption._NULLIFYING",
            frozenset(),
            "page-access/Vz-load",
            "event 1: old PSW address: expected 0000000000008000, found 0000000000008006",
        ),
        (
            "emu.isa.storage_key_instructions.KEY_BITS",
            0xF6,
            "storage-keys/set-and-insert-08",
            f"general register 4: expected {0x3333333333333308:x}, found {0x3333333333333300:x}",
        ),
    ),
)
def test_a_broken_rule_is_noticed(
    monkeypatch: pytest.MonkeyPatch, broken: str, value: object, name: str, text: str
) -> None:
    monkeypatch.setattr(broken, value)
    outcome = run(name, stepped=True)
    assert outcome.verdict is CaseVerdict.FAILED
    assert outcome.text.startswith(text)


def test_a_broken_transition_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = PageStates.transition

    def wrong(states: PageStates, page: int, request: int, changed: bool) -> int:
        after = right(states, page, request, changed)
        return state_byte("Sz") if after == state_byte("Vz") and request == 6 else after

    monkeypatch.setattr(PageStates, "transition", wrong)
    assert run("page-hinting/zvm-Vz-6", stepped=True).text == "state of page1: expected 0f, found 03"


def test_a_case_that_needs_what_is_not_there_is_skipped() -> None:
    case = CASES["page-hinting/zvm-Sr-0"]
    assert run_here(make_image(case), profile=Profile.OFF).text == "needs page states as z/VM has them"
    assert run_here(make_image(case), profile=Profile.KVM).verdict is CaseVerdict.SKIPPED


# PoP 6, "Interrupt Key"; bit 57 of control register 0.
PRESSED = external(0x40, at="here", mask=ADDRESSING_MODE | EXTERNAL_MASK, going=Going.OLD)


@pytest.mark.parametrize("stepped", (False, True))
@pytest.mark.parametrize(("place", "verdict"), (("here", CaseVerdict.PASSED), ("later", CaseVerdict.FAILED)))
def test_what_comes_from_outside_comes_at_its_place(
    tiny: Case, place: str, verdict: CaseVerdict, *, stepped: bool
) -> None:
    case = replace(
        tiny,
        needs=(OUTSIDE,),
        controls={0: 0x40},
        mask=ADDRESSING_MODE | EXTERNAL_MASK,
        code="LGHI 3,6\nhere: LGHI 3,7\nlater: LGHI 4,1",
        outside=(InterruptKey(place),),
        events=(PRESSED,),
    )
    assert run_here(make_image(case), stepped=stepped).verdict is verdict


@pytest.mark.parametrize("stepped", (False, True))
def test_an_event_whose_place_is_not_reached(tiny: Case, *, stepped: bool) -> None:
    code = "LGHI 3,7\nBRC 15,over\nhere: LGHI 3,8\nover: LGHI 4,1"
    case = replace(tiny, needs=(OUTSIDE,), code=code, outside=(InterruptKey("here"),), events=())
    text = "the place of the interrupt key was not reached: here"
    assert run_here(make_image(case), stepped=stepped) == CaseOutcome(CaseVerdict.FAILED, text)
    is_skipped = replace(case, needs=(OUTSIDE, facility(99)))
    assert run_here(make_image(is_skipped), stepped=stepped).verdict is CaseVerdict.SKIPPED


@pytest.mark.parametrize("stepped", (False, True))
def test_events_take_none_of_the_time_that_is_left_twice(tiny: Case, *, stepped: bool) -> None:
    """Each of the two loops takes 1000 instructions; what is around the case takes fewer."""
    loops = "LGHI 5,1000\nBRCTG 5,*\nhere: LGHI 5,1000\nBRCTG 5,*\nthere: LGHI 4,1"
    outside = InterruptKey("here"), InterruptKey("there")
    image = make_image(replace(tiny, needs=(OUTSIDE,), code=loops, outside=outside, events=()))
    assert run_here(image, stepped=stepped, max_instructions=1900).verdict is CaseVerdict.NONE


def test_a_program_that_does_not_end(tiny: Case) -> None:
    outcome = run_here(make_image(replace(tiny, code="BRC 15,*", events=())), max_instructions=1000)
    assert outcome.verdict is CaseVerdict.NONE
    assert outcome.text.endswith("no interruption was taken")
