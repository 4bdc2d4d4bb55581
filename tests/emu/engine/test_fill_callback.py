# SPDX-License-Identifier: GPL-2.0-or-later
"""The compiled callback for fills answers as Python does: both are asked on equal machines, all state is compared."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu import control_registers as control
from emu import psw as psw_bits
from emu import snapshot
from emu.cpu import CpuState
from emu.engine import compiled
from emu.engine.answers import FreeAnswers
from emu.engine.engine import Engine
from emu.engine.exits import Condition
from emu.engine.library import FillAccess, TlbEntry
from emu.engine.tlb import Answer
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Profile
from emu.psw import ADDRESSING_MODE, Psw
from emu.state import differences
from emu.teid import Access
from emu.watched_areas import WatchedArea
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.emu.conftest import AddressSpace
from tests.support.general import lg, stg

EXAMPLES = int(os.environ.get("ESSA_RULES_EXAMPLES", "0"))
MEMORY = 4 * MEGABYTE
REGION_FIRST, REGION_SECOND, REGION_THIRD, SEGMENT, PAGE = 0x100000, 0x104000, 0x108000, 0x10C000, 0x110000
PREFIXES = (0, 0x4000, 0x20000)
FRAMES = (0, 0x1000, 0x4000, 0x5000, 0x20000, 0x21000, 0x30000, 0x3FF000, MEMORY)
PAGES = sorted({frame >> 12 for frame in FRAMES if frame < MEMORY} | {REGION_FIRST >> 12, SEGMENT >> 12, PAGE >> 12})
ADDRESSES = (0, 0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x20000, 0x30000, 0xFF000, 0x100000, 0x3FF000, 1 << 31, 1 << 53)
CR0_BITS = (
    control.CR0_EDAT,
    control.CR0_EXECUTION_PROTECTION,
    control.CR0_LOW_ADDRESS_PROTECTION,
    control.CR0_FETCH_OVERRIDE,
    control.CR0_STORAGE_OVERRIDE,
)
FLAGS = (0x200, 0x100, 0x20, 0x400, 0x800, 0x10000, 0x1F000, 0x1, 0x4)
"""Protection, no execution, invalid in a region or segment; format or invalid, a bit that must be zero, ACC."""
_FILL = ctypes.CFUNCTYPE(
    ctypes.c_uint8, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int, ctypes.POINTER(TlbEntry), ctypes.c_uint64
)


@dataclass(frozen=True)
class Tables:
    """What both machines start from: three levels of tables with one entry of interest each, and the rest."""

    address: int
    kind: int
    frame: int
    mask: int
    cr0: int
    designation: int
    flags: tuple[int, ...]
    length: int
    prefix: int
    keys: tuple[int, ...]
    states: tuple[int, ...]
    is_paged: bool
    profile: Profile
    watched: tuple[WatchedArea, ...] = field(default=())

    def machine(self) -> Machine:
        """A machine that is about to access the page."""
        host = PageManager(512, device=PagingDevice(None, 64)).guest() if self.is_paged else None
        machine = Machine(MEMORY, profile=self.profile, **({"hypervisor": host} if host else {}))
        tables = (REGION_FIRST, REGION_SECOND, REGION_THIRD, SEGMENT, PAGE)
        for level, table in enumerate(tables):
            shift, last = (12, 0xFF) if table == PAGE else (20 + 11 * (3 - level), 0x7FF)
            below = self.frame if table == PAGE else tables[level + 1]
            kind = 0 if table in (SEGMENT, PAGE) else (3 - level) << 2 | 3
            entry = table + 8 * (self.address >> shift & last)
            machine.storage.write_integer(entry, 8, below | kind ^ self.flags[level])
        for page in PAGES:
            machine.load_storage(page << 12, bytes(8)) if page << 12 < REGION_FIRST else None
        for page, key, state in zip(PAGES, self.keys, self.states, strict=True):
            machine.keys.bytes[page] = key
            if state:
                machine.states.bytes[page] = machine.states.bytes[page] & 3 | state
        cpu = machine.cpus[0]
        cpu.state = CpuState.OPERATING
        cpu.prefix = self.prefix
        cpu.set_control_register(0, self.cr0)
        top = (REGION_FIRST, REGION_SECOND, REGION_THIRD, SEGMENT)[3 - (self.designation >> 2 & 3)]
        for register in (1, 7, 13):
            cpu.set_control_register(register, top | self.designation | self.length)
        cpu.load_psw(Psw(ADDRESSING_MODE | self.mask, 0x6000))
        cpu.psw_loaded = False
        machine.configuration.translations.watch("a test", self.watched)
        return machine


def ask(machine: Machine, address: int, kind: int, *, by_python: bool) -> tuple[object, ...]:
    """The answer to the question for a page, as Unicorn asks it; and what has been noted of it."""
    engine = machine.cpus[0].tlb
    assert isinstance(engine, Engine)
    record, answers = engine._state.fields, engine._answers
    engine._tlb.make_ready()
    record.asks_host |= by_python
    record.mode = engine._free.fetch_mode
    record.goal = record.limit = record.bound = record.left = 100
    engine._fills.enter(machine.cpus[0])
    engine._free._instructions.enter(machine.cpus[0], 0)
    answers.clear()
    entry = TlbEntry()
    function = ctypes.cast(compiled.callbacks().fill, _FILL)
    is_answered = function(engine._unicorn.address, address, kind, ctypes.byref(entry), engine._state.address)
    engine._free._instructions.leave(machine.cpus[0])
    answers.raise_error()
    refusal = answers.refusal
    condition = refusal.condition if isinstance(refusal, Condition) else None
    held = np.flatnonzero(engine._tlb._held._table)
    return (
        is_answered,
        (entry.address, entry.permissions) if is_answered else None,
        type(refusal),
        condition and (condition.code, condition.translation_exception, condition.exception_access),
        held.tolist(),
        engine._tlb._held._table[held].tolist(),
        np.flatnonzero(machine.configuration.translations.reached).tolist(),
        engine._state.table("fill_answers").nonzero()[0].tolist(),
    )


@st.composite
def tables(draw: st.DrawFn) -> Tables:
    flag = st.sampled_from((0,) * 40 + FLAGS)
    return Tables(
        address=draw(st.sampled_from(ADDRESSES)),
        kind=draw(st.sampled_from((FillAccess.READ, FillAccess.WRITE))),
        frame=draw(st.sampled_from(FRAMES)),
        mask=draw(st.sampled_from((0, psw_bits.DAT, psw_bits.DAT, psw_bits.DAT)))
        | draw(st.sampled_from((0, 0, 3, 9))) << 52
        | draw(st.sampled_from((0, 2, 3))) << 46,
        cr0=sum(draw(st.sets(st.sampled_from(CR0_BITS)))),
        designation=draw(st.sampled_from((0, 4, 8, 12, 0x20, 0x100))),
        flags=tuple(draw(flag) for _ in range(5)),
        length=draw(st.sampled_from((3, 3, 3, 0))),
        prefix=draw(st.sampled_from(PREFIXES)),
        keys=tuple(draw(st.sampled_from((0, 0, 6, 0x30, 0x38, 0x98))) for _ in PAGES),
        states=tuple(draw(st.sampled_from((0,) * 12 + (4, 8, 12))) for _ in PAGES),
        is_paged=draw(st.booleans()),
        profile=draw(st.sampled_from((Profile.ZVM, Profile.KVM))),
        watched=draw(
            st.sampled_from(((), (), (), (WatchedArea(0x30000, 0x30000, frozenset({Access.STORE}), is_absolute=True),)))
        ),
    )


@given(scene=tables())
@settings(
    max_examples=EXAMPLES or 40,
    deadline=None,
    derandomize=not EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_the_answer_is_that_of_python(scene: Tables) -> None:
    machines = [scene.machine(), scene.machine()]
    for address in (scene.address, scene.address, scene.address ^ 0x1000):
        found = [
            ask(each, address, scene.kind, by_python=by_python)
            for each, by_python in zip(machines, (False, True), strict=True)
        ]
        python = found[1]
        assert found[0][:4] == python[:4]
        # Python's buffer holds the tables as well.
        assert set(found[0][4]) <= set(python[4])  # type: ignore[call-overload]
        assert found[0][7] == python[7]
    assert not differences(*map(snapshot.take, machines))


CODE, DATA, WAIT_ADDRESS = 0x10000, 0x40000, 0x999


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The questions that Python was asked."""
    found: list[tuple[int, int]] = []
    answer = FreeAnswers._answer

    def note(answers: FreeAnswers, address: int, kind: int) -> Answer | None:
        found.append((address & -4096, kind))
        return answer(answers, address, kind)

    monkeypatch.setattr(FreeAnswers, "_answer", note)
    return found


