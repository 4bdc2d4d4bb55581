# SPDX-License-Identifier: GPL-2.0-or-later
"""The walk through the tables, with the bits of each entry named (PoP 3, "Dynamic Address Translation").

Values of entries are put together from the figures of the manual.
"""

from __future__ import annotations

import pytest

from emu.bits import bit
from emu.control_registers import CR0_EDAT, CR0_EXECUTION_PROTECTION
from emu.cpu import Cpu
from emu.inspection.translation import look_up
from emu.machine import Machine
from emu.psw import AddressSpaceControl
from emu.snapshot import differences, take
from tests.emu.conftest import AddressSpace

PRIMARY = AddressSpaceControl.PRIMARY
ADDRESS, FRAME = 0x0010_5000, 0x18_0000


def test_segment_and_page(cpu: Cpu, address_space: AddressSpace) -> None:
    place = address_space.map(ADDRESS, FRAME, flags=1 << 63 - 54 | 1 << 63 - 55)
    address_space.enter(cpu)
    cpu.set_control_register(0, cpu.cr[0] | CR0_EXECUTION_PROTECTION)
    assert look_up(cpu, ADDRESS + 0x123, PRIMARY).lines() == [
        f"ASCE {address_space.asce:016x}  segment table 200000, TL 3",
        "segment[1] at 200008: 0000000000208000  table 208000, TT segment",
        f"page[5] at {place:x}: 0000000000180300  frame 180000, P protected, IEP no execution",
        "105123 -> real 180123, no stores: DAT protection, no instruction fetches: instruction-execution protection",
    ]


def test_five_tables(machine: Machine, cpu: Cpu) -> None:
    """Designation types and lengths: PoP 3, "Region-Table Entries"."""
    write = machine.storage.write_integer
    write(0x10008, 8, 0x14000 | bit(54) | 1 << 6 | 3 << 2 | 3)
    write(0x14010, 8, 0x18000 | 2 << 2 | 3)
    write(0x18018, 8, 0x1C000 | 1 << 2 | 3)
    write(0x1C020, 8, 0x20000)
    write(0x20028, 8, FRAME)
    cpu.set_control_register(1, 0x10000 | 3 << 2 | 3 | bit(55) | bit(57))
    # EDAT-1 makes the protection bit of a region-table entry count; the second table begins with its second quarter.
    cpu.set_control_register(0, cpu.cr[0] | CR0_EDAT)
    address = 1 << 53 | 2 << 42 | 3 << 31 | 4 << 20 | 5 << 12
    walk = look_up(cpu, address, PRIMARY)
    assert walk.designation() == ["region-first table 10000", "TL 3", "P private space", "X space-switch event"]
    assert walk.lines()[1:] == [
        "region-first[1] at 10008: 000000000001424f  table 14000, TT region-first, TF 1 TL 3, P protected",
        f"{address:x} -> region second translation (0x003a): outside the length of the table",
    ]
    write(0x10008, 8, 0x14000 | bit(54) | 3 << 2 | 3)
    walk = look_up(cpu, address, PRIMARY)
    assert [(entry.table, entry.index) for entry in walk.entries] == [
        ("region-first", 1),
        ("region-second", 2),
        ("region-third", 3),
        ("segment", 4),
        ("page", 5),
    ]
    assert walk.result() == f"{address:x} -> real {FRAME:x}, no stores: DAT protection"
    write(0x18018, 8, 0x1C000 | bit(58) | 1 << 2 | 3)
    walk = look_up(cpu, address, PRIMARY)
    assert walk.entries[-1].fields()[-1] == "I invalid"
    assert walk.result() == f"{address:x} -> region third translation (0x003b)"


def test_large_frame(machine: Machine, cpu: Cpu, address_space: AddressSpace) -> None:
    entry = 0x30_0000 | bit(47) | 5 << 12 | bit(52) | bit(53) | bit(55)
    address_space.set_segment(0x0010_0000, entry)
    address_space.enter(cpu)
    cpu.set_control_register(0, cpu.cr[0] | CR0_EDAT | CR0_EXECUTION_PROTECTION)
    walk = look_up(cpu, ADDRESS, PRIMARY)
    assert walk.entries[0].fields() == [
        "FC 1-megabyte frame 300000",
        "TT segment",
        "AV: ACC 5, F fetch-protected",
        "IEP no execution",
    ]
    assert walk.result() == (
        "105000 -> absolute 305000, no instruction fetches: instruction-execution protection, key by ACC validity 58"
    )


def test_without_tables(cpu: Cpu) -> None:
    cpu.set_control_register(1, bit(58))
    assert look_up(cpu, 0x5000, PRIMARY).lines() == ["ASCE 0000000000000020  R real space", "5000 -> real 5000"]


def test_the_top_table_does_not_reach_so_far(cpu: Cpu, address_space: AddressSpace) -> None:
    address_space.enter(cpu)
    assert (
        look_up(cpu, 1 << 31, PRIMARY).result() == "80000000 -> asce type (0x0038): the address is beyond the top table"
    )


def test_a_table_outside_the_memory(machine: Machine, cpu: Cpu) -> None:
    cpu.set_control_register(1, machine.memory | 3)
    walk = look_up(cpu, 0, PRIMARY)
    assert (walk.entries, walk.result()) == ((), "0 -> addressing (0x0005): an entry lies outside the memory")


def test_tables_are_not_touched(machine: Machine, cpu: Cpu, address_space: AddressSpace) -> None:
    address_space.map(ADDRESS, FRAME)
    address_space.enter(cpu)
    before = take(machine)
    look_up(cpu, ADDRESS, PRIMARY)
    assert not list(differences(before, take(machine)))


def test_in_a_notebook(cpu: Cpu, address_space: AddressSpace) -> None:
    address_space.map(ADDRESS, FRAME)
    address_space.enter(cpu)
    html = look_up(cpu, ADDRESS, PRIMARY)._repr_html_()
    assert html.startswith("<table><caption>105000 -&gt; real 180000</caption>")
    assert "<code>frame 180000</code>" in html


@pytest.mark.parametrize("state", (0x04, 0x0F))
def test_a_table_in_a_page_that_is_unused_or_discarded(
    machine: Machine, cpu: Cpu, address_space: AddressSpace, state: int
) -> None:
    """What is in an unused page that still has its frame is looked at; that of a discarded page is zeros."""
    address_space.map(ADDRESS, FRAME)
    address_space.enter(cpu)
    machine.states.bytes[0x208] = state
    assert look_up(cpu, ADDRESS, PRIMARY).entries[1].value == (FRAME if state == 0x04 else 0)
