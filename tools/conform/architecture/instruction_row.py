# SPDX-License-Identifier: GPL-2.0-or-later
"""A row of a table of instructions: a case in which one ends as it should, and nothing interrupts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emu.psw import ADDRESSING_MODE
from tools.conform.architecture.case import VERIFIED, Basis, Case, FinalState, Masked, Need
from tools.conform.architecture.source import Value

_UNCHANGED = 2
"""The condition code before an instruction that does not set it."""


@dataclass(frozen=True, slots=True)
class InstructionRow:
    """What an instruction makes of what is there before.

    Registers and doublewords of storage that are there *before*, and not said to hold something else *after*, stay as
    they were; so does the condition code if none is given.  At longer data in storage nobody looks.  *code* may have
    instructions around the one that it is about, which load other registers from storage and store them, and leave the
    condition code.
    """

    name: str
    code: str
    registers: Mapping[int, Value] = field(default_factory=dict)
    after: Mapping[int, Masked] = field(default_factory=dict)
    cc: int | None = None
    storage: Mapping[Value, int | bytes] = field(default_factory=dict)
    stored: Mapping[Value, Masked] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    controls: Mapping[int, int] = field(default_factory=dict)
    mask: int = ADDRESSING_MODE

    def case(self, rule: str, source: str, basis: Basis = VERIFIED) -> Case:
        """The case that it is, of *rule*, which *source* says."""
        before = _UNCHANGED if self.cc is None else 3 - self.cc
        kept = {place: held for place, held in self.storage.items() if isinstance(held, int)}
        return Case(
            name=self.name,
            rule=rule,
            source=source,
            basis=basis,
            needs=self.needs,
            registers=self.registers,
            storage=self.storage,
            controls=self.controls,
            mask=self.mask | before << 44,
            code=self.code,
            end=FinalState(
                registers={**self.registers, **self.after},
                storage={**kept, **self.stored},
                cc=_UNCHANGED if self.cc is None else self.cc,
            ),
        )
