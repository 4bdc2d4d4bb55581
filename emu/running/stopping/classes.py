# SPDX-License-Identifier: GPL-2.0-or-later
"""Words for sets of instructions: a mnemonic, or a class of those that the machine executes by the model."""

from __future__ import annotations

from functools import cache
from typing import Final

from emu.engine.mnemonics import opcodes_by_mnemonic
from emu.input_files.near_names import did_you_mean
from emu.isa.declaration import INSTRUCTIONS

_FILES: Final = {
    "keys": "storage_key_instructions",
    "dat": "translation",
    "io": "channel",
    "timing": "clock",
    "control-registers": "control_registers",
    "psw": "program_status",
    "signal": "signaling",
}
"""Classes by the file that declares them, which is a chapter of the manual or a part of one."""
PRIVILEGED: Final = "privileged"


@cache
def classes() -> dict[str, frozenset[str]]:
    """The mnemonics of each class."""
    found = {
        name: frozenset(each.mnemonic for each in INSTRUCTIONS if each.execute.__module__ == f"emu.isa.{file}")
        for name, file in _FILES.items()
    }
    # Of ESSA and PTFF, the function knows which forms are privileged.
    privileged = {each.mnemonic for each in INSTRUCTIONS if each.privileged} | {"ESSA"}
    return found | {PRIVILEGED: frozenset(privileged)}


def mnemonics_of(word: str) -> frozenset[str]:
    """The mnemonics that *word* means, which is one itself, in any case, or a class.

    :raises ValueError: if it is neither; the message names what is near.
    """
    if word.lower() in classes():
        return classes()[word.lower()]
    if word.upper() in opcodes_by_mnemonic():
        return frozenset((word.upper(),))
    known = [*classes(), *(name.lower() for name in opcodes_by_mnemonic())]
    hint = did_you_mean(word.lower(), known)
    raise ValueError(f"expected a mnemonic or one of {', '.join(classes())}, not {word!r}{hint}")
