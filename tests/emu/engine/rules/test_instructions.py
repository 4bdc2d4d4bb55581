# SPDX-License-Identifier: GPL-2.0-or-later
"""Which declared instructions are compiled, and the command that says so."""

from __future__ import annotations

import pytest

from emu.engine.rules.__main__ import main
from emu.engine.rules.instructions import numbered, report, translate, translations
from emu.engine.rules.values import OutsideSubsetError
from emu.isa.declaration import INSTRUCTIONS, Reason

OFTEN = (
    *("ESSA", "LRA", "STURG", "STNSM", "STOSM", "STPT", "STCK", "STCKF", "STCKE", "STOC", "RNSBG", "ROSBG", "RXSBG"),
    *(
        "SSM",
        "LPSWE",
        "LCTLG",
        "STCTG",
        "MVCOS",
        "SSKE",
        "ISKE",
        "RRBE",
        "IPTE",
        "PTLB",
        "SPKA",
        "SIGP",
        "STFL",
        "STFLE",
    ),
)
"""What kernels execute so often that it must not leave the engine."""


@pytest.mark.parametrize("mnemonic", OFTEN)
def test_what_kernels_execute_often_is_compiled(mnemonic: str) -> None:
    assert any(each.declared.mnemonic == mnemonic for _, each in numbered())


def test_every_declared_instruction_has_its_source_or_a_reason() -> None:
    assert [each.declared for each in translations()] == list(INSTRUCTIONS)
    assert all(bool(each.source) != bool(each.reason) for each in translations())


def test_what_does_not_trap_is_not_compiled() -> None:
    assert not any(each.declared.reason is Reason.EXECUTED for _, each in numbered())


@pytest.mark.parametrize("each", [each for _, each in numbered()], ids=lambda each: each.declared.mnemonic)
def test_no_refusal_follows_an_effect(each: object) -> None:
    """Effects are in the epilogue: behind the first of them there is no way out but the end."""
    source = getattr(each, "source", "")
    lines = source.splitlines()
    effects = (
        *("store", "record.request_counts", "record.program_parameter", "set_condition_code(", "change_system_mask("),
        *("change_context(", "forget_translations(", "retire("),
    )
    first = next(number for number, line in enumerate(lines) if line.strip().startswith(effects))
    assert not any("return False" in line for line in lines[first:])
    assert lines[-1] == "    return True"


@pytest.mark.parametrize("mnemonic", ("SCK", "STIDP"))
def test_what_is_outside_of_the_subset_is_not_translated(mnemonic: str) -> None:
    with pytest.raises(OutsideSubsetError):
        translate(INSTRUCTIONS.by_mnemonic(mnemonic))


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert shown == f"{report()}\n"
    assert "  ESSA    EXTRACT AND SET STORAGE ATTRIBUTES\n" in shown
    assert "  SCK     timing.epoch is set\n" in shown


def test_the_command_shows_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["STPT"]) == 0
    assert capsys.readouterr().out.startswith("def execute_STPT(record, address, instruction):\n")


@pytest.mark.parametrize(
    ("name", "text"),
    (
        ("NONE", "'NONE' is not declared: expected the mnemonic of an instruction\n"),
        ("SCK", "SCK is not compiled: timing.epoch is set\n"),
    ),
)
def test_the_command_says_what_it_cannot_show(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 2
    assert capsys.readouterr().err == text
