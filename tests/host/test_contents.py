# SPDX-License-Identifier: GPL-2.0-or-later
"""Any sequence of guest instructions, host actions and device faults, against a model of what pages contain.

The model knows what the reference promises (2.1 to 2.4) and nothing of how the host does it: a stable page reads what
was last written; a volatile one does, too, or is discarded; a potentially volatile one is not discarded while its
change bit is one; of an unused one nothing is promised.  The pool is far smaller than what the guests use, so that the
host reclaims all the time, also the pages of the program itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from emu.cpu import CpuState
from emu.isa.assembler import encode
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import name
from emu.program_interruption import ProgramInterruptionCode as Code
from emu.psw import ADDRESSING_MODE, Psw
from emu.saving import restore, save
from emu.state import differences
from host.accounting import count_pages, total
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from host.policies import Policy
from host.statistics import total as sum_up
from tests.host.conftest import Hosted
from tests.support.general import SPIN, lg, rx, ss, stg

FIRST_PAGE, PAGES = 0x20, 12
START, END = FIRST_PAGE << 12, FIRST_PAGE + PAGES << 12
CODE_PAGES = (0x10, 0x11)
PREFIX_PAGES = (0, 1)
"""Those of the first CPU."""
VALID = (0x00, 0x02, 0x03, 0x04, 0x07, 0x08, 0x0C, 0x0F)
"""The eight states of the z/VM profile (reference 2.2)."""
LOOP = stg(1, 0, 2) + bytes.fromhex("a71b0001 b9080027 a737fff9")
"""STG 1,0(2); AGHI 1,1; AGR 2,7; BRCTG 3 back to the start."""
PROGRAMS = {
    "STG": stg(1, 0, 2),
    "LG": lg(1, 0, 2),
    # EXECUTE a move or an exclusive or, in the other code page; register 5 has the length.
    "MVC": rx(0x44, 5, 0x800, 6),
    "XC": rx(0x44, 5, 0x810, 6),
    "MVCL": bytes.fromhex("0e24"),
    "SSKE": encode("SSKE", r1=1, r2=2),
    "ISKE": encode("ISKE", r1=1, r2=2),
    "RRBE": encode("RRBE", r2=2),
    "DIAG": encode("DIAG", r1=2, r3=3, d2=0x10),
    "LOOP": LOOP,
} | {f"ESSA {request}": encode("ESSA", r1=1, r2=2, m3=request) for request in range(8)}
OFFSETS = {mnemonic: 0x40 + 0x20 * number for number, mnemonic in enumerate(PROGRAMS)}
CROSSING = (CODE_PAGES[0] << 12) + 0xFFC
"""Where an LG lies in both code pages."""
TARGETS = {0x800: ss(0xD2, 1, 0, 2, 0, 3), 0x810: ss(0xD7, 1, 0, 2, 0, 3)}


def code() -> bytes:
    """Both code pages."""
    pages = bytearray(4096 * len(CODE_PAGES))
    for number in range(len(CODE_PAGES)):
        for mnemonic, instructions in PROGRAMS.items():
            at = number * 4096 + OFFSETS[mnemonic]
            pages[at : at + len(instructions) + 4] = instructions + SPIN
        for offset, target in TARGETS.items():
            pages[number * 4096 + offset : number * 4096 + offset + len(target)] = target
    pages[0xFFC : 0xFFC + 10] = lg(1, 0, 2) + SPIN
    return bytes(pages)


PROGRAM = code()


@dataclass
class Page:
    """What the model knows of a page beside its content."""

    usage: str = "S"
    is_discarded: bool = False
    """It is volatile and its content is gone."""
    no_dat: bool = False
    changed: bool = False
    was_changed: bool = False
    """The change bit before the rule, or since a store that has been made."""
    access_control: int = 0


@dataclass
class Model:
    """The pages of a guest, and their content."""

    pages: list[Page]
    memory: bytearray


@dataclass
class Outcome:
    """What became of the instruction of interest."""

    code: Code | None
    """The program interruption that it met."""
    page: int
    """Of a discard fault: which page, counted from FIRST_PAGE."""
    is_executed: bool


class Contents(RuleBasedStateMachine):
    """The host, its guests, and the model."""

    guests: ClassVar[int] = 1
    cpus: ClassVar[int] = 1
    slots: ClassVar[int] = 64
    policy: ClassVar[Policy] = Policy.LRU

    pages = st.integers(0, PAGES - 1)
    addresses = st.one_of(
        st.integers(START, END - 256),
        # Crossing into the next page
        st.builds(lambda page, back: (FIRST_PAGE + page << 12) - back, st.integers(1, PAGES - 1), st.integers(1, 255)),
    )
    values = st.integers(0, 2**64 - 1)
    who = st.integers(0, 7)
    """Bits: which guest, which CPU, stepping or running freely."""
    wheres = st.sampled_from(CODE_PAGES)

    # The world

    @initialize()
    def start(self) -> None:
        """Machines with their programs; half of the pages have content already."""
        self.device = PagingDevice(None, self.slots)
        pinned = 2 * self.guests * self.cpus
        self.least = pinned + 9
        everything = pinned + self.guests * (PAGES + len(CODE_PAGES)) + 4
        self.manager = PageManager(everything, device=self.device, policy=self.policy, low=1, high=4)
        machines = [Machine(MEGABYTE, cpus=self.cpus, hypervisor=self.manager.guest()) for _ in range(self.guests)]
        self.hosted = Hosted(self.manager, machines)
        self.models = [Model([Page() for _ in range(PAGES)], bytearray(PAGES * 4096)) for _ in machines]
        for machine in machines:
            for cpu in machine.cpus:
                prefix = 0x4000 * cpu.address
                cpu.set_prefix(prefix)
                machine.load_storage(prefix + 0x1D0, Psw(ADDRESSING_MODE, 0x300).to_bytes())
                machine.load_storage(prefix + 0x300, SPIN)
                machine.load_storage(prefix + 0x1000, bytes(1))
            machine.load_storage(CODE_PAGES[0] << 12, PROGRAM)
        for machine, model in zip(machines, self.models, strict=True):
            for number in range(0, PAGES, 2):
                content = bytes((number + 1,)) * 4096
                model.memory[number * 4096 : (number + 1) * 4096] = content
                machine.load_storage(START + number * 4096, content)
        self.manager.resize(self.least)

    def teardown(self) -> None:
        """Read all that is promised, from the paging device where it is there."""
        if not hasattr(self, "hosted"):
            return
        self.manager.resize(self.manager.pool.frames)
        for machine, model in zip(self.hosted.machines, self.models, strict=True):
            for number, page in enumerate(model.pages):
                if page.usage == "S":
                    read = machine.storage.read(START + number * 4096, 4096)
                    assert read == model.memory[number * 4096 : (number + 1) * 4096]
        self.hosted.check()
        self.device.close()

    def execute(
        self, who: int, where: int, mnemonic: str, registers: dict[int, int], *, at: int = 0, budget: int = 3
    ) -> tuple[Machine, Model, Outcome]:
        """Execute a program in the code page *where*; the registers are those of the CPU afterwards."""
        machine = self.hosted.machines[who % self.guests]
        model = self.models[who % self.guests]
        chosen = machine.cpus[(who >> 1) % self.cpus]
        for cpu in machine.cpus:
            cpu.state = CpuState.OPERATING if cpu is chosen else CpuState.STOPPED
        at = at or (where << 12) + OFFSETS[mnemonic]
        chosen.load_psw(Psw(ADDRESSING_MODE, at))
        chosen.psw_loaded = False
        for register, value in registers.items():
            chosen.gr[register] = value
        for page in model.pages:
            page.was_changed = page.changed
        taken = dict(machine.counts.program_interruptions)
        errors = self.device.write_errors
        for _ in range(budget if who & 4 else 1):
            stop = machine.step() if who & 4 else machine.run(budget)
            if stop is not None and stop.kind is not StopKind.BUDGET:
                # The one thing that may end a run here: nothing more can be written, and nothing be dropped.
                assert stop.kind is StopKind.HOST_FAILURE, stop
                assert stop.text.startswith("no frame can be made free"), stop
                assert self.device.used == self.device.slots or self.device.write_errors > errors
                break
        for cpu in machine.cpus:
            cpu.state = CpuState.OPERATING if cpu is chosen else CpuState.STOPPED
        self.chosen = chosen
        codes = [code for code, count in machine.counts.program_interruptions.items() if count > taken.get(code, 0)]
        assert sum(machine.counts.program_interruptions.values()) - sum(taken.values()) == len(codes) <= 1
        if not codes:
            return machine, model, Outcome(None, 0, chosen.instruction_address != at)
        low = machine.hypervisor.content(chosen.prefix >> 12)
        assert low is not None
        identified = int.from_bytes(low[0xA8:0xB0], "big") >> 12
        return machine, model, Outcome(Code(codes[0]), identified - FIRST_PAGE, False)

    # What the model says of accesses

    def judge(self, model: Model, outcome: Outcome, pages: set[int]) -> None:
        """Whether an instruction that accesses *pages* may have ended like that."""
        if outcome.code is Code.ADDRESSING:
            assert any(model.pages[page].usage == "U" for page in pages)
        elif outcome.code is Code.DISCARD_FAULT:
            assert outcome.page in pages
            page = model.pages[outcome.page]
            assert page.usage == "V" or (page.usage == "P" and not page.was_changed), page
            page.usage, page.is_discarded = "V", True
        else:
            assert outcome.code is None
            if outcome.is_executed:
                assert not any(model.pages[page].usage == "U" or model.pages[page].is_discarded for page in pages)

    def stored(self, machine: Machine, model: Model, address: int, data: bytes) -> None:
        """Something was stored, if there is any *data*."""
        if not data:
            return
        model.memory[address - START : address - START + len(data)] = data
        for number in spanned(address, len(data)):
            page = model.pages[number]
            page.changed = page.was_changed = True
            assert machine.keys.bytes[FIRST_PAGE + number] & 0x06 == 0x06

    # What guests do

    @rule(who=who, where=wheres, address=addresses, value=values)
    def store(self, who: int, where: int, address: int, value: int) -> None:
        """STG."""
        machine, model, outcome = self.execute(who, where, "STG", {1: value, 2: address})
        self.judge(model, outcome, spanned(address, 8))
        if outcome.is_executed:
            self.stored(machine, model, address, value.to_bytes(8, "big"))

    @rule(who=who, where=wheres, address=addresses, crossing=st.booleans())
    def load(self, who: int, where: int, address: int, crossing: bool) -> None:
        """LG, which may itself lie in two pages."""
        machine, model, outcome = self.execute(
            who, where, "LG", {1: 0xDEAD, 2: address}, at=CROSSING if crossing else 0
        )
        self.judge(model, outcome, spanned(address, 8))
        if outcome.is_executed:
            expected = int.from_bytes(model.memory[address - START :][:8], "big")
            assert self.chosen.gr[1] == expected
            assert all(machine.keys.bytes[FIRST_PAGE + page] & 0x04 for page in spanned(address, 8))
        else:
            assert self.chosen.gr[1] == 0xDEAD

    @rule(
        who=who,
        where=wheres,
        to=addresses,
        source=addresses,
        length=st.integers(1, 256),
        exclusive=st.booleans(),
    )
    def move(self, who: int, where: int, to: int, source: int, length: int, exclusive: bool) -> None:
        """MVC or XC, by an EXECUTE in the other code page."""
        other = CODE_PAGES[0] + CODE_PAGES[1] - where << 12
        length = min(length, END - to, END - source)
        registers = {2: to, 3: source, 5: length - 1, 6: other}
        machine, model, outcome = self.execute(who, where, "XC" if exclusive else "MVC", registers)
        self.judge(model, outcome, spanned(to, length) | spanned(source, length))
        if not outcome.is_executed:
            return
        # Byte by byte, from left to right: the operands may overlap.
        for index in range(length):
            byte = model.memory[source - START + index]
            model.memory[to - START + index] = byte ^ model.memory[to - START + index] if exclusive else byte
        self.stored(machine, model, to, bytes(model.memory[to - START : to - START + length]))

    @rule(
        who=who,
        where=wheres,
        page=pages,
        offset=st.integers(0, 4095),
        length=st.integers(1, 4096),
        pad=st.sampled_from((0, 0, 0xA5)),
    )
    def clear(self, who: int, where: int, page: int, offset: int, length: int, pad: int) -> None:
        """MVCL of pad bytes, which can be interrupted on the way; mostly whole pages of zeros."""
        offset = 0 if offset & 1 else offset
        length = 4096 if length & 1 else length
        address = START + page * 4096 + offset
        length = min(length, END - address)
        registers = {2: address, 3: length, 4: 0, 5: pad << 24}
        machine, model, outcome = self.execute(who, where, "MVCL", registers)
        left = self.chosen.gr[3] & 0xFF_FFFF
        assert self.chosen.gr[2] == address + length - left
        assert outcome.is_executed is (left == 0)
        self.stored(machine, model, address, bytes([pad]) * (length - left))
        self.judge(model, outcome, spanned(self.chosen.gr[2], left) if left else spanned(address, length))
        if outcome.code is Code.DISCARD_FAULT:
            assert outcome.page == (self.chosen.gr[2] - START) >> 12

    @rule(who=who, where=wheres, page=pages, count=st.integers(1, PAGES), offset=st.integers(0, 511), value=values)
    def fill(self, who: int, where: int, page: int, count: int, offset: int, value: int) -> None:
        """A loop of STG, one a page."""
        count = min(count, PAGES - page)
        address = START + page * 4096 + offset * 8
        registers = {1: value, 2: address, 3: count, 7: 4096}
        machine, model, outcome = self.execute(who, where, "LOOP", registers, budget=4 * count + 4)
        at = self.chosen.instruction_address - ((where << 12) + OFFSETS["LOOP"])
        done = count - self.chosen.gr[3] + (6 <= at < len(LOOP))
        for number in range(done):
            data = (value + number & 2**64 - 1).to_bytes(8, "big")
            self.judge(model, Outcome(None, 0, True), {page + number})
            self.stored(machine, model, address + number * 4096, data)
        if outcome.code is not None:
            self.judge(model, outcome, {page + done})

    @rule(who=who, where=wheres, page=pages, request=st.integers(0, 7))
    def essa(self, who: int, where: int, page: int, request: int) -> None:
        """ESSA."""
        _, model, outcome = self.execute(who, where, f"ESSA {request}", {1: 0xFFFF, 2: START + page * 4096})
        assert outcome.code is None
        if not outcome.is_executed:
            return
        known, content = model.pages[page], slice(page * 4096, (page + 1) * 4096)
        shown = self.chosen.gr[1]
        assert bool(shown & 0x20) is known.no_dat
        state = name(shown & 0x0F)
        self.learn(known, state, model.memory[content])
        usage = state[0]
        known.no_dat = request == 7 or (known.no_dat and request != 1)
        if request in (1, 5, 7) or (request == 6 and state != "Vz"):
            if state in ("Uz", "Vz"):
                model.memory[content] = bytes(4096)
            elif usage == "U":
                # Nothing was promised; but from now on it stays what it is.
                found = self.manager.guests[who % self.guests].content(FIRST_PAGE + page)
                model.memory[content] = found or bytes(4096)
            known.usage, known.is_discarded = "S", False
        elif request == 2:
            known.usage, known.is_discarded = "U", False
        elif (
            request == 3
            or (request == 4 and state != "Sp" and state[1] != "r")
            or (request == 4 and state == "Sp" and not known.changed)
        ):
            known.usage, known.is_discarded = "V", state[1] != "r"
        elif request == 4 and state[1] == "r":
            known.usage = "P"

    @rule(who=who, where=wheres, page=pages, key=st.integers(0, 127))
    def set_key(self, who: int, where: int, page: int, key: int) -> None:
        """SSKE, with a change bit or without."""
        key = key << 1 & 0xF6
        _, model, outcome = self.execute(who, where, "SSKE", {1: key, 2: START + page * 4096})
        assert outcome.code is None
        if outcome.is_executed:
            model.pages[page].changed = bool(key & 0x02)
            model.pages[page].access_control = key & 0xF0

    @rule(who=who, where=wheres, page=pages, resets=st.booleans())
    def look_at_key(self, who: int, where: int, page: int, resets: bool) -> None:
        """ISKE, or RRBE."""
        mnemonic = "RRBE" if resets else "ISKE"
        machine, model, outcome = self.execute(who, where, mnemonic, {1: 0, 2: START + page * 4096})
        assert outcome.code is None
        if not outcome.is_executed:
            return
        known = model.pages[page]
        if resets:
            assert bool(self.chosen.cc & 1) is known.changed
            assert not machine.keys.bytes[FIRST_PAGE + page] & 0x04
        else:
            assert self.chosen.gr[1] & 0xFA == known.access_control | 2 * known.changed

    @rule(
        who=who,
        where=wheres,
        page=pages,
        request=st.sampled_from((3, 4, 4, 2)),
        key=st.sampled_from((None, 0x30, 0x32)),
    )
    def hint(self, who: int, where: int, page: int, request: int, key: int | None) -> None:
        """What a kernel does to a page of its cache: use it, set its key, perhaps, and make it volatile or unused."""
        self.load(who, where, START + page * 4096, False)
        self.contents()
        if key is not None:
            self.set_key(who, where, page, key >> 1)
            self.contents()
        self.essa(who, where, page, request)

    @rule(who=who, where=wheres, page=pages, count=st.integers(1, 3))
    def release(self, who: int, where: int, page: int, count: int) -> None:
        """DIAGNOSE 0x10: the content is worthless."""
        count = min(count, PAGES - page)
        first, last = START + page * 4096, START + (page + count - 1) * 4096
        _, model, outcome = self.execute(who, where, "DIAG", {2: first, 3: last})
        assert outcome.code is None
        if not outcome.is_executed:
            return
        for number in range(page, page + count):
            known = model.pages[number]
            if known.usage == "P" and known.was_changed and self.state(who % self.guests, number) == "Sz":
                # The host had made it stable before.
                known.usage = "S"
            if known.usage in "VP":
                known.usage, known.is_discarded = "V", True
            model.memory[number * 4096 : (number + 1) * 4096] = bytes(4096)

    # What the host does

    def unchanged(self) -> None:
        """No guest does anything in this rule."""
        for model in self.models:
            for page in model.pages:
                page.was_changed = page.changed

    @rule(
        guest=st.integers(0, 1),
        page=st.one_of(st.integers(FIRST_PAGE, FIRST_PAGE + PAGES - 1), st.sampled_from((*CODE_PAGES, *PREFIX_PAGES))),
    )
    def evict(self, guest: int, page: int) -> None:
        """Take one page, perhaps of the program; those of the prefix area stay."""
        self.unchanged()
        guest %= self.guests
        before, errors = self.hosted.state(page, guest), self.device.write_errors
        is_taken = self.manager.evict(guest, page)
        if page in PREFIX_PAGES:
            assert not is_taken
        elif is_taken:
            assert before[1] == "r" != self.hosted.state(page, guest)[1]
        elif before[1] == "r":
            assert self.device.write_errors > errors or self.device.used == self.device.slots

    @rule(count=st.integers(1, 12), swept=st.booleans())
    def reclaim(self, count: int, swept: bool) -> None:
        """Take some pages, perhaps after everything has been aged."""
        self.unchanged()
        if swept:
            self.manager.lists.sweep(self.manager.pool.referenced)
        used = self.manager.pool.used
        assert self.manager.reclaim(count) == used - self.manager.pool.used

    @rule()
    def discard(self) -> None:
        """Drop everything that can be dropped without I/O."""
        self.unchanged()
        writes = self.device.writes
        self.manager.discard_volatile()
        assert self.device.writes == writes
        for guest, model in enumerate(self.models):
            for number, page in enumerate(model.pages):
                state = self.state(guest, number)
                assert state not in ("Ur", "Vr")
                assert state != "Pr" or page.changed

    @rule()
    def restore(self) -> None:
        """Put the state back into host and machines, which nobody sees."""
        state = save(*self.hosted.machines, host=self.manager)
        for guest, machine in zip(self.manager.guests, self.hosted.machines, strict=True):
            guest.locations.fill(0)
            machine.states.array.fill(0)
        pool = self.manager.pool
        pool.doublewords[pool.owner >= 0] = 0xDEAD
        pool.owner.fill(0)
        restore(state, *self.hosted.machines, host=self.manager)
        assert differences(state, save(*self.hosted.machines, host=self.manager)) == []

    @rule(more=st.integers(0, 8))
    def resize(self, more: int) -> None:
        """Another size of the pool."""
        self.unchanged()
        self.manager.resize(min(self.least + more, self.manager.pool.frames))

    @rule(nth=st.integers(1, 4), times=st.integers(1, 3))
    def break_writes(self, nth: int, times: int) -> None:
        """Let some of the next page-outs fail."""
        self.unchanged()
        self.device.faults.fail_write(nth, times)

    # What holds at any time

    def state(self, guest: int, number: int) -> str:
        """The usage and content of a page of the model."""
        return name(self.hosted.machines[guest].states.bytes[FIRST_PAGE + number] & 0x0F)

    @staticmethod
    def learn(page: Page, state: str, content: bytes | bytearray) -> None:
        """See that the page may be in *state*, and what the host has made of it."""
        if page.usage == "S":
            assert state in ("Sr", "Sp", "Sz")
        elif page.usage == "U":
            assert state in ("Ur", "Uz")
        elif page.usage == "V":
            assert state == "Vz" or (state == "Vr" and not page.is_discarded)
        elif state == "Vz":
            assert not (page.changed and page.was_changed), "a changed page was discarded"
            page.usage = "V"
        elif state != "Pr":
            assert state in ("Sr", "Sp", "Sz")
            assert page.changed or page.was_changed, "kept, and nothing had changed"
            page.usage = "S"
        if state == "Sz":
            assert not any(content), "the host forgot what was in it"
        page.is_discarded = state == "Vz"

    @invariant()
    def contents(self) -> None:
        """Every page holds what the model says, wherever it is."""
        if not hasattr(self, "hosted"):
            return
        for guest, (model, host) in enumerate(zip(self.models, self.manager.guests, strict=True)):
            for number, page in enumerate(model.pages):
                expected = model.memory[number * 4096 : (number + 1) * 4096]
                self.learn(page, self.state(guest, number), expected)
                key = self.hosted.machines[guest].keys.bytes[FIRST_PAGE + number]
                if key & 0x02 and not page.changed:
                    # An instruction that was refused for another page may have recorded a change of this one.
                    page.changed = True
                assert key & 0xFB == page.access_control | 2 * page.changed
                if page.usage != "U" and not page.is_discarded:
                    assert (host.content(FIRST_PAGE + number) or bytes(4096)) == expected
            for number, code_page in enumerate(CODE_PAGES):
                assert host.content(code_page) == PROGRAM[number * 4096 : (number + 1) * 4096]

    @invariant()
    def order(self) -> None:
        """The host's own books are right, and only valid states occur."""
        if not hasattr(self, "hosted"):
            return
        self.hosted.check()
        for machine in self.hosted.machines:
            assert np.isin(machine.states.array & ~np.uint8(0x20), VALID).all()
            for cpu in machine.cpus:
                assert not machine.states.bytes[cpu.prefix >> 12] & 0x0F
        table = total([count_pages(machine.states.array) for machine in self.hosted.machines])
        assert table["sum"] == {
            "total": self.guests * MEGABYTE >> 12,
            "r": self.manager.pool.used,
            "p": self.device.used,
            "z": (self.guests * MEGABYTE >> 12) - self.manager.pool.used - self.device.used,
        }


