# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that show storage, or change it."""

from __future__ import annotations

import pytest

from emu.page_states import Usage
from tests.support.elf import ENTRY
from tests.tools.stepping.conftest import Typist
from tools.stepping.commands import CommandError

CODE = bytes.fromhex("c02f00100000")


def test_real_storage(typist: Typist) -> None:
    assert typist(f"r {ENTRY:x}.6") == [f"{ENTRY:016x}  " + CODE.hex(" ", 4)]
    typist.machine.storage.write(0x11008, bytes(range(0x3C, 0x4C)))
    assert typist("r 11008.10") == ["0000000000011008  3c3d3e3f 40414243", "0000000000011010  44454647 48494a4b"]
    assert typist("r 11010-1101f")[0] == "0000000000011010  44454647 48494a4b 00000000 00000000  DEFGHIJK........"


def test_prefixing_is_for_real_addresses_only(typist: Typist) -> None:
    typist.machine.load_storage(0x2010, b"area")
    typist("prefix=2000")
    assert typist("r 10.4") == ["0000000000000010  61726561"]
    assert typist("abs 10.4") == ["0000000000000010  00000000"]


def test_looking_at_storage_does_not_touch_it(typist: Typist) -> None:
    states = typist.machine.states
    assert typist("r 180000.4") == ["0000000000180000  00000000  (Sz: logically zero)"]
    assert states.bytes[0x180] == 0x03
    typist("r 180000=c1c2")
    states.bytes[0x180] = Usage.UNUSED
    assert typist("v 180000.4") == ["0000000000180000  c1c20000  (Ur: a touch gives addressing (0x0005))"]


def test_storage_is_changed(typist: Typist) -> None:
    assert typist("v 11000=0102 0304") == ["0000000000011000  01020304"]
    assert typist.machine.storage.read(0x11000, 4) == bytes.fromhex("01020304")
    typist.machine.states.bytes[0x180] = Usage.UNUSED
    with pytest.raises(CommandError, match=r"^abs: a touch of that page gives addressing \(0x0005\)$"):
        typist("abs 180000=01")


def test_lines_fit_sixty_columns(typist: Typist) -> None:
    typist.stepper.width = 60
    typist.machine.load_storage(0x11000, b"x" * 32)
    lines = typist("r 11000.20")
    assert len(lines) == 4
    assert max(map(len, lines)) <= 60
    assert max(map(len, typist("x/8xg 11000"))) <= 60


@pytest.mark.parametrize(
    ("command", "line"),
    (
        ("x 11000", "0000000000011000  0xfffefdfc"),
        ("x/2xw 11000", "0000000000011000  0xfffefdfc  0x61626300"),
        ("x/xg 11000", "0000000000011000  0xfffefdfc61626300"),
        ("x/dh 11000", "0000000000011000  -2"),
        ("x/uh 11000", "0000000000011000  65534"),
        ("x/tb 11000", "0000000000011000  11111111"),
        ("x/ob 11000", "0000000000011000  0377"),
        ("x/cb 11004", "0000000000011004  'a'"),
        ("x/a 11000", "0000000000011000  0xfffefdfc61626300"),
        ("x/s 11004", "0000000000011004  'abc'"),
        (f"x/i {ENTRY:x}", f"=> {ENTRY:016x} (c02f00100000) LLILF 2,0x100000"),
    ),
)
def test_storage_as_gdb_shows_it(typist: Typist, command: str, line: str) -> None:
    typist.machine.load_storage(0x11000, bytes.fromhex("fffefdfc") + b"abc\0")
    assert typist(command) == [line]


def test_a_listing(typist: Typist) -> None:
    lines = typist(f"dis {ENTRY:x} 3")
    assert lines == typist("l psw 3")
    assert [line.split()[0] for line in lines] == ["=>", f"{ENTRY + 6:016x}", f"{ENTRY + 10:016x}"]
    assert len(typist("dis")) == 10
    with pytest.raises(CommandError, match=r"^dis: 200000: no instruction can be fetched there$"):
        typist("dis 200000")
