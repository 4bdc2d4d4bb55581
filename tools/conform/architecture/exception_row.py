# SPDX-License-Identifier: GPL-2.0-or-later
"""A row of a table of exceptions: a case with one program interruption, after which it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from emu.psw import ADDRESSING_MODE
from tools.conform.architecture.case import VERIFIED, Basis, Case, Class, ExpectedInterruption, FinalState, Masked, Need
from tools.conform.architecture.source import Value


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """A program interruption that ends the case.

    *code* has the labels bad, for the instruction that it is about, and after, for the next; without labels it is one
    instruction.
    """

    name: str
    rule: str
    source: str
    code: str
    interruption: int
    ilc: int | None
    at: Value | None = "after"
    registers: dict[int, Value] = field(default_factory=dict)
    storage: dict[Value, int | bytes] = field(default_factory=dict)
    controls: dict[int, int] = field(default_factory=dict)
    mask: int = ADDRESSING_MODE
    fields: dict[str, Masked] = field(default_factory=dict)
    cc: int | None = None
    end: FinalState = field(default_factory=FinalState)
    basis: Basis = VERIFIED
    needs: tuple[Need, ...] = ()

    def case(self) -> Case:
        """The case that it is."""
        event = ExpectedInterruption(
            Class.PROGRAM, self.interruption, self.ilc, self.at, cc=self.cc, fields=self.fields
        )
        return Case(
            name=self.name,
            rule=self.rule,
            source=self.source,
            basis=self.basis,
            needs=self.needs,
            registers=self.registers,
            storage=self.storage,
            controls=self.controls,
            mask=self.mask,
            code=self.code if "after:" in self.code else f"bad: {self.code}\nafter: LGHI 15,1",
            events=(event,),
            end=self.end,
        )
