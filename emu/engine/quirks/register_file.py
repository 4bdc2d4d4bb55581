# SPDX-License-Identifier: GPL-2.0-or-later
"""Unicorn's register file in place, where :mod:`emu.engine.quirks.register_places` has found it."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from typing import Final, Literal

from unicorn import s390x_const as reg

from emu.control_registers import CR0_AFP, CR0_VECTOR
from emu.engine.library import Unicorn
from emu.engine.quirks import sums
from emu.engine.quirks.register_places import find_environment, layout
from emu.state import Section, computed

_TININESS: Final = 1
_BEFORE_ROUNDING: Final = 1
"""In that byte of Unicorn's floating-point state: IEEE underflow depends on the precise value (PoP 9; inferred), not on
the rounded one, for which Unicorn leaves it at zero (seen in 2.1.4)."""

_ROUNDING: Final = 2
"""Where it keeps the rounding mode, by numbers of its own (seen in 2.1.4)."""
_ROUNDING_OF: Final = {0: 0, 1: 3, 2: 2, 3: 1, 7: 5}
"""That number for each BFP rounding mode (PoP 9, "Floating-Point-Control Register")."""
_ROUNDING_MODE: Final = 7
"""Bits 29-31 of the floating-point-control register."""


def _fill(view: memoryview[int], values: Sequence[int]) -> None:
    for number, value in enumerate(values):
        view[number] = value


class EngineRegisters:
    """The registers of one Unicorn instance, seen in place (:class:`emu.engine_protocol.Registers`)."""

    STATE = Section(
        "registers",
        computed("general", lambda it: list(it.gr), lambda it, values: _fill(it.gr, values), of=("gr",)),
        computed("vector", lambda it: list(it.vr), lambda it, values: _fill(it.vr, values), of=("vr",)),
        computed("access", lambda it: list(it.ar), lambda it, values: _fill(it.ar, values), of=("ar",)),
        computed("fpc", lambda it: it.fpc, lambda it, value: setattr(it, "fpc", value), of=("_fpc",)),
        computed(
            "breaking event",
            lambda it: it.breaking_event_address,
            lambda it, value: setattr(it, "breaking_event_address", value),
            of=("_breaking_event",),
        ),
        excluded={
            "_uc": "the engine",
            "layout": "where the engine keeps them",
            "base": "where they lie in this process",
            "psw": "a part of the PSW of the CPU, which declares it",
            "interruption": "means nothing between two instructions",
            "_control": "follows from the control registers of the CPU",
            "_execute_value": "zero between two instructions",
            "_floating_point": "the rounding mode, which follows from the floating-point-control register",
        }
        | dict.fromkeys(("_all", "_keep", "_cc", "_cc_operands"), "a view of what is declared"),
    )

    def __init__(self, unicorn: Unicorn) -> None:
        self._uc = unicorn.uc
        self.layout = found = layout()
        self.base = find_environment(unicorn)
        self._keep = (ctypes.c_ubyte * found.end).from_address(self.base)
        whole = memoryview(self._keep).cast("B")

        def view(offset: int, count: int, kind: Literal["Q", "I"]) -> memoryview[int]:
            size = count * struct.calcsize("=" + kind)
            return whole[offset : offset + size].cast(kind)

        self._all = whole[: found.end]
        self.gr = view(0, 16, "Q")
        self.vr = view(found.vector, 64, "Q")
        self.ar = view(found.access, 16, "I")
        self._control = view(found.control, 16, "Q")
        self.psw = view(found.mask, 2, "Q")
        self._fpc = view(found.fpc, 1, "I")
        self._cc = view(found.cc_operation, 1, "I")
        self._cc_operands = view(found.cc_operands, 3, "Q")
        self._execute_value = view(found.execute_value, 1, "Q")
        self._breaking_event = view(found.breaking_event, 1, "Q")
        self.interruption = view(found.program_code, 4, "I")
        """Program-interruption code and instruction length, SVC number and instruction length: the last reported."""
        self._floating_point = whole[found.cc_operation + 4 : found.mask]
        self._floating_point[_TININESS] = _BEFORE_ROUNDING
        for number in range(16):
            self.gr[number] = 0
        self._control[0] = 0

    def take(self, others: EngineRegisters) -> None:
        """Be what *others* are: the CPU goes on in this engine."""
        self._all[:] = others._all

    @property
    def execute_value_address(self) -> int:
        """Where Unicorn keeps the target of an EXECUTE that it is about to execute; zero there means none."""
        return self.base + self.layout.execute_value

    @property
    def cc_operation_address(self) -> int:
        """Where Unicorn keeps how the condition code is computed, a word."""
        return self.base + self.layout.cc_operation

    @property
    def psw_address(self) -> int:
        """Where the PSW lies, two doublewords."""
        return self.base + self.layout.mask

    @property
    def interruption_address(self) -> int:
        """Where :attr:`interruption` lies."""
        return self.base + self.layout.program_code

    @property
    def execute_value(self) -> int:
        """The pending target of an EXECUTE: instruction left-aligned, length of the EXECUTE in the last four bits."""
        return self._execute_value[0]

    @execute_value.setter
    def execute_value(self, value: int) -> None:
        self._execute_value[0] = value

    @property
    def breaking_event_address(self) -> int:
        """The address of the last instruction that broke the sequence of instructions."""
        return self._breaking_event[0]

    @breaking_event_address.setter
    def breaking_event_address(self, value: int) -> None:
        self._breaking_event[0] = value

    @property
    def fpc(self) -> int:
        """The floating-point control register."""
        return self._fpc[0]

    @fpc.setter
    def fpc(self, value: int) -> None:
        self._fpc[0] = value
        self._floating_point[_ROUNDING] = _ROUNDING_OF.get(value & _ROUNDING_MODE, 0)

    @property
    def condition_code(self) -> int:
        """The condition code; the engine may have left it to be computed from its operands."""
        operation = self._cc[0]
        if operation < 4:
            return operation
        code = sums.condition_code(operation, *self._cc_operands)
        if code is not None:
            return code
        mask: int = self._uc.reg_read(reg.UC_S390X_REG_PSWM)
        return mask >> 44 & 3

    @condition_code.setter
    def condition_code(self, value: int) -> None:
        self._cc[0] = value

    def set_control_register_0(self, value: int) -> None:
        """Let floating-point and vector instructions through, or not; the engine needs no other control."""
        self._control[0] = value & (CR0_AFP | CR0_VECTOR)

    def clear_interruption(self) -> None:
        """Forget the interruption that was reported last."""
        self.interruption[0] = self.interruption[1] = self.interruption[3] = 0

    @property
    def svc_is_reported(self) -> bool:
        """Whether the interruption reported since then is a supervisor call, not a program interruption."""
        return not self.interruption[0] and bool(self.interruption[3])
