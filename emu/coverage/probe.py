# SPDX-License-Identifier: GPL-2.0-or-later
"""Executing an instruction of each opcode on a machine of its own, to see whether it is an operation exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emu import lowcore
from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.cpu import CpuState
from emu.isa.opcodes import Opcode
from emu.machine import MEGABYTE, Machine
from emu.program_interruption import ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, PROBLEM_STATE, Psw
from emu.resets import reset_cpu

_MEMORY: Final = 4 * MEGABYTE
_PROGRAM: Final = 0x1_0000
_HANDLER: Final = 0x8000
_OPERANDS: Final = 0x2_0000
"""What register 1 designates; each of the others designates a page after it."""
_NO_OPERATION: Final = b"\x07\x00"
_LIMIT: Final = 8
"""Instructions after which a free run ends, so that one that branches is followed a little."""

OPERAND_FIELDS: Final = (
    bytes.fromhex("000010002000"),
    bytes.fromhex("002410002000"),
    bytes.fromhex("00460024000a"),
    bytes.fromhex("0068a0248010"),
)
"""Operand fields in which registers, masks, displacements and reserved bits differ."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the instruction is executed."""

    facilities: frozenset[int]
    is_free: bool = False
    """In a run, and not as a single step."""
    problem_state: bool = False
    has_vectors: bool = True
    """AFP-register control and vector-enablement control are on."""


class Probe:
    """Executes single instructions, each on a machine in the same state."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._machine = Machine(_MEMORY, facilities=conditions.facilities)

    def is_operation_exception(self, opcode: Opcode, fields: bytes) -> bool:
        """Whether *opcode* with operand *fields* gives an operation exception."""
        machine, cpu = self._machine, self._machine.cpus[0]
        reset_cpu(cpu, initial=True)
        cpu.state = CpuState.OPERATING
        control = CR0_AFP | CR0_VECTOR if self._conditions.has_vectors else 0
        cpu.set_control_register(0, cpu.cr[0] | control)
        state = PROBLEM_STATE if self._conditions.problem_state else 0
        cpu.load_psw(Psw(ADDRESSING_MODE | state, _PROGRAM))
        cpu.psw_loaded = False
        for register in range(16):
            cpu.gr[register] = _OPERANDS + 0x1000 * register
        storage = machine.storage
        storage.write(0, bytes(0x1000))
        storage.write(_OPERANDS, _NO_OPERATION * 0x2_0000)
        storage.write(_HANDLER, _NO_OPERATION * 16)
        storage.write(lowcore.PROGRAM_NEW_PSW, Psw(ADDRESSING_MODE, _HANDLER).to_bytes())
        storage.write(lowcore.SVC_NEW_PSW, Psw(ADDRESSING_MODE, _HANDLER).to_bytes())
        storage.write(_PROGRAM, opcode.instruction(fields) + _NO_OPERATION * 16)
        if self._conditions.is_free:
            machine.run(_LIMIT)
        else:
            machine.step()
            # One that ends, wherever it is: without any, interruptions in a row would be taken for a loop.
            cpu.load_psw(Psw(ADDRESSING_MODE, _HANDLER))
            machine.step()
        code = storage.read_integer(lowcore.PROGRAM_ILC + 2, 2)
        old = Psw.from_bytes(storage.read(lowcore.PROGRAM_OLD_PSW, 16))
        # Where a branch led to there may be an operation exception as well.
        return code == ProgramInterruptionCode.OPERATION and old.address == _PROGRAM + opcode.length
