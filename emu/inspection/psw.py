# SPDX-License-Identifier: GPL-2.0-or-later
"""The PSW decoded by name (PoP 4, "Program-Status-Word Format")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emu import psw as psw_bits
from emu.inspection.html import table

if TYPE_CHECKING:
    from emu.psw import Psw

_FLAGS: Final = (
    (psw_bits.PER, "R", "program-event recording"),
    (psw_bits.DAT, "T", "DAT"),
    (psw_bits.IO_MASK, "I", "I/O interruptions"),
    (psw_bits.EXTERNAL_MASK, "E", "external interruptions"),
    (psw_bits.MACHINE_CHECK_MASK, "M", "machine checks"),
    (psw_bits.WAIT, "W", "wait"),
    (psw_bits.PROBLEM_STATE, "P", "problem state"),
)
"""The bits that are on or off, with their letters."""
_PROGRAM_MASK: Final = ("fixed-point overflow", "decimal overflow", "HFP exponent underflow", "HFP significance")
"""PSW bits 20 to 23."""
_SPACES: Final = ("primary", "access-register", "secondary", "home")


def addressing_mode(psw: Psw) -> str:
    """The addressing mode: 24, 31 or 64 bits; or that the two bits are no mode."""
    mode = psw.mask & psw_bits.ADDRESSING_MODE
    if mode == psw_bits.EXTENDED_ADDRESSING:
        return "invalid addressing mode"
    return {0: "24-bit", psw_bits.BASIC_ADDRESSING: "31-bit"}.get(mode, "64-bit")


def fields(psw: Psw) -> list[tuple[str, str]]:
    """Each field with its value in words, in the order of the bits."""
    mask = psw.mask
    found = [
        (f"{text} ({letter})", "on" if mask & flag else "off") for flag, letter, text in _FLAGS if flag > psw_bits.KEY
    ]
    found.append(("access key", str(psw.key)))
    found += [
        (f"{text} ({letter})", "on" if mask & flag else "off") for flag, letter, text in _FLAGS if flag < psw_bits.KEY
    ]
    program_mask = (mask & psw_bits.PROGRAM_MASK) >> 40
    enabled = [name for number, name in enumerate(_PROGRAM_MASK) if program_mask & 8 >> number]
    return [
        *found,
        ("address space", f"{_SPACES[psw.address_space_control]}{'' if mask & psw_bits.DAT else ' (DAT is off)'}"),
        ("condition code", str((mask & psw_bits.CONDITION_CODE) >> 44)),
        ("program mask", f"{program_mask:04b}" + (f" ({', '.join(enabled)})" if enabled else "")),
        ("addressing mode", addressing_mode(psw)),
        ("instruction address", f"{psw.address:x}"),
    ]


@dataclass(frozen=True, slots=True)
class PswView:
    """A PSW, shown by name."""

    psw: Psw

    def __getitem__(self, name: str) -> str:
        """The value of a field, in words.

        :raises KeyError: if there is none of this *name*.
        """
        return dict(fields(self.psw))[name]

    def __str__(self) -> str:
        return f"{self.psw} ({in_words(self.psw)})"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return table(("field", "value"), fields(self.psw), caption=str(self.psw))


def in_words(psw: Psw) -> str:
    """What the PSW says, in a line: what is on, and the modes."""
    mask = psw.mask
    said = [addressing_mode(psw), "problem state" if mask & psw_bits.PROBLEM_STATE else "supervisor state"]
    said.append(f"DAT {_SPACES[psw.address_space_control]}" if mask & psw_bits.DAT else "DAT off")
    if psw.key:
        said.append(f"key {psw.key}")
    enabled = [
        name
        for flag, name in (
            (psw_bits.EXTERNAL_MASK, "external"),
            (psw_bits.IO_MASK, "I/O"),
            (psw_bits.MACHINE_CHECK_MASK, "machine checks"),
        )
        if mask & flag
    ]
    said.append(f"enabled for {', '.join(enabled)}" if enabled else "disabled")
    if mask & psw_bits.PER:
        said.append("PER")
    if mask & psw_bits.WAIT:
        said.append("waiting")
    said.append(f"cc {(mask & psw_bits.CONDITION_CODE) >> 44}")
    program_mask = (mask & psw_bits.PROGRAM_MASK) >> 40
    if program_mask:
        said.append(f"program mask {program_mask:04b}")
    if psw.has_early_exception():
        said.append("not valid")
    return ", ".join(said)
