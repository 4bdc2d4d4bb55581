# SPDX-License-Identifier: GPL-2.0-or-later
"""The kinds of stops: what may end a run, each a frozen description.

Every kind has a *condition*, which is asked with a read-only :class:`~emu.running.stopping.view.View` of the CPU, and a
*count*: the stop ends the run from the count-th time on that it happens with its condition true.

A stop comes *before* an instruction, of which nothing is done then, or *after* one, between it and the next.  Going on
after a stop executes the instruction that it came before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from emu.addresses import PAGE_SHIFT
from emu.bits import MASK_64
from emu.page_states import Content, Usage

if TYPE_CHECKING:
    from emu.running.stopping.view import View

StopCondition: TypeAlias = "Callable[[View], bool]"
"""Whether what has happened is to be a stop; it may look at everything and change nothing."""

INTERRUPTION_CLASSES: Final = ("program", "svc", "external", "io", "machine-check", "restart")
"""The classes of interruptions, as the observers of the machine are told them."""


class StopSpace(Enum):
    """What an address means."""

    LOGICAL = "logical"
    """An address as the PSW or the operand has it, whatever space it is in: virtual with DAT, else real."""
    REAL = "real"
    """A real address of the CPU, before prefixing: every address that leads there."""
    ABSOLUTE = "absolute"
    """An absolute address: every address that leads there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _StopOn:
    """What all kinds have."""

    condition: StopCondition | None = None
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"the count of a stop must be at least 1, not {self.count}")


@dataclass(frozen=True, slots=True)
class AtAddress(_StopOn):
    """Before the instruction at *address*.

    That of an instruction which an EXECUTE has as its target is the address of the EXECUTE; see :class:`AtTarget`.
    """

    address: int
    space: StopSpace = StopSpace.LOGICAL
    asce: int | None = None
    """Only where instructions are translated by this address-space-control element; None: wherever."""
    problem_state: bool | None = None
    """Only in the problem state, or only in the supervisor state; None: in both."""

    def __str__(self) -> str:
        where = "" if self.space is StopSpace.LOGICAL else f"{self.space.value} "
        return f"instruction at {where}{self.address:#x}"


@dataclass(frozen=True, slots=True)
class AtTarget(_StopOn):
    """Before an EXECUTE whose target is the instruction at logical *address*.

    While there is such a stop the machine comes back before every EXECUTE, so that a program with many is slower.
    """

    address: int

    def __str__(self) -> str:
        return f"execution of the target at {self.address:#x}"


@dataclass(frozen=True, slots=True)
class AtMnemonic(_StopOn):
    """Before an instruction with one of these *mnemonics*, be it the target of an EXECUTE."""

    mnemonics: frozenset[str]

    def __str__(self) -> str:
        return f"instruction {'/'.join(sorted(self.mnemonics))}"


@dataclass(frozen=True, slots=True)
class AtInterruption(_StopOn):
    """At an interruption: *before* it is delivered, with the machine as it was, or after the new PSW is loaded.

    A program interruption of an instruction that has been completed (an overflow, MONITOR CALL, an event of PER), and
    that of an invalid new PSW, are delivered with it: there the stop comes after.
    """

    interruption: str | None = None
    """One of :data:`INTERRUPTION_CLASSES`; None: any."""
    codes: frozenset[int] | None = None
    """Only with one of these codes: program-interruption code, SVC number, external code, subsystem, or machine-check
    conditions; None: any."""
    before: bool = False

    def __post_init__(self) -> None:
        _StopOn.__post_init__(self)
        if self.interruption is not None and self.interruption not in INTERRUPTION_CLASSES:
            known = ", ".join(INTERRUPTION_CLASSES)
            raise ValueError(f"expected a class of interruptions, one of {known}, not {self.interruption!r}")

    def is_of(self, interruption: str, code: int) -> bool:
        """Whether it waits for an *interruption* of this class with this *code*."""
        return self.interruption in (None, interruption) and (self.codes is None or code in self.codes)

    def __str__(self) -> str:
        codes = "" if self.codes is None else " " + "/".join(f"{code:04x}" for code in sorted(self.codes))
        return f"{self.interruption or 'any'} interruption{codes}{', before it is delivered' if self.before else ''}"


@dataclass(frozen=True, slots=True)
class PageStateChange(_StopOn):
    """After ESSA has changed the state of absolute *page*, or of any if that is None."""

    page: int | None = None
    usage: Usage | None = None
    """Only if the page has this usage state then, and had another one."""

    def __str__(self) -> str:
        becomes = "" if self.usage is None else f", to {self.usage.name.lower()}"
        return f"page-state change{_of_page(self.page)}{becomes}"


