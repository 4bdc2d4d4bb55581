# SPDX-License-Identifier: GPL-2.0-or-later
"""The instructions by which the kernel acts on the machine, each an operation of a script.

They lie, assembled, in the kernel's text in guest storage, and the CPU fetches and executes them there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import lowcore
from emu.addresses import PAGE_SIZE
from emu.page_states import OperationRequest
from guest_kernel.scripted.cpu.script import Operation

if TYPE_CHECKING:
    from guest_kernel.scripted.cpu.processor import Interruption, Processor

SAVE_AREA: Final = 0x200
"""Where in the prefix area the interruption handlers save the general registers."""
EXTERNAL_SAVE_AREA: Final = 0x280
"""The same for the handler of external interruptions, which may come in between."""
USER_ASCE: Final = 0x300
"""Where in the prefix area the ASCE of the process lies that the CPU executes."""
CONTROL_REGISTER_0: Final = 0x308
"""Where in the prefix area control register 0 lies while it is changed."""
_SYSTEM_MASK: Final = 0x310
"""Where in the prefix area the system mask goes that the CPU had."""
SECONDARY_ASCE: Final = 0x318
"""Where in the prefix area the ASCE of the process lies whose storage the kernel copies from or to."""
USER_BYTE: Final = 0x320
"""Where in the prefix area a byte of the process goes that is only looked at so that its page is mapped."""
ENTER_PROGRAM: Final = "enter the program-check handler"
ENTER_SVC: Final = "enter the supervisor-call handler"
ENTER_EXTERNAL: Final = "enter the external-interruption handler"
COPY_FIXUP: Final = "fix up a copy"
"""Where the exception table leads from the copies: the copy has ended short."""
_CLEARING_BY_ASCE: Final = 0x800
_FILLED_BY_MVC: Final = 256

TEXT: Final = {
    # STMG 0,15,SAVE_AREA; here the scripts take over, and return by LMG 0,15,SAVE_AREA and LPSWE.
    ENTER_PROGRAM: f"DC X'EB0F{SAVE_AREA:04X}0024'",
    ENTER_SVC: f"DC X'EB0F{SAVE_AREA:04X}0024'",
    ENTER_EXTERNAL: f"DC X'EB0F{EXTERNAL_SAVE_AREA:04X}0024'",
    "LMG": f"DC X'EB0F{SAVE_AREA:04X}0004'",
    "LPSWE": f"LPSWE {lowcore.PROGRAM_OLD_PSW}",
    "LMG external": f"DC X'EB0F{EXTERNAL_SAVE_AREA:04X}0004'",
    "LPSWE external": f"LPSWE {lowcore.EXTERNAL_OLD_PSW}",
    # Between these two the CPU is enabled for external interruptions.
    "STOSM": f"STOSM {_SYSTEM_MASK},1",
    "STNSM": f"STNSM {_SYSTEM_MASK},254",
    "STCTG 0": f"STCTG 0,0,{CONTROL_REGISTER_0}",
    "LCTLG 0": f"LCTLG 0,0,{CONTROL_REGISTER_0}",
    # With DAT on, in between: one of three copies; general register 2 has the kernel's address, 4 the process's.
    "STOSM DAT": f"STOSM {_SYSTEM_MASK},4",
    "MVCP": "DC X'DA3520004000'",
    "STNSM after MVCP": f"STNSM {_SYSTEM_MASK},251",
    "MVCS": "DC X'DB3540002000'",
    "STNSM after MVCS": f"STNSM {_SYSTEM_MASK},251",
    "MVCOS from user": "DC X'C83020004000'",
    "STNSM after MVCOS from user": f"STNSM {_SYSTEM_MASK},251",
    "MVCOS to user": "DC X'C83040002000'",
    "STNSM after MVCOS to user": f"STNSM {_SYSTEM_MASK},251",
    COPY_FIXUP: f"STNSM {_SYSTEM_MASK},251",
    "LCTLG 7": f"LCTLG 7,7,{SECONDARY_ASCE}",
    "DIAG release pages": "DIAG 2,2,16",
    "DIAG communicate": "DIAG 2,3,104",
    "LCTLG": f"LCTLG 1,1,{USER_ASCE}",
    "IPTE": "IPTE 1,2",
    "IDTE": "IDTE 1,3,2",
    # MVC 8(248,2),0(2) spreads the first doubleword.
    "MVC": "DC X'D2F720082000'",
    **{f"ESSA {request.value}": f"ESSA 1,2,{request.value}" for request in OperationRequest},
    "SSKE": "SSKE 1,2",
    "ISKE": "ISKE 1,2",
    "RRBE": "RRBE 0,2",
    # LG 1,0(2); STG 1,0(2); MVCL 2,4: the assembler knows only what Python executes.
    "LG": "DC X'E31020000004'",
    "STG": "DC X'E31020000024'",
    "MVCL": "DC X'0E24'",
}
"""The kernel's instructions by name.  Operands are in general registers 1 and 2; MVCL has the pairs 2 and 4."""


