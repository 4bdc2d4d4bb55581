# SPDX-License-Identifier: GPL-2.0-or-later
"""The declaration of an instruction: one line from which decoder, assembler, disassembler and coverage follow.

An instruction function takes the CPU and its decoded operands, checks in the manual's order, and raises
:class:`~emu.program_interruption.ProgramInterruption` before it has changed anything.  It need not advance the
PSW: the execution loop does that, unless the function branches (``cpu.branch``) or loads a PSW.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from emu.instruction_length import instruction_length
from emu.isa.facility_table import facility_of
from emu.isa.formats import Format
from emu.isa.opcodes import Opcode
from emu.timing import CONTROL_INSTRUCTION_WORK

if TYPE_CHECKING:
    from emu.cpu import Cpu


class Operands:
    """The operand fields of one decoded instruction; a field that the format lacks reads as zero.

    Registers are numbers, displacements signed integers, lengths one less than the byte count, and *raw* is the
    whole instruction as an integer of *length* bytes.
    """

    __slots__ = (
        "b1", "b2", "b4", "d1", "d2", "d4", "i1", "i2", "i3", "i4", "i5", "l1", "l2", "length", "m1", "m3",
        "m4", "m5", "m6", "r1", "r2", "r3", "raw", "ri2", "ri4", "v1", "v2", "v3", "v4", "x2",
    )  # fmt: skip

    b1: int
    b2: int
    b4: int
    d1: int
    d2: int
    d4: int
    i1: int
    i2: int
    i3: int
    i4: int
    i5: int
    l1: int
    l2: int
    length: int
    m1: int
    m3: int
    m4: int
    m5: int
    m6: int
    r1: int
    r2: int
    r3: int
    raw: int
    ri2: int
    ri4: int
    v1: int
    v2: int
    v3: int
    v4: int
    x2: int

    def __init__(self, raw: int, length: int, fields: dict[str, int]) -> None:
        for name in Operands.__slots__:
            setattr(self, name, fields.get(name, 0))
        self.raw = raw
        self.length = length

    @property
    def register_range(self) -> list[int]:
        """The registers R1 to R3, where register 0 follows register 15."""
        return [(self.r1 + number) % 16 for number in range((self.r3 - self.r1) % 16 + 1)]


InstructionFunction = Callable[["Cpu", Operands], None]
_RELATIVE_OPERANDS: Final = (0xC4, 0xC6)
"""The first bytes of instructions with a relative-long storage operand."""
Condition = Callable[[Operands, int], bool]
"""A condition on the operands and the address of an instruction."""


RegisterCondition = Callable[["Cpu", Operands], bool]
"""A condition on what the registers hold that the operands of an instruction designate."""


class Reason(Enum):
    """Why an instruction is executed here and not by the engine."""

    CONTROL = "the engine traps it: privileged or missing there"
    SENSITIVE = "the engine would execute it, but with the host's state instead of the guest's"
    CORRECTION = "the engine executes it wrongly"
    DATA = "the engine executes it wrongly for some data, and traps it when it meets them"
    EXECUTED = "the engine executes it wrongly as the target of an EXECUTE, or only with what some registers hold"
    REFUSED = "the engine executes it, but refuses some operands with a data or specification exception"
    UNREFUSED = "the engine executes forms of it that are to end in a specification exception"


_COSTLY: Final = (Reason.CONTROL, Reason.SENSITIVE)


@dataclass(frozen=True, slots=True)
class Instruction:
    """A declared instruction.

    *opcode* holds the pieces of the opcode concatenated, as the manual prints it (B9AB, EB2F, C80); *facility* is
    the facility bit that must be installed, or None for the basic machine (:mod:`emu.isa.facility_table`);
    *privileged* means that problem state gives a privileged-operation exception before anything else is checked.
    *only* narrows a correction: the engine's own execution is right unless *only* holds of the operands and the
    instruction address.  *only_in_64_bit_mode* means that in the 24- and 31-bit addressing modes it is wrong for all
    operands.  *with_registers* narrows a correction by what the registers hold: the engine, running freely, must
    refuse by itself to execute such a form.
    """

    opcode: int
    mnemonic: str
    title: str
    format: Format
    privileged: bool
    facility: int | None
    reason: Reason
    execute: InstructionFunction
    only: Condition | None = None
    only_in_64_bit_mode: bool = False
    with_registers: RegisterCondition | None = None

    @property
    def work(self) -> int:
        """Units of work that it costs beyond the one that every instruction is.

        Who executes a correction may depend on how it is reached, so it costs nothing more.
        """
        return CONTROL_INSTRUCTION_WORK if self.reason in _COSTLY else 0

    @property
    def opcode_text(self) -> str:
        digits = sum(width for _, width in self.format.opcode) // 4
        return f"{self.opcode:0{digits}X}"

    def is_installed(self, cpu: Cpu) -> bool:
        """Whether the configuration of *cpu* has it; otherwise it is an operation exception."""
        return self.facility is None or self.facility in cpu.configuration.facilities

    def is_permitted(self, cpu: Cpu) -> bool:
        """Whether the state of *cpu* permits it; otherwise it is a privileged-operation exception."""
        return not (self.privileged and cpu.problem_state)

    @property
    def has_relative_operand(self) -> bool:
        """Whether it has a storage operand relative to its own address, which is in the space that it came from."""
        return self.opcode >> 4 in _RELATIVE_OPERANDS and self.format.is_relative

    @property
    def is_wrong_by_form(self) -> bool:
        """Whether the engine executes some of its forms wrongly, and which ones is seen in the instruction itself."""
        return self.reason in (Reason.CORRECTION, Reason.UNREFUSED) and self.only is not None

    @property
    def is_for_engine(self) -> bool:
        """Whether the engine executes every form of it in every mode, unless it is the target of an EXECUTE."""
        is_narrowed = self.with_registers is not None or self.only_in_64_bit_mode or self.has_relative_operand
        return self.reason in (Reason.DATA, Reason.EXECUTED) and not is_narrowed

    def is_for_model(self, operands: Operands, address: int, *, is_target: bool = False) -> bool:
        """Whether the form with these *operands* at *address* is for the model to execute, and not for the engine.

        :param is_target: it is the target of an EXECUTE.
        """
        if is_target and self.format.is_relative:
            return True
        if self.reason in (Reason.DATA, Reason.EXECUTED, Reason.REFUSED):
            return False
        return self.only is None or self.only(operands, address)


class InstructionSet:
    """All declared instructions, found by their bits or by their mnemonic."""

    def __init__(self) -> None:
        self._by_first_byte: dict[int, list[tuple[int, int, Instruction]]] = {}
        self._by_mnemonic: dict[str, Instruction] = {}

    def add(self, instruction: Instruction) -> None:
        """Enter *instruction*.

        :raises ValueError: if its opcode or mnemonic is taken: a wrong declaration dies at import.
        """
        if instruction.mnemonic in self._by_mnemonic:
            raise ValueError(f"{instruction.mnemonic} is declared twice")
        form = instruction.format
        total = 8 * form.length
        mask = value = 0
        remaining = sum(width for _, width in form.opcode)
        for start, width in form.opcode:
            remaining -= width
            ones = (1 << width) - 1
            mask |= ones << (total - start - width)
            value |= ((instruction.opcode >> remaining) & ones) << (total - start - width)
        first = value >> (total - 8)
        if instruction_length(first) != form.length:
            raise ValueError(f"{instruction.mnemonic}: an opcode {first:02X}.. is not {form.length} bytes long")
        candidates = self._by_first_byte.setdefault(first, [])
        if any(value & other_mask & mask == other & mask for other_mask, other, _ in candidates):
            raise ValueError(f"{instruction.mnemonic}: opcode {instruction.opcode_text} is taken")
        candidates.append((mask, value, instruction))
        self._by_mnemonic[instruction.mnemonic] = instruction

    def find(self, raw: int, length: int) -> Instruction | None:
        """The instruction whose *length* bytes are the integer *raw*, or None."""
        first = raw >> (8 * length - 8)
        for mask, value, instruction in self._by_first_byte.get(first, ()):
            if raw & mask == value:
                return instruction
        return None

    def by_mnemonic(self, mnemonic: str) -> Instruction:
        """The instruction called *mnemonic*.

        :raises KeyError: if there is none.
        """
        return self._by_mnemonic[mnemonic]

    def __iter__(self) -> Iterator[Instruction]:
        """In the order of their mnemonics, which does not tell what was imported first.

        Compiled code knows instructions by their places in it, and may have been compiled by another process.
        """
        return iter([self._by_mnemonic[mnemonic] for mnemonic in sorted(self._by_mnemonic)])

    def __len__(self) -> int:
        return len(self._by_mnemonic)


INSTRUCTIONS: Final = InstructionSet()
"""Every instruction that is executed in Python; filled by importing :mod:`emu.isa.catalogue`."""


def instruction(
    opcode: int,
    mnemonic: str,
    form: Format,
    title: str,
    *,
    privileged: bool = False,
    reason: Reason = Reason.CONTROL,
    only: Condition | None = None,
    only_in_64_bit_mode: bool = False,
    with_registers: RegisterCondition | None = None,
) -> Callable[[InstructionFunction], InstructionFunction]:
    """Declare the decorated function to be the instruction *mnemonic* (see :class:`Instruction`).

    :param title: the name of the instruction in the manual, in its capitals.
    :param only: the forms that the engine executes wrongly, if it executes the others rightly.
    :param only_in_64_bit_mode: the engine executes no form rightly in the other addressing modes.
    :param with_registers: what the registers hold when the engine executes it wrongly, alone, and refuses it otherwise.
    """

    def declare(function: InstructionFunction) -> InstructionFunction:
        digits = sum(width for _, width in form.opcode) // 4
        INSTRUCTIONS.add(
            Instruction(
                opcode,
                mnemonic,
                title,
                form,
                privileged,
                facility_of(Opcode.parse(f"{opcode:0{digits}X}")),
                reason,
                function,
                only,
                only_in_64_bit_mode,
                with_registers,
            )
        )
        return function

    return declare


_decoded: dict[bytes, tuple[Instruction, Operands] | None] = {}
_DECODED_LIMIT: Final = 1 << 16


def decode(instruction: bytes) -> tuple[Instruction, Operands] | None:
    """The declared instruction that the bytes *instruction* are, with its operands; None if none is declared."""
    try:
        return _decoded[instruction]
    except KeyError:
        pass
    raw, length = int.from_bytes(instruction, "big"), len(instruction)
    found = INSTRUCTIONS.find(raw, length)
    result = (found, Operands(raw, length, found.format.extract(raw))) if found else None
    if len(_decoded) >= _DECODED_LIMIT:
        _decoded.clear()
    _decoded[instruction] = result
    return result
