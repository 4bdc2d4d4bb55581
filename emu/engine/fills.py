# SPDX-License-Identifier: GPL-2.0-or-later
"""Remembered fills: what Unicorn's small translation-lookaside buffer has been told and may ask again.

This is the machine's own TLB (PoP 3, "Translation-Lookaside Buffer").  Its entries belong to a context, which is all
that a translation depends on besides tables, keys and states: the address-space-control elements, the controls of CR0,
the access key, and DAT and address-space control of the PSW.  So they outlive a change of the address space, as the
manual allows; everything that must clear the TLB forgets them.  The compiled callback looks them up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from emu.addresses import PAGE_SHIFT, PAGE_SIZE
from emu.engine.blocks import FIRST_FILL_ACCESS
from emu.engine.record import SharedRecord
from emu.engine.record_limits import NO_CONTEXT
from emu.engine.tables import CONTEXT_STEP, context_index, context_rest, fill_index, fill_key, full_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emu.cpu import Cpu

_MOST_CONTEXTS: Final = 1024


class RememberedFill(NamedTuple):
    """A fill that is remembered."""

    address: int
    """Of the page, as the program has it."""
    access: int
    """Fetch, store, or fetching instructions: 0 to 2."""
    mode: int
    """DAT and the address-space control of the PSW: three bits; zero if the address is real."""
    depends: tuple[int, ...]
    """What else it depends on: :attr:`emu.cpu.Cpu.translation_context`."""
    answer: int
    """The engine-physical place, and what is permitted there."""


def _place(depends: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Where among those of compiled instructions the context that *depends* on this is, and how its entry begins."""
    cr0, primary, secondary, home, key, uses_access_registers = depends
    rest = context_rest(cr0, key, uses_access_registers)
    return context_index(primary, secondary, home, rest), (primary, secondary, home, rest)


class RememberedFills:
    """The fills that one engine remembers, in the state that it shares with the compiled callback."""

    def __init__(self, shared: SharedRecord) -> None:
        """Remember nothing yet."""
        self._record = shared.fields
        self._contexts = shared.table("fill_contexts")
        self._answers = shared.table("fill_answers")
        # An element of these costs a third of one reached through the record.
        self._fill_keys: memoryview[int] = shared.table("fill_keys").data
        self._fill_contexts: memoryview[int] = self._contexts.data
        self._fill_answers: memoryview[int] = self._answers.data
        self._known: dict[tuple[int, ...], int] = {}
        self._entries = shared.table("contexts")

    def enter(self, cpu: Cpu) -> None:
        """Make what is remembered of the present context of *cpu* good, and nothing else."""
        self._record.context = self._context(cpu)

    def leave(self) -> None:
        """Let nothing be good until a context is entered again, which is before Unicorn runs."""
        self._record.context = NO_CONTEXT

    def context_changed(self) -> None:
        """The context may be another one when it is entered next."""
        self._record.known_context = 0

    def context_was_changed(self, cpu: Cpu) -> None:
        """A compiled instruction has changed the context, or has had everything forgotten."""
        if self._record.known_context:
            depends = cpu.translation_context
            self._keep(depends, self._record.known_context)
            self._note(depends, self._record.known_context)

    def forget(self) -> None:
        """Forget everything: no context will have a number that one has had."""
        self._known.clear()
        self._record.forgotten_context = self._record.last_context
        self._record.known_context = 0
        self.leave()

    def forget_place(self, answer: int) -> None:
        """Forget what has just this *answer*: an engine-physical place and permissions."""
        self._contexts[self._answers == answer] = 0

    def forget_page(self, place: int) -> None:
        """Forget what leads to the page at engine-physical *place*, whatever it permits."""
        self._contexts[self._answers - np.uint64(place) < PAGE_SIZE] = 0

    def remember(self, address: int, kind: int, cpu: Cpu, answer: int, *, is_real: bool = False) -> None:
        """Remember the *answer*, an engine-physical place and permissions, to a fill in the context of *cpu*.

        :param is_real: *address* is a real one, whatever the PSW says.
        """
        context = self._context(cpu, is_real=is_real)
        key = fill_key(address, kind - FIRST_FILL_ACCESS)
        index = fill_index(key, context)
        self._fill_keys[index] = key
        self._fill_contexts[index] = context
        self._fill_answers[index] = answer

    def find(self, address: int, kind: int, cpu: Cpu, *, is_real: bool = False) -> int:
        """The engine-physical place of *address* for this kind of access in the context of *cpu*; 0 if not known."""
        context = self._record.known_context or self._find(cpu)
        if not is_real:
            context = full_context(context, cpu.system_mask)
        key = fill_key(address, kind - FIRST_FILL_ACCESS)
        index = fill_index(key, context)
        if self._fill_keys[index] != key or self._fill_contexts[index] != context:
            return 0
        return self._fill_answers[index] & -PAGE_SIZE | address & (PAGE_SIZE - 1)

    def remembered(self) -> Iterator[RememberedFill]:
        """What is remembered and would be used in its context, for who looks from outside."""
        forgotten = self._record.forgotten_context
        depends = {context: known for known, context in self._known.items() if context > forgotten}
        # Compiled instructions have made others.
        for primary, secondary, home, rest, number in self._entries[self._entries["number"] > forgotten].tolist():
            depends.setdefault(number, (rest >> 5, primary, secondary, home, rest >> 1 & 15, rest & 1))
        for index in np.flatnonzero(self._contexts).tolist():
            context, key, answer = self._fill_contexts[index], self._fill_keys[index], self._fill_answers[index]
            known = depends.get(context & -CONTEXT_STEP)
            if known is not None and fill_index(key, context) == index:
                yield RememberedFill(key >> 2 << PAGE_SHIFT, key & 3, context & CONTEXT_STEP - 1, known, answer)

    def _context(self, cpu: Cpu, *, is_real: bool = False) -> int:
        """The number of the present context of *cpu*, or of its accesses by real address."""
        context = self._record.known_context or self._find(cpu)
        return context if is_real else full_context(context, cpu.system_mask)

    def _find(self, cpu: Cpu) -> int:
        depends = cpu.translation_context
        number = max(self._known.get(depends, 0), self._noted(depends))
        if number <= self._record.forgotten_context:
            number = self._new_context()
        self._keep(depends, number)
        self._note(depends, number)
        self._record.known_context = number
        return number

    def _keep(self, depends: tuple[int, ...], number: int) -> None:
        """Keep that the context that *depends* on this has this *number*, and of others only so many."""
        if len(self._known) >= _MOST_CONTEXTS and depends not in self._known:
            self._known.clear()
        self._known[depends] = number

    def _noted(self, depends: tuple[int, ...]) -> int:
        """The number by which compiled instructions find the context that *depends* on this; zero if there is none."""
        index, of = _place(depends)
        *found, number = self._entries[index].item()
        return int(number) if tuple(found) == of else 0

    def _note(self, depends: tuple[int, ...], number: int) -> None:
        """Let compiled instructions find the context that *depends* on this by its *number*."""
        self._record.uses_access_registers = depends[-1]
        index, of = _place(depends)
        self._entries[index] = (*of, number)

    def _new_context(self) -> int:
        self._record.last_context += CONTEXT_STEP
        return self._record.last_context