def run(machine: Machine, space: AddressSpace, code: bytes) -> None:
    """Run *code*, behind which an operation exception ends it."""
    cpu = machine.cpus[0]
    cpu.state = CpuState.OPERATING
    machine.storage.write(0x1D0, Psw(ADDRESSING_MODE | psw_bits.WAIT, WAIT_ADDRESS).to_bytes())
    machine.storage.write(CODE, code + bytes(2))
    space.map(CODE, CODE)
    cpu.gr[10] = DATA
    cpu.set_control_register(1, space.asce)
    cpu.load_psw(Psw(ADDRESSING_MODE | psw_bits.DAT, CODE))
    cpu.psw_loaded = False
    assert machine.run(1000).kind is StopKind.DISABLED_WAIT


def test_nobody_is_asked_for_a_page_that_is_there(
    machine: Machine, address_space: AddressSpace, asked: list[tuple[int, int]]
) -> None:
    address_space.map(DATA, 0x50000)
    machine.storage.write_integer(0x50008, 8, 7)
    run(machine, address_space, lg(1, 8, 10) + stg(1, 0, 10))
    assert machine.cpus[0].gr[1] == 7
    assert machine.storage.read_integer(0x50000, 8) == 7
    assert machine.keys.bytes[0x50] == 6
    assert not [address for address, _ in asked if address == DATA]


