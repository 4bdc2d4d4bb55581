# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled instructions as functions of compiled code, and the function that executes one by its number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from emu.engine.rules import access_rules
from emu.engine.rules.dispatch import chain_source
from emu.engine.rules.instructions import Translated, numbered
from emu.engine.rules.pure import compiled
from emu.engine.units import translated_unit

_EXECUTED: Final = access_rules.NAMES | {
    (name := f"execute_{each.declared.mnemonic}"): translated_unit(each.source, name, access_rules)
    for _, each in numbered()
}


def executing(instructions: Iterable[tuple[int, Translated]]) -> Any:
    """The function that executes one of the compiled *instructions*, by the number that stands before it."""
    source = chain_source((number, each.declared) for number, each in instructions)
    return compiled(source, "execute_number", _EXECUTED)
