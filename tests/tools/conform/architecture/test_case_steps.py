# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case did last: its own instructions and the interruptions, and nothing of the harness."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from tools.conform.architecture.case import Case, FinalState, external
from tools.conform.architecture.case_steps import last_steps
from tools.conform.architecture.here import run_here
from tools.conform.architecture.image import make_image


def shown(case: Case, *, most: int = 200_000) -> list[str]:
    """What is shown of *case*: addresses of instructions, and interruptions."""
    image = make_image(case)
    executed = run_here(image, max_instructions=most).instructions
    lines = last_steps(lambda again: run_here(image, max_instructions=most, again=again), executed)
    assert lines[0] == "the last instructions and interruptions:"
    steps = takewhile(lambda line: line != "the last branches:", lines[1:])
    return [line.partition("old PSW")[0].split("(")[0].removeprefix("  cpu 0: ").strip(" ,") for line in steps]


def test_instructions_of_the_case_and_its_interruptions(tiny: Case) -> None:
    assert shown(tiny) == [
        *("S 0000000000008000", "program interruption 0x0001 operation"),
        *("S 0000000000008002", "S 0000000000008006", "svc interruption 0x00ff"),
    ]


def test_an_interruption_between_two_instructions(tiny: Case) -> None:
    # An external call to itself, bit 50 of control register 0, which ends the case.
    code = "LGHI 2,0\nSIGP 3,2,2\nhere: STOSM 0x900,1\nnever: LGHI 4,1"
    case = replace(tiny, code=code, controls={0: 0x20E0}, events=(external(0x1202),), end=FinalState())
    assert shown(case) == [
        *("S 0000000000008000", "S 0000000000008004", "S 0000000000008008"),
        "external interruption 0x1202",
    ]


def test_the_last_of_many(tiny: Case) -> None:
    steps = shown(replace(tiny, code="LGHI 3,1\n" * 10 + "LGHI 3,2\nLGHI 4,2\n" * 40, events=()))
    assert len(steps) == 33
    assert steps[-2:] == [f"S {0x8000 + 4 * 90:016x}", "svc interruption 0x00ff"]


def test_what_does_not_end(tiny: Case) -> None:
    steps = shown(replace(tiny, code="here: AGHI 3,1\nBRC 15,here", events=()), most=20_000)
    assert sorted(steps[-2:]) == ["S 0000000000008000", "S 0000000000008004"]
    assert len(steps) == 32