@dataclass(frozen=True, slots=True)
class Essa(Operation):
    """EXTRACT AND SET STORAGE ATTRIBUTES; gives the state byte before the change."""

    request: OperationRequest
    address: int

    def execute(self, processor: Processor) -> int:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2] = self.address
        processor.instruction(f"ESSA {self.request.value}")
        return gr[1]


@dataclass(frozen=True, slots=True)
class SetStorageKey(Operation):
    """SET STORAGE KEY EXTENDED."""

    address: int
    key: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2] = self.key, self.address
        processor.instruction("SSKE")


@dataclass(frozen=True, slots=True)
class InsertStorageKey(Operation):
    """INSERT STORAGE KEY EXTENDED; gives the key."""

    address: int

    def execute(self, processor: Processor) -> int:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2] = self.address
        processor.instruction("ISKE")
        return gr[1] & 0xFF


@dataclass(frozen=True, slots=True)
class ResetReferenceBit(Operation):
    """RESET REFERENCE BIT EXTENDED; gives the condition code: 2 x the old reference bit + the change bit."""

    address: int

    def execute(self, processor: Processor) -> int:
        """See :meth:`Operation.execute`."""
        processor.cpu.gr[2] = self.address
        processor.instruction("RRBE")
        return processor.cpu.cc


@dataclass(frozen=True, slots=True)
class Load(Operation):
    """LOAD of the doubleword at a real address; gives it."""

    address: int

    def execute(self, processor: Processor) -> int:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2] = self.address
        processor.instruction("LG")
        return gr[1]


@dataclass(frozen=True, slots=True)
class Store(Operation):
    """STORE of a doubleword at a real address."""

    address: int
    value: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2] = self.value, self.address
        processor.instruction("STG")


@dataclass(frozen=True, slots=True)
class ClearPage(Operation):
    """MOVE LONG that fills the page at a real address with zeros."""

    address: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2], gr[3], gr[4], gr[5] = self.address, PAGE_SIZE, 0, 0
        processor.instruction("MVCL")


@dataclass(frozen=True, slots=True)
class CopyPage(Operation):
    """MOVE LONG of the page at one real address to another."""

    target: int
    source: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2], gr[3], gr[4], gr[5] = self.target, PAGE_SIZE, self.source, PAGE_SIZE
        processor.instruction("MVCL")


@dataclass(frozen=True, slots=True)
class MoveLong(Operation):
    """MOVE LONG of *length* bytes from one real address to another; they do not overlap."""

    target: int
    source: int
    length: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2], gr[3], gr[4], gr[5] = self.target, self.length, self.source, self.length
        processor.instruction("MVCL")


@dataclass(frozen=True, slots=True)
class FillTable(Operation):
    """Fill *length* bytes, a power of two, at a real address with one doubleword: STORE, MOVE, and MOVE LONG."""

    address: int
    length: int
    value: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2] = self.value, self.address
        processor.instruction("STG")
        processor.instruction("MVC")
        filled = _FILLED_BY_MVC
        while filled < self.length:
            gr[2], gr[3], gr[4], gr[5] = self.address + filled, filled, self.address, filled
            processor.instruction("MVCL")
            filled *= 2


@dataclass(frozen=True, slots=True)
class InvalidatePageTableEntry(Operation):
    """INVALIDATE PAGE TABLE ENTRY: of the page table at *table*, the one that translates *address*."""

    table: int
    address: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2] = self.table, self.address
        processor.instruction("IPTE")


