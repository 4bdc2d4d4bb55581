# SPDX-License-Identifier: GPL-2.0-or-later
"""Coverage in a file: JSON, so that it can be added up, kept and compared."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from emu.input_files.reading import read_whole
from tools.coverage.matrices import MATRICES
from tools.usage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tools.coverage.collector import Counts
    from tools.usage.outputs import Output

FORMAT: Final = 1


class _SavedCell(msgspec.Struct, array_like=True, frozen=True):
    """A cell that was reached, and how often."""

    words: tuple[str, ...]
    count: int


class SavedCoverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in a file."""

    essa_coverage: int
    """The version of this format."""
    programs: tuple[str, ...]
    """What ran."""
    matrices: dict[str, tuple[_SavedCell, ...]]

    def counts(self) -> Counts:
        """How often each cell was reached."""
        return Counter({(name, cell.words): cell.count for name, cells in self.matrices.items() for cell in cells})


def write_coverage(output: Output, programs: Iterable[str], counts: Counts) -> None:
    """Write what *programs* have exercised to *output*.

    :raises UsageError: if it cannot be written.
    """
    names = [each.name for each in MATRICES]
    cells = {
        name: tuple(_SavedCell(words, counts[matrix, words]) for matrix, words in sorted(counts) if matrix == name)
        for name in names
    }
    content = msgspec.json.format(msgspec.json.encode(SavedCoverage(FORMAT, tuple(programs), cells)), indent=1)
    output.put(lambda file: file.write(f"{content.decode()}\n"))


def read_coverage(path: Path) -> SavedCoverage:
    """What is in the file *path*.

    :raises UsageError: naming it, if it cannot be read or is something else.
    """
    try:
        found = msgspec.json.decode(read_whole(path), type=SavedCoverage)
    except OSError as reason:
        raise UsageError(f"{path}: cannot be read: {reason.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise UsageError(f"{path}: expected what --coverage writes: {reason}") from None
    if found.essa_coverage != FORMAT:
        raise UsageError(f"{path}: expected coverage of version {FORMAT}, not {found.essa_coverage}")
    axes = {each.name: len(each.axes) for each in MATRICES}
    for name, cells in found.matrices.items():
        if name not in axes or any(len(cell.words) != axes[name] or cell.count < 1 for cell in cells):
            raise UsageError(f"{path}: expected cells of {name!r} as --coverage writes them")
    return found
