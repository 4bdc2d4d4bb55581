# SPDX-License-Identifier: GPL-2.0-or-later
"""What a CPU does when its registers are changed."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu


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
