# SPDX-License-Identifier: GPL-2.0-or-later
"""The target description and the memory map, as XML.

Source: the manual of gdb, appendix "Target Descriptions", and "Memory Map Format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from emu.page_states import Content, Usage
from tools.gdb.registers import HINTING, INTERRUPTION_CLASSES, VECTOR, features

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.gdb.registers import ShownRegister

_HEADER: Final = '<?xml version="1.0"?>\n<!DOCTYPE target SYSTEM "gdb-target.dtd">\n'
_VECTOR_TYPES: Final = "".join(
    f'<vector id="v{count}{letter}" type="{kind}" count="{count}"/>\n'
    for count, letter, kind in (
        *((4, "f", "ieee_single"), (2, "d", "ieee_double"), (16, "i8", "int8"), (8, "i16", "int16")),
        *((4, "i32", "int32"), (2, "i64", "int64")),
    )
) + (
    '<union id="vec128">\n'
    + "".join(
        f'<field name="{name}" type="{kind}"/>\n'
        for name, kind in (
            *(("v4_float", "v4f"), ("v2_double", "v2d"), ("v16_int8", "v16i8"), ("v8_int16", "v8i16")),
            *(("v4_int32", "v4i32"), ("v2_int64", "v2i64"), ("uint128", "uint128")),
        )
    )
    + "</union>\n"
)


def target_description(registers: Iterable[ShownRegister]) -> bytes:
    """The description of a CPU with these *registers*."""
    shown = tuple(registers)
    parts = [_HEADER, '<target version="1.0">\n<architecture>s390:64-bit</architecture>\n']
    for feature in features(shown):
        parts.append(f"<feature name={quoteattr(feature)}>\n{_types(feature)}")
        parts += [
            f'<reg name="{each.name}" bitsize="{each.bits}" type="{each.kind}" group="{each.group}" '
            f'regnum="{number}"/>\n'
            for number, each in enumerate(shown)
            if each.feature == feature
        ]
        parts.append("</feature>\n")
    return "".join([*parts, "</target>\n"]).encode("ascii")


def memory_map() -> bytes:
    """All addresses: they are virtual, and what is behind them changes."""
    return (
        b'<?xml version="1.0"?>\n<!DOCTYPE memory-map SYSTEM "gdb-memory-map.dtd">\n'
        b'<memory-map>\n<memory type="ram" start="0x0" length="0xffffffffffffffff"/>\n</memory-map>\n'
    )


def _types(feature: str) -> str:
    if feature == VECTOR:
        return _VECTOR_TYPES
    if feature != HINTING:
        return ""
    return (
        _enumeration("page_usage_state", {each.name.lower(): each.value for each in Usage})
        + _enumeration("page_content_state", {each.name.lower(): each.value for each in Content})
        + _enumeration(
            "interruption_class", {name.replace("-", "_"): number for number, name in enumerate(INTERRUPTION_CLASSES)}
        )
    )


def _enumeration(name: str, values: dict[str, int]) -> str:
    lines = "".join(f'<evalue name="{key}" value="{value}"/>\n' for key, value in values.items())
    return f'<enum id="{name}" size="4">\n{lines}</enum>\n'
