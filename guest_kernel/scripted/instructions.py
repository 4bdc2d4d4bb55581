# SPDX-License-Identifier: GPL-2.0-or-later
"""The instructions by which the kernel acts on the machine, each an operation of a script.

They lie, assembled, in the kernel's text in guest storage, and the CPU fetches and executes them there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SIZE
from emu.page_states import OperationRequest
from guest_kernel.scripted.script import Operation

if TYPE_CHECKING:
    from guest_kernel.scripted.processor import Processor

TEXT: Final = {
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
