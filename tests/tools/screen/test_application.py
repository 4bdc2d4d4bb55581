# SPDX-License-Identifier: GPL-2.0-or-later
"""The screen shows what the machine has, forward and backward; keys and typed commands do what the console's do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.emu.symbols.conftest import compile_program
from tests.support.elf import ESSA_PROGRAM, ending_program
from tests.tools.screen.conftest import Look, Viewer
from tools.screen import looked_at, page_map
from tools.screen.application import HELP
from tools.screen.panes import CommandLine
from tools.screen.registers import CHANGED

_PAGE = 0x100
_EVERY_STEP = 4
_MOST_STEPS = 10


def _compare(viewer: Viewer) -> None:
    """See that each part shows what the machine has."""
    session = viewer.session
    cpu = session.cpu
    assert str(cpu.psw) in viewer.lines("psw")[0]
    assert f"instruction {session.machine.executed:,} " in viewer.lines("state")[0]
    shown = "\n".join(viewer.lines("registers"))
    for number, value in enumerate(cpu.gr.tolist()):
        assert f"gr{number:<2} {value:016x}" in shown
    (following,) = [line for line in viewer.lines("listing") if line[1:2] == ">"]
    assert following[2:] == f"{cpu.instruction_address:08x} {session.disassemble()[0]}"
    states = session.machine.configuration.states.array
    assert page_map.totals(states) == viewer.lines("map")[-1]


def test_each_step_is_shown_forward_and_backward(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        seen = []
        for _ in range(_EVERY_STEP):
            _compare(viewer)
            seen.append([viewer.lines(pane) for pane in ("state", "psw", "registers", "listing")])
            await viewer.press("s")
        while seen:
            await viewer.press("b")
            _compare(viewer)
            assert [viewer.lines(pane) for pane in ("state", "psw", "registers", "listing")] == seen.pop()

    look(act)


def test_a_command_that_comes_at_once_is_typed_and_no_keys(look: Look) -> None:
    """As what is pasted does: none of it is a command of one key."""

    async def act(viewer: Viewer) -> None:
        await viewer.burst(":b page:q")
        assert viewer.session.machine.executed == 0
        assert viewer.screen.query_one(CommandLine).value == "b page:q"
        await viewer.press("escape")
        viewer.screen.query_one(CommandLine).value = ""
        await viewer.burst(":s 2\r")
        assert viewer.session.machine.executed == 2
        assert viewer.screen.query_one(CommandLine).value == ""

    look(act)


def test_the_map_moves_with_the_page_states(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        await viewer.press("s", "s")
        assert viewer.lines("map")[-2] == "page 100 (100000): Uz, key 00"
        assert viewer.lit("map", "red") == ["u"]
        await viewer.press("s")
        assert viewer.lines("map")[-2] == "page 100 (100000): Sz, key 00"
        assert "u" not in "".join(viewer.lines("map")[:-2])
        await viewer.press("b")
        assert viewer.lines("map")[-2] == "page 100 (100000): Uz, key 00"
        assert viewer.lit("map", "red") == ["u"]
        await viewer.press("b")
        assert viewer.lines("map")[-2] == "page 100 (100000): Sz, key 00"

    look(act)


def test_a_gigabyte_is_on_one_screen_and_may_be_looked_at_page_by_page(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        await viewer.press("s", "s")
        assert "".join(viewer.lines("map")[:-2]).count("u") == 1
        cells = len("".join(viewer.lines("map")[:-2]))
        assert cells * viewer.screen.map.pages_per_cell == 1 << 18
        await viewer.press(*["plus"] * 14)
        assert viewer.screen.map.pages_per_cell == 1
        assert "".join(viewer.lines("map")[:-2])[viewer.screen.map.cell(_PAGE)] == "u"
        await viewer.press("right")
        assert viewer.lines("map")[-2] == "page 101 (101000): Sz, key 00"

    look(act, megabytes=1024)


def test_what_a_step_has_changed_is_highlighted(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        before = viewer.session.cpu.gr.tolist()
        await viewer.press("s")
        changed = [f"{new:016x}" for old, new in zip(before, viewer.session.cpu.gr.tolist(), strict=True) if old != new]
        assert changed == [f"{_PAGE << 12:016x}"]
        assert viewer.lit("registers", CHANGED) == changed
        await viewer.press("v")
        assert viewer.lines("registers")[0].startswith("cr0")
        assert viewer.lit("registers", CHANGED) == []

    look(act)


def test_keys_lie_over_the_map(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        await viewer.press("k")
        await viewer.type("key 100000=a8")
        assert viewer.session.machine.configuration.keys.bytes[_PAGE] == 0xA8
        assert viewer.lines("map")[-2] == "page 100 (100000): Sz, key a8"
        assert viewer.lit("map", "red") == ["a"]

    look(act)


def test_commands_are_those_of_the_console(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        await viewer.type("b essa")
        await viewer.press("g")
        assert viewer.session.machine.executed == 1
        assert viewer.session.disassemble()[0].startswith("ESSA")
        _compare(viewer)
        await viewer.type("frob")
        assert viewer.screen.stepper.messages[-1].startswith("there is no command 'frob'")
        await viewer.type("gr2=1234")
        assert "gr2  0000000000001234" in "\n".join(viewer.lines("registers"))
        assert viewer.lit("registers", CHANGED) == ["0000000000001234"]

    look(act)


def test_low_core_and_interruptions_are_those_that_were_taken(look: Look) -> None:
    # SUPERVISOR CALL 17, whose new PSW is a disabled wait at zero.
    async def act(viewer: Viewer) -> None:
        await viewer.press("3")
        assert viewer.text() == ["no interruption yet"]
        await viewer.press("s")
        assert viewer.text()[0].startswith("1 cpu 0: svc 0011 at ")
        await viewer.press("2")
        assert "088 SVC ILC and number     00020011  ILC 2, SVC 17" in viewer.text()
        await viewer.press("3", "b")
        assert viewer.text() == ["no interruption yet"]

    look(act, ending_program(bytes.fromhex("0a11")))


def test_the_session_ends_with_the_screen(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        await viewer.press("q")
        assert not viewer.screen.is_running or viewer.screen._exit

    look(act)


def test_a_run_without_end_is_ended_by_a_key(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        await viewer.begin("g")
        await asyncio.sleep(0.3)
        await viewer.press("ctrl+c")
        assert viewer.screen.stepper.messages[-2] == "stopped by Ctrl-C"
        _compare(viewer)

    # ADD HALFWORD IMMEDIATE, and BRANCH RELATIVE ON CONDITION back to it.
    look(act, ending_program(bytes.fromhex("a71a0001a7f4fffe")))


@pytest.mark.parametrize("size", ((80, 24), (60, 24), (132, 50), (20, 5)))
def test_it_fits(look: Look, size: tuple[int, int]) -> None:
    async def act(viewer: Viewer) -> None:
        await viewer.press("s", "s")
        shown = viewer.whole()
        assert len(shown) == size[1]
        assert all(len(line) == size[0] for line in shown)
        if size[1] < 24:
            return
        for number, value in enumerate(viewer.session.cpu.gr.tolist()):
            assert f"gr{number:<2} {value:016x}" in "\n".join(shown)
        assert viewer.session.disassemble()[0] in "\n".join(shown)
        assert any(line.startswith("page 100 (100000): Uz") for line in shown)

    look(act, ending_program(ESSA_PROGRAM), size=size)


def test_help_says_what_the_keys_and_letters_are(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        await viewer.press("question_mark")
        assert viewer.text() == [*HELP, *page_map.LEGEND]
        assert page_map.KEY_LEGEND[0] not in viewer.text()

    look(act)


def test_looking_at_it_changes_nothing(look: Look) -> None:
    async def act(viewer: Viewer) -> None:
        configuration = viewer.session.machine.configuration
        before = (configuration.keys.array.copy(), looked_at.registers(viewer.session.cpu))
        await viewer.press("2", "3", "4", "1", "k", "plus", "down", "minus", "v")
        assert (configuration.keys.array == before[0]).all()
        assert looked_at.registers(viewer.session.cpu) == before[1]
        assert viewer.session.machine.executed == 0

    look(act)


def test_the_text_of_the_source_line(look: Look, tmp_path: Path) -> None:
    compile_program(tmp_path, "-gdwarf-5")
    call = "     9 counter = twice(counter);"

    async def follow(viewer: Viewer) -> None:
        for _ in range(_MOST_STEPS):
            lines = viewer.lines("listing")
            (following,) = [number for number, line in enumerate(lines) if line[1:2] == ">"]
            if call in lines[:following]:
                break
            await viewer.press("s")
        else:
            raise AssertionError(lines)
        assert lines[lines.index(call) - 1] == f"<begin> {tmp_path}/deep.c:9"
        assert any(call.strip() in line for line in viewer.whole())

    look(follow, megabytes=32, image=tmp_path / "program.elf", size=(160, 40))