@dataclass(frozen=True, slots=True)
class FlushAddressSpace(Operation):
    """INVALIDATE DAT TABLE ENTRY, with clearing by ASCE: no CPU remembers a translation by the tables of *asce*."""

    asce: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[1], gr[2], gr[3] = 0, _CLEARING_BY_ASCE, self.asce
        processor.instruction("IDTE")


@dataclass(frozen=True, slots=True)
class LoadUserAsce(Operation):
    """LOAD CONTROL of register 1 from :data:`USER_ASCE`."""

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        processor.instruction("LCTLG")


@dataclass(frozen=True, slots=True)
class LoadSecondaryAsce(Operation):
    """LOAD CONTROL of register 7 from :data:`SECONDARY_ASCE`."""

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        processor.instruction("LCTLG 7")


@dataclass(frozen=True, slots=True)
class UserCopy(Operation):
    """Copy *length* bytes between a real address of the kernel and an address of the process, by *name* of the text.

    Gives whether all were copied, or the program interruption that has come of it.
    """

    name: str
    control: int
    """General register 0, for MVCOS."""
    real: int
    user: int
    length: int

    def execute(self, processor: Processor) -> bool | Interruption:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[0], gr[2], gr[3], gr[4], gr[5] = self.control, self.real, self.length, self.user, 0
        return processor.begin_user_copy(self.name)


@dataclass(frozen=True, slots=True)
class ResumeUserCopy(Operation):
    """The end of the handler of a program interruption of :class:`UserCopy`, and what it does then."""

    name: str

    def execute(self, processor: Processor) -> bool | Interruption:
        """See :meth:`Operation.execute`."""
        processor.instruction("LMG")
        processor.leave("LPSWE")
        return processor.resume_user_copy(self.name)


@dataclass(frozen=True, slots=True)
class ReturnToUser(Operation):
    """The end of a handler: LOAD MULTIPLE from the save area, LOAD PSW EXTENDED of the program-old PSW."""

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        processor.instruction("LMG")
        processor.leave("LPSWE")


@dataclass(frozen=True, slots=True)
class EnableSubclass(Operation):
    """STORE CONTROL, LOAD CONTROL: set a *bit* of control register 0, a subclass mask of external interruptions."""

    bit: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        processor.instruction("STCTG 0")
        gr[2] = CONTROL_REGISTER_0
        processor.instruction("LG")
        gr[1] |= self.bit
        processor.instruction("STG")
        processor.instruction("LCTLG 0")


@dataclass(frozen=True, slots=True)
class OpenWindow(Operation):
    """local_irq_enable, local_irq_disable: STORE THEN OR SYSTEM MASK, STORE THEN AND SYSTEM MASK.

    Gives the code of the external interruption that was pending, whose handler the script goes on with up to
    :class:`ReturnFromExternal`; None if there was none.
    """

    def execute(self, processor: Processor) -> int | None:
        """See :meth:`Operation.execute`."""
        processor.instruction("STOSM")
        return processor.close_window()


@dataclass(frozen=True, slots=True)
class ReturnFromExternal(Operation):
    """The end of the handler: LOAD MULTIPLE, LOAD PSW EXTENDED; then what :class:`OpenWindow` does at its end."""

    def execute(self, processor: Processor) -> int | None:
        """See :meth:`Operation.execute`."""
        processor.instruction("LMG external")
        processor.leave("LPSWE external")
        return processor.close_window()


@dataclass(frozen=True, slots=True)
class ReleasePage(Operation):
    """DIAGNOSE code 0x010: the host may take the frame of the page at a real address, whatever is in it."""

    address: int

    def execute(self, processor: Processor) -> None:
        """See :meth:`Operation.execute`."""
        processor.cpu.gr[2] = self.address
        processor.instruction("DIAG release pages")


@dataclass(frozen=True, slots=True)
class Communicate(Operation):
    """DIAGNOSE code 0x068 with the parameter list at a real address; gives the return code."""

    address: int

    def execute(self, processor: Processor) -> int:
        """See :meth:`Operation.execute`."""
        gr = processor.cpu.gr
        gr[2] = self.address
        processor.instruction("DIAG communicate")
        return gr[3]


@dataclass(frozen=True, slots=True)
class UserInstruction(Operation):
    """Let the CPU execute one instruction of the process; gives the interruption that has come of it, or None."""

    def execute(self, processor: Processor) -> Interruption | None:
        """See :meth:`Operation.execute`."""
        return processor.user_instruction()
