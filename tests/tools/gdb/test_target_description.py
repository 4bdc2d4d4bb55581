# SPDX-License-Identifier: GPL-2.0-or-later
"""The XML that gdb is given."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from emu.debugging.session import Session
from emu.machine import Machine
from tools.gdb.registers import ACCESS, CORE, FLOATING, HINTING, shown_registers
from tools.gdb.target_description import memory_map, target_description


def test_each_register_is_described(machine: Machine) -> None:
    registers = shown_registers(Session(machine))
    root = ET.fromstring(target_description(registers))
    assert root.findtext("architecture") == "s390:64-bit"
    described = [(each.get("name"), each.get("bitsize"), each.get("regnum")) for each in root.iter("reg")]
    assert described == [(each.name, str(each.bits), str(number)) for number, each in enumerate(registers)]
    # Without these three gdb refuses the description.
    assert {CORE, ACCESS, FLOATING} <= {each.get("name") for each in root.iter("feature")}


def test_types_are_defined_before_they_are_used(machine: Machine) -> None:
    known = {"uint32", "uint64", "uint128", "int8", "int16", "int32", "int64", "code_ptr", "data_ptr"}
    known |= {"ieee_single", "ieee_double"}
    root = ET.fromstring(target_description(shown_registers(Session(machine))))
    for feature in root.iter("feature"):
        defined = set(known)
        for each in feature.iter():
            assert each.tag not in ("reg", "field", "vector") or each.get("type") in defined
            if each.tag in ("union", "vector", "enum"):
                defined.add(each.get("id") or "")
    (own,) = (each for each in root.iter("feature") if each.get("name") == HINTING)
    usages = {each.get("name"): int(each.get("value") or "") for each in own.iter("evalue")}
    assert (usages["stable"], usages["unused"], usages["volatile"], usages["preserved"]) == (0, 4, 12, 2)


def test_all_addresses_are_memory() -> None:
    (area,) = ET.fromstring(memory_map()).iter("memory")
    assert (area.get("type"), area.get("start"), area.get("length")) == ("ram", "0x0", "0xffffffffffffffff")
