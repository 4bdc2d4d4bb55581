# SPDX-License-Identifier: GPL-2.0-or-later
"""Which stops wait for the instruction that a CPU is about to execute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.addresses import PAGE_OFFSET_MASK
from emu.engine.exits import Declared, ExecutedAlone, RunExit, SupervisorCall
from emu.engine.mnemonics import first_bytes, mnemonic_of, opcodes_by_mnemonic
from emu.engine.stop_places import EXECUTES
from emu.isa.execute import execute_target_address, is_execute
from emu.running.stopping import looking
from emu.running.stopping.kinds import AtAddress, AtMnemonic, AtTarget, StopSpace, When
from emu.teid import Access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emu.cpu import Cpu
    from emu.engine.engine import Engine
    from emu.running.stopping.stop_point import StopPoint
    from emu.running.stopping.view import View


class InstructionStops:
    """The stops that come before an instruction because of what it is, and where."""

    def __init__(self) -> None:
        self._points: list[StopPoint] = []
        self._addresses: frozenset[int] = frozenset()
        """Logical ones."""
        self._offsets: frozenset[int] = frozenset()
        """Where in their pages real and absolute ones lie."""
        self._mnemonics: frozenset[str] = frozenset()
        self._first_bytes: frozenset[int] = frozenset()
        """Those of their opcodes."""
        self.has_predicates = False
        """Whether one of them waits for what can be said of every instruction."""

    def changed(self, enabled: Sequence[StopPoint]) -> None:
        """The *enabled* stops are others now."""
        self._points = [point for point in enabled if isinstance(point.on, AtAddress | AtTarget | AtMnemonic | When)]
        ons = [point.on for point in self._points]
        addresses = [on for on in ons if isinstance(on, AtAddress)]
        self._addresses = frozenset(on.address for on in addresses if on.space is StopSpace.LOGICAL)
        self._offsets = frozenset(
            on.address & PAGE_OFFSET_MASK for on in addresses if on.space is not StopSpace.LOGICAL
        )
        self._mnemonics = frozenset(name for on in ons if isinstance(on, AtMnemonic) for name in on.mnemonics)
        if any(isinstance(on, AtTarget) for on in ons):
            self._mnemonics |= EXECUTES
        self._first_bytes = first_bytes(self._mnemonics & opcodes_by_mnemonic().keys())
        self.has_predicates = any(isinstance(on, When) for on in ons)

    def may_be_at(self, cpu: Cpu, engine: Engine, ended: RunExit | None) -> bool:
        """Whether one of them may wait for the instruction that *cpu* is about to execute: this is quick.

        :param ended: why its *engine* has come back before it; None if it has not run.
        """
        if not self._points:
            return False
        address = cpu.instruction_address
        if self.has_predicates or address in self._addresses or address & PAGE_OFFSET_MASK in self._offsets:
            return True
        if not self._mnemonics:
            return False
        match ended:
            case Declared(instruction):
                return self._is_wanted(instruction, cpu, engine)
            case SupervisorCall():
                return "SVC" in self._mnemonics
            case ExecutedAlone():
                return self._is_wanted(engine.shown_instruction(address), cpu, engine)
            case None:
                return True
        # It was executed natively, which is not done with what is waited for.
        return False

    def _is_wanted(self, instruction: bytes | None, cpu: Cpu, engine: Engine) -> bool:
        if instruction is None:
            return True
        if not is_execute(instruction):
            return instruction[0] in self._first_bytes and mnemonic_of(instruction) in self._mnemonics
        if self._mnemonics & EXECUTES:
            return True
        target = engine.shown_instruction(execute_target_address(cpu, instruction, cpu.instruction_address))
        # Register R1 of the EXECUTE changes its second byte only.
        return target is None or target[0] in self._first_bytes

    def at(self, cpu: Cpu, view: View) -> list[StopPoint]:
        """Those that wait for the instruction that *cpu*, which *view* shows, is about to execute."""
        mnemonic = mnemonic_of(looking.executed_instruction(cpu)) if self._mnemonics else ""
        return [point for point in self._points if _is_at(point, cpu, view, mnemonic)]


def _is_at(point: StopPoint, cpu: Cpu, view: View, mnemonic: str) -> bool:
    match point.on:
        case AtAddress():
            return _is_at_address(point.on, cpu)
        case AtTarget(address=address):
            return _executes(cpu, address)
        case AtMnemonic(mnemonics=mnemonics):
            return mnemonic in mnemonics
        case When(predicate=predicate):
            return predicate(view)
    return False


def _executes(cpu: Cpu, address: int) -> bool:
    """Whether *cpu* is at an EXECUTE of the target at *address*."""
    instruction = looking.code(cpu, cpu.instruction_address)
    if not instruction or not is_execute(instruction):
        return False
    return execute_target_address(cpu, instruction, cpu.instruction_address) == address


def _is_at_address(on: AtAddress, cpu: Cpu) -> bool:
    address = cpu.instruction_address
    if on.space is StopSpace.LOGICAL and address != on.address:
        return False
    if on.problem_state is not None and on.problem_state is not cpu.problem_state:
        return False
    if on.asce is not None and looking.asce_of(cpu, Access.INSTRUCTION_FETCH) != on.asce:
        return False
    if on.space is StopSpace.LOGICAL:
        return True
    if (address ^ on.address) & PAGE_OFFSET_MASK:
        return False
    wanted = cpu.real_to_absolute(on.address) if on.space is StopSpace.REAL else on.address
    return looking.absolute(cpu, address, looking.asce_of(cpu, Access.INSTRUCTION_FETCH)) == wanted
