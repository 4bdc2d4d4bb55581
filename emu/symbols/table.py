# SPDX-License-Identifier: GPL-2.0-or-later
"""All symbols of a machine: from a name to its address, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from emu.bits import MASK_64
from emu.input_files.near_names import did_you_mean
from emu.input_files.sizes import parse_address
from emu.psw import PROBLEM_STATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from emu.psw import Psw
    from emu.symbols.symbol import NamedAddress, SourceLine, Symbol
    from emu.symbols.symbol_file import SymbolFile

_SUM: Final = re.compile(r"(.+?)\s*([+-])\s*(0x[0-9a-fA-F]{1,16}|[0-9]{1,20})")
_SOURCE_LINE: Final = re.compile(r"(.+):([0-9]{1,9})")
_MOST_ADDRESSES: Final = 4
"""How many addresses of an ambiguous name a message lists."""


class UnknownSymbol(ValueError):  # noqa: N818 - what somebody typed
    """A name is no symbol, or that of several; the message is one line that says what there is."""


class SymbolTable:
    """The symbols of any number of files; without one it is false, and names nothing."""

    def __init__(self, files: Iterable[SymbolFile] = ()) -> None:
        self.files = tuple(files)

    def __bool__(self) -> bool:
        return bool(self.files)

    def __len__(self) -> int:
        return sum(map(len, self.files))

    # From names to addresses

    def find(self, name: str) -> list[Symbol]:
        """The symbols that are called *name*."""
        return [symbol for file in self.files for symbol in file.by_name.get(name, ())]

    def addresses(self, name: str) -> list[int]:
        """The different addresses that are called *name*, in order: functions of different files may share a name."""
        return sorted({symbol.address for symbol in self.find(name)})

    def names(self, beginning: str = "") -> Iterator[str]:
        """All names that begin so."""
        return (name for file in self.files for name in file.by_name if name.startswith(beginning))

    def address(self, text: str) -> int:
        """The address that *text* means: ``name``, ``name+0x12``, ``file.c:12``, or a hexadecimal address.

        A name goes before an address, so that ``add`` is the function if there is one; ``0xadd`` is always an address.

        :raises UnknownSymbol: if it means none, or several; near names are in the message.
        """
        text = text.strip()
        if self.find(text):
            return self._single(text, self.addresses(text))
        try:
            return parse_address(text)
        except ValueError:
            pass
        if matched := _SUM.fullmatch(text):
            offset = int(matched[3], 0) if matched[3].startswith("0x") else int(matched[3])
            return (self.address(matched[1]) + (offset if matched[2] == "+" else -offset)) & MASK_64
        if matched := _SOURCE_LINE.fullmatch(text):
            return self._address_of_line(matched[1], int(matched[2]))
        raise UnknownSymbol(self._unknown(text))

    def _address_of_line(self, file: str, line: int) -> int:
        known = [each.lines for each in self.files if each.lines is not None]
        found = sorted({address for lines in known for address in lines.addresses(file, line)})
        if not found:
            raise UnknownSymbol(f"there is no code of line {line} of {file!r}")
        return found[0]

    @staticmethod
    def _single(name: str, addresses: list[int]) -> int:
        if len(addresses) == 1:
            return addresses[0]
        shown = ", ".join(f"{address:#x}" for address in addresses[:_MOST_ADDRESSES])
        more = ", ..." if len(addresses) > _MOST_ADDRESSES else ""
        raise UnknownSymbol(f"there are {len(addresses)} symbols {name!r}; expected one of {shown}{more}")

    def _unknown(self, name: str) -> str:
        if not self.files:
            return f"expected a hexadecimal address, not {name!r} (no symbols are known)"
        return f"there is no symbol {name!r}{did_you_mean(name, self.names())}"

    # From addresses to names

    def nearest(self, address: int, *, is_problem_state: bool = False) -> NamedAddress | None:
        """The nearest symbol at or before *address* that reaches it; None if there is none.

        :param is_problem_state: it is an address of a process, which has nothing to do with those of the kernel.
        """
        found = [
            named
            for file in self.files
            if not (is_problem_state and file.is_kernel) and (named := file.nearest(address)) is not None
        ]
        return min(found, key=_offset, default=None)

    def label(self, address: int, *, is_problem_state: bool = False) -> str:
        """The nearest symbol as ``<name+0x12>``; empty if there is none."""
        named = self.nearest(address, is_problem_state=is_problem_state)
        return "" if named is None else f"<{named}>"

    def line(self, address: int, *, is_problem_state: bool = False) -> SourceLine | None:
        """The source line that the instruction at *address* was made of, if that is known."""
        for file in self.files:
            if file.lines is None or (is_problem_state and file.is_kernel):
                continue
            found = file.lines.at(address)
            if found is not None:
                return found
        return None

    def psw_text(self, psw: Psw) -> str:
        """The two doublewords of *psw*, and the symbol that its instruction address is near."""
        label = self.label(psw.address, is_problem_state=bool(psw.mask & PROBLEM_STATE))
        return f"{psw} {label}".rstrip()


NO_SYMBOLS: Final = SymbolTable()
"""For a machine of whose program nothing is known."""


def _offset(named: NamedAddress) -> int:
    return named.offset
