# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that show storage, or change it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from emu.inspection.storage import NoStorageError, Space, bytes_at
from emu.program_interruption import ProgramInterruption
from tools.stepping import addresses, showing
from tools.stepping.commands import CommandError, command, split

if TYPE_CHECKING:
    from tools.stepping.stepper import Stepper

_TOPIC: Final = "storage"
_SPACES: Final = {"r": Space.REAL, "abs": Space.ABSOLUTE, "v": Space.LOGICAL}
_EXAMINE: Final = re.compile(r"(\d*)([a-zA-Z]*)")
_SIZES: Final = {"b": 1, "h": 2, "w": 4, "g": 8}
_FORMATS: Final = frozenset("xduicsaot")
_LONGEST_STRING: Final = 256


@command(
    "r",
    arguments="ADDR[.LEN|-END][=BYTES]",
    does="real storage; with =BYTES, hexadecimal, change it",
    topic=_TOPIC,
)
def real_storage(stepper: Stepper, argument: str) -> None:
    """Show or change real storage."""
    _storage(stepper, "r", argument)


@command("abs", arguments="ADDR[.LEN|-END][=BYTES]", does="absolute storage", topic=_TOPIC)
def absolute_storage(stepper: Stepper, argument: str) -> None:
    """Show or change absolute storage."""
    _storage(stepper, "abs", argument)


@command("v", arguments="ADDR[.LEN|-END][=BYTES]", does="virtual storage, as the PSW has it for operands", topic=_TOPIC)
def virtual_storage(stepper: Stepper, argument: str) -> None:
    """Show or change storage at logical addresses."""
    _storage(stepper, "v", argument)


def _storage(stepper: Stepper, name: str, argument: str) -> None:
    session, space = stepper.session, _SPACES[name]
    where, sign, typed = argument.partition("=")
    if not where.strip():
        raise CommandError(f"{name}: expected ADDR.LEN, not {argument!r}")
    address, length = addresses.area(session, name, where)
    try:
        if sign:
            try:
                data = bytes.fromhex(typed)
            except ValueError:
                raise CommandError(f"{name}: expected bytes in hexadecimal, not {typed!r}") from None
            if not data:
                raise CommandError(f"{name}: expected bytes in hexadecimal behind the equals sign")
            session.store(address, data, space)
            length = len(data)
        for line in showing.storage(session.cpu, address, length, space, stepper.width):
            stepper.write(line)
    except NoStorageError as reason:
        raise CommandError(f"{name}: {reason}") from None
    except ProgramInterruption as condition:
        raise CommandError(f"{name}: a touch of that page gives {condition}") from None


@command(
    "x",
    "x/",
    arguments="/NFS ADDR",
    does="storage as gdb shows it: N of format x d u c s i a, of size b h w g",
    topic=_TOPIC,
)
def examine(stepper: Stepper, argument: str) -> None:
    """Show virtual storage in a format."""
    form = ""
    if argument.startswith("/"):
        form, _, argument = argument[1:].partition(" ")
    matched = _EXAMINE.fullmatch(form)
    letters = matched[2].lower() if matched is not None else "?"
    kind = next((letter for letter in letters if letter in _FORMATS), "x")
    size = next((_SIZES[letter] for letter in letters if letter in _SIZES), 8 if kind == "a" else 4)
    if matched is None or not set(letters) <= _FORMATS | set(_SIZES):
        raise CommandError(f"x: expected a number, a format and a size, as in x/4xg, not {form!r}")
    if not argument.strip():
        raise CommandError("x: expected an address")
    many = min(int(matched[1] or 1), addresses.LONGEST_DISPLAY // size)
    address = addresses.address(stepper.session, "x", argument)
    try:
        _examine(stepper, address, kind, size, many)
    except NoStorageError as reason:
        raise CommandError(f"x: {reason}") from None


def _examine(stepper: Stepper, address: int, kind: str, size: int, many: int) -> None:
    session, cpu = stepper.session, stepper.session.cpu
    if kind == "i":
        for line in showing.listing(session, cpu, address, many):
            stepper.write(line)
        return
    if kind == "s":
        for _ in range(many):
            text, length = _string(stepper, address)
            stepper.write(f"{address:016x}  {text!r}")
            address += length
        return
    per_line = max(1, min(16 // size, (stepper.width - 18) // (2 * size + 3)))
    for first in range(0, many, per_line):
        values = [
            int.from_bytes(session.look(address + size * number, size), "big")
            for number in range(first, min(first + per_line, many))
        ]
        shown = "  ".join(_formatted(stepper, value, kind, size) for value in values)
        stepper.write(f"{address + size * first:016x}  {shown}")


def _formatted(stepper: Stepper, value: int, kind: str, size: int) -> str:
    match kind:
        case "d":
            return str(value - (1 << 8 * size) if value >> 8 * size - 1 else value)
        case "u":
            return str(value)
        case "o":
            return f"0{value:o}"
        case "t":
            return f"{value:0{8 * size}b}"
        case "c":
            return repr(chr(value & 0xFF))
        case "a":
            return f"{value:#x} {stepper.session.symbols.label(value)}".rstrip()
    return f"{value:#0{2 * size + 2}x}"


def _string(stepper: Stepper, address: int) -> tuple[str, int]:
    """The characters up to a zero byte, and how long that is."""
    data = b""
    while len(data) < _LONGEST_STRING and (byte := bytes_at(stepper.session.cpu, address + len(data), 1)) != b"\0":
        data += byte
    return data.decode("ascii", errors="backslashreplace"), len(data) + 1


@command(
    "dis", "l", "list", arguments="[ADDR] [N]", does="N instructions (10) at ADDR, or that come next", topic=_TOPIC
)
def disassemble(stepper: Stepper, argument: str) -> None:
    """List instructions."""
    words = split(argument)
    if len(words) > 2 or (len(words) == 2 and not words[1].isdecimal()):
        raise CommandError(f"dis: expected an address and a number of instructions, not {argument!r}")
    session = stepper.session
    address = addresses.address(session, "dis", words[0]) if words else session.cpu.instruction_address
    try:
        for line in showing.listing(session, session.cpu, address, int(words[1]) if len(words) == 2 else 10):
            stepper.write(line)
    except NoStorageError as reason:
        raise CommandError(f"dis: {reason}") from None
