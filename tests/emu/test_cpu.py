# SPDX-License-Identifier: GPL-2.0-or-later
"""What a CPU does when its registers are changed."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu
from emu.facilities import DEFAULT_FACILITIES, Facility
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, DAT, PROBLEM_STATE, AddressSpaceControl, Psw


@pytest.fixture
def changes(cpu: Cpu, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows with each change of what the translations of the CPU depend on."""
    changes: list[None] = []
    monkeypatch.setattr(cpu.tlb, "context_changed", lambda: changes.append(None))
    return changes


@pytest.mark.parametrize("number", (1, 7, 13))
def test_another_address_space_changes_the_context(cpu: Cpu, changes: list[None], number: int) -> None:
    cpu.set_control_register(number, 0x1000)
    assert len(changes) == 1
    cpu.set_control_register(number, 0x1000)
    assert len(changes) == 1


# PoP 4, "Control Registers": low-address protection, the two protection overrides, EDAT, execution protection.
@pytest.mark.parametrize("bit", (35, 38, 39, 40, 43))
def test_translation_controls_of_cr0_change_the_context(cpu: Cpu, changes: list[None], bit: int) -> None:
    cpu.set_control_register(0, cpu.cr[0] ^ 1 << 63 - bit)
    assert len(changes) == 1


@pytest.mark.parametrize("bit", (48, 49, 50, 52, 53, 54))
def test_interruption_masks_of_cr0_do_not(cpu: Cpu, changes: list[None], bit: int) -> None:
    cpu.set_control_register(0, cpu.cr[0] ^ 1 << 63 - bit)
    assert not changes


@pytest.mark.parametrize("space", AddressSpaceControl)
@pytest.mark.parametrize("bits", (0, PROBLEM_STATE | 9 << 52, DAT | 1 << 55, 0xFF << 56))
def test_what_follows_from_the_system_mask_does_not_depend_on_how_it_came_about(
    cpu: Cpu, bits: int, space: AddressSpaceControl
) -> None:
    mask = bits | space << 46
    cpu.take_system_mask(mask)
    taken = cpu.system_mask, cpu.problem_state, cpu.key, cpu.dat, cpu.space
    cpu.load_psw(Psw(0, 0))
    cpu.load_psw(Psw(mask | ADDRESSING_MODE, 0))
    assert taken == (cpu.system_mask, cpu.problem_state, cpu.key, cpu.dat, cpu.space)
    assert cpu.space is space
    assert cpu.key == mask >> 52 & 15


@pytest.mark.parametrize("has_keys", (True, False))
@pytest.mark.parametrize("key", (0, 9))
def test_an_access_key_is_an_early_exception_where_there_are_no_keys(key: int, has_keys: bool) -> None:
    facilities = DEFAULT_FACILITIES if has_keys else DEFAULT_FACILITIES | {Facility.STORAGE_KEY_REMOVAL}
    cpu = Machine(MEGABYTE, facilities=facilities).cpus[0]
    cpu.load_psw(Psw(ADDRESSING_MODE | key << 52, 0))
    assert cpu.has_early_exception is (bool(key) and not has_keys)
