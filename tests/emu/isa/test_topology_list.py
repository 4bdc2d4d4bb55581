# SPDX-License-Identifier: GPL-2.0-or-later
"""SYSIB 15.1.x of configurations with sockets, books and drawers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emu.cpu import Cpu
from emu.identification import CpuPlace, Entitlement, SystemIdentification, TopologyShape
from emu.machine import MEGABYTE, Machine
from emu.psw import ADDRESSING_MODE, Psw

Run = Callable[..., None]
AT = 0x20000
LOW, MEDIUM, HIGH = Entitlement.LOW, Entitlement.MEDIUM, Entitlement.HIGH


def machine(cpus: int, shape: TopologyShape, max_cpus: int | None = None) -> Cpu:
    """The first CPU of a machine of this *shape*."""
    made = Machine(4 * MEGABYTE, cpus=cpus)
    made.configuration.identification = SystemIdentification(max_cpus=max_cpus, shape=shape)
    made.cpus[0].load_psw(Psw(ADDRESSING_MODE, 0x10000))
    return made.cpus[0]


def told(cpu: Cpu, run: Run, level: int) -> tuple[bytes, list[str]]:
    """The magnitudes, of level 6 first, and the entries of SYSIB 15.1.*level*, in hexadecimal."""
    cpu.gr[0], cpu.gr[1], cpu.gr[2] = 15 << 28 | 1, level, AT
    run(cpu, "STSI", b2=2)
    assert cpu.cc == 0
    block = cpu.configuration.storage.read(AT, 4096)
    assert block[11] == level
    entries, rest = [], block[16 : int.from_bytes(block[2:4], "big")]
    while rest:
        size = 8 if rest[0] else 16
        entries.append(rest[:size].hex())
        rest = rest[size:]
    return block[4:10], entries


def container(level: int, number: int) -> str:
    return f"{level:02x}{number:014x}"


def cpus(mask: int, *, flags: int = 0, origin: int = 0) -> str:
    """An entry of CPUs: flags are bit 5 for dedicated ones, and the polarization in bits 6-7; type 3."""
    return f"00000000{flags:02x}03{origin:04x}{mask << 48:016x}"


def test_sockets_are_filled_by_address(run: Run) -> None:
    cpu = machine(5, TopologyShape(cores=2, sockets=4), max_cpus=8)
    assert told(cpu, run, 2) == (
        bytes((0, 0, 0, 0, 4, 2)),
        [container(1, 0), cpus(0xC000), container(1, 1), cpus(0x3000), container(1, 2), cpus(0x0800)],
    )


DEEP = TopologyShape(cores=1, sockets=2, books=2, drawers=2)


@pytest.mark.parametrize(
    ("level", "magnitudes", "entries"),
    (
        (
            4,
            (0, 0, 2, 2, 2, 1),
            [
                *(container(3, 0), container(2, 0), container(1, 0), cpus(0x8000), container(1, 1), cpus(0x4000)),
                *(container(2, 1), container(1, 0), cpus(0x2000), container(1, 1), cpus(0x1000)),
                *(container(3, 1), container(2, 0), container(1, 0), cpus(0x0800)),
            ],
        ),
        (
            3,
            (0, 0, 0, 4, 2, 1),
            [
                *(container(2, 0), container(1, 0), cpus(0x8000), container(1, 1), cpus(0x4000)),
                *(container(2, 1), container(1, 0), cpus(0x2000), container(1, 1), cpus(0x1000)),
                *(container(2, 2), container(1, 0), cpus(0x0800)),
            ],
        ),
        (
            2,
            (0, 0, 0, 0, 8, 1),
            [
                *(container(1, 0), cpus(0x8000), container(1, 1), cpus(0x4000), container(1, 2), cpus(0x2000)),
                *(container(1, 3), cpus(0x1000), container(1, 4), cpus(0x0800)),
            ],
        ),
    ),
)
def test_levels(run: Run, level: int, magnitudes: tuple[int, ...], entries: list[str]) -> None:
    assert told(machine(5, DEEP), run, level) == (bytes(magnitudes), entries)


@pytest.mark.parametrize(
    ("shape", "levels"),
    (
        (TopologyShape(), [2]),
        (TopologyShape(cores=1, sockets=2), [2]),
        (TopologyShape(cores=1, books=2), [2, 3]),
        (DEEP, [2, 3, 4]),
    ),
)
def test_only_the_levels_that_there_are(run: Run, shape: TopologyShape, levels: list[int]) -> None:
    cpu = machine(1, shape)
    found = []
    for level in range(8):
        cpu.gr[0], cpu.gr[1], cpu.gr[2] = 15 << 28 | 1, level, AT
        run(cpu, "STSI", b2=2)
        found += [level] if cpu.cc == 0 else []
    assert found == levels


def test_entitlement_and_dedication_order_the_cpus_of_a_socket(run: Run) -> None:
    places = {
        0: CpuPlace(entitlement=LOW),
        1: CpuPlace(entitlement=HIGH),
        2: CpuPlace(entitlement=HIGH, is_dedicated=True),
        3: CpuPlace(entitlement=MEDIUM),
        4: CpuPlace(entitlement=HIGH),
    }
    cpu = machine(5, TopologyShape(places=tuple(places.items())))
    # Horizontally polarized, they differ only by dedication.
    assert told(cpu, run, 2)[1] == [container(1, 0), cpus(0x2000, flags=4), cpus(0xD800)]
    cpu.configuration.topology.polarize(vertical=True)
    assert told(cpu, run, 2)[1] == [
        container(1, 0),
        cpus(0x2000, flags=7),
        cpus(0x4800, flags=3),
        cpus(0x1000, flags=2),
        cpus(0x8000, flags=1),
    ]
