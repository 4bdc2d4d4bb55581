# SPDX-License-Identifier: GPL-2.0-or-later
"""Bare Unicorn executes the same loop, in both of its TLB modes."""

from __future__ import annotations

import pytest

from tools.benchmarks.bare_unicorn import BareUnicorn, TlbMode
from tools.benchmarks.general_instructions import LOOPS
from tools.benchmarks.guest_loop import GuestLoop

REGISTERS = range(16)


@pytest.mark.parametrize("mode", TlbMode)
@pytest.mark.parametrize("name", LOOPS)
def test_it_comes_to_the_registers_that_the_machine_comes_to(name: str, mode: TlbMode) -> None:
    bare, ours = BareUnicorn(LOOPS[name], mode), LOOPS[name].machine()
    for side in (bare, ours):
        side.seconds(3)
    assert [bare.register(number) for number in REGISTERS] == list(ours.cpu.gr)
    assert bare.register(1) == 0


@pytest.mark.parametrize("loop", (GuestLoop(b"", translates=True), GuestLoop(b"", cpus=2)))
def test_what_only_the_machine_has_is_refused(loop: GuestLoop) -> None:
    with pytest.raises(ValueError, match="general instructions only"):
        BareUnicorn(loop, TlbMode.OWN)
