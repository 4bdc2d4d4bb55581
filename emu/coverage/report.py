# SPDX-License-Identifier: GPL-2.0-or-later
"""What was found by executing every opcode, held against what the tables say, and counted by facility."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from emu.coverage.architecture import is_expected, left_out
from emu.coverage.probe import OPERAND_FIELDS, Conditions, Probe
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.isa.declaration import INSTRUCTIONS, Reason
from emu.isa.disassembler import disassemble
from emu.isa.facility_table import facility_of
from emu.isa.opcodes import Opcode, opcodes

BASIC: Final = "basic machine"


class Treatment(Enum):
    """What is done with an opcode."""

    ENGINE = "engine"
    """The engine executes it."""
    MODEL = "model"
    """The model executes it: privileged, sensitive, or missing in the engine."""
    CORRECTED = "corrected"
    """The model executes it, or some forms of it, because the engine is wrong."""
    MISSING = "missing"
    """It is assigned, and an operation exception because its facility is not shown, or because it is left out."""
    WRONG = "wrong"
    """It is an operation exception and must not be, or must be one and is not, or only with some operands."""
    UNASSIGNED = "unassigned"


@dataclass(frozen=True, slots=True)
class OpcodeFinding:
    """What executing an opcode showed."""

    opcode: Opcode
    treatment: Treatment

    @property
    def group(self) -> str:
        """The facility that it belongs to, by number and name; or the group of the basic machine."""
        facility = facility_of(self.opcode)
        if facility is None:
            return left_out().get(self.opcode, BASIC)
        names = {int(each): each.name for each in Facility}
        return f"{facility:3} {names.get(facility, '').lower().replace('_', ' ')}".rstrip()


def operation_exceptions(
    conditions: Conditions, operands: tuple[bytes, ...] = OPERAND_FIELDS
) -> dict[Opcode, frozenset[bool]]:
    """For each opcode whether it is an operation exception; both if that depends on its *operands*."""
    probe = Probe(conditions)
    return {
        opcode: frozenset(probe.is_operation_exception(opcode, fields) for fields in operands) for opcode in opcodes()
    }


def is_assigned(opcode: Opcode) -> bool:
    """Whether the opcode is that of an instruction, of this machine or another."""
    if facility_of(opcode) is not None or opcode in left_out() or _declaration(opcode) is not None:
        return True
    return any(not disassemble(opcode.instruction(fields)).startswith("DC ") for fields in (*OPERAND_FIELDS, bytes(6)))


def findings(facilities: frozenset[int] = DEFAULT_FACILITIES) -> list[OpcodeFinding]:
    """Execute every opcode on a machine with *facilities*."""
    found = operation_exceptions(Conditions(facilities))
    return [OpcodeFinding(opcode, _treatment(opcode, refused, facilities)) for opcode, refused in found.items()]


def _treatment(opcode: Opcode, refused: frozenset[bool], facilities: frozenset[int]) -> Treatment:
    assigned = is_assigned(opcode)
    if refused != {not (assigned and is_expected(opcode, facilities))}:
        return Treatment.WRONG
    if not assigned:
        return Treatment.UNASSIGNED
    if refused == {True}:
        return Treatment.MISSING
    reason = _declaration(opcode)
    if reason in (Reason.CORRECTION, Reason.DATA, Reason.UNREFUSED):
        return Treatment.CORRECTED
    return Treatment.ENGINE if reason in (None, Reason.EXECUTED, Reason.REFUSED) else Treatment.MODEL


def _declaration(opcode: Opcode) -> Reason | None:
    declared = INSTRUCTIONS.find(int.from_bytes(opcode.instruction(bytes(6)), "big"), opcode.length)
    return declared.reason if declared else None


def report(found: list[OpcodeFinding]) -> str:
    """The counts by facility, and what is wrong."""
    counts: dict[str, Counter[Treatment]] = {}
    for each in found:
        if each.treatment is not Treatment.UNASSIGNED:
            counts.setdefault(each.group, Counter())[each.treatment] += 1
    kinds = (Treatment.ENGINE, Treatment.MODEL, Treatment.CORRECTED, Treatment.MISSING, Treatment.WRONG)
    width = max(len(group) for group in counts)
    lines = [f"{'':{width}}" + "".join(f"{kind.value:>11}" for kind in kinds)]
    total: Counter[Treatment] = sum(counts.values(), Counter())
    for group, number in [*sorted(counts.items()), ("all", total)]:
        lines.append(f"{group:{width}}" + "".join(f"{number[kind]:11}" for kind in kinds))
    return "\n".join([*lines, *_wrong(found)])


def _wrong(found: list[OpcodeFinding]) -> Iterator[str]:
    for each in found:
        if each.treatment is Treatment.WRONG:
            yield f"wrong: {each.opcode} ({each.group})"
