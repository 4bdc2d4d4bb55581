# SPDX-License-Identifier: GPL-2.0-or-later
"""What a CPU does when its registers are changed."""

from __future__ import annotations

import pytest

from emu.cpu import Cpu


@pytest.fixture
def flushes(cpu: Cpu, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows with each flush of the CPU's translation-lookaside buffer."""
    flushes: list[None] = []
    monkeypatch.setattr(cpu.tlb, "flush", lambda: flushes.append(None))
    return flushes


@pytest.mark.parametrize("number", (1, 7, 13))
def test_another_address_space_drops_translations(cpu: Cpu, flushes: list[None], number: int) -> None:
    cpu.set_control_register(number, 0x1000)
    assert len(flushes) == 1
    cpu.set_control_register(number, 0x1000)
    assert len(flushes) == 1


# PoP 4, "Control Registers": low-address protection, the two protection overrides, EDAT, execution protection.
@pytest.mark.parametrize("bit", (35, 38, 39, 40, 43))
def test_translation_controls_of_cr0_drop_translations(cpu: Cpu, flushes: list[None], bit: int) -> None:
    cpu.set_control_register(0, cpu.cr[0] ^ 1 << 63 - bit)
    assert len(flushes) == 1


@pytest.mark.parametrize("bit", (48, 49, 50, 52, 53, 54))
def test_interruption_masks_of_cr0_keep_translations(cpu: Cpu, flushes: list[None], bit: int) -> None:
    cpu.set_control_register(0, cpu.cr[0] ^ 1 << 63 - bit)
    assert not flushes
