# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages that are nowhere get frames of zeros without the host's being asked, and the host knows of it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from emu.cpu import CpuState
from emu.engine.answers import FreeAnswers
from emu.isa.assembler import assemble
from emu.lowcore import SVC_NEW_PSW
from emu.machine import MEGABYTE, Machine, StopKind
from emu.page_states import Content, Profile, Usage
from emu.psw import ADDRESSING_MODE, WAIT, Psw
from emu.snapshot import differences, take
from emu.state import state_of
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.emu.conftest import AddressSpace
from tests.support.every_instruction import EveryInstruction
from tests.support.general import lg, stg

START, FIRST = 0x10000, MEGABYTE
MEMORY = 4 * MEGABYTE
PAGES = 200
STEP = bytes.fromhex("c23800001000") + bytes.fromhex("a727")
"""AGFI 3,4096; BRCTG 2, and how far: in halfwords."""


def program(access: bytes) -> bytes:
    """*access* to each of the pages, and the end."""
    body = access + STEP
    return body + (-(len(body) - 2) // 2 & 0xFFFF).to_bytes(2, "big") + bytes.fromhex("0a00")


ACCESSES = {
    "loads": lg(5, 8, 3),
    "stores": stg(2, 8, 3),
    "both": lg(5, 8, 3) + stg(2, 16, 3),
    "instructions of the model": assemble("STPT 0(3)"),
    "real addresses": assemble("STURG 2,3"),
}


class Hosted:
    """A machine on a host with so many frames; on none that pages if they are zero."""

    def __init__(self, access: bytes, frames: int, profile: Profile = Profile.ZVM) -> None:
        self.device = PagingDevice(None, 4096)
        self.manager = PageManager(frames, device=self.device) if frames else None
        host = {"hypervisor": self.manager.guest()} if self.manager else {}
        self.machine = machine = Machine(MEMORY, profile=profile, **host)  # type: ignore[arg-type]
        cpu = machine.cpus[0]
        machine.storage.write(START, program(access))
        machine.storage.write(SVC_NEW_PSW, Psw(ADDRESSING_MODE | WAIT, 0x999).to_bytes())
        cpu.gr[2], cpu.gr[3] = PAGES, FIRST
        cpu.load_psw(Psw(ADDRESSING_MODE, START))
        cpu.psw_loaded = False
        cpu.state = CpuState.OPERATING

    def run(self, slice_length: int = 100_000) -> None:
        """Run to the end."""
        while self.machine.run(slice_length).kind is StopKind.BUDGET:
            pass

    def state(self) -> Any:
        """The state of machine and host."""
        host = {} if self.manager is None else state_of(self.manager)
        return {"machine": take(self.machine), "host": host}


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The addresses that Python was asked about."""
    found: list[int] = []
    answered = FreeAnswers._is_answered

    def note(answers: FreeAnswers, address: int, kind: int, entry: Any) -> bool:
        found.append(address)
        return answered(answers, address, kind, entry)

    monkeypatch.setattr(FreeAnswers, "_is_answered", note)
    return found


@pytest.mark.parametrize("profile", (Profile.ZVM, Profile.KVM))
@pytest.mark.parametrize("frames", (0, 1024, 230, 100))
@pytest.mark.parametrize("name", ACCESSES)
def test_it_is_as_if_the_host_had_been_asked(name: str, frames: int, profile: Profile, questions: list[int]) -> None:
    free = Hosted(ACCESSES[name], frames, profile)
    free.run()
    asked = [address for address in questions if address >= FIRST]
    if frames in (0, 1024):
        assert len(asked) <= 1
    stepped = Hosted(ACCESSES[name], frames, profile)
    stepped.machine.observers.append(EveryInstruction())
    stepped.run()
    sliced = Hosted(ACCESSES[name], frames, profile)
    sliced.run(7)
    for other in (stepped, sliced):
        assert not differences(free.state(), other.state())


@pytest.mark.parametrize("frames", (0, 1024, 230, 100))
@pytest.mark.parametrize("name", ("instructions of the model", "real addresses"))
def test_also_step_by_step(name: str, frames: int) -> None:
    machines = [Hosted(ACCESSES[name], frames) for _ in range(2)]
    for by_model, hosted in zip((False, True), machines, strict=True):
        while hosted.machine.step(by_model=by_model) is None:
            pass
    assert not differences(machines[0].state(), machines[1].state())


MOVES = {
    "MVPG": assemble("MVPG 2,4"),
    "MVCOS": bytes.fromhex("c83020004000"),
    "MVCK": bytes.fromhex("d95020004000"),
}
TABLE, SEGMENT = 0x300000, 0x700000
"""A page table that nobody has touched, and what it translates."""
ENTRY = 0x1D8
"""Where in it an entry is; absolute page 0 has another one there."""


def moved(name: str, way: str) -> Machine:
    """A machine that has moved what lies at real 0 to PAGE, by the instruction *name* and a table of zeros."""
    machine = Machine(MEMORY)
    space, cpu = AddressSpace(machine), machine.cpus[0]
    for page in (START, FIRST):
        space.map(page, page)
    space.set_segment(SEGMENT, TABLE)
    machine.storage.write(FIRST, bytes(256))
    machine.storage.write_integer(ENTRY, 8, START)
    # The first step of a machine is the model's.
    machine.storage.write(START, assemble("IPK") * 2 + MOVES[name])
    cpu.gr[2], cpu.gr[3], cpu.gr[4] = FIRST, 256, SEGMENT + (ENTRY >> 3 << 12)
    cpu.state = CpuState.OPERATING
    cpu.instruction_address = START
    space.enter(cpu)
    if way == "free":
        machine.run(3)
    else:
        for _ in range(3):
            machine.step(cpu, by_model=way == "by the model")
    return machine


@pytest.mark.parametrize("way", ("free", "stepped"))
@pytest.mark.parametrize("name", MOVES)
def test_a_table_that_is_nowhere_is_zeros(name: str, way: str) -> None:
    found, expected = moved(name, way), moved(name, "by the model")
    assert expected.storage.read_integer(FIRST + ENTRY, 8) == (START if name == "MVPG" else 0)
    assert expected.executed == 3
    assert not differences(take(found), take(expected))


def test_what_was_in_a_frame_is_not_seen(questions: list[int]) -> None:
    hosted = Hosted(lg(5, 8, 3) + bytes.fromhex("b9810075"), 1024)
    assert hosted.manager is not None
    for frame in range(hosted.manager.pool.frames):
        if hosted.manager.pool.owner[frame] < 0:
            hosted.manager.pool.content(frame)[:] = b"\xff" * 4096
    hosted.run()
    # OGR 7,5
    assert hosted.machine.cpus[0].gr[7] == 0
    assert not [address for address in questions if address >= FIRST][1:]


def test_a_volatile_page_that_is_there_needs_no_question(questions: list[int]) -> None:
    hosted = Hosted(lg(5, 8, 3), 0)
    for page in range(FIRST >> 12, (FIRST >> 12) + PAGES):
        hosted.machine.states.bytes[page] = Usage.VOLATILE | Content.RESIDENT
    hosted.run()
    assert len([address for address in questions if address >= FIRST]) <= 1
    assert hosted.machine.states.bytes[FIRST >> 12] == Usage.VOLATILE | Content.RESIDENT


def test_observers_hear_of_each() -> None:
    class Pages(EveryInstruction):
        wants_instructions = False

        def __init__(self) -> None:
            self.pages: list[int] = []

        def host_changed(self, page: int, *_: object) -> None:
            self.pages.append(page)

    hosted, seen = Hosted(lg(5, 8, 3), 1024), Pages()
    hosted.machine.observers.append(seen)
    hosted.run()
    assert [page for page in seen.pages if page >= FIRST >> 12] == list(range(FIRST >> 12, (FIRST >> 12) + PAGES))
