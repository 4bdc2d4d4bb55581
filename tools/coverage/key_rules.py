# SPDX-License-Identifier: GPL-2.0-or-later
"""Key-controlled protection as it is exercised: the keys and the override of an access (PoP 3, "Protection").

What is recorded is stores, and accesses that were refused; a fetch that was permitted is not.  Storage keys are zero
when a machine is made.  A store that the keys and the override do not permit, and that there was all the same, was made
with another key than that of the PSW, and is not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from emu.control_registers import CR0_STORAGE_OVERRIDE
from emu.storage_keys import FETCH_PROTECTION, OVERRIDE_KEY
from emu.traces import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from emu.traces.prediction import Rows
    from tools.coverage.history import RegisterHistory

Cell = tuple[str, ...]
"""Words, one for each axis of the matrix."""

MATRIX: Final = "key-controlled protection"
_KEY: Final = np.uint64(52)
"""Bits of the PSW mask to the right of the access key."""
_OVERRIDES: Final = ("no override", "storage override")
_RELATIONS: Final = ("zero", "equal", "different")
_ZERO, _EQUAL, _DIFFERENT = range(3)
_PROTECTED: Final = ("not fetch-protected", "fetch-protected")
PERMITTED: Final = "permitted"
REFUSED: Final = "refused"


def expected() -> Iterator[Cell]:
    """What the rules make possible: access, access key, storage key, override, and what comes of it."""
    for protected in _PROTECTED:
        for relation in ("zero", "equal"):
            yield "store", relation, protected, "no override", PERMITTED
        yield "store", "different", protected, "storage override", PERMITTED
        yield "store", "different", protected, "no override", REFUSED
    yield "fetch", "different", "fetch-protected", "no override", REFUSED


class RecordedKeys:
    """The keys of a machine's pages, chunk after chunk."""

    def __init__(self) -> None:
        self._now: dict[int, int] = {}
        self._changes: dict[int, tuple[npt.NDArray[np.uint64], list[int]]] = {}

    def begin(self, changes: Rows) -> None:
        """A chunk with these *changes* begins; :meth:`end` ends it."""
        for page in np.unique(changes["page"]).tolist():
            own = changes[changes["page"] == page]
            self._changes[page] = schema.moments(own), own["after"].tolist()

    def end(self) -> None:
        """The chunk has ended."""
        for page, (_, keys) in self._changes.items():
            self._now[page] = keys[-1]
        self._changes.clear()

    def at(self, pages: npt.NDArray[np.uint64], moments: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
        """The key of each of *pages* at its moment."""
        found = np.zeros(len(pages), dtype=np.uint8)
        for page in {*self._now, *self._changes}:
            where = pages == page
            if not where.any():
                continue
            found[where] = self._now.get(page, 0)
            if page in self._changes:
                times, keys = self._changes[page]
                values = np.array([self._now.get(page, 0), *keys], dtype=np.uint8)
                found[where] = values[np.searchsorted(times, moments[where], side="left")]
        return found


def permitted(
    accesses: Rows, keys: RecordedKeys, masks: RegisterHistory, control: RegisterHistory
) -> Iterator[tuple[Cell, int]]:
    """The cells of those of *accesses* of one CPU that are stores, all of which were permitted, and how often.

    :param masks: bits 0-63 of its PSW.
    :param control: its control register 0.
    """
    stores = accesses[accesses["kind"] == schema.AccessKind.STORE]
    if not stores.size:
        return
    moments = schema.moments(stores)
    storage = keys.at(stores["absolute"] >> np.uint64(12), moments)
    access = (masks.at(moments, side="left") >> _KEY & np.uint64(15)).astype(np.uint8)
    relation = np.where(access == 0, _ZERO, np.where(access == storage >> 4, _EQUAL, _DIFFERENT))
    override = (relation == _DIFFERENT) & (storage >> 4 == OVERRIDE_KEY)
    override &= control.at(moments, side="left") & np.uint64(CR0_STORAGE_OVERRIDE) != 0
    codes = (relation * 2 + (storage & FETCH_PROTECTION != 0)) * 2 + override
    is_counted = (relation != _DIFFERENT) | override
    for code, count in zip(*np.unique(codes[is_counted], return_counts=True), strict=True):
        rest, number = divmod(int(code), 2)
        which, protection = divmod(rest, 2)
        yield ("store", _RELATIONS[which], _PROTECTED[protection], _OVERRIDES[number], PERMITTED), int(count)


def refused(kind: str, storage_key: int) -> Cell:
    """The cell of an access that key-controlled protection has refused, to a page with that key."""
    return kind, "different", _PROTECTED[bool(storage_key & FETCH_PROTECTION)], "no override", REFUSED
