# SPDX-License-Identifier: GPL-2.0-or-later
"""The image that executes streams, for whoever loads one; records are put beside it, and outcomes are found there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from emu.psw import ADDRESSING_MODE, IO_MASK, WAIT, Psw
from tools.conform.architecture.image import elf_file, merged
from tools.differential.peers import layout
from tools.differential.peers.driver import driver_segments
from tools.differential.peers.outcome import StreamOutcome
from tools.differential.peers.stream import Stream

Reader = Callable[[int, int], bytes]
"""Gives the bytes at an absolute address, so many."""


ENABLED_WAIT: Final = ADDRESSING_MODE | WAIT | IO_MASK
DISABLED_WAIT: Final = ADDRESSING_MODE | WAIT


def image_segments(wait: int) -> list[tuple[int, bytes]]:
    """All of it but records, by absolute address, ascending; *wait* is the mask of the PSW that ends it."""
    control = {layout.WAITING: Psw(wait, 0).to_bytes()}
    return merged([*driver_segments(), *layout.segments().items(), *control.items()])


def image_elf(wait: int = ENABLED_WAIT) -> bytes:
    """The same as an ELF file that is entered where the driver begins; there is no stream in it."""
    return elf_file(layout.DRIVER, image_segments(wait))


def records(streams: Sequence[Stream], *, timer: int, has_vectors: bool, wait: int = ENABLED_WAIT) -> dict[int, bytes]:
    """What is to be in storage for these *streams*, by absolute address.

    :param timer: what ends a stream that loops, as the CPU timer counts.
    :param wait: the mask of the PSW that ends the batch.
    """
    assert len(streams) <= layout.MOST_STREAMS
    return {
        layout.COUNT: len(streams).to_bytes(8, "big") + bytes(16) + int(has_vectors).to_bytes(8, "big"),
        layout.TIMER: timer.to_bytes(8, "big"),
        layout.WAITING: Psw(wait, 0).to_bytes(),
        layout.RECORDS: b"".join(each.record() for each in streams),
    }


def outcomes(count: int, read: Reader) -> list[StreamOutcome]:
    """What came of the first *count* streams."""
    content = read(layout.OUTCOMES, count * layout.OUTCOME_BYTES)
    size = layout.OUTCOME_BYTES
    return [StreamOutcome(content[at : at + size]) for at in range(0, len(content), size)]