def spanned(address: int, length: int) -> set[int]:
    """The pages, counted from FIRST_PAGE, that an operand lies in."""
    return set(range((address - START) >> 12, ((address + length - 1 - START) >> 12) + 1))


class TwoCpus(Contents):
    """Two CPUs with a translation-lookaside buffer each, and a paging device that is often full."""

    cpus = 2
    slots = 6
    policy = Policy.UNUSED_FIRST


class TwoGuests(Contents):
    """Two guests that share the pool."""

    guests = 2
    policy = Policy.VOLATILE_FIRST


class TwoGuestsOfTwoCpus(Contents):
    """Everything at once."""

    guests = cpus = 2
    slots = 24


for _variant in (Contents, TwoCpus, TwoGuests, TwoGuestsOfTwoCpus):
    _variant.TestCase.settings = settings(
        max_examples=15,
        stateful_step_count=50,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),  # shrinking takes minutes, and it can be repeated as it is
    )
TestContents = Contents.TestCase
TestTwoCpus = TwoCpus.TestCase
TestTwoGuests = TwoGuests.TestCase
TestTwoGuestsOfTwoCpus = TwoGuestsOfTwoCpus.TestCase


# The same rules in one long run: here pages get old.


def test_a_long_run() -> None:
    for variant, seed in ((Contents, 1), (TwoCpus, 2), (TwoGuestsOfTwoCpus, 3)):
        chance = Random(seed)
        world = variant()
        world.start()
        for _ in range(STEPS):
            step(world, chance)
            world.contents()
            world.order()
        statistics = sum_up([guest.statistics for guest in world.manager.guests])
        world.teardown()
        # It is the run that it is meant to be.
        for counter in (
            "page_ins",
            "discards_unused",
            "discards_volatile",
            "discards_potentially_volatile",
            "released",
        ):
            assert getattr(statistics, counter) > 5, counter
        assert statistics.discard_faults > 10
        assert statistics.addressing_exceptions > 10
        assert statistics.failed_writes > 0


