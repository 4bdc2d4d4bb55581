# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that show registers, or change them."""

from __future__ import annotations

import pytest

from emu.psw import ADDRESSING_MODE, Psw
from tests.support.elf import ENTRY
from tests.tools.stepping.conftest import Typist


def test_psw(typist: Typist) -> None:
    assert typist("psw") == [
        f"cpu 0: 0000000180000000 {ENTRY:016x} cc=0, operating",
        "  64-bit, supervisor state, DAT off, disabled, cc 0",
    ]
    lines = typist("psw -v")
    assert "  addressing mode              64-bit" in lines


def test_registers(typist: Typist) -> None:
    typist.machine.cpus[0].gr[5] = 0xABC
    assert typist("gpr")[1] == f"cpu 0: gr4  {0:016x} gr5  {0xABC:016x} gr6  {0:016x} gr7  {0:016x}"
    # The initial CPU reset leaves 0xE0 in control register 0.
    assert typist("cr")[0] == f"cpu 0: cr0  {0xE0:016x} cr1  {0:016x} cr2  {0:016x} cr3  {0:016x}"
    typist.machine.cpus[0].vr[6] = 0x11
    assert typist("fpr")[0].endswith("fr3  0000000000000011")
    assert f"vr3  {0x11:016x}{0:016x}" in typist("vr")[1]
    assert typist("ar")[0] == "cpu 0: ar0  00000000 ar1  00000000 ar2  00000000 ar3  00000000"


@pytest.mark.parametrize(("width", "lines"), ((120, 4), (90, 8), (60, 8), (40, 16)))
def test_registers_fit_the_terminal(typist: Typist, width: int, lines: int) -> None:
    typist.stepper.width = width
    shown = typist("gpr")
    assert len(shown) == lines
    assert max(map(len, shown)) <= width


@pytest.mark.parametrize(
    ("command", "line"),
    (
        ("pr", "cpu 0: prefix 00000000"),
        ("fpc", "cpu 0: fpc 00000000"),
        ("bea", "cpu 0: bea 0000000000000001"),
        ("ckc", "cpu 0: ckc 0000000000000000"),
        ("tod", "cpu 0: tod c3f2b65d30640000"),
    ),
)
def test_single_registers(typist: Typist, command: str, line: str) -> None:
    assert typist(command) == [line]


@pytest.mark.parametrize("command", ("gr2=1f", "set gr2=1f", "$r2 = 0x1f", "set var gr2=1f"))
def test_a_register_is_changed(typist: Typist, command: str) -> None:
    assert typist(command) == ["cpu 0: gr2 000000000000001f"]
    assert typist.machine.cpus[0].gr[2] == 0x1F


def test_the_psw_is_changed(typist: Typist) -> None:
    typist("psw=0000000180000000 0000000000012000")
    assert typist.machine.cpus[0].psw == Psw(ADDRESSING_MODE, 0x12000)
    typist("pswa=10000; cc=2")
    assert typist.machine.cpus[0].psw == Psw(ADDRESSING_MODE | 2 << 44, 0x10000)
