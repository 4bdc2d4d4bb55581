# SPDX-License-Identifier: GPL-2.0-or-later
"""The facility list: the bits that STFL and STFLE show, by name (PoP chapter 4, "Facility Indications").

A machine offers a facility only if its instructions work (:data:`OFFERED`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class Facility(IntEnum):
    """Facility bits by name."""

    N3 = 0
    ZARCH_INSTALLED = 1
    ZARCH_ACTIVE = 2
    DAT_ENHANCEMENT_1 = 3
    ASN_AND_LX_REUSE = 6
    """But for PROGRAM TRANSFER WITH INSTANCE, which is of the linkage stack."""
    STFLE = 7
    EDAT_1 = 8
    SENSE_RUNNING_STATUS = 9
    CONDITIONAL_SSKE = 10
    CONFIGURATION_TOPOLOGY = 11
    IPTE_RANGE = 13
    NONQUIESCING_KEY_SETTING = 14
    EXTENDED_TRANSLATION_2 = 16
    MESSAGE_SECURITY_ASSIST = 17
    LONG_DISPLACEMENT = 18
    LONG_DISPLACEMENT_FAST = 19
    HFP_MULTIPLY_AND_ADD = 20
    EXTENDED_IMMEDIATE = 21
    EXTENDED_TRANSLATION_3 = 22
    HFP_UNNORMALIZED_EXTENSION = 23
    ETF2_ENHANCEMENT = 24
    STORE_CLOCK_FAST = 25
    PARSING_ENHANCEMENT = 26
    MVCOS = 27
    TOD_CLOCK_STEERING = 28
    ETF3_ENHANCEMENT = 30
    EXTRACT_CPU_TIME = 31
    COMPARE_AND_SWAP_AND_STORE = 32
    COMPARE_AND_SWAP_AND_STORE_2 = 33
    GENERAL_INSTRUCTIONS_EXTENSION = 34
    EXECUTE_EXTENSION = 35
    FLOATING_POINT_EXTENSION = 37
    """But for conversions of decimal floating point: it implies that, which is missing."""
    LOAD_PROGRAM_PARAMETER = 40
    FLOATING_POINT_SUPPORT_ENHANCEMENT = 41
    DISTINCT_OPERANDS = 45
    """Also fast BCR serialization, high word, population count, interlocked access 1, load/store on condition 1."""
    MISCELLANEOUS_INSTRUCTIONS_1 = 49
    """Also execution hint, load and trap, and processor assist."""
    LOCAL_TLB_CLEARING = 51
    INTERLOCKED_ACCESS_2 = 52
    LOAD_STORE_ON_CONDITION_2 = 53
    """Also load and zero rightmost byte."""
    RESET_REFERENCE_BITS_MULTIPLE = 66
    ACCESS_EXCEPTION_FETCH_STORE = 75
    MESSAGE_SECURITY_ASSIST_3 = 76
    MESSAGE_SECURITY_ASSIST_4 = 77
    MESSAGE_SECURITY_ASSIST_5 = 57
    VECTOR = 129
    INSTRUCTION_EXECUTION_PROTECTION = 130
    ENHANCED_SUPPRESSION_ON_PROTECTION_2 = 131
    """Also side-effect access: it is what the bits 56, 60 and 61 of a protection exception's TEID follow."""
    VECTOR_ENHANCEMENTS_1 = 135
    Z_ARCHITECTURAL_MODE_ONLY = 138
    """The configuration-z/Architecture-architectural-mode facility: there is no ESA/390 mode to set or reset to."""
    ESSA_NO_TRANSLATE = 147
    STORAGE_KEY_REMOVAL = 169
    """Storage keys are gone: instructions that name one give a special-operation exception."""


PARTIAL: Final = frozenset({Facility.ASN_AND_LX_REUSE, Facility.FLOATING_POINT_EXTENSION})
"""Facilities of which a part is there: without it what belongs to that part is an operation exception as well, but the
facility list does not show them."""

_MISSING: Final = frozenset(
    {
        Facility.MESSAGE_SECURITY_ASSIST,
        Facility.MESSAGE_SECURITY_ASSIST_3,
        Facility.MESSAGE_SECURITY_ASSIST_4,
        Facility.MESSAGE_SECURITY_ASSIST_5,
        Facility.VECTOR_ENHANCEMENTS_1,
    }
)

