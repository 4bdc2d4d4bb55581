# SPDX-License-Identifier: GPL-2.0-or-later
"""DIAGNOSE code 0x008, the virtual console function: a guest gives a command to the host (z/VM, SC24-6084).

Of CP's commands, this host knows MESSAGE and MSGNOH to the guest itself (``*``), which show a text on its console.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu import access
from emu.devices.sclp import Sclp
from emu.identification import EBCDIC
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode

if TYPE_CHECKING:
    from emu.cpu import Cpu
    from emu.isa.declaration import Operands

LONGEST_COMMAND: Final = 240
"""Bytes."""
_RESPONSE: Final = 0x40
"""The response is stored, by the registers behind R1 and R3."""
_RESERVED: Final = 0x1F
_LENGTH: Final = 0x00FF_FFFF
_SHOW: Final = ("M", "MSG", "MESSAGE", "MSGNOH")
_SELF: Final = "*"
DONE: Final = 0
UNKNOWN_COMMAND: Final = 1
"""The number of the message that CP would answer with."""


def give_command(cpu: Cpu, operands: Operands) -> None:
    """Code 0x008: the command in EBCDIC at real address R1, whose length is in bits 40-63 of R3, with flags before it.

    R3 gets the return code.  No command has a response: if it is to be stored, R3 + 1 gets the length zero.  A command
    without a length stops the CPU.

    :raises ProgramInterruption: specification for reserved flags, too long a command, or registers that a response
        cannot use; access exceptions.
    """
    flags, length = cpu.gr32(operands.r3) >> 24, cpu.gr32(operands.r3) & _LENGTH
    is_stored = bool(flags & _RESPONSE)
    is_apart = abs(operands.r1 - operands.r3) > 1 and 15 not in (operands.r1, operands.r3)
    if flags & _RESERVED or length > LONGEST_COMMAND or (is_stored and not is_apart):
        raise ProgramInterruption(ProgramInterruptionCode.SPECIFICATION)
    if not length:
        cpu.stop_pending = True
        return
    command = access.load(cpu, cpu.gr32(operands.r1), length, real=True).decode(EBCDIC)
    verb, _, rest = command.strip().partition(" ")
    user, _, text = rest.strip().partition(" ")
    is_known = verb.upper() in _SHOW and user == _SELF
    if is_known:
        cpu.configuration.device(Sclp).show(f"{text}\n".encode())
    cpu.set_gr32(operands.r3, DONE if is_known else UNKNOWN_COMMAND)
    if is_stored:
        cpu.set_gr32(operands.r3 + 1, 0)
    cpu.cc = 0
