# SPDX-License-Identifier: GPL-2.0-or-later
"""Where it is written: the section that says when a program interruption is recognised and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.inspection.teid import protection_name
from emu.program_interruption import ProgramInterruptionCode as Code

if TYPE_CHECKING:
    from emu.program_interruption import ProgramInterruption

_EXCEPTIONS: Final = {
    Code.OPERATION: "Operation Exception",
    Code.PRIVILEGED_OPERATION: "Privileged-Operation Exception",
    Code.EXECUTE: "Execute Exception",
    Code.PROTECTION: "Protection Exception",
    Code.ADDRESSING: "Addressing Exception",
    Code.SPECIFICATION: "Specification Exception",
    Code.DATA: "Data Exception",
    Code.FIXED_POINT_OVERFLOW: "Fixed-Point-Overflow Exception",
    Code.FIXED_POINT_DIVIDE: "Fixed-Point-Divide Exception",
    Code.DECIMAL_OVERFLOW: "Decimal-Overflow Exception",
    Code.DECIMAL_DIVIDE: "Decimal-Divide Exception",
    Code.HFP_EXPONENT_OVERFLOW: "HFP-Exponent-Overflow Exception",
    Code.HFP_EXPONENT_UNDERFLOW: "HFP-Exponent-Underflow Exception",
    Code.HFP_SIGNIFICANCE: "HFP-Significance Exception",
    Code.HFP_DIVIDE: "HFP-Divide Exception",
    Code.HFP_SQUARE_ROOT: "HFP-Square-Root Exception",
    Code.SEGMENT_TRANSLATION: "Segment-Translation Exception",
    Code.PAGE_TRANSLATION: "Page-Translation Exception",
    Code.TRANSLATION_SPECIFICATION: "Translation-Specification Exception",
    Code.SPECIAL_OPERATION: "Special-Operation Exception",
    Code.OPERAND: "Operand Exception",
    Code.TRACE_TABLE: "Trace-Table Exception",
    Code.VECTOR_PROCESSING: "Vector-Processing Exception",
    Code.SPACE_SWITCH_EVENT: "Space-Switch Event",
    Code.AFX_TRANSLATION: "AFX-Translation Exception",
    Code.ASX_TRANSLATION: "ASX-Translation Exception",
    Code.PRIMARY_AUTHORITY: "Primary-Authority Exception",
    Code.SECONDARY_AUTHORITY: "Secondary-Authority Exception",
    Code.ALET_SPECIFICATION: "ALET-Specification Exception",
    Code.ALEN_TRANSLATION: "ALEN-Translation Exception",
    Code.ALE_SEQUENCE: "ALE-Sequence Exception",
    Code.ASTE_VALIDITY: "ASTE-Validity Exception",
    Code.ASTE_SEQUENCE: "ASTE-Sequence Exception",
    Code.EXTENDED_AUTHORITY: "Extended-Authority Exception",
    Code.ASTE_INSTANCE: "ASTE-Instance Exception",
    Code.ASCE_TYPE: "ASCE-Type Exception",
    Code.REGION_FIRST_TRANSLATION: "Region-First-Translation Exception",
    Code.REGION_SECOND_TRANSLATION: "Region-Second-Translation Exception",
    Code.REGION_THIRD_TRANSLATION: "Region-Third-Translation Exception",
    Code.MONITOR_EVENT: "Monitor Event",
    Code.PER_EVENT: "PER Event",
    Code.CRYPTO_OPERATION: "Crypto-Operation Exception",
}
"""The subsections of PoP 6, "Program-Interruption Conditions"."""
_PROTECTIONS: Final = {
    "low-address protection": "Low-Address Protection",
    "key-controlled protection": "Key-Controlled Protection",
    "DAT protection": "DAT Protection",
    "instruction-execution protection": "Instruction-Execution Protection",
}
"""The subsections of PoP 3, "Protection"."""


def source_of(condition: ProgramInterruption) -> str:
    """Where the rule stands by which *condition* was recognised, and that by which it ends the instruction."""
    if condition.code is Code.DISCARD_FAULT:
        return "page-hinting reference 2.4 and 3.1; that it nullifies is inferred: the guest's handler tries again"
    if condition.unused_page is not None:
        return "page-hinting reference 2.4 (an unused page is touched)"
    source = f'PoP 6, "{_EXCEPTIONS[condition.code]}"'
    if condition.code is Code.PROTECTION and condition.translation_exception is not None:
        kind = _PROTECTIONS.get(protection_name(condition.translation_exception))
        if kind is not None:
            source += f'; PoP 3, "{kind}"'
    return source
