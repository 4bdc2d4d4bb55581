# SPDX-License-Identifier: GPL-2.0-or-later
"""Which facility an instruction belongs to (PoP chapter 4, "Facility Indications", and its Appendix B).

An opcode that is assigned and not in this table belongs to the basic machine.  Declarations, interception and coverage
all ask here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from emu.isa.opcodes import Opcode, parse_list

OF_FACILITIES: Final[Mapping[int, str]] = {
    3: "B98A B98E",
    6: "B99A B99B B99E B99F",
    7: "B2B0",
    8: "B9AF",
    11: "B9A2",
    16: "B990-B993 E1 E2 E9 EA EB8E EB8F EBC0",
    17: "B91E B92E B92F B93E B93F",
    18: "E306 E313 E326 E350 E351 E354-E35B E35E E35F E370-E373 E376-E37B"
    " EB14 EB21 EB2D EB31 EB51 EB52 EB54-EB57 EB81 EB90 EB98 EB9A EB9B ED64-ED67",
    20: "B32E B32F B33E B33F ED2E ED2F ED3E ED3F",
    21: "B906 B907 B926 B927 B983-B985 B994 B995 C01 C06-C0F C24 C25 C28-C2F E302 E312 E394 E395",
    22: "B9B0-B9B3 B9BE D0",
    23: "B338-B33D ED38-ED3D",
    25: "B27C",
    26: "B9BD B9BF",
    27: "C80",
    28: "0104",
    31: "C81",
    32: "C82",
    34: "B960 B961 B972 B973 C20 C21 C42 C44-C48 C4B-C4F C62 C64-C68 C6A C6C-C6F"
    " E332 E334 E336 E35C E375 E37C E544 E548 E54C E554 E555 E558 E559 E55C E55D EB4C EB6A EB6E EB7A EB7E"
    " EC54-EC57 EC64 EC65 EC70-EC73 EC76 EC77 EC7C-EC7F ECE4 ECE5 ECF6 ECF7 ECFC-ECFF",
    35: "C60",
    37: "B2B8 B390-B392 B39C-B39E B3A0-B3A2 B3AC-B3AE B941-B943 B949-B94B B951-B953 B959-B95B",
    40: "B280",
    41: "B2B9 B2BD B370-B373 B385 B3C1 B3CD",
    42: "B3D0-B3E5 B3E7-B3ED B3EF B3F1-B3F7 B3F9-B3FF ED40 ED41 ED48 ED49 ED50 ED51 ED54 ED55 ED58 ED59",
    44: "010A",
    45: "B9C8-B9CB B9CD B9CF B9D8-B9DB B9DD B9DF B9E1 B9E2 B9E4 B9E6-B9EB B9F2 B9F4 B9F6-B9FB"
    " C84 C85 CC6 CC8 CCA CCB CCD CCF E3C0 E3C2-E3C4 E3C6 E3C7 E3CA E3CB E3CD E3CF"
    " EBDC-EBDF EBE2-EBE4 EBE6-EBE8 EBEA EBF2-EBF4 EBF6-EBF8 EBFA EC51 EC5D ECD8-ECDB",
    48: "EDA8-EDAB",
    49: "B2E8 B2FA C5 C7 E385 E39C E39D E39F E3C8 EB23 EB2B EC59",
    50: "E561",
    53: "B9E0 E32A E33A E33B EBE0 EBE1 EC42 EC46 EC4E",
    57: "B93C",
    58: "B9EC B9ED B9FD E338 E339 E33C E347 E353 E383 E384",
    61: "B964-B967 B974-B977 B9C0 B9E3 B9E5 B9F0 B9F5 E50A",
    66: "B9AE",
    67: "B284 B285 B28E B2E0 B2E1 B2E4 B2E5 B2ED",
    68: "B286 B287",
    69: "B9A0",
    72: "EBD1",
    73: "B2EC B2F8 B2FC E325 E560",
    74: "B256",
    76: "B928",
    77: "B92A-B92D",
    78: "B98F",
    80: "EDAC-EDAF",
    84: "B968 B969 B96C B96D",
    129: "E700-E70B E70E E712 E713 E71A E71B E721 E722 E727 E730 E733 E736-E738 E73A E73E E73F E740-E746 E74A E74D"
    " E750 E752 E753 E756 E75C E75F E760-E762 E764-E76B E76D E770 E772-E775 E777 E778 E77A E77C-E77F E780-E782 E784"
    " E78A E78C-E78F E794 E795 E797 E7A1-E7A7 E7A9-E7AF E7B4 E7B9 E7BB-E7BD E7BF E7C0-E7C5 E7C7 E7CA-E7CC E7CE"
    " E7D4-E7D9 E7DB E7DE E7DF E7E2 E7E3 E7E5 E7E7 E7E8 E7EA E7EB E7F0-E7F3 E7F5 E7F7-E7F9 E7FB-E7FF",
    133: "E348 E349 E34C E34D",
    134: "E634 E635 E637 E63C E63D E63F E649 E650 E652 E658-E65B E65F E671 E673 E677-E67B E67E",
    135: "E76C E76E E76F E785 E79E E79F E7B8 E7EE E7EF",
    142: "EB17",
    144: "B9A1",
    145: "B9AC",
    146: "B929",
    148: "E601-E607 E609-E60B E60E E60F E786 E787 E78B",
    150: "B938",
    151: "B939",
    155: "B93A",
    165: "B93B E655 E656 E65D E65E E675",
    192: "E651 E654 E65C E670 E672 E674 E67C E67D",
    193: "B200 B201 EB71",
    194: "B98B",
    196: "B28F",
    198: "E754 E788 E789 E7B0-E7B3",
    199: "E64A E64E E67F",
    201: "C86 C87 C8F EB16",
}
"""The opcodes of each facility by its number.  A facility that only widens instructions has none of its own."""


def facility_of(opcode: Opcode) -> int | None:
    """The facility that *opcode* belongs to; None if that is the basic machine, or if it is not assigned."""
    return _facilities().get(opcode)


@cache
def _facilities() -> dict[Opcode, int]:
    found: dict[Opcode, int] = {}
    for facility, text in OF_FACILITIES.items():
        for opcode in parse_list(text):
            assert opcode not in found, f"{opcode} is of two facilities"
            found[opcode] = facility
    return found
