# SPDX-License-Identifier: GPL-2.0-or-later
"""What an image finds wrong is told in words."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import pytest

from emu.program_interruption import ProgramInterruptionCode as Code
from tools.conform.architecture import layout
from tools.conform.architecture.case import Case, FinalState, Going, program, supervisor_call
from tools.conform.architecture.harness import CaseVerdict
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import make_image
from tools.conform.architecture.outcome import RIGHT, CaseOutcome, read_outcome


def right(**changed: Any) -> Any:
    return program(Code.OPERATION, **({"ilc": 2, "at": "after", "going": Going.OLD} | changed))


@pytest.mark.parametrize(
    ("changed", "text"),
    (
        (
            {"end": FinalState(registers={3: 2})},
            f"general register 3: expected {2:016x}, found {7:016x}",
        ),
        ({"end": FinalState(cc=2)}, "condition code: expected 2, found 0"),
        ({"end": FinalState(keys={"page1": 0x30})}, "key of page1: expected 30, found 00"),
        ({"end": FinalState(pages={"page1": "Vz"})}, "state of page1: expected 0f, found 03"),
        (
            {"end": FinalState(storage={"page1+8": 1})},
            "storage at page1+8: expected 0000000000000001, found 0000000000000000",
        ),
        ({"end": FinalState(controls={0: (0, 0x80)})}, "control register 0: expected 00, found 80"),
        ({"events": (right(ilc=4),)}, "event 1: instruction length: expected 04, found 02"),
        (
            {"events": (program(Code.ADDRESSING, ilc=2),)},
            "event 1: code: expected 0005 (addressing), found 0001 (operation)",
        ),
        (
            {"events": (right(at="bad"),)},
            "event 1: old PSW address: expected 0000000000008000, found 0000000000008002",
        ),
        ({"events": (right(), right())}, "event 2: class: expected 0000000000000001, found 0000000000000000"),
        ({"events": (supervisor_call(1),)}, "event 1: class: expected 0000000000000002, found 0000000000000001"),
        (
            {"events": ()},
            (
                f"number of events: expected {0:016x}, found {1:016x}; the last of 1 interruptions was program 0001"
                f" (operation) with the old PSW at 8002"
            ),
        ),
    ),
)
def test_the_first_difference_is_told(tiny: Case, changed: dict[str, Any], text: str) -> None:
    for stepped in (False, True):
        outcome = run_here(make_image(replace(tiny, **changed)), stepped=stepped)
        assert outcome == CaseOutcome(CaseVerdict.FAILED, text)


def test_what_is_behind_the_first_difference_is_looked_at_too(tiny: Case) -> None:
    # What ends a program has a new PSW of its own there.
    wrong = replace(tiny, end=FinalState(registers={3: 6, 4: 1, 5: 0}, storage={0x1B8: 5}))
    outcome = run_here(make_image(wrong))
    found = dict(zip((check.name for check in make_image(wrong).checks), outcome.findings, strict=True))
    assert [name for name, finding in found.items() if finding.verdict == "FAIL"] == [
        "general register 3",
        "general register 4",
    ]
    assert found["general register 4"].text == f"expected {1:016x}, found {0:016x}"
    assert found["general register 5"] == RIGHT
    assert found["storage at 1b8"].verdict == "SKIP"


def test_of_other_machines_the_first_difference_is_known(tiny: Case) -> None:
    wrong = make_image(replace(tiny, end=FinalState(registers={3: 6, 4: 1})))
    result = struct.pack(f">{layout.RESULT_WORDS}Q", layout.RESULT_MAGIC, CaseVerdict.FAILED, 6, 6, 7, 1)
    outcome = read_outcome(wrong, lambda address, length: result if address == layout.RESULT else bytes(length))
    assert [each.verdict for each in outcome.findings] == [*("PASS",) * 6, "FAIL"]


def test_storage_without_a_result(tiny: Case) -> None:
    outcome = read_outcome(make_image(tiny), lambda _, length: bytes(length), "it broke")
    assert outcome == CaseOutcome(CaseVerdict.NONE, "there is no result block: it broke")