STEPS = 1500


def step(world: Contents, chance: Random) -> None:
    """One rule, chosen at random."""
    draw = chance.randrange
    who, where, page = draw(8), CODE_PAGES[draw(2)], draw(PAGES)
    address = START + page * 4096 + chance.choice((draw(4088), 4096 - draw(1, 8)))
    address = min(address, END - 256)
    other = min(START + draw(PAGES) * 4096 + draw(4096), END - 256)
    choices: list[tuple[int, Callable[[], None]]] = [
        (10, lambda: world.store(who, where, address, draw(2**64))),
        (10, lambda: world.load(who, where, address, chance.random() < 0.2)),
        (8, lambda: world.move(who, where, address, other, draw(1, 257), chance.random() < 0.4)),
        (4, lambda: world.clear(who, where, page, draw(4096), draw(1, 4097), chance.choice((0, 0xA5)))),
        (3, lambda: world.fill(who, where, page, draw(1, PAGES + 1), draw(512), draw(2**64))),
        (12, lambda: world.essa(who, where, page, chance.choice((0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7)))),
        (10, lambda: world.hint(who, where, page, chance.choice((3, 4, 4, 2)), chance.choice((None, 0x30, 0x32)))),
        (3, lambda: world.set_key(who, where, page, draw(128))),
        (3, lambda: world.look_at_key(who, where, page, chance.random() < 0.5)),
        (2, lambda: world.release(who, where, page, draw(1, 4))),
        (8, lambda: world.evict(draw(2), chance.choice((FIRST_PAGE + page, FIRST_PAGE + page, where, draw(2))))),
        (6, lambda: world.reclaim(draw(1, 13), chance.random() < 0.5)),
        (1, world.discard),
        (2, lambda: world.resize(draw(9))),
        (1, lambda: world.break_writes(draw(1, 5), draw(1, 4))),
    ]
    weights = [weight for weight, _ in choices]
    chance.choices(choices, weights)[0][1]()


