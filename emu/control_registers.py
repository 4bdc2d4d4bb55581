# SPDX-License-Identifier: GPL-2.0-or-later
"""Bits of the control registers (PoP 4, figure "Assignment of Control-Register Fields")."""

from __future__ import annotations

from emu.bits import bit

CR0_SSM_SUPPRESSION = bit(33)
CR0_TOD_CLOCK_SYNC = bit(34)
CR0_LOW_ADDRESS_PROTECTION = bit(35)
CR0_EXTRACTION_AUTHORITY = bit(36)
CR0_SECONDARY_SPACE = bit(37)
CR0_FETCH_OVERRIDE = bit(38)
CR0_STORAGE_OVERRIDE = bit(39)
CR0_EDAT = bit(40)
CR0_EXECUTION_PROTECTION = bit(43)
CR0_AFP = bit(45)
CR0_VECTOR = bit(46)
CR0_MALFUNCTION_ALERT = bit(48)
CR0_EMERGENCY_SIGNAL = bit(49)
CR0_EXTERNAL_CALL = bit(50)
CR0_CLOCK_COMPARATOR = bit(52)
CR0_CPU_TIMER = bit(53)
CR0_SERVICE_SIGNAL = bit(54)
CR0_INTERRUPT_KEY = bit(57)
CR0_VMCF = bit(63)
CR14_CHANNEL_REPORT = bit(35)
CR14_RECOVERY = bit(36)
CR14_DEGRADATION = bit(37)
CR14_EXTERNAL_DAMAGE = bit(38)
CR14_WARNING = bit(39)

CR0_TRANSLATION = (
    CR0_LOW_ADDRESS_PROTECTION | CR0_FETCH_OVERRIDE | CR0_STORAGE_OVERRIDE | CR0_EDAT | CR0_EXECUTION_PROTECTION
)
"""What a translation depends on; masks of external interruptions, which programs change often, are not among them."""