@dataclass(frozen=True, slots=True)
class StorageKeyChange(_StopOn):
    """After an instruction has set the storage key of absolute *page*, or of any, to another value.

    Not the recording of references and changes, which every access does.
    """

    page: int | None = None

    def __str__(self) -> str:
        return f"storage-key change{_of_page(self.page)}"


@dataclass(frozen=True, slots=True)
class ContentChange(_StopOn):
    """After the host has evicted, discarded or paged in absolute *page*, or any: its content state has changed."""

    page: int | None = None
    content: Content | None = None
    """Only if it is this then: preserved, logically zero, resident."""

    def __str__(self) -> str:
        becomes = "" if self.content is None else f", to {self.content.name.lower()}"
        return f"content change{_of_page(self.page)}{becomes}"


@dataclass(frozen=True, slots=True)
class FirstTouch(_StopOn):
    """After the first access to absolute *page*, or to any, that was logically zero until then."""

    page: int | None = None

    def __str__(self) -> str:
        return f"first touch{_of_page(self.page)}"


@dataclass(frozen=True, slots=True)
class ControlRegisterChange(_StopOn):
    """After bits of control register *number* have changed."""

    number: int
    mask: int = MASK_64
    """The bits that count."""

    def __post_init__(self) -> None:
        _StopOn.__post_init__(self)
        if not 0 <= self.number <= 15:
            raise ValueError(f"expected the number of a control register, 0 to 15, not {self.number}")

    def __str__(self) -> str:
        return f"change of control register {self.number}, bits {self.mask:016x}"


@dataclass(frozen=True, slots=True)
class PswMaskChange(_StopOn):
    """After bits 0-63 of the PSW have changed, but for the condition code."""

    mask: int = MASK_64
    """The bits that count."""

    def __str__(self) -> str:
        return f"change of the PSW, bits {self.mask:016x}"


@dataclass(frozen=True, slots=True)
class StorageAccess(_StopOn):
    """After an instruction, or an interruption, has accessed a byte from *first* to *last*.

    A store counts whether it changes the byte or not.  With a logical address, the accesses of the CPUs by that address
    count; with a real or absolute one, those of all CPUs by any address.  Fetching instructions does not count.
    """

    first: int
    last: int
    space: StopSpace = StopSpace.LOGICAL
    stores: bool = True
    fetches: bool = False
    asce: int | None = None
    """Of a logical address: only where this address-space-control element translates it; None: wherever."""

    def __post_init__(self) -> None:
        _StopOn.__post_init__(self)
        if not 0 <= self.first <= self.last <= MASK_64:
            raise ValueError(f"expected a range of addresses, not {self.first:#x} to {self.last:#x}")
        if not (self.stores or self.fetches):
            raise ValueError("expected an access to stop at: stores, fetches or both")

    def __str__(self) -> str:
        what = "access to" if self.stores and self.fetches else "store into" if self.stores else "fetch from"
        where = "" if self.space is StopSpace.LOGICAL else f"{self.space.value} "
        return f"{what} {where}{self.first:#x} to {self.last:#x}"


@dataclass(frozen=True, slots=True)
class ConsoleText(_StopOn):
    """After the guest has written *text* to its console, be it in parts."""

    text: bytes

    def __post_init__(self) -> None:
        _StopOn.__post_init__(self)
        if not self.text:
            raise ValueError("expected a text of the console, which was empty")

    def __str__(self) -> str:
        return f"console text {self.text.decode(errors='replace')!r}"


@dataclass(frozen=True, slots=True)
class AtInstructionCount(_StopOn):
    """When *number* instructions have ended, on all CPUs, since the machine was made."""

    number: int

    def __str__(self) -> str:
        return f"{self.number} instructions"


@dataclass(frozen=True, slots=True)
class AtTime(_StopOn):
    """Before the first instruction that begins when virtual time is *work* units, or more."""

    work: int

    def __str__(self) -> str:
        return f"virtual time {self.work}"


@dataclass(frozen=True, slots=True)
class When(_StopOn):
    """Before an instruction for which *predicate* is true.  It is asked before each one, which is slow."""

    predicate: StopCondition
    name: str = field(default="predicate")

    def __str__(self) -> str:
        return self.name


StopOn: TypeAlias = (
    AtAddress
    | AtTarget
    | AtMnemonic
    | AtInterruption
    | PageStateChange
    | StorageKeyChange
    | ContentChange
    | FirstTouch
    | ControlRegisterChange
    | PswMaskChange
    | StorageAccess
    | ConsoleText
    | AtInstructionCount
    | AtTime
    | When
)


def _of_page(page: int | None) -> str:
    return "" if page is None else f" of page {page:x} ({page << PAGE_SHIFT:x})"
