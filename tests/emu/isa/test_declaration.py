# SPDX-License-Identifier: GPL-2.0-or-later
"""Declarations: clashes die, each is consistent, and the instructions that the machine is for are there."""

from __future__ import annotations

import dataclasses

import pytest

import emu.isa.catalogue  # noqa: F401 - fills the instruction set
from emu.cpu import Cpu
from emu.facilities import Facility
from emu.instruction_length import instruction_length
from emu.isa.declaration import INSTRUCTIONS, Instruction, InstructionSet, Operands, Reason, decode
from emu.isa.formats import RR, RRE, RRF_C, RSY_A, S_8, Format

EVERY = sorted(INSTRUCTIONS, key=lambda declared: declared.mnemonic)

CONTROL_INSTRUCTIONS = (
    "CSP", "CSPG", "DIAG", "ECTG", "EPAIR", "EPAR", "EPSW", "ESAIR", "ESAR", "ESSA", "IAC", "IDTE", "IPK",
    "IPTE", "ISKE", "IVSK", "LCTL", "LCTLG", "LPP", "LPSW", "LPSWE", "LRA", "LRAG", "LRAY", "LURA", "LURAG",
    "MVCDK", "MVCK", "MVCOS", "MVCP", "MVCS", "MVCSK", "MVPG", "PFMF", "PTF", "PTFF", "PTLB", "RRBE", "RRBM",
    "SAC", "SACF", "SCK", "SCKC", "SCKPF", "SERVC", "SIGP", "SPKA", "SPT", "SPX", "SSAR", "SSAIR", "SSKE",
    "SSM", "STAP", "STCK", "STCKC", "STCKE", "STCKF", "STCTG", "STCTL", "STFL", "STFLE", "STIDP", "STNSM",
    "STOSM", "STPT", "STPX", "STSI", "STURA", "STURG", "TB", "TPROT", "TRACE", "TRACG", "MC",
)  # fmt: skip
"""SUPERVISOR CALL is not among them: it is no instruction function, since the engine reports its interruption."""
CHANNEL_INSTRUCTIONS = (
    "CSCH", "HSCH", "MSCH", "RSCH", "SSCH", "STSCH", "TSCH", "TPI", "STCRW", "STCPS", "SCHM", "RCHP", "SAL",
    "XSCH",
)  # fmt: skip
MISSING_IN_THE_ENGINE = ("CVB", "CVBY", "CVBG", "CVDG")

UNPRIVILEGED = (
    "ECTG", "EPAIR", "EPAR", "EPSW", "ESAIR", "ESAR", "IAC", "IPK", "IVSK", "MVCDK", "MVCK", "MVCOS", "MVCP",
    "MVCS", "MVCSK", "MVPG", "PTFF", "SAC", "SACF", "SPKA", "SSAR", "SSAIR", "STCK", "STCKE", "STCKF", "STFLE",
    "MC",
)  # fmt: skip
"""Those of :data:`CONTROL_INSTRUCTIONS` that the problem state may issue, with authority if need be."""


def declare(opcode: int, mnemonic: str, form: Format) -> Instruction:
    """An instruction that does nothing."""

    def nothing(cpu: Cpu, operands: Operands) -> None:
        pass

    return Instruction(opcode, mnemonic, mnemonic, form, False, None, Reason.CONTROL, nothing)


def test_a_declared_instruction_is_found_by_its_bits_and_its_name() -> None:
    instructions = InstructionSet()
    epsw = declare(0xB98D, "EPSW", RRE)
    instructions.add(epsw)
    assert instructions.find(0xB98D_0012, 4) is epsw
    assert instructions.find(0xB98E_0012, 4) is None
    assert instructions.by_mnemonic("EPSW") is epsw
    assert list(instructions) == [epsw]
    assert len(instructions) == 1
    with pytest.raises(KeyError):
        instructions.by_mnemonic("EPSV")


def test_a_mnemonic_cannot_be_taken_twice() -> None:
    instructions = InstructionSet()
    instructions.add(declare(0xB98D, "EPSW", RRE))
    with pytest.raises(ValueError, match=r"^EPSW is declared twice$"):
        instructions.add(declare(0xB98E, "EPSW", RRE))


@pytest.mark.parametrize(
    ("first", "second", "text"),
    (
        (declare(0xB98D, "EPSW", RRE), declare(0xB98D, "OTHER", RRE), "B98D"),
        (declare(0xB98D, "EPSW", RRE), declare(0xB98D, "OTHER", RRF_C), "B98D"),
        (declare(0xEB2F, "LCTLG", RSY_A), declare(0xEB2F, "OTHER", RSY_A), "EB2F"),
    ),
)
def test_an_opcode_cannot_be_taken_twice(first: Instruction, second: Instruction, text: str) -> None:
    instructions = InstructionSet()
    instructions.add(first)
    with pytest.raises(ValueError, match=f"^OTHER: opcode {text} is taken$"):
        instructions.add(second)
    assert list(instructions) == [first]


