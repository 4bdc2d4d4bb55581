# SPDX-License-Identifier: GPL-2.0-or-later
"""The instructions by which the kernel acts on the machine, each an operation of a script.

They lie, assembled, in the kernel's text in guest storage, and the CPU fetches and executes them there.

Nobody changes one; they are not frozen because a million are made in a run, and a frozen one takes three times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from guest_kernel.scripted.cpu.script import Operation
from guest_kernel.scripted.cpu.text import CONTROL_REGISTER_0, ESSA_NAMES

if TYPE_CHECKING:
    from emu.page_states import OperationRequest
    from guest_kernel.scripted.cpu.processor import Interruption, KernelProcessor

_CLEARING_BY_ASCE: Final = 0x800
_FILLED_BY_MVC: Final = 256


@dataclass(slots=True)
class Essa(Operation):
    """EXTRACT AND SET STORAGE ATTRIBUTES; returns the state byte before the change."""

    request: OperationRequest
    address: int

    def execute(self, processor: KernelProcessor) -> int:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2] = self.address
        processor.instruction(ESSA_NAMES[self.request])
        return gr[1]


@dataclass(slots=True)
class SetStorageKey(Operation):
    """SET STORAGE KEY EXTENDED."""

    address: int
    key: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2] = self.key, self.address
        processor.instruction("SSKE")


@dataclass(slots=True)
class InsertStorageKey(Operation):
    """INSERT STORAGE KEY EXTENDED; returns the key."""

    address: int

    def execute(self, processor: KernelProcessor) -> int:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2] = self.address
        processor.instruction("ISKE")
        return gr[1] & 0xFF


@dataclass(slots=True)
class ResetReferenceBit(Operation):
    """RESET REFERENCE BIT EXTENDED; returns the condition code: 2 x the old reference bit + the change bit."""

    address: int

    def execute(self, processor: KernelProcessor) -> int:
        """See :meth:`Operation.execute`."""
        processor.cpu.gr[2] = self.address
        processor.instruction("RRBE")
        return processor.cpu.cc


@dataclass(slots=True)
class Load(Operation):
    """LOAD USING REAL ADDRESS of the doubleword at an address; returns it."""

    address: int

    def execute(self, processor: KernelProcessor) -> int:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2] = self.address
        processor.instruction("LURAG")
        return gr[1]


@dataclass(slots=True)
class Store(Operation):
    """STORE USING REAL ADDRESS of a doubleword at an address."""

    address: int
    value: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2] = self.value, self.address
        processor.instruction("STURG")


@dataclass(slots=True)
class ClearPage(Operation):
    """MOVE LONG that fills the page at a real address with zeros."""

    address: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2], gr[3], gr[4], gr[5] = self.address, PAGE_SIZE, 0, 0
        processor.instruction("MVCL")


@dataclass(slots=True)
class CopyPage(Operation):
    """MOVE PAGE from one real address to another."""

    target: int
    source: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[0], gr[2], gr[4] = 0, self.target, self.source
        processor.instruction("MVPG")


@dataclass(slots=True)
class MoveLong(Operation):
    """MOVE LONG of *length* bytes from one real address to another; they do not overlap."""

    target: int
    source: int
    length: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2], gr[3], gr[4], gr[5] = self.target, self.length, self.source, self.length
        processor.instruction("MVCL")


@dataclass(slots=True)
class FillTable(Operation):
    """Fill *length* bytes, a power of two, at a real address with one doubleword: STURG, MOVE, and MOVE LONG."""

    address: int
    length: int
    value: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2] = self.value, self.address
        processor.instruction("STURG")
        processor.instruction("MVC")
        filled = _FILLED_BY_MVC
        while filled < self.length:
            gr[2], gr[3], gr[4], gr[5] = self.address + filled, filled, self.address, filled
            processor.instruction("MVCL")
            filled *= 2


@dataclass(slots=True)
class InvalidatePageTableEntry(Operation):
    """INVALIDATE PAGE TABLE ENTRY: of the page table at *table*, the one that translates *address*."""

    table: int
    address: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2] = self.table, self.address
        processor.instruction("IPTE")


@dataclass(slots=True)
class FlushAddressSpace(Operation):
    """INVALIDATE DAT TABLE ENTRY, with clearing by ASCE: no CPU remembers a translation by the tables of *asce*."""

    asce: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2], gr[3] = 0, _CLEARING_BY_ASCE, self.asce
        processor.instruction("IDTE")


@dataclass(slots=True)
class LoadUserAsce(Operation):
    """LOAD CONTROL of register 1 from :data:`USER_ASCE`."""

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        processor.instruction("LCTLG")


@dataclass(slots=True)
class LoadSecondaryAsce(Operation):
    """LOAD CONTROL of register 7 from :data:`SECONDARY_ASCE`."""

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        processor.instruction("LCTLG 7")


@dataclass(slots=True)
class UserCopy(Operation):
    """Copy *length* bytes between a real address of the kernel and an address of the process, by *name* of the text.

    Returns whether all were copied, or the program interruption that has come of it.
    """

    name: str
    control: int
    """General register 0, for MVCOS."""
    real: int
    user: int
    length: int

    def execute(self, processor: KernelProcessor) -> bool | Interruption:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[0], gr[2], gr[3], gr[4], gr[5] = self.control, self.real, self.length, self.user, 0
        return processor.begin_user_copy(self.name)


@dataclass(slots=True)
class ResumeUserCopy(Operation):
    """The end of the handler of a program interruption of :class:`UserCopy`, and what it does then."""

    name: str

    def execute(self, processor: KernelProcessor) -> bool | Interruption:
        """See :meth:`Operation.execute`."""
        processor.instruction("LMG")
        processor.leave("LPSWE")
        return processor.resume_user_copy(self.name)


@dataclass(slots=True)
class ReturnToUser(Operation):
    """The end of a handler: LOAD MULTIPLE from the save area, LOAD PSW EXTENDED of the program-old PSW."""

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        processor.instruction("LMG")
        processor.leave("LPSWE")


@dataclass(slots=True)
class EnableSubclass(Operation):
    """STORE CONTROL, LOAD CONTROL: set a *bit* of control register 0, a subclass mask of external interruptions."""

    bit: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        processor.instruction("STCTG 0")
        gr[2] = CONTROL_REGISTER_0
        processor.instruction("LURAG")
        gr[1] |= self.bit
        processor.instruction("STURG")
        processor.instruction("LCTLG 0")


@dataclass(slots=True)
class OpenWindow(Operation):
    """local_irq_enable, local_irq_disable: STORE THEN OR SYSTEM MASK, STORE THEN AND SYSTEM MASK.

    Returns the code of the external interruption that was pending, whose handler the script goes on with up to
    :class:`ReturnFromExternal`; None if there was none.
    """

    def execute(self, processor: KernelProcessor) -> int | None:
        """See :meth:`Operation.execute`."""
        processor.instruction("STOSM")
        return processor.close_window()


@dataclass(slots=True)
class ReturnFromExternal(Operation):
    """The end of the handler: LOAD MULTIPLE, LOAD PSW EXTENDED; then what :class:`OpenWindow` does at its end."""

    def execute(self, processor: KernelProcessor) -> int | None:
        """See :meth:`Operation.execute`."""
        processor.instruction("LMG external")
        processor.leave("LPSWE external")
        return processor.close_window()


@dataclass(slots=True)
class ReleasePage(Operation):
    """DIAGNOSE code 0x010: the host may take the frame of the page at a real address, whatever is in it."""

    address: int

    def execute(self, processor: KernelProcessor) -> None:
        """See :meth:`Operation.execute`."""
        processor.cpu.gr[2] = self.address
        processor.instruction("DIAG release pages")


@dataclass(slots=True)
class Communicate(Operation):
    """DIAGNOSE code 0x068 with the parameter list at a real address; the result is its return code."""

    address: int

    def execute(self, processor: KernelProcessor) -> int:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2] = self.address
        processor.instruction("DIAG communicate")
        return gr[3]


@dataclass(slots=True)
class UserInstruction(Operation):
    """Let the CPU execute one instruction of the process; returns the interruption that has come of it, or None."""

    def execute(self, processor: KernelProcessor) -> Interruption | None:
        """See :meth:`Operation.execute`."""
        return processor.user_instruction()
