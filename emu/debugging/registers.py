# SPDX-License-Identifier: GPL-2.0-or-later
"""The registers of a CPU by name, for whoever looks at them or changes them from outside.

``gr0`` to ``gr15``, ``cr``, ``ar``, ``fr`` (floating-point), ``vr0`` to ``vr31``; ``fpc``, ``prefix``, ``psw`` (its 128
bits), ``pswm``, ``pswa``, ``cc``, ``ckc`` (clock comparator), ``cputm`` (CPU timer), ``todpr``, ``bea`` (breaking-event
address) and ``tod``.  ``r0`` to ``r15``, ``pc``, ``f0`` and ``v0`` are the same as debuggers call them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu.input_files.near_names import did_you_mean
from emu.interruption import CheckStop
from emu.lowcore import PREFIX_AREA_SIZE
from emu.psw import ADDRESS_64, Psw
from emu.running.execution import check_loaded_psw
from emu.running.stops import StopRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from emu.cpu import Cpu

_NUMBERED: Final = re.compile(r"(gr|cr|ar|fr|vr|gpr|fpr|acr|r|f|v)(\d{1,2})")
_ALIASES: Final = {"gpr": "gr", "r": "gr", "fpr": "fr", "f": "fr", "acr": "ar", "v": "vr"}
_BITS: Final = {"gr": 64, "cr": 64, "ar": 32, "fr": 64, "vr": 128}
_COUNTS: Final = {"gr": 16, "cr": 16, "ar": 16, "fr": 16, "vr": 32}


@dataclass(frozen=True, slots=True)
class NamedRegister:
    """A register: its *name*, how many *bits* it has, and how it is read and written."""

    name: str
    bits: int
    get: Callable[[Cpu], int]
    put: Callable[[Cpu, int], None]


def find_register(name: str) -> NamedRegister:
    """The register called *name*.

    :raises ValueError: if there is none.
    """
    wanted = name.lower().lstrip("$%")
    if wanted in _SINGLE:
        return _SINGLE[wanted]
    matched = _NUMBERED.fullmatch(wanted)
    if matched is not None:
        kind, number = _ALIASES.get(matched[1], matched[1]), int(matched[2])
        if number < _COUNTS[kind]:
            return _numbered(kind, number)
    near = did_you_mean(wanted, register_names())
    raise ValueError(f"expected a register such as gr2, cr1, ar0, fr4, vr16, {', '.join(_SINGLE)}; not {name!r}{near}")


def register_names() -> list[str]:
    """The names of all registers, without those that are only others for the same."""
    return [*_SINGLE, *(f"{kind}{number}" for kind, count in _COUNTS.items() for number in range(count))]


def read_register(cpu: Cpu, name: str) -> int:
    """What the register called *name* holds.

    :raises ValueError: if there is none.
    """
    return find_register(name).get(cpu)


def write_register(cpu: Cpu, name: str, value: int) -> None:
    """Put *value* into the register called *name*, between two instructions.

    :raises ValueError: if there is none, the value does not fit it, or no program can go on with it.
    """
    register = find_register(name)
    if not 0 <= value < 1 << register.bits:
        raise ValueError(f"{register.name}: expected {register.bits} bits, not {value:#x}")
    try:
        register.put(cpu, value)
    except (StopRun, CheckStop) as reason:
        # Of a PSW that is not valid, and whose interruption leads to no valid one either.
        raise ValueError(f"{register.name}: {reason}") from None


def _numbered(kind: str, number: int) -> NamedRegister:
    def get(cpu: Cpu) -> int:
        if kind == "fr":
            return cpu.vr[2 * number]
        if kind == "vr":
            return cpu.vr[2 * number] << 64 | cpu.vr[2 * number + 1]
        view: memoryview[int] = getattr(cpu, kind)
        return view[number]

    def put(cpu: Cpu, value: int) -> None:
        if kind == "cr":
            cpu.set_control_register(number, value)
        elif kind == "fr":
            cpu.vr[2 * number] = value
        elif kind == "vr":
            cpu.vr[2 * number], cpu.vr[2 * number + 1] = value >> 64, value & ADDRESS_64
        else:
            getattr(cpu, kind)[number] = value

    return NamedRegister(f"{kind}{number}", _BITS[kind], get, put)


def _put_psw(cpu: Cpu, psw: Psw) -> None:
    """Make it the current one, as LOAD PSW does: one that is not valid leads to its interruption at once."""
    cpu.load_psw(psw)
    check_loaded_psw(cpu)


def _put_prefix(cpu: Cpu, value: int) -> None:
    if value % PREFIX_AREA_SIZE or value >= cpu.configuration.memory:
        raise ValueError(f"prefix: expected a multiple of 8K inside the memory, not {value:#x}")
    cpu.set_prefix(value)


def _put_condition_code(cpu: Cpu, value: int) -> None:
    cpu.cc = value


_SINGLE: Final = {
    each.name: each
    for each in (
        NamedRegister(
            "psw",
            128,
            lambda cpu: int.from_bytes(cpu.psw.to_bytes(), "big"),
            lambda cpu, value: _put_psw(cpu, Psw(value >> 64, value & ADDRESS_64)),
        ),
        NamedRegister(
            "pswm", 64, lambda cpu: cpu.psw.mask, lambda cpu, value: _put_psw(cpu, Psw(value, cpu.psw.address))
        ),
        NamedRegister(
            "pswa", 64, lambda cpu: cpu.psw.address, lambda cpu, value: _put_psw(cpu, Psw(cpu.psw.mask, value))
        ),
        NamedRegister(
            "pc", 64, lambda cpu: cpu.psw.address, lambda cpu, value: _put_psw(cpu, Psw(cpu.psw.mask, value))
        ),
        NamedRegister("cc", 2, lambda cpu: cpu.cc, _put_condition_code),
        NamedRegister(
            "fpc", 32, lambda cpu: cpu.registers.fpc, lambda cpu, value: setattr(cpu.registers, "fpc", value)
        ),
        NamedRegister("prefix", 32, lambda cpu: cpu.prefix, _put_prefix),
        NamedRegister(
            "ckc", 64, lambda cpu: cpu.clock_comparator, lambda cpu, value: setattr(cpu, "clock_comparator", value)
        ),
        NamedRegister(
            "cputm",
            64,
            lambda cpu: cpu.configuration.timing.cpu_timer(cpu),
            lambda cpu, value: cpu.configuration.timing.set_cpu_timer(cpu, value),
        ),
        NamedRegister(
            "todpr", 32, lambda cpu: cpu.tod_programmable, lambda cpu, value: setattr(cpu, "tod_programmable", value)
        ),
        NamedRegister(
            "bea",
            64,
            lambda cpu: cpu.registers.breaking_event_address,
            lambda cpu, value: setattr(cpu.registers, "breaking_event_address", value),
        ),
        NamedRegister(
            "tod",
            64,
            lambda cpu: cpu.configuration.timing.tod,
            lambda cpu, value: setattr(cpu.configuration.timing, "tod", value),
        ),
    )
}
"""Those that are not numbered."""
