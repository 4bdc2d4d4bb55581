# SPDX-License-Identifier: GPL-2.0-or-later
"""System.map and /proc/kallsyms."""

from __future__ import annotations

import pytest

from emu.errors import SymbolFileError
from emu.symbols.kernel_list import parse_kernel_list

KALLSYMS = """\
0000000000100000 T _text
0000000000100000 T startup_continue
0000000000100050 t do_exception
0000000000ae1000 T _etext
000003ff7fd02048 t chksum_init\t[crc32c_generic]
000003ff7fd02068 T crc32c_cra_init\t[crc32c_generic]
"""


def test_each_line_is_a_symbol() -> None:
    file = parse_kernel_list(KALLSYMS, "kallsyms")
    assert len(file) == 6
    assert file.is_kernel
    assert [str(file.nearest(address)) for address in (0x100004, 0x100052, 0x3FF7FD02068)] == [
        *("startup_continue+0x4", "do_exception+0x2", "crc32c_cra_init [crc32c_generic]"),
    ]


def test_nothing_reaches_into_another_module_or_far_beyond() -> None:
    file = parse_kernel_list(KALLSYMS, "kallsyms")
    assert file.nearest(0x110050) is None
    assert str(file.nearest(0xAE1000)) == "_etext"
    assert file.nearest(0xAE1002) is None
    assert file.nearest(0x3FF7FD22068) is None


def test_a_system_map_has_constants_too() -> None:
    text = "0000000000000000 A __per_cpu_start\n0000000000100000 T _text\n0000000000fe0000 D jiffies\n"
    file = parse_kernel_list(text, "System.map")
    assert sorted(file.by_name) == ["_text", "jiffies"]
    assert not file.by_name["jiffies"][0].is_code


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("", "m: there are no symbols in it"),
        ("0000000000100000 T a\n\n", "m, line 2: expected 'ADDRESS KIND NAME [MODULE]', not ''"),
        ("0000000000100000 T a\nxyz T b\n", "m, line 2: expected 'ADDRESS KIND NAME [MODULE]', not 'xyz T b'"),
        ("0000000000100000 a\n", "m, line 1: expected"),
        ("0000000000100000 T a [m\n", "m, line 1: expected"),
        (f"{'q' * 100_000}\n", "m, line 1: expected"),
        (
            "0000000000000000 T a\n0000000000000000 t b\n",
            "m: every address is zero; expected a list that was read with",
        ),
    ),
)
def test_a_wrong_line_is_named(text: str, message: str) -> None:
    with pytest.raises(SymbolFileError) as error:
        parse_kernel_list(text, "m")
    assert str(error.value).startswith(message)
    assert len(str(error.value)) < 200
