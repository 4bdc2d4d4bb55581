# SPDX-License-Identifier: GPL-2.0-or-later
"""What there is to be exercised: matrices, each with the cells that it should have.

A cell is a tuple of words, one for each axis.  A run may reach others than those that are expected, such as the
condition codes that an instruction has set: they are counted, and none of them is missed where it was not reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

from emu import control_registers as control
from emu import interruption
from emu import page_states as states
from emu.coverage.architecture import is_expected
from emu.engine.mnemonics import opcodes_by_mnemonic
from emu.facilities import DEFAULT_FACILITIES
from emu.isa.declaration import INSTRUCTIONS
from emu.isa.signaling import Order
from emu.program_interruption import ProgramInterruptionCode as Code
from emu.teid import Protection
from tools.coverage import key_rules
from tools.coverage.key_rules import Cell
from tools.reports.trace_lines import request_name

WAYS: Final = ("free", "stepped")
"""How the machine ran."""
ENDED: Final = "ended"
REAL: Final = "real"
SPACES: Final = ("primary", "access-register", "secondary", "home")
"""By PSW bits 16 and 17, if DAT is on; otherwise addresses are real."""
ACCESSES: Final = ("fetch", "store", "instruction fetch")
NO_ACCESS: Final = "-"
TRANSLATION: Final = {
    Code.ASCE_TYPE: "ASCE",
    Code.REGION_FIRST_TRANSLATION: "region first",
    Code.REGION_SECOND_TRANSLATION: "region second",
    Code.REGION_THIRD_TRANSLATION: "region third",
    Code.SEGMENT_TRANSLATION: "segment",
    Code.PAGE_TRANSLATION: "page",
}
"""The exceptions of dynamic address translation, by the table in which it ends."""
IDENTIFIED: Final = frozenset({*TRANSLATION, Code.PROTECTION, Code.DISCARD_FAULT})
"""Those that come with a translation-exception identification."""
EXTERNAL: Final = {
    interruption.EXTERNAL_INTERRUPT_KEY: ("interrupt key", control.CR0_INTERRUPT_KEY),
    interruption.EXTERNAL_CLOCK_COMPARATOR: ("clock comparator", control.CR0_CLOCK_COMPARATOR),
    interruption.EXTERNAL_CPU_TIMER: ("CPU timer", control.CR0_CPU_TIMER),
    interruption.EXTERNAL_MALFUNCTION_ALERT: ("malfunction alert", control.CR0_MALFUNCTION_ALERT),
    interruption.EXTERNAL_EMERGENCY_SIGNAL: ("emergency signal", control.CR0_EMERGENCY_SIGNAL),
    interruption.EXTERNAL_CALL: ("external call", control.CR0_EXTERNAL_CALL),
    interruption.EXTERNAL_SERVICE_SIGNAL: ("service signal", control.CR0_SERVICE_SIGNAL),
}
"""What each external-interruption code is called, and its subclass mask in control register 0."""
MASKS: Final = ("mask 0", "mask 1", "taken")
PROTECTIONS: Final = {
    Protection.LOW_ADDRESS: "low-address",
    Protection.KEY_CONTROLLED: "key-controlled",
    Protection.DAT: "DAT",
    Protection.INSTRUCTION_EXECUTION: "instruction-execution",
}


_OF_NO_DAT: Final = frozenset({0, 1, 7})
"""The requests that tell or change whether a page has no-DAT; to others it is nothing."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """One of them."""

    name: str
    axes: tuple[str, ...]
    source: str
    """Which part of the manual it follows."""
    expected: Callable[[], Iterator[Cell]]
    """Gives the cells that should be reached."""


def code_name(code: int) -> str:
    """A program-interruption code, as people call it."""
    return Code(code).name.lower().replace("_", " ") if code in frozenset(Code) else f"code {code:#06x}"


def _instructions() -> Iterator[Cell]:
    """Each is to end; of what else may come of it, only what its declaration says is expected."""
    privileged = {each.mnemonic for each in INSTRUCTIONS if each.privileged}
    for mnemonic, opcode in sorted(opcodes_by_mnemonic().items()):
        if is_expected(opcode, DEFAULT_FACILITIES):
            yield mnemonic, ENDED
            if mnemonic in privileged:
                yield mnemonic, code_name(Code.PRIVILEGED_OPERATION)


def _program_interruptions() -> Iterator[Cell]:
    for code in Code:
        if code not in IDENTIFIED:
            yield from ((code_name(code), NO_ACCESS, NO_ACCESS, way) for way in WAYS)
            continue
        spaces = (*(() if code in TRANSLATION else (REAL,)), *SPACES)
        yield from product((code_name(code),), spaces, ACCESSES, WAYS)


def _requests() -> Iterator[Cell]:
    for profile, transitions in states.TRANSITIONS.items():
        for state, request in sorted({(state, request) for state, request, _ in transitions}):
            if not state & states.NO_DAT or request in _OF_NO_DAT:
                yield profile.value, states.name(state), request_name(request)


def _translation() -> Iterator[Cell]:
    yield from product(TRANSLATION.values(), ACCESSES)


def _protection() -> Iterator[Cell]:
    yield from product((PROTECTIONS[Protection.LOW_ADDRESS],), ("store",), (REAL, *SPACES))
    yield from product((PROTECTIONS[Protection.KEY_CONTROLLED],), ACCESSES, (REAL, *SPACES))
    yield from product((PROTECTIONS[Protection.DAT],), ("store",), SPACES)
    yield from product((PROTECTIONS[Protection.INSTRUCTION_EXECUTION],), ("instruction fetch",), ("primary", "home"))


def _external() -> Iterator[Cell]:
    yield from product((name for name, _ in EXTERNAL.values()), MASKS)


def _signaling() -> Iterator[Cell]:
    yield from ((order.name.lower().replace("_", " "), "cc 0") for order in Order if order is not Order.SENSE)
    yield Order.SENSE.name.lower(), "cc 1"


MATRICES: Final = (
    Matrix("instructions", ("instruction", "outcome"), "PoP 7 to 10, 14, 18 to 24", _instructions),
    Matrix("program interruptions", ("code", "space", "access", "way"), "PoP 6", _program_interruptions),
    Matrix("page hinting", ("profile", "state", "request"), "ESSA, tables 1.4 and 6.4 of the reference", _requests),
    Matrix("translation", ("table", "access"), "PoP 3, Dynamic Address Translation", _translation),
    Matrix("protection", ("kind", "access", "space"), "PoP 3, Protection", _protection),
    Matrix(
        key_rules.MATRIX,
        ("access", "access key", "storage key", "override", "result"),
        "PoP 3, Key-Controlled Protection",
        key_rules.expected,
    ),
    Matrix("external interruptions", ("subclass", "mask"), "PoP 6, External Interruption", _external),
    Matrix("SIGNAL PROCESSOR", ("order", "condition code"), "PoP 4, CPU Signaling and Response", _signaling),
)


@cache
def expected_cells(matrix: Matrix) -> frozenset[Cell]:
    """The cells that *matrix* should have."""
    return frozenset(matrix.expected())
