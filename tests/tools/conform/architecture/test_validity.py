# SPDX-License-Identifier: GPL-2.0-or-later
"""What is no case, named by its field and what was expected."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tools.conform.architecture.case import (
    OUTSIDE,
    TWO_CPUS,
    Case,
    CaseSection,
    Class,
    ExpectedInterruption,
    FinalState,
    Going,
    InterruptKey,
    MachineCheck,
    external,
    facility,
    machine_check,
    program,
    supervisor_call,
)
from tools.conform.architecture.collection import read_sections
from tools.conform.architecture.validity import require_name, require_section, require_valid

REGISTER = "expected the number of a register, 0 to 15, not"
WORD = "expected a number from -0x8000000000000000 to 0xffffffffffffffff, not"
KEY = "expected a multiple of 2 from 0 to 254, not"
BYTES = "expected a number from 0 to 0x1fffff, not"
VALUE = "expected a number, or a name, not"
CONDITION_CODE = "expected a number from 0 to 3, not"


def end(**fields: Any) -> dict[str, Any]:
    return {"end": FinalState(**fields)}


def event(kind: Class = Class.PROGRAM, code: int | None = 1, ilc: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"events": (ExpectedInterruption(kind, code, ilc, **fields),)}


def outside(*events: Any, needs: tuple[Any, ...] = (OUTSIDE,)) -> dict[str, Any]:
    return {"outside": events, "needs": needs}


@pytest.mark.parametrize(
    ("changed", "message"),
    (
        ({"rule": None}, "rule: expected text, not None"),
        ({"source": 4}, "source: expected text, not 4"),
        ({"code": b"x"}, "code: expected text, not b'x'"),
        ({"basis": "verified"}, "basis: expected VERIFIED or INFERRED, not 'verified'"),
        ({"is_pressed": 1}, "is_pressed: expected True or False, not 1"),
        ({"parts": "NOPR 0"}, "parts: expected a dictionary, not 'NOPR 0'"),
        ({"parts": {0x9001: ""}}, "parts[0x9001]: expected a multiple of 2 from 0 to 0x1ffffe, not 0x9001"),
        ({"parts": {0x20_0000: ""}}, "parts[0x200000]: expected a multiple of 2 from 0 to 0x1ffffe, not 0x200000"),
        ({"parts": {0x9000: 1}}, "parts[0x9000]: expected guest code, as text, not 1"),
        ({"needs": 5}, "needs: expected a tuple of needs, such as (ESSA,) or (facility(8),), not 5"),
        ({"needs": (5,)}, "needs: expected a tuple of needs, such as (ESSA,) or (facility(8),), not (5,)"),
        ({"needs": (OUTSIDE,) * 9}, "needs: expected 8 at most, not 9"),
        ({"needs": (facility(2048),)}, "needs[0]: facility: expected a number from 0 to 0x7ff, not 0x800"),
        ({"registers": [1]}, "registers: expected a dictionary, not [1]"),
        ({"registers": {99: 1}}, f"registers[99]: {REGISTER} 99"),
        ({"registers": {True: 1}}, f"registers[True]: {REGISTER} True"),
        ({"registers": {3: None}}, f"registers[3]: {VALUE} None"),
        ({"registers": {3: 1 << 64}}, f"registers[3]: {WORD} a number of more than 64 bits"),
        ({"registers": {3: "page1 8"}}, "registers[3]: expected a name, or a name and a distance, not 'page1 8'"),
        ({"controls": {22: 5}}, f"controls[22]: {REGISTER} 22"),
        ({"controls": {2: "page1"}}, f"controls[2]: {WORD} 'page1'"),
        ({"mask": -1}, "mask: expected a number from 0 to 0xffffffffffffffff, not -1"),
        ({"keys": {"page1": 0x1FE}}, f"keys['page1']: {KEY} 0x1fe"),
        ({"keys": {"page1": 0x11}}, f"keys['page1']: {KEY} 17"),
        ({"keys": {1 << 40: 0}}, f"keys[0x10000000000]: {BYTES} 0x10000000000"),
        ({"pages": {"page1": 4}}, "pages['page1']: expected a page state such as Vz or Sr+NT, not 4"),
        ({"pages": {"page1": "Up"}}, "pages['page1']: no program makes a page Up by itself"),
        ({"pages": {-1: "Vz"}}, f"pages[-1]: {BYTES} -1"),
        ({"fill": {"page1": "page2"}}, f"fill['page1']: {WORD} 'page2'"),
        ({"fill": {"nowhere": 0}}, f"fill['nowhere']: {BYTES} 0xf0000000000000"),
        ({"storage": {"page1": 1 << 70}}, f"storage['page1']: {WORD} a number of more than 64 bits"),
        ({"storage": {"page1": "x"}}, "storage['page1']: expected a number, or bytes, not 'x'"),
        ({"storage": {None: 1}}, f"storage[None]: {VALUE} None"),
        ({"outside": 5}, "outside: expected a tuple of what happens, such as (EVENT,), not 5"),
        (
            outside(InterruptKey(), needs=()),
            f"needs: expected OUTSIDE among them, {OUTSIDE.name}, for what is in outside",
        ),
        (outside(5), "outside[0]: expected an InterruptKey or a MachineCheck, not 5"),
        (outside(InterruptKey("a b")), "outside[0].at: expected a name, or a name and a distance, not 'a b'"),
        (
            outside(MachineCheck(1 << 40)),
            "outside[0].conditions: expected machine-check conditions, some of e5c0000000000000, not 0000010000000000",
        ),
        (outside(MachineCheck("x")), f"outside[0].conditions: {WORD} 'x'"),  # type: ignore[arg-type]
        (outside(MachineCheck(1 << 63, cpu=1)), "outside[0].cpu: expected a number from 0 to 0, not 1"),
        (
            outside(MachineCheck(1 << 63, cpu=2), needs=(OUTSIDE, TWO_CPUS)),
            "outside[0].cpu: expected a number from 0 to 1, not 2",
        ),
        (
            {"events": program(1, ilc=2)},
            "events: expected a tuple of interruptions, such as (EVENT,), not ExpectedInter...END: 0>, to=0)",
        ),
        ({"events": (3,)}, "events[0]: expected an interruption, such as program(0x0001, ilc=2), not 3"),
        ({"events": (program(1, ilc=2),) * 49}, "events: expected 48 at most, not 49"),
        (
            {"events": (program(1, ilc=2), program(0x10000, ilc=2))},
            "events[1].code: expected a number from 0 to 0xffff",
        ),
        (event(1), "events[0].kind: expected a Class, not 1"),  # type: ignore[arg-type]
        ({"events": (supervisor_call(255),)}, "events[0].code: expected a number from 0 to 254, not 255"),
        (event(Class.RESTART, 3), "events[0].code: expected none, as such an interruption has no code, not 3"),
        (event(ilc=3), "events[0].ilc: expected a multiple of 2 from 0 to 6, not 3"),
        (event(Class.EXTERNAL, ilc=2), "events[0].ilc: expected none, as such an interruption stores none, not 2"),
        (event(at=1.5), f"events[0].at: {VALUE} 1.5"),
        (
            event(mask=(1, 2, 3)),
            "events[0].mask: expected two numbers, the value and which bits of it count, not (1, 2",
        ),
        (event(mask=(3, 1)), "events[0].mask: expected a value in the bits that count, 0x1, not 3"),
        (event(cc=4), f"events[0].cc: {CONDITION_CODE} 4"),
        (event(fields={"per": 1}), "events[0].fields['per']: expected one of external_parameter, cpu_address, data"),
        (event(fields={"per_code": 256}), "events[0].fields['per_code']: expected a number from 0 to 255, not 0x100"),
        (event(fields={"teid": 1 << 64}), f"events[0].fields['teid']: {WORD} a number of more than 64 bits"),
        (
            event(fields={"per_code": (0, 256)}),
            "events[0].fields['per_code']: bits that count: expected a number from 0 to 255, not 0x100",
        ),
        (event(going=2), "events[0].going: expected a Going, not 2"),
        (
            {"events": (program(1, ilc=2, to="after"),)},
            "events[0].to: expected none, as it goes on at a label only with Going.LABEL, not 'after'",
        ),
        ({"end": None}, "end: expected a FinalState, not None"),
        (end(registers={99: 0x55}), f"end.registers[99]: {REGISTER} 99"),
        (end(registers={-1: 5}), f"end.registers[-1]: {REGISTER} -1"),
        (end(registers={3: (1, "x")}), "end.registers[3]: bits that count: expected a number from 0 to 0xffffffff"),
        (end(registers={3: (3, 1)}), "end.registers[3]: expected a value in the bits that count, 0x1, not 3"),
        (end(controls={16: 0}), f"end.controls[16]: {REGISTER} 16"),
        (
            end(storage={"page1+4": 0}),
            "end.storage['page1+4']: expected a multiple of 8 from 0 to 0x1fffff, not 0x40004",
        ),
        (end(storage={"page1": 1 << 64}), f"end.storage['page1']: {WORD} a number of more than 64 bits"),
        (end(keys={"page1": 1}), f"end.keys['page1']: {KEY} 1"),
        (end(keys={0x1000 * number: 0 for number in range(33)}), "end.keys: expected 32 at most, not 33"),
        (end(pages={"page1": "Xr"}), "end.pages['page1']: expected a page state such as Vz or Sr+NT, not 'Xr'"),
        (end(pages={"page1": 3}), "end.pages['page1']: expected a page state such as Vz or Sr+NT, not 3"),
        (end(pages={0x1000 * number: "Vz" for number in range(33)}), "end.pages: expected 32 at most, not 33"),
        (end(cc=7), f"end.cc: {CONDITION_CODE} 7"),
        (end(mask=5), "end.mask: expected two numbers, the mask and which bits of it count, not 5"),
        (end(at="1"), "end.at: expected a name, or a name and a distance, not '1'"),
    ),
)
def test_a_field_that_is_wrong(tiny: Case, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        require_valid(replace(tiny, **changed))


@pytest.mark.parametrize(
    "changed",
    (
        {"registers": {0: -1, 15: "nowhere+8"}, "keys": {"code": 0xFE}, "storage": {"after": b"", "page1": -1}},
        {"pages": {"page1": "Sr+NT"}, "fill": {"page1+1": 1 << 63}, "parts": {0x9000: "NOPR 0"}},
        outside(MachineCheck(1 << 63, cpu=1), InterruptKey("after"), needs=(OUTSIDE, TWO_CPUS)),
        {"events": (program(0x80, ilc=0, cc=0, mask=(0, 0), going=Going.LABEL, to="after", per_code=0xFF),)},
        {"events": (external(0x1004, external_parameter_64="page1"), machine_check((1, 1)), supervisor_call(254))},
        end(registers={15: "page1"}, storage={"after": (0xF0, 0xFF)}, keys={"page1": 6}, pages={"page1": "Vp"}, cc=3),
    ),
)
def test_what_a_case_may_be(tiny: Case, changed: dict[str, Any]) -> None:
    require_valid(replace(tiny, **changed))


@pytest.mark.parametrize("name", ("a b", "", "-a", "a--b", "a_b", "a+", 5))
def test_what_is_no_name(name: object) -> None:
    with pytest.raises(
        ValueError, match=r"^name: expected letters and digits, with single hyphens or plus signs betwe"
    ):
        require_name(name)


def test_names_of_cases(tiny: Case) -> None:
    require_name("Sr+NT-4")
    with pytest.raises(ValueError, match=r"^tiny: name: expected a name of its own, which no other case of the file"):
        require_section(CaseSection("t", (tiny, tiny)))


def test_which_case_is_wrong(tiny: Case) -> None:
    with pytest.raises(ValueError, match=r"^other: end\.cc: expected a number"):
        require_section(CaseSection("t", (tiny, replace(tiny, name="other", end=FinalState(cc=9)))))


@pytest.mark.parametrize(
    ("section", "message"),
    (
        (None, 'SECTION: expected a CaseSection, such as CaseSection("Title", (CASE,)), not None'),
        (CaseSection(3, ()), "SECTION: title: expected text, not 3"),  # type: ignore[arg-type]
        (CaseSection("t", (3,)), "SECTION: cases: expected a tuple of cases, such as (CASE,), not (3,)"),  # type: ignore[arg-type]
    ),
)
def test_what_is_no_section(section: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        require_section(section)


def test_a_section_of_one_case_without_a_comma(tiny: Case) -> None:
    with pytest.raises(ValueError, match=r"^SECTION: cases: expected a tuple of cases, such as \(CASE,\), not Case\("):
        require_section(CaseSection("Mine", tiny))  # type: ignore[arg-type]


def test_the_cases_of_this_project_are_cases() -> None:
    assert len(read_sections()) > 80
