# SPDX-License-Identifier: GPL-2.0-or-later
"""Contents of pages: some are read, and some are written."""

from __future__ import annotations

import numpy as np

from emu.machine import Machine
from emu.page_contents import WORDS, MappedContents


def test_pages_are_read_and_written() -> None:
    memory = bytearray(4 * 4096)
    memory[0x2000:0x2008] = (7).to_bytes(8, "little")
    contents = MappedContents(memory, lambda: np.array([0, 2], dtype=np.int32))
    assert contents.kept().tolist() == [0, 2]
    assert contents.suspects() is None
    assert contents.read(np.array([2]))[0, :2].tolist() == [7, 0]
    contents.write(np.array([1, 3]), np.full((2, WORDS), 0xFF, dtype=np.uint64))
    assert memory[0x1000] == memory[0x3000] == 0xFF
    assert memory[0x2000] == 7


def test_those_of_storage_are_the_pages_that_were_touched(machine: Machine) -> None:
    machine.storage.write(0x5000, b"content")
    field = next(each for each in type(machine.hypervisor).STATE.fields if each.name == "contents")
    assert field.contents is not None
    contents = field.contents(machine.hypervisor)
    assert contents.kept().tolist() == [5]
    assert contents.read(contents.kept()).tobytes().startswith(b"content")
    machine.hypervisor.drop(5)
    assert contents.kept().tolist() == []
