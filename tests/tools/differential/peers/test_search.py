# SPDX-License-Identifier: GPL-2.0-or-later
"""An injected difference is found, located, and made small; what is known is skipped."""

from __future__ import annotations

from pathlib import Path

from emu.isa.opcodes import Opcode
from tests.tools.differential.peers.conftest import WrongPeer, stream
from tools.differential.peers.here import Here
from tools.differential.peers.known import KnownDifferences, WhoIsWrong, read_known_differences
from tools.differential.peers.search import StreamSearch, kind_of
from tools.differential.peers.trial import Trial

ADD = "b9080012"
NOTHING = KnownDifferences((), ())
REGISTERS = (0, 7, 5, *range(13))


def known_addition(path: Path) -> KnownDifferences:
    file = path / "known.toml"
    file.write_text(
        '[[difference]]\nmachine = "*"\ninstructions = "B908"\npart = "*"\nverdict = "qemu"\nevidence = "a sum"\n',
        encoding="utf-8",
    )
    return read_known_differences(file, "wrong")


def test_the_instruction_that_differs_is_located(here: Here, wrong_peer: WrongPeer) -> None:
    made = stream("1834", "0700", ADD, "1856", registers=REGISTERS)
    (found,) = Trial(here, wrong_peer).locate([made])
    assert found is not None
    assert found.opcode == Opcode.parse("B908")
    assert found.stream.instructions == ("1834", "0700", ADD)
    assert [part.name for part in found.parts] == ["general register 1"]


def test_it_is_made_as_small_as_it_can_be(here: Here, wrong_peer: WrongPeer) -> None:
    search = StreamSearch(Trial(here, wrong_peer), NOTHING)
    made = stream("1834", ADD, "1856", registers=REGISTERS, access=(1,) * 16, vectors=(3,) * 32, fpc=3)
    (new,) = search.go_on([stream("1834"), made])
    smallest = new.found.stream
    assert smallest.instructions == (ADD,)
    # Without a number in general register 1 the condition code would differ, too.
    assert [number for number, value in enumerate(smallest.registers) if value] == [1, 2]
    assert (smallest.access, smallest.vectors, smallest.fpc) == ((0,) * 16, (0,) * 32, 0)
    assert "B908 AGR 1,2" in new.lines()
    assert search.result.streams == 2


def test_a_kind_is_told_once(here: Here, wrong_peer: WrongPeer) -> None:
    search = StreamSearch(Trial(here, wrong_peer), NOTHING)
    made = [stream(ADD, registers=REGISTERS), stream("0700", ADD, registers=REGISTERS)]
    assert len(search.go_on(made)) == 1
    assert search.result.repeated == 1


def test_what_is_known_is_counted_and_what_is_behind_it_is_tried(here: Here, tmp_path: Path) -> None:
    known = known_addition(tmp_path)
    search = StreamSearch(Trial(here, WrongPeer(here, b908="b909", b90a="b90b")), known)
    (new,) = search.go_on([stream(ADD, "b90a0065", registers=REGISTERS)])
    assert search.result.known == {WhoIsWrong.QEMU: 1}
    assert new.found.opcode == Opcode.parse("B90A")


def test_kinds_have_no_numbers(here: Here, wrong_peer: WrongPeer) -> None:
    first, second = Trial(here, wrong_peer).locate(
        [stream(ADD, registers=REGISTERS), stream("b9080065", registers=REGISTERS)]
    )
    assert first is not None
    assert second is not None
    assert kind_of(first) == kind_of(second) == ("B908", ("general register",))


def test_the_target_of_an_execute_is_meant(here: Here) -> None:
    peer = WrongPeer(here)
    registers = (*REGISTERS[:13], 0x11800, *REGISTERS[14:])
    made = stream("4400d008", registers=registers, targets=("0700", "1a12"))
    assert Trial(here, peer).differences([made]) == [()]
    from tools.differential.peers.trial import Divergence

    assert Divergence(made, ()).instruction.hex() == "1a12"
    modified = stream("4420d008", registers=(*registers[:2], 0x30, *registers[3:]), targets=("0700", "1a12"))
    assert Divergence(modified, ()).instruction.hex() == "1a32"