# Faults that end the run


@pytest.mark.parametrize("fault", ("corrupt_read", "short_read", "fail_read"))
@pytest.mark.parametrize("stepping", (0, 4))
def test_a_page_that_cannot_be_read_ends_the_run_and_nothing_is_wrong(fault: str, stepping: int) -> None:
    world = Contents()
    world.start()
    world.store(stepping, CODE_PAGES[0], START + 8, 0x1234)
    assert world.manager.evict(0, FIRST_PAGE)
    getattr(world.device.faults, fault)(1)
    machine = world.hosted.machine
    cpu = machine.cpus[0]
    at = (CODE_PAGES[0] << 12) + OFFSETS["LG"]
    cpu.load_psw(Psw(ADDRESSING_MODE, at))
    cpu.psw_loaded = False
    cpu.gr[1], cpu.gr[2] = 0xDEAD, START + 8
    stop = machine.step() if stepping else machine.run(3)
    assert stop is not None
    assert stop.kind is StopKind.HOST_FAILURE
    assert f"guest 0, page {FIRST_PAGE:#x}, slot " in stop.text
    assert (stop.psw.address, cpu.gr[1]) == (at, 0xDEAD)
    # The device is right again: so is everything else.
    world.contents()
    world.order()
    world.load(stepping, CODE_PAGES[0], START + 8, False)
    assert cpu.gr[1] == 0x1234
    world.teardown()
