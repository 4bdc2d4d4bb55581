# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses as they are typed: hexadecimal, a symbol, a register, and sums of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from emu.addresses import PAGE_SHIFT
from emu.bits import MASK_64
from emu.debugging.registers import find_register
from emu.input_files.sizes import parse_address
from tools.stepping.commands import CommandError

if TYPE_CHECKING:
    from emu.debugging.session import Session

_REGISTER: Final = re.compile(r"(\$?[a-z]+\d*)(?:\s*([+-])\s*([0-9a-zA-Zx]+))?", re.IGNORECASE)
_RANGE: Final = re.compile(r"(.+?)\s*(\.|-)\s*((?:0x)?[0-9a-f]+)", re.IGNORECASE)
LONGEST_DISPLAY: Final = 0x10000


def address(session: Session, name: str, text: str) -> int:
    """The address that *text* means: ``13230``, ``puts+0x12``, ``gr15``, ``$r15-10``, ``psw``.

    :raises CommandError: naming the command *name*, if it means none.
    """
    text = text.strip()
    matched = _REGISTER.fullmatch(text)
    if matched is not None and not session.symbols.find(text):
        value = _register(session, matched[1])
        if value is not None:
            offset = _number(name, matched[3]) if matched[3] else 0
            return (value + (offset if matched[2] != "-" else -offset)) & MASK_64
    try:
        return session.symbols.address(text)
    except ValueError as reason:
        raise CommandError(f"{name}: {reason}") from None


def _register(session: Session, name: str) -> int | None:
    """What the register holds that *name* means as an address; names that are hexadecimal digits need a dollar."""
    if name.lower() in ("psw", "$psw"):
        return session.cpu.instruction_address
    try:
        parse_address(name)
    except ValueError:
        try:
            return find_register(name).get(session.cpu)
        except ValueError:
            return None
    return None


def _number(name: str, text: str) -> int:
    try:
        return parse_address(text)
    except ValueError as reason:
        raise CommandError(f"{name}: {reason}") from None


def area(session: Session, name: str, text: str, default: int = 0x40) -> tuple[int, int]:
    """The address and the length that *text* means: ``ADDR``, ``ADDR.LEN`` or ``ADDR-END``, all hexadecimal.

    :raises CommandError: if it means none, or something too long to be shown.
    """
    matched = _RANGE.fullmatch(text.strip())
    if matched is None or (matched[2] == "-" and not _is_address(matched[1])):
        return address(session, name, text), default
    first, last = address(session, name, matched[1]), _number(name, matched[3])
    length = last if matched[2] == "." else last - first + 1
    if not 0 < length <= LONGEST_DISPLAY:
        raise CommandError(f"{name}: expected a length of 1 to {LONGEST_DISPLAY:x}, not {length:x}")
    return first, length


def _is_address(text: str) -> bool:
    """Whether a minus behind *text* is that of a range, since it is a number itself."""
    try:
        parse_address(text.strip())
    except ValueError:
        return False
    return True


def page(session: Session, name: str, text: str) -> int:
    """The absolute page that holds the absolute address *text*.

    :raises CommandError: if there is none.
    """
    absolute, memory = address(session, name, text), session.machine.memory
    if absolute >= memory:
        raise CommandError(f"{name}: {absolute:x} lies outside the memory of {memory:x} bytes")
    return absolute >> PAGE_SHIFT
