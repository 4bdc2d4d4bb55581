# SPDX-License-Identifier: GPL-2.0-or-later
"""ESSA: every cell of the reference's two tables, its exceptions in their order, and its effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from emu import access
from emu.cpu import Cpu, CpuState
from emu.events import Observer
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.hypervisor import FrameShortage
from emu.isa.declaration import INSTRUCTIONS
from emu.machine import Machine
from emu.page_states import Profile, transition_table
from emu.program_interruption import ProgramInterruption, ProgramInterruptionCode
from emu.psw import ADDRESSING_MODE, BASIC_ADDRESSING, PROBLEM_STATE, Psw
from emu.running import execution

Code = ProgramInterruptionCode
Run = Callable[..., None]
Expect = Callable[[ProgramInterruptionCode], Any]

PAGE = 0x123
ADDRESS = PAGE << 12
NO_DAT = 0x20
CHANGE = 0x02

# The bytes of reference 1.2.
BYTE = {
    "Sr": 0x00, "Sp": 0x02, "Sz": 0x03, "Ur": 0x04, "Up": 0x06, "Uz": 0x07,
    "Pr": 0x08, "Pp": 0x0A, "Pz": 0x0B, "Vr": 0x0C, "Vp": 0x0E, "Vz": 0x0F,
}  # fmt: skip

# Reference 1.4, in the order of request codes 0 to 7; "D" introduces the result for a page that is changed.
ZVM = {
    "Sr": "Sr | Sr | Ur | Vr | Pr      | Sr | Sr | Sr",
    "Sp": "Sp | Sp | Uz | Vz | Vz D Sp | Sr | Sp | Sp",
    "Sz": "Sz | Sz | Uz | Vz | Vz      | Sr | Sz | Sz",
    "Ur": "Ur | Sr | Ur | Vr | Pr      | Sr | Sr | Sr",
    "Uz": "Uz | Sz | Uz | Vz | Vz      | Sr | Sz | Sz",
    "Pr": "Pr | Sr | Ur | Vr | Pr      | Sr | Sr | Sr",
    "Vr": "Vr | Sr | Ur | Vr | Pr      | Sr | Sr | Sr",
    "Vz": "Vz | Sz | Uz | Vz | Vz      | Sr | Vz | Sz",
}
# Reference 6.4.
KVM = {
    "Sr": "Sr | Sr | Ur | Vr | Pr      | Sr | Sr | Sr",
    "Sp": "Sp | Sp | Uz | Vz | Vz D Sp | Sp | Sp | Sp",
    "Sz": "Sz | Sz | Uz | Vz | Vz      | Sz | Sz | Sz",
    "Ur": "Ur | Sr | Ur | Vr | Pr      | Sr | Sr | Sr",
    "Up": "Up | Sp | Uz | Vz | Vz D Sp | Sp | Up | Sp",
    "Uz": "Uz | Sz | Uz | Vz | Vz      | Sz | Uz | Sz",
    "Pr": "Pr | Sr | Ur | Vr | Pr      | Sr | Sr | Sr",
    "Pp": "Pp | Sp | Uz | Vz | Vz D Sp | Sp | Pp | Sp",
    "Pz": "Pz | Sz | Uz | Vz | Vz      | Sz | Pz | Sz",
    "Vr": "Vr | Sr | Ur | Vr | Pr      | Sr | Sr | Sr",
    "Vp": "Vp | Sp | Uz | Vz | Vz D Sp | Sp | Vp | Sp",
    "Vz": "Vz | Sz | Uz | Vz | Vz      | Sz | Vz | Sz",
}
ROWS = [(Profile.ZVM, row, cells) for row, cells in ZVM.items()] + [
    (Profile.KVM, row, cells) for row, cells in KVM.items()
]


def outcome(cell: str, is_changed: bool) -> int:
    """The state byte, without no-DAT, that a cell of the tables asks for."""
    clean, _, dirty = cell.partition(" D ")
    return BYTE[(dirty if is_changed and dirty else clean).strip()]


def no_dat_after(request_code: int, before: int) -> int:
    """Reference 1.3 and 6.4: cleared by code 1, set by code 7, kept by the others."""
    return {1: 0, 7: NO_DAT}.get(request_code, before & NO_DAT)


@pytest.mark.parametrize(("profile", "row", "cells"), ROWS, ids=lambda value: getattr(value, "value", value))
def test_every_cell(machine: Machine, cpu: Cpu, run: Run, profile: Profile, row: str, cells: str) -> None:
    machine.configuration.profile = profile
    machine.states.transitions = transition_table(profile)
    for request_code, cell in enumerate(cells.split("|")):
        for is_changed in (False, True):
            for no_dat in (0, NO_DAT):
                before = BYTE[row] | no_dat
                key = 0x50 | (CHANGE if is_changed else 0)
                machine.states.bytes[PAGE] = before
                machine.keys.bytes[PAGE] = key
                cpu.gr[1], cpu.gr[2] = 0xFFFF_FFFF_FFFF_FFFF, ADDRESS
                run(cpu, "ESSA", r1=1, r2=2, m3=request_code)
                case = f"{row}, code {request_code}, changed {is_changed}, no-DAT {no_dat:#x}"
                assert cpu.gr[1] == before, case
                expected = outcome(cell, is_changed) | no_dat_after(request_code, before)
                assert machine.states.bytes[PAGE] == expected, case
                assert machine.keys.bytes[PAGE] == key, case


def test_both_tables_have_a_cell_for_every_request_code() -> None:
    assert all(cells.count("|") == 7 for _, _, cells in ROWS)


# Exceptions and their order (reference 1.5)


def essa_ready(
    profile: Profile = Profile.ZVM, facilities: frozenset[int] = DEFAULT_FACILITIES, mask: int = ADDRESSING_MODE
) -> Cpu:
    """The CPU of a machine of 4 MB of its own."""
    cpu = Machine(4 << 20, profile=profile, facilities=facilities).cpus[0]
    cpu.state = CpuState.OPERATING
    cpu.load_psw(Psw(mask, 0x10000))
    cpu.psw_loaded = False
    return cpu


def test_operation_exception_without_essa_comes_first(run: Run, expect: Expect) -> None:
    cpu = essa_ready(Profile.OFF, mask=ADDRESSING_MODE | PROBLEM_STATE)
    cpu.gr[2] = 0x4000_0000
    with expect(Code.OPERATION):
        run(cpu, "ESSA", r1=1, r2=2, m3=8)


@pytest.mark.parametrize("profile", (Profile.ZVM, Profile.KVM))
def test_privileged_operation_comes_before_specification(run: Run, expect: Expect, profile: Profile) -> None:
    cpu = essa_ready(profile, mask=ADDRESSING_MODE | PROBLEM_STATE)
    cpu.gr[2] = 0x4000_0000
    with expect(Code.PRIVILEGED_OPERATION):
        run(cpu, "ESSA", r1=1, r2=2, m3=8)


@pytest.mark.parametrize("request_code", range(8, 16))
def test_specification_comes_before_addressing(cpu: Cpu, run: Run, expect: Expect, request_code: int) -> None:
    cpu.gr[2] = 0x4000_0000
    with expect(Code.SPECIFICATION):
        run(cpu, "ESSA", r1=1, r2=2, m3=request_code)


def test_code_7_needs_its_facility(run: Run, expect: Expect) -> None:
    cpu = essa_ready(facilities=DEFAULT_FACILITIES - {Facility.ESSA_NO_TRANSLATE})
    cpu.gr[2] = ADDRESS
    with expect(Code.SPECIFICATION):
        run(cpu, "ESSA", r1=1, r2=2, m3=7)
    run(cpu, "ESSA", r1=1, r2=2, m3=6)


def test_code_4_needs_storage_keys(run: Run, expect: Expect) -> None:
    cpu = essa_ready(facilities=DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL})
    cpu.gr[2] = ADDRESS
    with expect(Code.SPECIAL_OPERATION):
        run(cpu, "ESSA", r1=1, r2=2, m3=4)
    run(cpu, "ESSA", r1=1, r2=2, m3=3)


@pytest.mark.parametrize("request_code", range(8))
def test_addressing_outside_the_configuration(cpu: Cpu, run: Run, expect: Expect, request_code: int) -> None:
    before = bytes(cpu.configuration.states.bytes)
    cpu.gr[1], cpu.gr[2] = 0xAAAA, cpu.configuration.memory
    with expect(Code.ADDRESSING):
        run(cpu, "ESSA", r1=1, r2=2, m3=request_code)
    assert cpu.gr[1] == 0xAAAA
    assert bytes(cpu.configuration.states.bytes) == before


# Operands and effects


def test_byte_index_of_the_address_is_ignored(cpu: Cpu, run: Run) -> None:
    cpu.gr[2] = ADDRESS | 0xFFF
    run(cpu, "ESSA", r1=1, r2=2, m3=2)
    assert cpu.configuration.states.bytes[PAGE] == BYTE["Uz"]


def test_address_is_absolute(cpu: Cpu, run: Run) -> None:
    cpu.set_prefix(0x6000)
    cpu.gr[2] = 0
    run(cpu, "ESSA", r1=1, r2=2, m3=2)
    assert cpu.configuration.states.bytes[0] == BYTE["Uz"]
    assert cpu.configuration.states.bytes[6] != BYTE["Uz"]


def test_address_is_cut_by_the_addressing_mode(run: Run) -> None:
    cpu = essa_ready(mask=BASIC_ADDRESSING)
    cpu.gr[2] = 0xFFFF_FFFF_8000_0000 | ADDRESS
    run(cpu, "ESSA", r1=1, r2=2, m3=2)
    assert cpu.configuration.states.bytes[PAGE] == BYTE["Uz"]


def test_one_register_can_be_both_operands(cpu: Cpu, run: Run) -> None:
    cpu.gr[2] = ADDRESS
    run(cpu, "ESSA", r1=2, r2=2, m3=3)
    assert cpu.gr[2] == BYTE["Sz"]
    assert cpu.configuration.states.bytes[PAGE] == BYTE["Vz"]


@pytest.mark.parametrize("condition_code", range(4))
def test_condition_code_stays(cpu: Cpu, run: Run, condition_code: int) -> None:
    cpu.cc = condition_code
    cpu.gr[2] = ADDRESS
    for request_code in range(8):
        run(cpu, "ESSA", r1=1, r2=2, m3=request_code)
        assert cpu.cc == condition_code


@pytest.mark.parametrize(
    ("before", "request_code", "is_dropped"),
    (("Sp", 2, True), ("Sp", 3, True), ("Sp", 4, True), ("Sp", 0, False), ("Sp", 1, False), ("Sz", 2, False),
     ("Vz", 1, False), ("Sr", 3, False)),
)  # fmt: skip
def test_host_is_told_to_drop_preserved_content(
    machine: Machine,
    cpu: Cpu,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    request_code: int,
    is_dropped: bool,
) -> None:
    dropped: list[int] = []
    monkeypatch.setattr(machine.hypervisor, "drop", dropped.append)
    machine.states.bytes[PAGE] = BYTE[before]
    cpu.gr[2] = ADDRESS
    run(cpu, "ESSA", r1=1, r2=2, m3=request_code)
    assert dropped == ([PAGE] if is_dropped else [])


def test_a_shortage_of_frames_leaves_the_page_as_it_was(
    machine: Machine, cpu: Cpu, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bring_in(page: int) -> None:
        raise FrameShortage

    monkeypatch.setattr(machine.hypervisor, "bring_in", bring_in)
    machine.states.bytes[PAGE] = BYTE["Vz"]
    cpu.gr[1], cpu.gr[2] = 0x1234, ADDRESS
    with pytest.raises(FrameShortage):
        run(cpu, "ESSA", r1=1, r2=2, m3=5)
    assert machine.states.bytes[PAGE] == BYTE["Vz"]
    assert cpu.gr[1] == 0x1234
    assert machine.counts.instructions["ESSA"] == 0


@pytest.mark.parametrize(
    ("before", "request_code", "changed", "is_listed"),
    (
        ("Sp", 2, False, True), ("Sp", 3, False, True), ("Sp", 4, False, True), ("Sp", 4, True, False),
        ("Sz", 2, False, True), ("Sz", 3, False, True), ("Sz", 4, False, False), ("Vp", 2, False, True),
        ("Uz", 2, False, True), ("Vz", 3, False, True), ("Sp", 1, False, False), ("Sp", 6, False, False),
        ("Sr", 2, False, False), ("Vr", 3, False, False),
    ),
)  # fmt: skip
def test_kvm_lists_worthless_pages_and_drops_nothing(
    machine: Machine,
    cpu: Cpu,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    request_code: int,
    changed: bool,
    is_listed: bool,
) -> None:
    listed: list[tuple[int, int]] = []
    monkeypatch.setattr(machine.hypervisor, "list_for_release", lambda *entry: listed.append(entry))
    monkeypatch.setattr(machine.hypervisor, "drop", lambda _: pytest.fail("dropped"))
    machine.configuration.profile = Profile.KVM
    machine.states.transitions = transition_table(Profile.KVM)
    machine.states.bytes[PAGE] = BYTE[before]
    machine.keys.bytes[PAGE] = 0x02 if changed else 0
    cpu.gr[2] = ADDRESS
    run(cpu, "ESSA", r1=1, r2=2, m3=request_code)
    assert listed == ([(0, PAGE)] if is_listed else [])


@pytest.mark.parametrize("before", ("Sp", "Sz", "Uz", "Vz"))
def test_code_5_has_the_host_bring_the_page_in(
    machine: Machine, cpu: Cpu, run: Run, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(machine.hypervisor, "bring_in", seen.append)
    machine.states.bytes[PAGE] = BYTE[before]
    cpu.gr[2] = ADDRESS
    run(cpu, "ESSA", r1=1, r2=2, m3=5)
    assert seen == [PAGE]
    assert machine.states.bytes[PAGE] == BYTE["Sr"]


@pytest.mark.parametrize(
    ("profile", "before", "request_code", "must_trap"),
    (
        (Profile.ZVM, "Sr", 2, True),
        (Profile.ZVM, "Vr", 2, True),
        (Profile.ZVM, "Ur", 2, False),
        (Profile.ZVM, "Sr", 3, False),
        (Profile.ZVM, "Ur", 1, False),
        (Profile.KVM, "Sr", 2, False),
    ),
)
def test_translations_of_a_page_that_becomes_unused_are_dropped(
    machine: Machine,
    cpu: Cpu,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    profile: Profile,
    before: str,
    request_code: int,
    must_trap: bool,
) -> None:
    pages: list[int] = []
    monkeypatch.setattr(machine.configuration.translations, "page_changed", pages.append)
    machine.configuration.profile = profile
    machine.states.transitions = transition_table(profile)
    machine.states.bytes[PAGE] = BYTE[before]
    cpu.gr[2] = ADDRESS
    run(cpu, "ESSA", r1=1, r2=2, m3=request_code)
    assert pages == ([PAGE] if must_trap else [])


def test_observers_are_told(machine: Machine, cpu: Cpu, run: Run) -> None:
    seen: list[tuple[int, ...]] = []

    class Recorder(Observer):
        def state_changed(self, cpu: Cpu, page: int, request: int, before: int, after: int) -> None:
            seen.append((page, request, before, after))

    machine.observers.append(Recorder())
    cpu.gr[2] = ADDRESS
    run(cpu, "ESSA", r1=1, r2=2, m3=3)
    run(cpu, "ESSA", r1=1, r2=2, m3=0)
    assert seen == [(PAGE, 3, 0x03, 0x0F), (PAGE, 0, 0x0F, 0x0F)]


# The instruction and accesses in any order, against a model that knows rules and no table


class ModelPage:
    """A page by the rules of reference 1.3, 2.3 and 2.4: usage and content letters, no-DAT and changed."""

    def __init__(self) -> None:
        self.usage, self.content, self.no_dat, self.changed = "S", "z", False, False

    @property
    def byte(self) -> int:
        return BYTE[self.usage + self.content] | (NO_DAT if self.no_dat else 0)

    def essa(self, request_code: int) -> None:
        is_discarded = (self.usage, self.content) == ("V", "z")
        if request_code in (1, 5, 7) or (request_code == 6 and not is_discarded):
            self.usage = "S"
        elif request_code == 4 and self.content == "r":
            self.usage = "P"
        elif request_code in (2, 3, 4) and not (request_code == 4 and self.content == "p" and self.changed):
            self.usage = "U" if request_code == 2 else "V"
            self.content = "r" if self.content == "r" else "z"
        if request_code == 5:
            self.content = "r"
        self.no_dat = request_code == 7 or (self.no_dat and request_code != 1)

    def touch(self, is_store: bool) -> ProgramInterruptionCode | None:
        if self.usage == "U":
            return Code.ADDRESSING
        if (self.usage, self.content) == ("V", "z"):
            return Code.DISCARD_FAULT
        self.content, self.changed = "r", self.changed or is_store
        return None

    def evict(self) -> None:
        if self.content == "r":
            is_kept = self.usage == "S" or (self.usage == "P" and self.changed)
            self.usage, self.content = ("S", "p") if is_kept else ("U" if self.usage == "U" else "V", "z")


MODEL_PAGES = range(0x20, 0x24)
_cpu = essa_ready()


class PageHinting(RuleBasedStateMachine):
    """The machine and the model do the same things; after each, every page must be the same."""

    pages = st.sampled_from(MODEL_PAGES)

    @initialize()
    def reset(self) -> None:
        self.model = {page: ModelPage() for page in MODEL_PAGES}
        for page in MODEL_PAGES:
            _cpu.configuration.states.bytes[page] = 0x03
            _cpu.configuration.keys.bytes[page] = 0
        _cpu.configuration.translations.flush_all()

    @rule(page=pages, request_code=st.integers(0, 7))
    def essa(self, page: int, request_code: int) -> None:
        _cpu.gr[2] = page << 12
        before = self.model[page].byte
        self._run("ESSA", r1=1, r2=2, m3=request_code)
        assert _cpu.gr[1] == before
        self.model[page].essa(request_code)
        self._compare()

    @rule(page=pages, is_store=st.booleans())
    def touch(self, page: int, is_store: bool) -> None:
        expected = self.model[page].touch(is_store)
        code = None
        try:
            if is_store:
                access.store(_cpu, page << 12, b"x")
            else:
                access.load(_cpu, page << 12, 1)
        except ProgramInterruption as condition:
            code = condition.code
        assert code is expected
        self._compare()

    @rule(page=pages)
    def clear_change_bit(self, page: int) -> None:
        _cpu.gr[2], _cpu.gr[3] = page << 12, 0
        self._run("SSKE", r1=3, r2=2, m3=0)
        self.model[page].changed = False
        self._compare()

    @rule(page=pages)
    def host_takes_the_frame(self, page: int) -> None:
        self.model[page].evict()
        _cpu.configuration.states.bytes[page] = self.model[page].byte
        _cpu.configuration.translations.page_changed(page)

    @staticmethod
    def _run(mnemonic: str, **operands: int) -> None:
        declared = INSTRUCTIONS.by_mnemonic(mnemonic)
        raw = declared.format.compose(declared.opcode, operands).to_bytes(declared.format.length, "big")
        execution.execute(_cpu, raw, 0x10000, len(raw))

    def _compare(self) -> None:
        states, keys = _cpu.configuration.states.bytes, _cpu.configuration.keys.bytes
        for page, model in self.model.items():
            assert states[page] == model.byte
            assert bool(keys[page] & CHANGE) is model.changed


PageHinting.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
TestPageHinting = PageHinting.TestCase
