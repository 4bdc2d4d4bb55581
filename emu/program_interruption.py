# SPDX-License-Identifier: GPL-2.0-or-later
"""Program-interruption conditions: their codes, how they end an instruction, and the exception that carries them.

PoP chapter 6, "Program Interruption".  A condition is raised as :class:`ProgramInterruption` from wherever it is
recognised and caught in one place, the execution loop, which hands it to :mod:`emu.interruption`.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.per import ProgramEvent


class Ending(Enum):
    """How an instruction ends (PoP chapter 5, "Types of Instruction Ending")."""

    COMPLETION = "completion"
    SUPPRESSION = "suppression"
    NULLIFICATION = "nullification"
    TERMINATION = "termination"


class ProgramInterruptionCode(IntEnum):
    """The program-interruption codes that this machine can present (PoP figure "Program-Interruption Conditions")."""

    OPERATION = 0x01
    PRIVILEGED_OPERATION = 0x02
    EXECUTE = 0x03
    PROTECTION = 0x04
    ADDRESSING = 0x05
    SPECIFICATION = 0x06
    DATA = 0x07
    FIXED_POINT_OVERFLOW = 0x08
    FIXED_POINT_DIVIDE = 0x09
    DECIMAL_OVERFLOW = 0x0A
    DECIMAL_DIVIDE = 0x0B
    HFP_EXPONENT_OVERFLOW = 0x0C
    HFP_EXPONENT_UNDERFLOW = 0x0D
    HFP_SIGNIFICANCE = 0x0E
    HFP_DIVIDE = 0x0F
    SEGMENT_TRANSLATION = 0x10
    PAGE_TRANSLATION = 0x11
    TRANSLATION_SPECIFICATION = 0x12
    SPECIAL_OPERATION = 0x13
    OPERAND = 0x15
    TRACE_TABLE = 0x16
    DISCARD_FAULT = 0x1A
    VECTOR_PROCESSING = 0x1B
    SPACE_SWITCH_EVENT = 0x1C
    HFP_SQUARE_ROOT = 0x1D
    AFX_TRANSLATION = 0x20
    ASX_TRANSLATION = 0x21
    PRIMARY_AUTHORITY = 0x24
    SECONDARY_AUTHORITY = 0x25
    ALET_SPECIFICATION = 0x28
    ALEN_TRANSLATION = 0x29
    ALE_SEQUENCE = 0x2A
    ASTE_VALIDITY = 0x2B
    ASTE_SEQUENCE = 0x2C
    EXTENDED_AUTHORITY = 0x2D
    ASTE_INSTANCE = 0x2F
    ASCE_TYPE = 0x38
    REGION_FIRST_TRANSLATION = 0x39
    REGION_SECOND_TRANSLATION = 0x3A
    REGION_THIRD_TRANSLATION = 0x3B
    MONITOR_EVENT = 0x40
    PER_EVENT = 0x80
    CRYPTO_OPERATION = 0x119


DXC_OPERAND: Final = 0x00
"""The data-exception code of a decimal operand, or a general one, that cannot be right."""

_Code = ProgramInterruptionCode

_NULLIFYING: Final = frozenset(
    {
        _Code.SEGMENT_TRANSLATION,
        _Code.PAGE_TRANSLATION,
        _Code.TRACE_TABLE,
        # Nullifying by inference: the handler of version 7 looks at the opcode at the PSW address and retries.
        _Code.DISCARD_FAULT,
        _Code.AFX_TRANSLATION,
        _Code.ASX_TRANSLATION,
        _Code.PRIMARY_AUTHORITY,
        _Code.SECONDARY_AUTHORITY,
        _Code.ALEN_TRANSLATION,
        _Code.ALE_SEQUENCE,
        _Code.ASTE_VALIDITY,
        _Code.ASTE_SEQUENCE,
        _Code.EXTENDED_AUTHORITY,
        _Code.ASTE_INSTANCE,
        _Code.ASCE_TYPE,
        _Code.REGION_FIRST_TRANSLATION,
        _Code.REGION_SECOND_TRANSLATION,
        _Code.REGION_THIRD_TRANSLATION,
    }
)
_COMPLETING: Final = frozenset(
    {
        _Code.FIXED_POINT_OVERFLOW,
        _Code.DECIMAL_OVERFLOW,
        _Code.HFP_EXPONENT_OVERFLOW,
        _Code.HFP_EXPONENT_UNDERFLOW,
        _Code.HFP_SIGNIFICANCE,
        _Code.SPACE_SWITCH_EVENT,
        _Code.MONITOR_EVENT,
        _Code.PER_EVENT,
    }
)


def default_ending(code: ProgramInterruptionCode) -> Ending:
    """The ending that the figure of PoP chapter 6 gives *code* when the instruction does not say otherwise.

    Where the figure allows termination this machine suppresses, as the enhanced suppression facility does.
    """
    if code in _NULLIFYING:
        return Ending.NULLIFICATION
    if code in _COMPLETING:
        return Ending.COMPLETION
    return Ending.SUPPRESSION


def _nothing() -> None:
    """Nothing was counted."""


class ProgramInterruption(Exception):  # noqa: N818 - it is the manual's word, and not an error of the program
    """A program-interruption condition recognised while an instruction executes.

    The instruction that raises it has changed nothing yet, except where *ending* is completion.
    """

    def __init__(
        self,
        code: ProgramInterruptionCode,
        *,
        ending: Ending | None = None,
        translation_exception: int | None = None,
        exception_access: int | None = None,
        operand_access: int | None = None,
        data_exception_code: int | None = None,
        monitor_class: int | None = None,
        monitor_code: int | None = None,
        instruction_fetch: bool = False,
        program_event: ProgramEvent | None = None,
        unused_page: int | None = None,
    ) -> None:
        """Describe the condition.

        :param translation_exception: the translation-exception identification (TEID) for real location 168, if
            this condition stores one.
        :param exception_access: the exception access identification for real location 160.
        :param operand_access: the operand access identification for real location 162.
        :param data_exception_code: the DXC or VXC for real location 147.
        :param monitor_class: the monitor-class number for real location 149.
        :param monitor_code: the monitor code for real location 176.
        :param instruction_fetch: the condition was met while the instruction itself was fetched.
        :param program_event: the PER events that are presented with it.
        :param unused_page: the absolute page that was touched although it is unused; no guest is told which.
        """
        super().__init__(code)
        self.code = code
        self.ending = ending or default_ending(code)
        self.translation_exception = translation_exception
        self.exception_access = exception_access
        self.operand_access = operand_access
        self.data_exception_code = data_exception_code
        self.monitor_class = monitor_class
        self.monitor_code = monitor_code
        self.instruction_fetch = instruction_fetch
        self.program_event = program_event
        self.unused_page = unused_page
        self.take_back: Callable[[], object] = _nothing
        """Takes back what was counted of the instruction, which is to be executed again before this is delivered."""

    @property
    def stored_code(self) -> int:
        """The program-interruption code for real location 142: it has the bit of PER if there are PER events."""
        return self.code | ProgramInterruptionCode.PER_EVENT if self.program_event else self.code

    def __str__(self) -> str:
        return f"{self.code.name.lower().replace('_', ' ')} ({self.code:#06x})"


def data_exception(code: int, *, ending: Ending | None = None) -> ProgramInterruption:
    """The data exception with the data-exception *code* (DXC), which suppresses unless *ending* says otherwise."""
    return ProgramInterruption(ProgramInterruptionCode.DATA, ending=ending, data_exception_code=code)
