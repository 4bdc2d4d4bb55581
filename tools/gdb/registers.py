# SPDX-License-Identifier: GPL-2.0-or-later
"""The registers that gdb is shown: which there are, in what order, and what they hold.

The features core, acr, fpr and vx are those that gdb's manual names for s390 ("Standard Target Features"); cr and virt
are shown as emulators and hypervisors show them; the last feature is this machine's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.debugging.registers import read_register
from emu.facilities import Facility
from emu.inspection.operand import operand_address
from emu.inspection.storage import NoStorageError, Space, bytes_at, locate
from emu.lowcore import TRANSLATION_EXCEPTION
from emu.page_states import CONTENT_MASK, USAGE_MASK
from emu.running.stopping import looking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emu.cpu import Cpu
    from emu.debugging.interruption_log import TakenInterruption
    from emu.debugging.session import Session

CORE: Final = "org.gnu.gdb.s390.core"
ACCESS: Final = "org.gnu.gdb.s390.acr"
FLOATING: Final = "org.gnu.gdb.s390.fpr"
VECTOR: Final = "org.gnu.gdb.s390.vx"
CONTROL: Final = "org.gnu.gdb.s390.cr"
VIRTUAL: Final = "org.gnu.gdb.s390.virt"
HINTING: Final = "org.page-hinting.machine"
"""Our own: the page of the current operand, and the last interruption."""
INTERRUPTION_CLASSES: Final = ("none", "program", "svc", "external", "io", "machine-check", "restart")


@dataclass(frozen=True, slots=True)
class ShownRegister:
    """A register of a CPU, as gdb is shown it."""

    feature: str
    name: str
    bits: int
    kind: str
    """The type in the target description."""
    group: str
    read: Callable[[Session, Cpu], int | None]
    """None if there is nothing to show now."""
    source: str | None = None
    """What :mod:`emu.debugging.registers` calls it; None if it cannot be written."""
    is_right_half: bool = False
    """Bits 64 to 127 of what is called so."""

    @property
    def octets(self) -> int:
        """Its length in a packet."""
        return self.bits // 8

    def text(self, session: Session, cpu: Cpu) -> bytes:
        """What it holds, in hexadecimal, or as many times ``x``."""
        value = self.read(session, cpu)
        return b"xx" * self.octets if value is None else b"%0*x" % (2 * self.octets, value)

    def write(self, session: Session, value: int) -> None:
        """Put *value* into it, between two instructions, on the CPU that the session has chosen.

        :raises ValueError: if that cannot be.
        """
        if self.source is None:
            raise ValueError(f"{self.name} only shows something")
        if self.is_right_half:
            value |= session.register(self.source) >> 64 << 64
        if self.source in ("pswm", "pswa"):
            psw = session.cpu.psw
            if replace(psw, **{"mask" if self.source == "pswm" else "address": value}).has_early_exception():
                # Loading it would give an interruption at once, which is nothing that gdb expects of a write.
                raise ValueError(f"{self.name}: expected what makes a valid PSW, not {value:#x}")
        session.set_register(self.source, value)


def shown_registers(session: Session) -> tuple[ShownRegister, ...]:
    """The registers of a CPU of *session*, in the order of their numbers."""
    found = [
        _named(CORE, "pswm", 64, "uint64", "psw", "pswm"),
        _named(CORE, "pswa", 64, "code_ptr", "psw", "pswa"),
        *(_named(CORE, f"r{number}", 64, "uint64", "general", f"gr{number}") for number in range(16)),
        *(_named(ACCESS, f"acr{number}", 32, "uint32", "access", f"ar{number}") for number in range(16)),
        _named(FLOATING, "fpc", 32, "uint32", "float", "fpc"),
        *(_named(FLOATING, f"f{number}", 64, "ieee_double", "float", f"fr{number}") for number in range(16)),
    ]
    if Facility.VECTOR in session.machine.configuration.facilities:
        found += [_right_half(number) for number in range(16)]
        found += [_named(VECTOR, f"v{number}", 128, "vec128", "vector", f"vr{number}") for number in range(16, 32)]
    found += [_named(CONTROL, f"cr{number}", 64, "uint64", "control", f"cr{number}") for number in range(16)]
    found += [
        _named(VIRTUAL, "ckc", 64, "uint64", "system", "ckc"),
        _named(VIRTUAL, "cputm", 64, "uint64", "system", "cputm"),
        _named(VIRTUAL, "last_break", 64, "code_ptr", "system", "bea"),
        _named(VIRTUAL, "prefix", 64, "uint64", "system", "prefix"),
    ]
    return (*found, *_OWN)


def features(registers: Iterable[ShownRegister]) -> list[str]:
    """The features that *registers* belong to, in their order."""
    return list(dict.fromkeys(register.feature for register in registers))


def _named(feature: str, name: str, bits: int, kind: str, group: str, source: str) -> ShownRegister:
    return ShownRegister(feature, name, bits, kind, group, lambda _, cpu: read_register(cpu, source), source)


def _right_half(number: int) -> ShownRegister:
    """Bits 64 to 127 of a vector register; the others are a floating-point register."""
    source = f"vr{number}"
    return ShownRegister(
        VECTOR,
        f"v{number}l",
        64,
        "uint64",
        "vector",
        lambda _, cpu: read_register(cpu, source) & (1 << 64) - 1,
        source,
        is_right_half=True,
    )


def _operand(_: Session, cpu: Cpu) -> int | None:
    return operand_address(cpu, looking.code(cpu, cpu.instruction_address))


def _operand_page(session: Session, cpu: Cpu) -> int | None:
    """The absolute page of the operand of the next instruction."""
    address = _operand(session, cpu)
    try:
        return None if address is None else locate(cpu, address) >> PAGE_SHIFT
    except NoStorageError:
        return None


def _of_page(value: Callable[[Cpu, int], int]) -> Callable[[Session, Cpu], int | None]:
    def read(session: Session, cpu: Cpu) -> int | None:
        page = _operand_page(session, cpu)
        return None if page is None else value(cpu, page)

    return read


def _usage(cpu: Cpu, page: int) -> int:
    return cpu.configuration.states.bytes[page] & USAGE_MASK


def _content(cpu: Cpu, page: int) -> int:
    return cpu.configuration.states.bytes[page] & CONTENT_MASK


def _key(cpu: Cpu, page: int) -> int:
    return cpu.configuration.keys.bytes[page]


def _last(session: Session, cpu: Cpu) -> TakenInterruption | None:
    """The last interruption that *cpu* took, as far as the session knows."""
    return next((each for each in reversed(session.log.taken()) if each.cpu == cpu.address), None)


def _class(session: Session, cpu: Cpu) -> int:
    last = _last(session, cpu)
    return 0 if last is None else INTERRUPTION_CLASSES.index(last.kind)


def _of_last(value: Callable[[TakenInterruption], int]) -> Callable[[Session, Cpu], int | None]:
    def read(session: Session, cpu: Cpu) -> int | None:
        last = _last(session, cpu)
        return None if last is None else value(last)

    return read


def _teid(_: Session, cpu: Cpu) -> int | None:
    """The translation-exception identification in the prefix area, as the last exception left it."""
    try:
        return int.from_bytes(bytes_at(cpu, TRANSLATION_EXCEPTION, 8, Space.REAL), "big")
    except NoStorageError:
        return None


_OWN: Final = (
    ShownRegister(HINTING, "operand", 64, "data_ptr", "system", _operand),
    ShownRegister(HINTING, "page_usage", 32, "page_usage_state", "system", _of_page(_usage)),
    ShownRegister(HINTING, "page_content", 32, "page_content_state", "system", _of_page(_content)),
    ShownRegister(HINTING, "page_key", 32, "uint32", "system", _of_page(_key)),
    ShownRegister(HINTING, "int_class", 32, "interruption_class", "system", _class),
    ShownRegister(HINTING, "int_code", 32, "uint32", "system", _of_last(lambda last: last.code)),
    ShownRegister(HINTING, "int_pswm", 64, "uint64", "system", _of_last(lambda last: last.old.mask)),
    ShownRegister(HINTING, "int_pswa", 64, "code_ptr", "system", _of_last(lambda last: last.old.address)),
    ShownRegister(HINTING, "int_teid", 64, "uint64", "system", _teid),
)