def test_a_page_that_is_nowhere_has_a_frame_of_zeros(
    machine: Machine, address_space: AddressSpace, asked: list[tuple[int, int]]
) -> None:
    address_space.map(DATA, 0x50000)
    machine.cpus[0].gr[1] = 7
    run(machine, address_space, lg(1, 8, 10))
    assert machine.cpus[0].gr[1] == 0
    assert not machine.states.bytes[0x50]
    assert not [address for address, _ in asked if address == DATA]


def test_code_that_is_shown_is_shown_again_without_python(
    machine: Machine, address_space: AddressSpace, asked: list[tuple[int, int]]
) -> None:
    # PTLB; BRCT 2,*-4: after each, the page of code is asked for again.
    machine.cpus[0].gr[2] = 10
    run(machine, address_space, bytes.fromhex("b20d0000 a726fffe"))
    assert asked.count((CODE, FillAccess.FETCH)) == 1


def test_a_store_into_code_is_noticed(machine: Machine, address_space: AddressSpace) -> None:
    address_space.map(DATA, CODE)
    # LG 4,128(10); STG 4,12(10): the instructions behind become LGHI 3,9 and one that stays.
    machine.storage.write(CODE + 0x80, bytes.fromhex("a7390009 a72b0001"))
    run(machine, address_space, lg(4, 0x80, 10) + stg(4, 12, 10) + bytes.fromhex("a7390001 a72b0001"))
    assert machine.cpus[0].gr[3] == 9
