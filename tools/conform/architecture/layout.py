# SPDX-License-Identifier: GPL-2.0-or-later
"""Where everything lies in an image: absolute addresses, all reached by a signed 20-bit displacement."""

from __future__ import annotations

from typing import Final

RESULT: Final = 0x2000
"""The result block: what :class:`Result` names, doublewords in this order."""
RESULT_MAGIC: Final = 0x4553_5341_434F_4E46
"""ESSACONF in ASCII: the first doubleword of the result block."""
RESULT_WORDS: Final = 6
"""Magic, verdict, number of the check that failed or of the need that is missing, expected, found, events."""

COUNTS: Final = 0x2100
"""Doublewords: how many needs, preparations, keys, page states, checks and other CPUs there are; and where in the SCCB
of a failure its first number goes."""
HARNESS: Final = 0x3000
CODE: Final = 0x8000
"""The guest code of the case, unless it says otherwise."""

FINAL: Final = 0x10000
FINAL_REGISTERS: Final = FINAL
FINAL_PSW: Final = FINAL + 0x80
FINAL_CONTROLS: Final = FINAL + 0x100
FINAL_ACCESS: Final = FINAL + 0x180
FINAL_PREFIX: Final = FINAL + 0x1C0
FINAL_KEYS: Final = FINAL + 0x200
FINAL_STATES: Final = FINAL + 0x300
"""Doublewords, as many as there are keys and page states to look at."""
MOST_LOOKED_AT: Final = 32
"""For so many keys, and so many states, there is room."""

LOG: Final = 0x11000
LOG_ENTRY: Final = 256
LOG_ENTRIES: Final = 48
LOG_CLASS: Final = 0
LOG_OLD_PSW: Final = 0x08
LOG_LOW_CORE: Final = 0x20
"""Real locations 80-FF hex."""
LOG_BREAKING_EVENT: Final = 0xA0
LOG_EXTERNAL_PARAMETER: Final = 0xA8
"""The doubleword at real location 11B8 hex."""

CONTINUATIONS: Final = 0x14000
"""Two doublewords for each event: how it goes on (:class:`Going`), and the address."""
NEEDS: Final = 0x14800
"""Two doublewords for each: its kind and number."""
PREPARATIONS: Final = 0x15000
"""Three doublewords for each: operation, address, value."""
KEYS: Final = 0x17000
STATES: Final = 0x17100
"""The addresses of pages whose keys, or states, are looked at in the end."""
INITIAL_CONTROLS: Final = 0x17200
INITIAL_REGISTERS: Final = 0x17280
INITIAL_PSW: Final = 0x17300
MOST_FACILITIES: Final = 2048
"""For so many bits of STFLE there is room."""
FACILITIES: Final = 0x17400
"""What STFLE has stored, or a subchannel-information block."""
OUTSIDE: Final = 0x17600
"""A doubleword that is not zero if somebody does from outside what a case asks for: who runs it puts it there."""
CHECKS: Final = 0x18000
"""Three doublewords for each: address, mask and expected value of a doubleword."""
MOST_CHECKS: Final = 0x600

CHECK_NAMES: Final = 0x21000
CHECK_NAME: Final = 40
"""The name of each check for the console, so many characters."""
SCCB_MASK: Final = 0x30000
SCCB_PASSED: Final = 0x31000
SCCB_FAILED: Final = 0x32000
SCCB_SKIPPED: Final = 0x33000
"""One for each need."""
SKIPPED_SHIFT: Final = 9
"""Their length, as the power of 2."""
MOST_NEEDS: Final = 8

PAGES: Final = 0x40000
"""page1, page2, ...: nothing of them is in the image unless a case puts it there."""
MOST_PAGES: Final = 16
TABLES: Final = 0x58000
"""DAT tables."""
PROBE: Final = 0x7F000
"""A page that nobody touches."""
SECOND_PROBE: Final = 0x7E000
"""A page that is looked at when others have been touched."""
PRESSURE: Final = 0x80000
PRESSURE_END: Final = 0x1FE000
"""The pages that are touched so that the host takes others."""
MEMORY: Final = 1 << 21
"""What a machine for these images has at least."""
NOWHERE: Final = 0x00F0_0000_0000_0000
"""An absolute address that no machine has."""

PASSED_ADDRESS: Final = 0xFFF
FAILED_ADDRESS: Final = 0
SKIPPED_ADDRESS: Final = 0x77
"""The instruction addresses of the disabled wait that ends a program."""

SYMBOLS: Final = {f"page{number}": PAGES + 0x1000 * (number - 1) for number in range(1, MOST_PAGES + 1)} | {
    "code": CODE,
    "nowhere": NOWHERE,
    "tables": TABLES,
    "final": FINAL,
    "probe": PROBE,
}
"""The names that every case may use."""
