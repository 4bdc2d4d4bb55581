# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbols of one file, sorted."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Final, Protocol

from emu.symbols.symbol import NamedAddress, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emu.symbols.symbol import SourceLine

_LOOKED_BACK: Final = 16
"""How many symbols before an address may be looked at for one that covers it."""


class SourceLines(Protocol):
    """The source lines of a program."""

    def at(self, address: int) -> SourceLine | None:
        """The line that the instruction at *address* was made of, if that is known."""

    def addresses(self, file: str, line: int) -> list[int]:
        """Where the code of *line* begins; *file* may be the end of the path, whole names only."""


class SymbolFile:
    """The symbols of one file, and its source lines if it has some."""

    def __init__(
        self,
        name: str,
        symbols: Iterable[Symbol],
        *,
        lines: SourceLines | None = None,
        is_kernel: bool = False,
    ) -> None:
        """Sort *symbols*.

        :param name: what messages call the file.
        :param is_kernel: they name addresses of the supervisor state only: a process has a space of its own, in
            which the same addresses are something else.
        """
        self.name = name
        self.lines = lines
        self.is_kernel = is_kernel
        self.by_name: dict[str, list[Symbol]] = defaultdict(list)
        best: dict[int, Symbol] = {}
        for symbol in sorted(symbols, key=_preference):
            self.by_name[symbol.name].append(symbol)
            best.setdefault(symbol.address, symbol)
        self._addresses = sorted(best)
        self._symbols = [best[address] for address in self._addresses]

    def __len__(self) -> int:
        return sum(map(len, self.by_name.values()))

    def nearest(self, address: int) -> NamedAddress | None:
        """The last symbol before or at *address* that reaches it; None if there is none."""
        last = bisect_right(self._addresses, address)
        for symbol in reversed(self._symbols[max(last - _LOOKED_BACK, 0) : last]):
            offset = address - symbol.address
            if offset < symbol.size or not offset:
                return NamedAddress(symbol, offset)
        return None

    def moved(self, offset: int) -> SymbolFile:
        """The same symbols for a program that lies *offset* bytes higher than the file says."""
        symbols = [
            symbol._replace(address=symbol.address + offset) for each in self.by_name.values() for symbol in each
        ]
        lines = None if self.lines is None else MovedLines(self.lines, offset)
        return SymbolFile(self.name, symbols, lines=lines, is_kernel=self.is_kernel)


class MovedLines:
    """The source lines of a program that lies *offset* bytes higher than its file says."""

    def __init__(self, lines: SourceLines, offset: int) -> None:
        self._lines = lines
        self._offset = offset

    def at(self, address: int) -> SourceLine | None:
        """See :meth:`SourceLines.at`."""
        return self._lines.at(address - self._offset)

    def addresses(self, file: str, line: int) -> list[int]:
        """See :meth:`SourceLines.addresses`."""
        return [address + self._offset for address in self._lines.addresses(file, line)]


def _preference(symbol: Symbol) -> tuple[bool, bool, bool, str, int]:
    """Of several symbols for one address the first in this order names it."""
    return (not symbol.is_code, symbol.name.startswith("_"), symbol.is_local, symbol.name, symbol.address)


def with_sizes(symbols: Iterable[Symbol], ends: dict[str, int], most: int) -> list[Symbol]:
    """Of *symbols* those without a size get one: up to the next address of the same module.

    :param ends: where the last one of a module ends at the latest, by module.
    :param most: the largest size in bytes that is given where nothing follows soon.
    """
    groups: dict[str, list[Symbol]] = defaultdict(list)
    for symbol in symbols:
        groups[symbol.module].append(symbol)
    sized = []
    for module, group in groups.items():
        following: int | None = ends.get(module)
        address = None
        for symbol in sorted(group, reverse=True):
            if address is not None and symbol.address != address:
                following = address
            address = symbol.address
            if symbol.size:
                sized.append(symbol)
                continue
            room = most if following is None else min(most, following - address)
            sized.append(symbol._replace(size=max(room, 0)))
    return sized
