# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbols of a Linux kernel as text: ``System.map``, or what a guest has in ``/proc/kallsyms``.

Each line has an address of 16 hexadecimal digits, a letter for the kind of symbol as ``nm`` has it, a name, and the
module in brackets, if it belongs to one::

    00000000001274f8 t do_exception
    000003ff7fd02048 t chksum_init	[crc32c_generic]
"""

from __future__ import annotations

import re
from typing import Final

from emu.errors import SymbolFileError
from emu.symbols.symbol import Symbol
from emu.symbols.symbol_file import SymbolFile, with_sizes

_LINE: Final = re.compile(r"([0-9a-f]{8,16}) ([A-Za-z?]) (\S+)(?:\s+\[([^\]\s]+)\])?\s*")
_CODE: Final = frozenset("tTwWiI")
_NO_PLACES: Final = frozenset("aAUu")
"""Constants, and names that nothing is called."""
_BOUNDARIES: Final = frozenset({"_etext", "etext", "_einittext", "_end", "_edata", "__bss_stop", "__init_end"})
"""They end something: what follows is not theirs."""
_LONGEST: Final = 0x10000
"""Bytes from a symbol on that are called after it if nothing follows."""


def parse_kernel_list(text: str, name: str) -> SymbolFile:
    """The symbols in *text*; *name* is what messages call the file.

    :raises SymbolFileError: naming the first line that is none.
    """
    symbols = []
    for number, line in enumerate(text.splitlines(), 1):
        matched = _LINE.fullmatch(line)
        if matched is None:
            shown = line if len(line) <= 60 else line[:60] + "..."
            raise SymbolFileError(f"{name}, line {number}: expected 'ADDRESS KIND NAME [MODULE]', not {shown!r}")
        digits, kind, symbol, module = matched.groups()
        if kind not in _NO_PLACES and not symbol.startswith((".L", "$")):
            symbols.append(
                Symbol(int(digits, 16), symbol, is_code=kind in _CODE, is_local=kind.islower(), module=module or "")
            )
    if not symbols:
        raise SymbolFileError(f"{name}: there are no symbols in it")
    if not any(symbol.address for symbol in symbols):
        raise SymbolFileError(
            f"{name}: every address is zero; expected a list that was read with /proc/sys/kernel/kptr_restrict at 0"
        )
    sized = with_sizes(symbols, {}, _LONGEST)
    return SymbolFile(
        name,
        (symbol._replace(size=0) if symbol.name in _BOUNDARIES else symbol for symbol in sized),
        is_kernel=True,
    )
