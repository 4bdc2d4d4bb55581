# SPDX-License-Identifier: GPL-2.0-or-later
"""Assigned storage locations (PoP chapter 3, "Assigned Storage Locations"): real addresses in the prefix area."""

from __future__ import annotations

from typing import Final

from emu.addresses import RealAddress

IPL_PSW: Final = RealAddress(0x00)
EXTERNAL_PARAMETER: Final = RealAddress(0x80)
EXTERNAL_CPU_ADDRESS: Final = RealAddress(0x84)
EXTERNAL_CODE: Final = RealAddress(0x86)
SVC_ILC: Final = RealAddress(0x88)
"""Word: instruction-length code in byte 1, interruption code in bytes 2-3."""
PROGRAM_ILC: Final = RealAddress(0x8C)
"""Word: instruction-length code in byte 1, interruption code in bytes 2-3."""
DATA_EXCEPTION_CODE: Final = RealAddress(0x90)
"""Word: data-exception or vector-exception code in byte 3."""
MONITOR_CLASS: Final = RealAddress(0x94)
PER_CODE: Final = RealAddress(0x96)
PER_ADDRESS: Final = RealAddress(0x98)
EXCEPTION_ACCESS: Final = RealAddress(0xA0)
PER_ACCESS: Final = RealAddress(0xA1)
OPERAND_ACCESS: Final = RealAddress(0xA2)
ARCHITECTURAL_MODE: Final = RealAddress(0xA3)
TRANSLATION_EXCEPTION: Final = RealAddress(0xA8)
TRANSLATION_EXCEPTION_ASN: Final = RealAddress(0xAC)
"""Word: the ASN in bytes 2-3, and in bit 0 the space-switch-event control, of conditions that are about a space."""
MONITOR_CODE: Final = RealAddress(0xB0)
SUBSYSTEM_IDENTIFICATION: Final = RealAddress(0xB8)
IO_PARAMETER: Final = RealAddress(0xBC)
IO_IDENTIFICATION: Final = RealAddress(0xC0)
STFL_FACILITIES: Final = RealAddress(0xC8)
MACHINE_CHECK_CODE: Final = RealAddress(0xE8)
EXTERNAL_DAMAGE_CODE: Final = RealAddress(0xF4)
FAILING_STORAGE_ADDRESS: Final = RealAddress(0xF8)
BREAKING_EVENT_ADDRESS: Final = RealAddress(0x110)
RESTART_OLD_PSW: Final = RealAddress(0x120)
EXTERNAL_OLD_PSW: Final = RealAddress(0x130)
SVC_OLD_PSW: Final = RealAddress(0x140)
PROGRAM_OLD_PSW: Final = RealAddress(0x150)
MACHINE_CHECK_OLD_PSW: Final = RealAddress(0x160)
IO_OLD_PSW: Final = RealAddress(0x170)
RESTART_NEW_PSW: Final = RealAddress(0x1A0)
EXTERNAL_NEW_PSW: Final = RealAddress(0x1B0)
SVC_NEW_PSW: Final = RealAddress(0x1C0)
PROGRAM_NEW_PSW: Final = RealAddress(0x1D0)
MACHINE_CHECK_NEW_PSW: Final = RealAddress(0x1E0)
IO_NEW_PSW: Final = RealAddress(0x1F0)
EXTENDED_SAVE_AREA: Final = RealAddress(0x11B0)
"""Doubleword: where a machine-check interruption stores the vector registers; zero: nowhere."""
STORE_STATUS_AREA: Final = RealAddress(0x1200)
"""Start of the floating-point register save area; the rest of the status follows it (figure 4-15)."""

PREFIX_AREA_SIZE: Final = 0x2000
