# SPDX-License-Identifier: GPL-2.0-or-later
"""From a program, or a few bytes, to a session: for Python, where nobody has typed options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from emu.cpu import CpuState
from emu.debugging.history import DEFAULT_LIMIT
from emu.debugging.session import Session
from emu.input_files.sizes import parse_size
from emu.machine import Machine
from emu.page_states import Profile
from emu.program import parse_program, read_program
from emu.psw import ADDRESSING_MODE, Psw
from emu.symbols.reading import image_symbols
from emu.symbols.table import SymbolTable

if TYPE_CHECKING:
    import os

_ADDRESS: Final = 0x10000


def open_program(
    program: str | os.PathLike[str] | bytes,
    *,
    memory: int | str = "256M",
    cpus: int = 1,
    profile: Profile = Profile.ZVM,
    command_line: str | None = None,
    history: int = DEFAULT_LIMIT,
) -> Session:
    """A session on a new machine with *program* in it, about to be entered.

    :param program: the path of an ELF executable for s390x, of a Linux kernel, or of a bare image; or the bytes of an
        ELF executable.
    :param memory: bytes of absolute storage, or text as 256M; a multiple of 1 MB.
    :param profile: whose ESSA it has.
    :param command_line: what the program finds at 0x10480.
    :param history: bytes that the history takes at most; zero means none.
    :raises emu.errors.ProgramError: a ValueError: if it is no program, or does not fit.
    :raises ValueError: if the machine cannot be so.
    """
    machine = _machine(memory, cpus, profile)
    symbols = None
    if isinstance(program, bytes):
        parse_program(program, "the program").load(machine, command_line)
    else:
        path = Path(program)
        read_program(path).load(machine, command_line)
        symbols = image_symbols(path)
    return Session(machine, symbols=SymbolTable(() if symbols is None else (symbols,)), history=history)


def open_bytes(
    code: bytes,
    *,
    address: int = _ADDRESS,
    memory: int | str = "16M",
    cpus: int = 1,
    profile: Profile = Profile.ZVM,
    history: int = DEFAULT_LIMIT,
) -> Session:
    """A session on a new machine with *code* at absolute *address*, where CPU 0 is about to execute it.

    The CPU is in the supervisor state and the 64-bit addressing mode, with key 0, DAT off and everything disabled.

    :raises ValueError: if the machine cannot be so, or the code does not fit.
    """
    machine = _machine(memory, cpus, profile)
    if not 0 <= address <= machine.memory - len(code):
        raise ValueError(f"{len(code)} bytes at {address:x} lie outside the memory of {machine.memory:x} bytes")
    if address & 1:
        raise ValueError(f"expected an even address, as instructions have, not {address:x}")
    machine.load_storage(address, code)
    cpu = machine.cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE, address))
    cpu.psw_loaded = False
    cpu.state = CpuState.OPERATING
    return Session(machine, history=history)


def _machine(memory: int | str, cpus: int, profile: Profile) -> Machine:
    return Machine(parse_size(memory) if isinstance(memory, str) else memory, cpus=cpus, profile=profile)