def test_the_opcode_must_have_the_length_of_the_format() -> None:
    with pytest.raises(ValueError, match=r"^WRONG: an opcode 82\.\. is not 2 bytes long$"):
        InstructionSet().add(declare(0x82, "WRONG", RR))


def test_opcodes_that_share_a_first_byte_are_told_apart() -> None:
    instructions = InstructionSet()
    low, high = declare(0xEB0F, "LOW", RSY_A), declare(0xEB2F, "HIGH", RSY_A)
    instructions.add(low)
    instructions.add(high)
    assert instructions.find(0xEB00_0000_000F, 6) is low
    assert instructions.find(0xEB00_0000_002F, 6) is high


@pytest.mark.parametrize("declared", EVERY, ids=lambda declared: declared.mnemonic)
def test_every_declaration_is_consistent(declared: Instruction) -> None:
    form = declared.format
    zeros = {field.name: 0 for field in form.fields}
    raw = form.compose(declared.opcode, zeros)
    code = raw.to_bytes(form.length, "big")
    assert instruction_length(code[0]) == form.length
    found = decode(code)
    assert found is not None
    assert found[0] is declared
    assert (found[1].raw, found[1].length) == (raw, form.length)
    assert declared.mnemonic == declared.mnemonic.upper()
    # The name of the instruction; what follows in parentheses tells its forms apart.
    assert declared.title.split()[0].isupper()
    assert declared.facility is None or declared.facility in set(Facility)
    # The operands are names that instruction functions know; the vector instructions here give exceptions only.
    assert form.opcode_of(raw) == declared.opcode
    assert zeros.keys() <= set(Operands.__slots__)


@pytest.mark.parametrize("mnemonic", CONTROL_INSTRUCTIONS + CHANNEL_INSTRUCTIONS + MISSING_IN_THE_ENGINE)
def test_the_instruction_is_declared(mnemonic: str) -> None:
    assert INSTRUCTIONS.by_mnemonic(mnemonic).mnemonic == mnemonic


# Of ESSA the profile is asked first: its own function recognises the exception.
@pytest.mark.parametrize("mnemonic", sorted({*CONTROL_INSTRUCTIONS} - {"ESSA"}))
def test_privileged_instructions(mnemonic: str) -> None:
    # TEST PROTECTION and the rest not listed are privileged: PoP 10, headings.
    declared = INSTRUCTIONS.by_mnemonic(mnemonic)
    assert declared.privileged == (mnemonic not in UNPRIVILEGED)


def test_each_instruction_function_bears_the_mnemonic() -> None:
    for mnemonic in CONTROL_INSTRUCTIONS:
        function = INSTRUCTIONS.by_mnemonic(mnemonic).execute
        assert getattr(function, "__name__", "") == mnemonic.lower()
        assert function.__doc__


def test_decode_gives_the_operands() -> None:
    found = decode(bytes.fromhex("b9ab4012"))
    assert found is not None
    declared, operands = found
    assert declared.mnemonic == "ESSA"
    assert (operands.r1, operands.r2, operands.m3) == (1, 2, 4)
    # A field that the format lacks reads as zero.
    assert (operands.b2, operands.d2, operands.i2) == (0, 0, 0)


@pytest.mark.parametrize(
    ("r1", "r3", "expected"), ((3, 5, [3, 4, 5]), (7, 7, [7]), (14, 1, [14, 15, 0, 1]), (1, 0, [*range(1, 16), 0]))
)
def test_a_range_of_registers_wraps_around(r1: int, r3: int, expected: list[int]) -> None:
    assert Operands(0, 4, {"r1": r1, "r3": r3}).register_range == expected


def test_decode_of_what_is_not_declared() -> None:
    assert decode(b"\x00\x00") is None
    assert decode(bytes.fromhex("b9ff0012")) is None


def test_opcode_text_is_the_manuals() -> None:
    assert INSTRUCTIONS.by_mnemonic("ESSA").opcode_text == "B9AB"
    assert INSTRUCTIONS.by_mnemonic("MVCOS").opcode_text == "C80"
    assert INSTRUCTIONS.by_mnemonic("LPSW").opcode_text == "82"
    assert dataclasses.replace(INSTRUCTIONS.by_mnemonic("LPSW"), opcode=0x02, format=S_8).opcode_text == "02"


def test_the_order_of_instructions_is_that_of_their_mnemonics() -> None:
    instructions = InstructionSet()
    for opcode, mnemonic in ((0xB98D, "EPSW"), (0xB9AB, "ESSA"), (0xB22A, "RRBE"), (0xB24E, "SAR"), (0xB226, "EPAR")):
        instructions.add(declare(opcode, mnemonic, RRE))
    assert [each.mnemonic for each in instructions] == ["EPAR", "EPSW", "ESSA", "RRBE", "SAR"]
