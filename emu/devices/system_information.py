# SPDX-License-Identifier: GPL-2.0-or-later
"""What the SCLP tells of the configuration: its storage, its CPUs, and some facilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.bits import bit
from emu.devices.sccb import HEADER, Response
from emu.identification import max_cpus

if TYPE_CHECKING:
    from emu.configuration import Configuration
    from emu.cpu import Cpu
    from emu.devices.sccb import Sccb

_CPU_ENTRY: Final = 16
_SCP_CPU_ENTRIES: Final = 128
_CPU_ENTRIES: Final = 24
_MAXIMUM_INCREMENTS: Final = 0xFFFF
_HAS_CPU_INFO: Final = bit(4)
_SUPPRESSION_ON_PROTECTION: Final = 0x20
"""In byte 80 of the SCP information."""
_ENHANCED_SUPPRESSION_ON_PROTECTION: Final = 0x02
"""In byte 85 of the SCP information."""


def read_scp_info(configuration: Configuration[Cpu], sccb: Sccb) -> Response:
    """Put the SCP information of *configuration* in *sccb*."""
    entries = _cpu_entries(configuration)
    if len(sccb.bytes) < _SCP_CPU_ENTRIES + len(entries):
        return Response.INSUFFICIENT_LENGTH
    # Storage increments of 1 MB; the halfword is zero when their number does not fit it.
    increments = configuration.memory >> 20
    configured = len(configuration.cpus)
    sccb.clear_from(HEADER)
    sccb.put(8, 2, increments if increments <= _MAXIMUM_INCREMENTS else 0)
    sccb.put(10, 1, 1)
    sccb.put(15, 1, configuration.identification.shape.nesting)
    sccb.put(16, 2, configured)
    sccb.put(18, 2, _SCP_CPU_ENTRIES)
    sccb.bytes[24:32] = b"\x40" * 8
    sccb.put(48, 8, _HAS_CPU_INFO)
    # Byte 116 would say CMMA, but of a host that can interpret ESSA for its guests: this guest has no such feature.
    sccb.put(80, 1, _SUPPRESSION_ON_PROTECTION)
    sccb.put(85, 1, _ENHANCED_SUPPRESSION_ON_PROTECTION)
    sccb.put(100, 4, 1)
    sccb.put(104, 8, increments)
    sccb.put(120, 2, max_cpus(configuration.identification, configured) - 1)
    sccb.bytes[_SCP_CPU_ENTRIES : _SCP_CPU_ENTRIES + len(entries)] = entries
    return Response.READ_COMPLETION


def read_cpu_info(configuration: Configuration[Cpu], sccb: Sccb) -> Response:
    """Put what there is to be told of the CPUs of *configuration* in *sccb*."""
    entries = _cpu_entries(configuration)
    end = _CPU_ENTRIES + len(entries)
    if len(sccb.bytes) < end:
        return Response.INSUFFICIENT_LENGTH
    sccb.clear_from(HEADER)
    sccb.put(8, 2, len(configuration.cpus))
    sccb.put(10, 2, _CPU_ENTRIES)
    sccb.put(14, 2, end)
    sccb.bytes[_CPU_ENTRIES:end] = entries
    return Response.READ_COMPLETION


def _cpu_entries(configuration: Configuration[Cpu]) -> bytes:
    """Sixteen bytes for each CPU: its address, no feature of an interpretive-execution host, type 0 (general)."""
    return b"".join(bytes((cpu.address,)).ljust(_CPU_ENTRY, b"\0") for cpu in configuration.cpus)
