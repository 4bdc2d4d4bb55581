# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions made by Python, by the names that ``emu`` gives; and the examples of the room's README."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import emu
from emu import Profile, Session, StopKind, open_bytes, open_program
from tests.support.elf import ENTRY, ESSA_PROGRAM, ending_program

README = Path(emu.__file__).parent / "debugging" / "README.md"


def test_the_examples_of_the_readme() -> None:
    tried = doctest.testfile(str(README), module_relative=False)
    assert tried.failed == 0
    assert tried.attempted > 20


@pytest.mark.parametrize("name", emu.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(emu, name).__name__ == name


def test_no_other_name_is() -> None:
    with pytest.raises(AttributeError, match="module 'emu' has no attribute 'frob'"):
        _ = emu.frob


def test_bytes() -> None:
    session = open_bytes(ESSA_PROGRAM, memory="2M", profile=Profile.OFF)
    assert (session.cpu.instruction_address, session.machine.memory) == (0x10000, 2 << 20)
    session.step(2)
    assert session.log.taken()[-1].code == 1, "there is no ESSA in this profile"
    assert open_bytes(b"\x07\x00", address=0x2000).instruction() == b"\x07\x00"


def test_a_program_as_bytes_or_as_a_file(tmp_path: Path) -> None:
    image = ending_program(ESSA_PROGRAM).to_bytes()
    path = tmp_path / "program.elf"
    path.write_bytes(image)
    for program in (image, path, str(path)):
        session = open_program(program, memory=2 << 20)
        assert isinstance(session, Session)
        assert session.cpu.instruction_address == ENTRY
        assert session.go().kind is StopKind.DISABLED_WAIT


@pytest.mark.parametrize(
    ("act", "message"),
    (
        (lambda: open_bytes(b"", memory="3"), "the memory size must be a multiple of 1 MB"),
        (lambda: open_bytes(b"", memory="much"), "expected a size such as 256M, not 'much'"),
        (lambda: open_bytes(b"ab", memory="1M", address=0xFFFFF), "2 bytes at fffff lie outside the memory"),
        (lambda: open_bytes(b"ab", address=1), "expected an even address"),
        (lambda: open_bytes(b"", cpus=0), "a configuration has 1 to 248 CPUs"),
        (lambda: open_program(b"no program"), "not an ELF file"),
        (lambda: open_program("/nowhere"), "/nowhere: cannot be read"),
    ),
)
def test_wrong_use_is_a_value_error(act: object, message: str) -> None:
    assert callable(act)
    with pytest.raises(ValueError, match=message):
        act()
