# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that change the machine from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from emu.debugging.session import Session
from emu.machine import MEGABYTE, Machine
from emu.page_states import Profile
from host.page_manager import PageManager
from host.paging_device import PagingDevice
from tests.support.elf import ENTRY
from tests.tools.stepping.conftest import Typist
from tools.stepping.commands import CommandError
from tools.stepping.lines import execute
from tools.stepping.stepper import Stepper


def test_a_page_state(typist: Typist) -> None:
    assert typist("state 100000 unused")[0] == "page 100 (100000): Uz"
    assert typist("state 100000 resident")[0] == "page 100 (100000): Sr"


def test_a_page_state_without_essa() -> None:
    stepper = Stepper(Session(Machine(MEGABYTE, profile=Profile.OFF)), print)
    with pytest.raises(CommandError, match=r"^state: ESSA gives operation \(0x0001\) here$"):
        execute(stepper, "state 1000 unused")


def test_an_interruption(typist: Typist) -> None:
    typist("r 1d0=0000000180000000 0000000000012000")
    assert typist("inject program 11 5400")[0].startswith("cpu 0: 0000000000012000 ")
    assert typist("teid") == ["0000000000005400: page 5000, primary space, store"]


def test_an_interruption_that_cannot_be_taken(typist: Typist) -> None:
    typist("state 0 unused")
    (line,) = typist("inject svc 1")
    assert line.startswith("cpu 0: in the check-stop state: ")


def test_what_becomes_pending(typist: Typist) -> None:
    assert typist("pend interrupt-key")[0] == "cpu 0: interrupt key: pending, forbidden: PSW bit 7 (E) is zero"
    shown = typist("pend machine-check 8000000000000000")
    assert shown[0].startswith("cpu 0: machine check system damage: pending, ")
    assert typist("s")[0].startswith("cpu 0: in the check-stop state: ")


def test_a_snapshot(typist: Typist, tmp_path: Path) -> None:
    path = tmp_path / "saved"
    typist("s 2")
    assert typist(f"snapshot save {path}")[0] == f"saved in {path}"
    typist("g")
    assert typist(f"snapshot restore {path}")[0] == f"restored from {path}"
    assert typist.address == ENTRY + 10
    assert typist("s")[0].endswith("ESSA 4,2,1               gr4=0000000000000007 page[0x100]=Uz->Sz")


def test_a_snapshot_of_another_program_is_refused_by_name(typist: Typist, tmp_path: Path) -> None:
    path = tmp_path / "saved"
    typist.session.program = lambda: {"command line": None, "program": "1234"}
    typist(f"s; snapshot save {path}; s")
    assert typist(f"snapshot restore {path}")[0] == f"restored from {path}"
    typist.session.program = lambda: {"command line": None, "program": "5678"}
    with pytest.raises(CommandError, match=r"^snapshot: program: expected '1234', as was saved, not '5678'$"):
        typist(f"snapshot restore {path}")
    assert typist.address == ENTRY + 6


def test_a_snapshot_of_another_machine_leaves_this_one_as_it_is(typist: Typist, tmp_path: Path) -> None:
    path = tmp_path / "saved"
    Session(Machine(MEGABYTE)).save(path)
    typist("s 2")
    with pytest.raises(CommandError, match=r"^snapshot: "):
        typist(f"snapshot restore {path}")
    assert typist("s")[0].endswith("ESSA 4,2,1               gr4=0000000000000007 page[0x100]=Uz->Sz")


def test_a_frame_is_taken() -> None:
    lines: list[str] = []
    with PagingDevice(None, 256) as device:
        manager = PageManager(256, device=device)
        machine = Machine(MEGABYTE, hypervisor=manager.guest())
        machine.load_storage(0x20000, b"\x5a" * 4096)
        stepper = Stepper(Session(machine, host=manager), lines.append, manager=manager)
        execute(stepper, "evict 20000")
        assert lines[0] == "page 20 (20000): Sp"
        assert "; slot " in lines[1]
        lines.clear()
        execute(stepper, "evict 0")
        assert lines[0] == "page 0: has no frame, must stay, or cannot be written"
