"""The facility list: the bits that STFL and STFLE show, by name (PoP chapter 4, "Facility Indications").

A bit is here only if every instruction of its facility works on this machine.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Facility(IntEnum):
    """Facility bits that this machine can show."""

    N3 = 0
    ZARCH_INSTALLED = 1
    ZARCH_ACTIVE = 2
    DAT_ENHANCEMENT_1 = 3
    STFLE = 7
    EDAT_1 = 8
    SENSE_RUNNING_STATUS = 9
    CONDITIONAL_SSKE = 10
    CONFIGURATION_TOPOLOGY = 11
    IPTE_RANGE = 13
    NONQUIESCING_KEY_SETTING = 14
    LONG_DISPLACEMENT = 18
    LONG_DISPLACEMENT_FAST = 19
    EXTENDED_IMMEDIATE = 21
    STORE_CLOCK_FAST = 25
    MVCOS = 27
    TOD_CLOCK_STEERING = 28
    EXTRACT_CPU_TIME = 31
    COMPARE_AND_SWAP_AND_STORE = 32
    COMPARE_AND_SWAP_AND_STORE_2 = 33
    GENERAL_INSTRUCTIONS_EXTENSION = 34
    EXECUTE_EXTENSION = 35
    LOAD_PROGRAM_PARAMETER = 40
    FAST_BCR_SERIALIZATION = 45
    LOCAL_TLB_CLEARING = 51
    RESET_REFERENCE_BITS_MULTIPLE = 66
    ACCESS_EXCEPTION_FETCH_STORE = 75
    VECTOR = 129
    INSTRUCTION_EXECUTION_PROTECTION = 130
    ESSA_NO_TRANSLATE = 147
    STORAGE_KEY_REMOVAL = 169
    """Storage keys are gone: instructions that name one give a special-operation exception."""


DEFAULT_FACILITIES: Final = frozenset(Facility) - {Facility.VECTOR, Facility.STORAGE_KEY_REMOVAL}


def facility_list(facilities: frozenset[int]) -> bytes:
    """The facility list as STFLE stores it: bit n is the nth bit from the left; as many doublewords as needed."""
    words = max(facilities, default=0) // 64 + 1
    value = 0
    for number in facilities:
        value |= 1 << (64 * words - 1 - number)
    return value.to_bytes(8 * words, "big")
