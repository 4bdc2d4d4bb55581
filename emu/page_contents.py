# SPDX-License-Identifier: GPL-2.0-or-later
"""Contents that are kept page by page: those of storage, of frames, of a paging device.

They are most of a machine's state, and little of them changes from one moment to another.  So who keeps many moments
(:mod:`emu.debugging`) reads and writes some pages only.  What the numbers of the pages mean is the owner's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from emu.addresses import PAGE_SIZE

WORDS: Final = PAGE_SIZE // 8
"""Doublewords in a page."""
PageNumbers: TypeAlias = npt.NDArray[np.int64]
"""Numbers of pages, ascending."""
Words: TypeAlias = npt.NDArray[np.uint64]
"""The contents of pages, a row for each."""


class PageContents(Protocol):
    """Pages, some of which hold something."""

    def kept(self) -> PageNumbers:
        """The numbers of the pages that hold something."""

    def suspects(self) -> PageNumbers | None:
        """The pages that may have been written since it was asked last; None if it could be any."""

    def read(self, pages: PageNumbers) -> Words:
        """The contents of *pages*, which hold something.

        :raises HostFailure: if one cannot be read.
        """

    def write(self, pages: PageNumbers, words: Words) -> None:
        """Let *pages* hold *words*; which pages hold something is not known here.

        :raises HostFailure: if one cannot be written.
        """


class MappedContents:
    """The pages of a mapping of this process.

    :param mapping: whose bytes they are.
    :param kept: gives the pages that hold something.
    """

    def __init__(self, mapping: Any, kept: Callable[[], npt.NDArray[Any]]) -> None:
        self._words: Words = np.frombuffer(mapping, dtype=np.uint64).reshape(-1, WORDS)
        self._kept = kept

    def kept(self) -> PageNumbers:
        """See :meth:`PageContents.kept`."""
        return self._kept().astype(np.int64)

    def suspects(self) -> PageNumbers | None:
        """See :meth:`PageContents.suspects`: engines store here without being noticed."""
        return None

    def read(self, pages: PageNumbers) -> Words:
        """See :meth:`PageContents.read`."""
        return self._words[pages]

    def write(self, pages: PageNumbers, words: Words) -> None:
        """See :meth:`PageContents.write`."""
        self._words[pages] = words
