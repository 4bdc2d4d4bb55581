# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that show registers, or change them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from emu.debugging.registers import find_register
from emu.inspection import psw as psw_words
from tools.stepping import addresses, showing
from tools.stepping.commands import CommandError, command, expect_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emu.cpu import Cpu
    from tools.stepping.stepper import Stepper

_TOPIC: Final = "registers"
_ASSIGNMENT: Final = re.compile(r"(\$?\w+)\s*=\s*(.+)")
_SINGLE: Final = ("pr", "fpc", "bea", "ckc", "cputm", "tod")
_NAMES: Final = {"pr": "prefix"}


def _show(stepper: Stepper, name: str, argument: str, digits: int, values: Iterable[tuple[Cpu, list[int]]]) -> None:
    expect_nothing(name, argument)
    for cpu, registers in values:
        for line in showing.registers(cpu, name, registers, digits, stepper.width):
            stepper.write(line)


@command("psw", arguments="[-v]", does="the PSW of every CPU; with -v each field by name", topic=_TOPIC)
def psw(stepper: Stepper, argument: str) -> None:
    """Show the PSWs."""
    if argument not in ("", "-v"):
        raise CommandError(f"psw: expected nothing more, or -v; not {argument!r}")
    for cpu in stepper.session.machine.cpus:
        stepper.write(showing.psw_line(stepper.session, cpu))
        if argument:
            for field, value in psw_words.fields(cpu.psw):
                stepper.write(f"  {field:28} {value}")
        else:
            stepper.write(showing.psw_details(cpu))


@command("gpr", "gr", does="the general registers", topic=_TOPIC)
def general_registers(stepper: Stepper, argument: str) -> None:
    """Show the general registers."""
    _show(stepper, "gr", argument, 16, ((cpu, cpu.gr.tolist()) for cpu in stepper.session.machine.cpus))


@command("cr", does="the control registers", topic=_TOPIC)
def control_registers(stepper: Stepper, argument: str) -> None:
    """Show the control registers."""
    _show(stepper, "cr", argument, 16, ((cpu, cpu.cr.tolist()) for cpu in stepper.session.machine.cpus))


@command("ar", does="the access registers", topic=_TOPIC)
def access_registers(stepper: Stepper, argument: str) -> None:
    """Show the access registers."""
    _show(stepper, "ar", argument, 8, ((cpu, cpu.ar.tolist()) for cpu in stepper.session.machine.cpus))


@command("fpr", "fr", does="the floating-point registers", topic=_TOPIC)
def floating_point_registers(stepper: Stepper, argument: str) -> None:
    """Show the floating-point registers."""
    values = ((cpu, cpu.vr.tolist()[0:32:2]) for cpu in stepper.session.machine.cpus)
    _show(stepper, "fr", argument, 16, values)


@command("vr", does="the vector registers", topic=_TOPIC)
def vector_registers(stepper: Stepper, argument: str) -> None:
    """Show the vector registers."""
    values = []
    for cpu in stepper.session.machine.cpus:
        halves = cpu.vr.tolist()
        values.append((cpu, [halves[2 * number] << 64 | halves[2 * number + 1] for number in range(32)]))
    _show(stepper, "vr", argument, 32, values)


@command(
    *_SINGLE,
    does="the prefix; likewise fpc, bea (breaking event), ckc (clock comparator), cputm (CPU timer), tod",
    topic=_TOPIC,
)
def single_register(stepper: Stepper, argument: str) -> None:
    """Show a register of which there is one a CPU."""
    name = stepper.word.lower()
    expect_nothing(name, argument)
    register = find_register(_NAMES.get(name, name))
    for cpu in stepper.session.machine.cpus:
        stepper.write(f"cpu {cpu.address}: {register.name} {register.get(cpu):0{register.bits // 4}x}")


@command(
    "set",
    arguments="REGISTER=VALUE",
    does="change a register: gr2=1f, cr0=..., psw=MASK ADDR, pswa=..., cc=2; 'set' need not be typed",
    topic="changing",
)
def set_register(stepper: Stepper, argument: str) -> None:
    """Change a register."""
    matched = _ASSIGNMENT.fullmatch(argument.removeprefix("var ").strip())
    if matched is None:
        raise CommandError(f"set: expected REGISTER=VALUE, not {argument!r}")
    name, text = matched[1], matched[2].strip()
    try:
        register = find_register(_NAMES.get(name, name))
        if register.bits > 64:
            value = int(text.removeprefix("0x").replace(" ", "").replace("_", ""), 16)
        else:
            value = addresses.address(stepper.session, "set", text)
        stepper.session.set_register(register.name, value)
    except ValueError as reason:
        raise CommandError(f"set: {reason}") from None
    shown = register.get(stepper.session.cpu)
    stepper.write(f"cpu {stepper.session.cpu.address}: {register.name} {shown:0{-(-register.bits // 4)}x}")