OFFERED: Final = frozenset(map(int, frozenset(Facility) - _MISSING))
"""The facilities that a machine may have: all, or a part, of their instructions work, and no others'."""

DEFAULT_FACILITIES: Final = OFFERED - {Facility.STORAGE_KEY_REMOVAL}
"""What a machine has if nothing else is asked for.

Of the basic machine (no facility bit) the instructions of the linkage stack are missing: they are operation exceptions.
``python -m emu.coverage`` counts what is there, and what is not.
"""


NEEDS: Final[Mapping[int, frozenset[int]]] = {
    Facility.ZARCH_ACTIVE: frozenset({Facility.ZARCH_INSTALLED}),
    Facility.LONG_DISPLACEMENT_FAST: frozenset({Facility.LONG_DISPLACEMENT}),
    Facility.ETF2_ENHANCEMENT: frozenset({Facility.EXTENDED_TRANSLATION_2}),
    Facility.ETF3_ENHANCEMENT: frozenset({Facility.EXTENDED_TRANSLATION_3}),
    Facility.COMPARE_AND_SWAP_AND_STORE_2: frozenset({Facility.COMPARE_AND_SWAP_AND_STORE}),
    Facility.LOAD_STORE_ON_CONDITION_2: frozenset({Facility.DISTINCT_OPERANDS}),
    Facility.MESSAGE_SECURITY_ASSIST_3: frozenset({Facility.MESSAGE_SECURITY_ASSIST}),
    Facility.MESSAGE_SECURITY_ASSIST_4: frozenset({Facility.MESSAGE_SECURITY_ASSIST}),
    Facility.MESSAGE_SECURITY_ASSIST_5: frozenset({Facility.MESSAGE_SECURITY_ASSIST}),
    Facility.VECTOR_ENHANCEMENTS_1: frozenset({Facility.VECTOR}),
}
"""Which facilities a facility implies: the bit is one only if theirs are (PoP 4, "Facility Indications", and, where
that is silent, the chapters of their instructions: an enhancement of what is not there cannot be there; inferred)."""

EXCLUDES: Final[Mapping[int, frozenset[int]]] = {
    Facility.STORAGE_KEY_REMOVAL: frozenset(
        {
            Facility.CONDITIONAL_SSKE,
            Facility.NONQUIESCING_KEY_SETTING,
            Facility.RESET_REFERENCE_BITS_MULTIPLE,
        }
    ),
}
"""Which facilities cannot be there beside a facility: without storage keys nothing is there that changes them
(PoP 4, "Storage-Key-Removal Facility")."""


def installed(added: frozenset[int] = frozenset(), removed: frozenset[int] = frozenset()) -> frozenset[int]:
    """What a machine has that is asked for with the facilities *added* and without those *removed*.

    What an added facility excludes, and what needs a facility that is not there, goes with it.

    :raises ValueError: if that contradicts what is asked for; the message says which two, by number.
    """
    facilities = DEFAULT_FACILITIES | added
    for excluding, excluded in EXCLUDES.items():
        if excluding in added:
            for number in sorted(excluded & added):
                raise ValueError(f"{int(excluding)} and {int(number)} exclude each other")
            facilities -= excluded
    facilities -= removed
    while lacking := [number for number in sorted(facilities) if NEEDS.get(number, frozenset()) - facilities]:
        for number in lacking:
            if number in added:
                missing = min(NEEDS[number] - facilities)
                raise ValueError(f"{number} needs {int(missing)}, which is not installed")
        facilities -= frozenset(lacking)
    return facilities


def facility_list(facilities: frozenset[int]) -> bytes:
    """The facility list as STFLE stores it: bit n is the nth bit from the left; as many doublewords as needed."""
    shown = facilities - PARTIAL
    words = max(shown, default=0) // 64 + 1
    value = 0
    for number in shown:
        value |= 1 << (64 * words - 1 - number)
    return value.to_bytes(8 * words, "big")


def facility_doublewords(facilities: frozenset[int]) -> list[int]:
    """The same as integers of 64 bits."""
    stored = facility_list(facilities)
    return [int.from_bytes(stored[at : at + 8], "big") for at in range(0, len(stored), 8)]
